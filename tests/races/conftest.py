"""What a race runs on: one database of each engine, and a handle of its own for each process that takes part."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bed.engines import Engine, Place

from .yard import Yard


@pytest.fixture
def yard_of(engine: Engine, place: Place, tmp_path: Path) -> Iterator[Callable[[int], Yard]]:
    """Makes the rooms of so many processes over one database and one data folder."""
    opened: list[Yard] = []

    def make(processes: int) -> Yard:
        opened.append(Yard(tmp_path / "data", [engine.open(place) for _ in range(processes)]))
        return opened[-1]

    yield make
    for yard in opened:
        asyncio.run(yard.close())
