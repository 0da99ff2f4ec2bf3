"""The registry room that scans are made in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bed.engines import Engine, Place
from tests.unit.registry.bed import Room


@pytest.fixture
def room(engine: Engine, place: Place, tmp_path: Path) -> Iterator[Room]:
    with engine.borrowed(place) as database:
        yield Room(tmp_path / "blobs", database)
