"""A real Docker engine of the test's own: its data, its socket and its view of host names are in one folder.

It lives in a mount namespace, so that its mounts end with it, and there the hosts file names the registries of other
accounts: an engine decides by address whether a registry may be reached without TLS.
"""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from .programs import absent, clean_environment, program, run

OTHER_ACCOUNT = "210987654321"
OTHER_REGISTRY = f"{OTHER_ACCOUNT}.dkr.ecr.us-east-1.localhost"
_LINE = 500
_READY_WITHIN = 60.0


class Engine:
    """dockerd, started with the first storage driver that works here."""

    def __init__(self) -> None:
        for name in ("dockerd", "docker", "unshare"):
            program(name)
        if os.geteuid() != 0:
            absent("a Docker engine can only be started by root")
        self.folder = Path(tempfile.mkdtemp(prefix="cargohold-engine-"))  # short: a socket's path has 107 bytes
        self.socket = f"unix://{self.folder}/docker.sock"
        self.log = self.folder / "dockerd.log"
        self._process = self._start()

    def environment(self, configuration: Path) -> dict[str, str]:
        """What docker needs to reach it, with the logins of one configuration folder."""
        return clean_environment() | {
            "DOCKER_HOST": self.socket,
            "DOCKER_CONFIG": str(configuration),
            "DOCKER_BUILDKIT": "0",
        }

    def log_tail(self, lines: int = 20) -> str:
        """The end of what the engine wrote."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(line[:_LINE] for line in text.splitlines()[-lines:])

    def stop(self) -> None:
        """Ends the engine and removes everything it held."""
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self) -> "subprocess.Popen[bytes]":
        hosts = self.folder / "hosts"
        hosts.write_text(f"127.0.0.1 localhost {OTHER_REGISTRY}\n")
        for driver in ("overlay2", "vfs"):
            process = self._try(driver, hosts)
            if process is not None:
                return process
        report = self.log_tail()
        shutil.rmtree(self.folder, ignore_errors=True)
        return absent(f"dockerd does not start on this machine:\n{report}")

    def _try(self, driver: str, hosts: Path) -> "subprocess.Popen[bytes] | None":
        engine = [
            *("dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver", driver),
            *("--host", self.socket, "--pidfile", str(self.folder / "pid")),
            *("--data-root", str(self.folder / "data"), "--exec-root", str(self.folder / "run")),
        ]
        inside = ["sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', str(hosts), *engine]
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                ["unshare", "--mount", *inside],
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        return process if self._becomes_ready(process) else None

    def _becomes_ready(self, process: "subprocess.Popen[bytes]") -> bool:
        limit = time.monotonic() + _READY_WITHIN
        while process.poll() is None:
            if run(["docker", "info"], self.environment(self.folder)).code == 0:
                return True
            if time.monotonic() > limit:
                process.kill()
                process.wait(30)
                pytest.fail(f"dockerd was not ready in {_READY_WITHIN:.0f} s\n{self.log_tail()}", pytrace=False)
            time.sleep(0.1)
        return False
