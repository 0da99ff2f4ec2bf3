"""A real server: `cargohold serve` as a process of its own, on a free port and a data folder of the test's."""

import base64
import http.client
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import boto3
import pytest
from botocore.client import BaseClient
from botocore.config import Config

from .programs import clean_environment, program, run

ACCOUNT = "123456789012"
REGION = "us-east-1"
_LINE = 500
_READY_WITHIN = 20.0
_STOPPED_WITHIN = 45.0


def free_port() -> int:
    """A port that is free, and so is the next, which public registries have; no client's own port is among them."""
    for _ in range(100):
        port = secrets.randbelow(5_000) * 2 + 20_000
        if all(map(_is_free, (port, port + 1))):
            return port
    pytest.fail("no two ports side by side are free", pytrace=False)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Server:
    """One server; `start` again after `stop` or `kill` serves the same data."""

    def __init__(self, data: Path, log: Path) -> None:
        self.data = data
        self.log = log
        self.port = free_port()
        self.host = f"localhost:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str, environment: Mapping[str, str] | None = None) -> "Server":
        """Starts `cargohold serve` and returns when it is ready; fails the test when it is not."""
        command = [program("cargohold"), "serve", "--data", str(self.data), "--port", str(self.port), *options]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env=clean_environment() | dict(environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_until_ready()
        return self

    def stop(self) -> int:
        """Asks it to stop and waits until it has; returns its exit status."""
        if self._process is None:
            return 0
        process, self._process = self._process, None
        process.terminate()
        try:
            return process.wait(_STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            _kill(process)
            pytest.fail(f"the server did not stop in {_STOPPED_WITHIN:.0f} s\n{self.log_tail()}", pytrace=False)

    def kill(self) -> None:
        """kill -9 of the server and every process it started, at once, as when the machine loses power."""
        assert self._process is not None
        process, self._process = self._process, None
        _kill(process)

    def processes(self) -> list[int]:
        """The ids of the server's processes."""
        assert self._process is not None
        return [self._process.pid, *_descendants(self._process.pid)]

    def environment(self) -> dict[str, str]:
        """What `eval "$(cargohold env)"` puts into a shell, as a person gets it."""
        script = 'set -eu; unset AWS_CA_BUNDLE; exports="$(cargohold env --data "$0")"; eval "$exports"; env -0'
        done = run(["sh", "-c", script, str(self.data)], clean_environment())
        assert done.code == 0, str(done)
        lines = (line.partition("=") for line in done.out.split("\0"))
        return {name: value for name, _, value in lines if name.startswith("AWS_")}

    def client(self, service: str, **changes: str) -> BaseClient:
        """A boto3 client that asks once and never again, so that no fault hides behind a second try."""
        known = self.environment() | changes
        session = boto3.Session(
            known["AWS_ACCESS_KEY_ID"], known["AWS_SECRET_ACCESS_KEY"], region_name=known["AWS_DEFAULT_REGION"]
        )
        once = Config(retries={"total_max_attempts": 1}, read_timeout=60, ignore_configured_endpoint_urls=True)
        return session.client(service, endpoint_url=known["AWS_ENDPOINT_URL"], config=once)

    def log_tail(self, lines: int = 30) -> str:
        """The end of what the server wrote."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(line[:_LINE] for line in text.splitlines()[-lines:])

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        limit = time.monotonic() + _READY_WITHIN
        while not _is_ready(self.port):
            if self._process.poll() is not None:
                code, self._process = self._process.returncode, None
                pytest.fail(f"the server ended with status {code}\n{self.log_tail()}", pytrace=False)
            if time.monotonic() > limit:
                self.kill()
                pytest.fail(f"the server was not ready in {_READY_WITHIN:.0f} s\n{self.log_tail()}", pytrace=False)
            time.sleep(0.01)


def password_of(ecr: BaseClient) -> str:
    """What `aws ecr get-login-password` prints for the key of this client."""
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    return base64.b64decode(token).decode().split(":")[1]


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """SIGKILL for the whole family; returns when nobody of it is left."""
    family = [process.pid, *_descendants(process.pid)]
    for pid in family:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait(_STOPPED_WITHIN)
    limit = time.monotonic() + _STOPPED_WITHIN
    while any(_is_alive(pid) for pid in family):
        assert time.monotonic() < limit, "a process outlived kill -9"
        time.sleep(0.005)


def _descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for child, parent in _parents():
        children.setdefault(parent, []).append(child)
    found = list(children.get(pid, []))
    for child in found:
        found.extend(children.get(child, []))
    return found


def _parents() -> Iterator[tuple[int, int]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (state := _state(int(folder.name))):
            yield int(folder.name), int(state[1])


def _is_alive(pid: int) -> bool:
    state = _state(pid)
    return bool(state) and state[0] != "Z"


def _state(pid: int) -> list[str]:
    """A process's state letter and parent id, or nothing when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return []
