"""The application that all tables ask, on each database; and one whose quotas are small."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bed.engines import Engine, SQLiteEngine
from tests.bed.place import Place, opened

CRAMPED = {
    "creation_templates": 0,
    "images_per_repository": 0,
    "parts": 1,
    "pull_time_exclusions": 0,
    "repositories": 2,
}


@pytest.fixture(scope="session")
def place(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("every")
    with opened(folder, database(engine, folder)) as made:
        yield made


@pytest.fixture(scope="session")
def cramped(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A place with room for next to nothing."""
    folder = tmp_path_factory.mktemp("cramped")
    with opened(folder, database(engine, folder), **CRAMPED) as made:
        yield made


def database(engine: Engine, folder: Path) -> str | None:
    """A new database on the engine; None where the data folder has its own."""
    return None if isinstance(engine, SQLiteEngine) else engine.make(folder)
