"""What every test may use: how long the run may take, and the database engines."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.bed.engines import Engine, Place, PostgreSQLEngine, SQLiteEngine
from tests.bed.postgresql import PostgresServer

# How long an example takes says more about what else the machine does than about the code.
settings.register_profile("cargohold", deadline=None)
settings.load_profile("cargohold")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long",
        action="store_true",
        default=os.environ.get("LONG_TESTS", "") not in {"", "0"},
        help="run the slow tests at full length: 10 GiB blobs, many crashes (also: LONG_TESTS=1)",
    )


@pytest.fixture(scope="session")
def long(pytestconfig: pytest.Config) -> bool:
    """Whether this run may take hours rather than minutes."""
    return bool(pytestconfig.getoption("--long"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server that tests share; each uses databases of its own."""
    server = PostgresServer()
    yield server.start()
    server.stop()
    server.remove()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Each database engine in turn: a test that asks for it, or for what is built on it, runs once on each."""
    postgresql = request.param == "postgresql"
    made = PostgreSQLEngine(request.getfixturevalue("postgres")) if postgresql else SQLiteEngine()
    yield made
    made.close()


@pytest.fixture(scope="session")
def migrated(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A database at head, to be copied and never opened."""
    return engine.make(tmp_path_factory.mktemp("migrated"))


@pytest.fixture
def place(engine: Engine, migrated: Place, tmp_path: Path) -> Iterator[Place]:
    """A new database of the test's own, at head."""
    copied = engine.copy(migrated, tmp_path)
    yield copied
    engine.drop(copied)
