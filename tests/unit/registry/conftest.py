"""The room that every test of this folder is given."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cargohold.database import migrate
from cargohold.database.sqlite import SQLite

from .bed import Room


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file at head; copied, because migrating takes longer than a test."""
    path = tmp_path_factory.mktemp("registry") / "empty.sqlite"
    migrate.upgrade(path)
    return path


@pytest.fixture
def room(tmp_path: Path, empty_database: Path) -> Iterator[Room]:
    shutil.copyfile(empty_database, tmp_path / "cargohold.sqlite")
    made = Room(tmp_path / "blobs", SQLite.open(tmp_path / "cargohold.sqlite"))
    yield made
    asyncio.run(made.database.close())


@pytest.fixture
def beside(room: Room, tmp_path: Path) -> Iterator[Room]:
    """A room on the same data through a database handle of its own, as another process has it."""
    made = Room(room.folder, SQLite.open(tmp_path / "cargohold.sqlite"))
    yield made
    asyncio.run(made.database.close())
