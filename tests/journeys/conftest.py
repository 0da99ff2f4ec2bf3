"""Real servers, `cargohold serve` as a person starts it: on each database, with one door process and with two."""

import itertools
from collections.abc import Callable, Iterator

import pytest
from botocore.client import BaseClient

from tests.bed.engines import Engine, PostgreSQLEngine
from tests.clients.bed.server import Server, password_of
from tests.clients.bed.wire import Wire

_numbers = itertools.count(1)
PASSWORD = "hunter2"


def database(engine: Engine) -> dict[str, str]:
    """The environment that has a server keep its rows in a new database, which it makes itself where it can."""
    if not isinstance(engine, PostgreSQLEngine):
        return {}
    return {"CARGOHOLD_DATABASE": engine.server.create().replace("@", f":{PASSWORD}@")}


@pytest.fixture(scope="session", params=[1, 2], ids=["one door", "two doors"])
def server(
    engine: Engine, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The server that stories share; each uses repositories of its own."""
    folder = tmp_path_factory.mktemp("journey")
    running = Server(folder / "data", folder / "server.log")
    running.start("--workers", str(request.param), environment=database(engine))
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def ecr(server: Server) -> Iterator[BaseClient]:
    client = server.client("ecr")
    yield client
    client.close()


@pytest.fixture
def wires(server: Server, ecr: BaseClient) -> Iterator[Callable[[], Wire]]:
    """Opens connections to the OCI door, logged in; with several doors each may be answered by another one."""
    opened: list[Wire] = []

    def open_one() -> Wire:
        opened.append(Wire(server.port, password_of(ecr)))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


@pytest.fixture
def wire(wires: Callable[[], Wire]) -> Wire:
    return wires()


@pytest.fixture
def name() -> str:
    """A repository's name that no other story has."""
    return f"journey/{next(_numbers)}"
