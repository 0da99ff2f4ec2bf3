"""telemetry.audit.files: many writers, files by day and size, and a bound on everything together."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cargohold.telemetry.audit.files import Bounds, Files, Place, places

DAY = "2026-11-28"
WIDE = Bounds(days=90, total=1 << 30, file=1 << 20)


def lines(folder: Path, series: str = "events") -> list[str]:
    return [line for place in places(folder, series) for line in (folder / place.name(series)).read_text().splitlines()]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_lines_stand_in_order_in_a_private_file(tmp_path: Path) -> None:
    """The first line makes the folder and a file that only its owner reads; later ones are appended."""
    folder = tmp_path / "audit"
    files = Files(folder, "events", WIDE)
    files.append(b"one\n", DAY)
    files.append(b"two\n", DAY)
    files.close()
    Files(folder, "events", WIDE).append(b"three\n", DAY)
    assert names(folder) == ["events-2026-11-28.0000.jsonl"]
    assert lines(folder) == ["one", "two", "three"]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "events-2026-11-28.0000.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_day_and_a_full_file_begin_another(tmp_path: Path) -> None:
    """A file is of one day, and takes no further line once it has its size."""
    files = Files(tmp_path, "events", Bounds(days=90, total=1 << 20, file=10))
    for line, day in (("a" * 9, DAY), ("b" * 9, DAY), ("c" * 9, DAY), ("d" * 9, "2026-11-29")):
        files.append(f"{line}\n".encode(), day)
    assert names(tmp_path) == [
        "events-2026-11-28.0000.jsonl",
        "events-2026-11-28.0001.jsonl",
        "events-2026-11-28.0002.jsonl",
        "events-2026-11-29.0000.jsonl",
    ]


def test_all_files_together_are_bounded(tmp_path: Path) -> None:
    """The oldest files go when a new one begins and all would take too much; another series is left alone."""
    other = Files(tmp_path, "unproven", WIDE)
    other.append(b"other\n", "2026-01-01")
    files = Files(tmp_path, "events", Bounds(days=90, total=50, file=10))
    for number in range(20):
        files.append(f"line {number:04}\n".encode(), DAY)
    assert lines(tmp_path)[-1] == "line 0019"
    assert sum((tmp_path / place.name("events")).stat().st_size for place in places(tmp_path, "events")) <= 50
    assert lines(tmp_path, "unproven") == ["other"]


def test_old_days_go(tmp_path: Path) -> None:
    """What is older than the days that are kept is removed, but never the newest file."""
    files = Files(tmp_path, "events", Bounds(days=2, total=1 << 22, file=1 << 20))
    for day in ("2026-11-25", "2026-11-26", "2026-11-27", "2026-11-28"):
        files.append(f"{day}\n".encode(), day)
    assert lines(tmp_path) == ["2026-11-26", "2026-11-27", "2026-11-28"]
    assert files.prune("2027-06-01") == 2
    assert lines(tmp_path) == ["2026-11-28"]


def test_a_file_that_somebody_removed_is_made_again(tmp_path: Path) -> None:
    """A line never goes into a file that nobody can find."""
    files = Files(tmp_path, "events", WIDE)
    files.append(b"one\n", DAY)
    (tmp_path / "events-2026-11-28.0000.jsonl").unlink()
    files.append(b"two\n", DAY)
    assert lines(tmp_path) == ["two"]


def test_a_line_that_was_cut_off_does_not_swallow_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a write that a full disk cut short, the next line stands on a line of its own."""
    files = Files(tmp_path, "events", WIDE)
    files.append(b"one\n", DAY)
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:3]))
    with pytest.raises(OSError, match="No space left"):
        files.append(b"lost line\n", DAY)
    monkeypatch.undo()
    files.append(b"two\n", DAY)
    assert lines(tmp_path) == ["one", "los", "two"]


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    """Nothing is written where somebody points a link."""
    (tmp_path / "events-2026-11-28.0000.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="levels of symbolic links"):
        Files(tmp_path, "events", WIDE).append(b"one\n", DAY)
    assert not (tmp_path / "elsewhere").exists()


def test_foreign_files_are_left_alone(tmp_path: Path) -> None:
    """What has another name is neither read nor removed."""
    for name in ("events-2026-11-28.jsonl", "notes.txt", "events-2026-11-28.0001.jsonl.gz"):
        (tmp_path / name).write_text("mine")
    assert places(tmp_path, "events") == []
    Files(tmp_path, "events", Bounds(days=1, total=1, file=1)).append(b"one\n", DAY)
    assert places(tmp_path, "events") == [Place(DAY, 0)]
    assert len(names(tmp_path)) == 4


_WRITER = """
import sys
from pathlib import Path
from cargohold.telemetry.audit.files import Bounds, Files
files = Files(Path(sys.argv[1]), "events", Bounds(days=90, total=1 << 30, file=2000))
sys.stdin.readline()
for number in range(3000):
    files.append(f'["{sys.argv[2]}",{number},"{"x" * (number % 90)}"]\\n'.encode(), "2026-11-28")
"""


def test_processes_append_and_rotate_without_losing_a_line(tmp_path: Path) -> None:
    """Three processes that write and begin new files at once lose no line, tear none, and keep each its own order."""
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path), name], stdin=subprocess.PIPE) for name in "abc"
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"go\n")
        writer.stdin.close()
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    found = [json.loads(line) for line in lines(tmp_path)]
    assert len(places(tmp_path, "events")) > 50
    for name in "abc":
        assert sorted(number for who, number, _ in found if who == name) == list(range(3000))
