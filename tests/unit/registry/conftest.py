"""The room that every test of this folder is given."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bed.engines import Engine, Place

from .bed import Room


@pytest.fixture
def room(engine: Engine, place: Place, tmp_path: Path) -> Iterator[Room]:
    with engine.borrowed(place) as database:
        yield Room(tmp_path / "blobs", database)


@pytest.fixture
def beside(engine: Engine, place: Place, room: Room) -> Iterator[Room]:
    """A room on the same data through a database handle of its own, as another process has it."""
    made = Room(room.folder, engine.open(place))
    yield made
    asyncio.run(made.database.close())
