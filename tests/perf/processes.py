"""The servers under test, each with its processes, and what those use: CPU seconds and memory."""

import base64
import http.client
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3

_TICKS = os.sysconf("SC_CLK_TCK")
_WATCH_SECONDS = 0.2
_READY_SECONDS = 30.0

PEER_CONFIGURATION = """\
version: 0.1
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: {data}
  delete:
    enabled: true
http:
  addr: 127.0.0.1:{port}
  headers:
    X-Content-Type-Options: [nosniff]
"""
"""Debian's own file but for the address, the folder, and `auth`: see report.py."""


class Missing(Exception):
    """A program that the benchmark needs is not installed."""


def program(name: str) -> str:
    """The path of a program; raises Missing."""
    found = shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if found is None:
        raise Missing(f"{name} is not installed; Debian's packages wrk and docker-registry have to be there")
    return found


class Server:
    """One server on a free port of 127.0.0.1, from `with` to its end. Its log goes to a file, as a service's would."""

    name = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self.headers: dict[str, str] = {}
        """What every request has to carry."""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.folder.mkdir()
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        _wait_until_it_answers(self._process, self.port)
        self.prepare()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(_READY_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def prepare(self) -> None:
        """What has to be done once it answers."""

    def make_repository(self, name: str) -> None:
        """Makes a repository, where the server does not do that by itself."""

    def processes(self) -> list[int]:
        """The ids of its processes."""
        assert self._process is not None
        return _family(self._process.pid)


class Cargohold(Server):
    name = "Cargohold"

    def command(self) -> Sequence[str]:
        return [program("cargohold"), "serve", "--data", str(self.data), "--port", str(self.port), "--public-port", "0"]

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def prepare(self) -> None:
        shown = subprocess.run([program("cargohold"), "env", "--data", str(self.data)], capture_output=True, check=True)
        lines = (line.removeprefix("export ").partition("=") for line in shown.stdout.decode().splitlines())
        self._ecr = _client({name: value for name, _, value in lines})
        token = self._ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        self.headers = {"Authorization": f"Basic {token}"}
        self.password = base64.b64decode(token).decode().partition(":")[2]

    def make_repository(self, name: str) -> None:
        self._ecr.create_repository(repositoryName=name)


class DockerRegistry(Server):
    name = "docker-registry"

    def command(self) -> Sequence[str]:
        configuration = self.folder / "config.yml"
        configuration.write_text(PEER_CONFIGURATION.format(data=self.folder / "data", port=self.port))
        return [program("docker-registry"), "serve", str(configuration)]


class Empty(Server):
    name = "empty answer"

    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", "tests.perf.empty", str(self.port)]


class Meter:
    """What a server's processes used while it was open: `cpu` in seconds, `peak` in MiB.

    A page that forked processes share is counted once (PSS). The kernel keeps no peak of that, so it is looked at five
    times a second, before and after.
    """

    def __init__(self, server: Server) -> None:
        self.cpu = 0.0
        self.peak = 0.0
        self._processes = server.processes()
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._began = _cpu_seconds(self._processes)
        self._look()
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cpu = _cpu_seconds(self._processes) - self._began
        self._ended.set()
        self._watcher.join()
        self._look()

    def _watch(self) -> None:
        while not self._ended.wait(_WATCH_SECONDS):
            self._look()

    def _look(self) -> None:
        held = sum(_shared_out_kib(pid) for pid in self._processes)
        self.peak = max(self.peak, held / 1024)


def machine_busy_seconds() -> float:
    """CPU seconds that the whole machine has worked since it started."""
    user, nice, system, _idle, _wait, irq, soft, *_ = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    )
    return (user + nice + system + irq + soft) / _TICKS


def _client(environment: Mapping[str, str]) -> Any:
    session = boto3.Session(
        environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], region_name=environment["AWS_REGION"]
    )
    return session.client("ecr", endpoint_url=environment["AWS_ENDPOINT_URL"])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_answers(process: "subprocess.Popen[bytes]", port: int) -> None:
    limit = time.monotonic() + _READY_SECONDS
    while process.poll() is None and time.monotonic() < limit:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/v2/")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            time.sleep(0.02)
        else:
            return
        finally:
            connection.close()
    raise RuntimeError(f"{process.args!r} does not answer")


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in _family(int(child)))]


def _cpu_seconds(processes: Sequence[int]) -> float:
    stats = (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in processes)
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / _TICKS


def _shared_out_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
