"""A network of the test's own: a namespace with loopback only, and names that mean what the test says."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from .programs import Client, absent, clean_environment, program

METADATA = "169.254.169.254"
CONTAINERS = "169.254.170.2"
_WITHIN = 30.0
_numbers = itertools.count(1)


class Namespace:
    """Needs root and iproute2; `ip netns exec` puts the namespace's own hosts file in the place of /etc/hosts."""

    def __init__(self, names: Iterable[str]) -> None:
        self._ip = program("ip")
        if os.geteuid() != 0:
            absent("a network namespace is made by root alone")
        self.name = f"cargohold-{os.getpid()}-{next(_numbers)}"
        self._folder = Path("/etc/netns") / self.name
        self._started: list[subprocess.Popen[bytes]] = []
        self._folder.mkdir(parents=True)
        (self._folder / "hosts").write_text(f"127.0.0.1 localhost {' '.join(names)}\n")
        self._run("netns", "add", self.name)
        self._run("-n", self.name, "link", "set", "lo", "up")

    @property
    def prefix(self) -> list[str]:
        return [self._ip, "netns", "exec", self.name]

    def client(self, name: str, environment: Mapping[str, str], cwd: Path | None = None) -> Client:
        """A program that runs in the namespace, and knows nothing but this environment."""
        return Client([*self.prefix, program(name)], clean_environment() | dict(environment), cwd)

    def give(self, address: str) -> None:
        """Gives loopback another address."""
        self._run("-n", self.name, "address", "add", f"{address}/32", "dev", "lo")

    def start(self, command: list[str], environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
        """A program that goes on running until the namespace ends, or `stop`."""
        with log.open("ab") as stream:
            started = subprocess.Popen(
                [*self.prefix, *command],
                env=clean_environment() | dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
            )
        self._started.append(started)
        return started

    def stop(self, started: subprocess.Popen[bytes]) -> int:
        """Asks it to stop and waits until it has."""
        self._started.remove(started)
        started.send_signal(signal.SIGTERM)
        return started.wait(_WITHIN)

    def close(self) -> None:
        for started in reversed(self._started[:]):
            self.stop(started)
        self._run("netns", "delete", self.name)
        shutil.rmtree(self._folder)

    def _run(self, *arguments: str) -> None:
        done = subprocess.run([self._ip, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def wait_for(log: Path, text: str) -> None:
    """Returns when a program has written this; fails the test when it does not."""
    limit = time.monotonic() + _WITHIN
    while not log.exists() or text not in log.read_text(errors="replace"):
        if time.monotonic() > limit:
            told = log.read_text(errors="replace") if log.exists() else ""
            pytest.fail(f"{text!r} was never written to {log.name}:\n{told}", pytrace=False)
        time.sleep(0.01)
