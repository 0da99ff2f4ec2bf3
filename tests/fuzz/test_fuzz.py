"""A short run of the fuzz; `python -m tests.fuzz` is the long one."""

from pathlib import Path

import pytest

from tests.bed.engines import Engine, SQLiteEngine
from tests.bed.place import opened

from .requests import operations
from .run import run

REQUESTS = 1_500
"""On each engine: some seconds."""
SEED = 20


@pytest.fixture
def database(engine: Engine, tmp_path: Path) -> str | None:
    """An empty database on the engine; None where the data folder has it."""
    return None if isinstance(engine, SQLiteEngine) else engine.make(tmp_path)


def test_s20_no_request_breaks_anything(
    database: str | None, tmp_path: Path, long: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """S20: Whatever is asked, no answer is a fault of ours and no error one that its operation does not declare."""
    with opened(tmp_path, database) as place:
        report = run(place, SEED, 20_000 if long else REQUESTS)
    shown = "\n".join([*report.faults[:5], capsys.readouterr().out[-3_000:]])
    assert not report.faults, shown
    assert set(report.answers) == set(operations())
    # Requests that no operation takes would prove little.
    assert len(report.succeeded) > 0.8 * len(operations()), set(operations()) - report.succeeded
