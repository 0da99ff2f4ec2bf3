"""Builds the file of advisories aside, then puts it in the place of the old one, which its readers keep to the end."""

import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from cargohold.scanning.advisories.database import FORMAT, SCHEMA, packed, verify
from cargohold.scanning.advisories.documents import read
from cargohold.scanning.advisories.record import Exploited, Likelihood, Malformed, Record, Scores
from cargohold.scanning.advisories.source import Source
from cargohold.scanning.advisory import Advisory

_BATCH: Final = 1000
Progress = Callable[[str, int], None]
"""Told the source's name and how many of its records are in."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A source whose bytes are here. `fetched_at` is epoch milliseconds; it dates what carries no date of its own."""

    source: Source
    path: Path
    sha256: str
    fetched_at: int


class ImportFailed(Exception):
    """A source that could not be taken in; the old file stays. The text names it and says why."""


def build(fetched: Iterable[Fetched], target: Path, now: int, progress: Progress) -> str:
    """Makes the file at `target` of all sources and returns its version. Raises ImportFailed and Unusable."""
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    aside.unlink(missing_ok=True)
    parts = list(fetched)
    version = _version(parts)
    try:
        with closing(sqlite3.connect(aside)) as connection:
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            connection.executescript(SCHEMA)
            for part in parts:
                _take_in(connection, part, progress)
            rows = [("format", str(FORMAT)), ("version", version), ("built_at", str(now))]
            connection.executemany("INSERT INTO meta VALUES (?, ?)", rows)
            connection.commit()
        verify(aside)
        _keep(aside, target)
    finally:
        aside.unlink(missing_ok=True)
    return version


def _version(parts: Iterable[Fetched]) -> str:
    """The same sources with the same bytes are the same version."""
    named = sorted(f"{FORMAT} {part.source.name} {part.sha256}" for part in parts)
    return hashlib.sha256("\n".join(named).encode()).hexdigest()[:16]


def _take_in(connection: sqlite3.Connection, part: Fetched, progress: Progress) -> None:
    count, newest = 0, 0
    try:
        for record in _counted(read(part.source, part.path), part.source.name, progress):
            _add(connection, record)
            count += 1
            newest = max(newest, (record.modified or 0) if isinstance(record, Advisory) else 0)
    except (Malformed, OSError) as error:
        raise ImportFailed(f"{part.source.name} could not be imported: {error}.") from error
    if count == 0:
        raise ImportFailed(f"{part.source.name} could not be imported: there is nothing of that format in it.")
    row = (part.source.name, part.sha256, newest or part.fetched_at, count)
    connection.execute("INSERT OR REPLACE INTO source VALUES (?, ?, ?, ?)", row)


def _counted(records: Iterator[Record], name: str, progress: Progress) -> Iterator[Record]:
    count = 0
    for count, record in enumerate(records, start=1):
        yield record
        if count % _BATCH == 0:
            progress(name, count)
    progress(name, count)


def _add(connection: sqlite3.Connection, record: Record) -> None:
    if isinstance(record, Advisory):
        row = connection.execute("INSERT INTO advisory (payload) VALUES (?)", (packed(record),))
        names = {(each.ecosystem, each.name) for each in record.affected}
        rows = [(ecosystem, name, row.lastrowid) for ecosystem, name in names]
        connection.executemany("INSERT INTO affects VALUES (?, ?, ?)", rows)
    elif isinstance(record, Scores):
        vectors = json.dumps([list(asdict(each).values()) for each in record.vectors])
        # A later source adds nothing where an earlier one has scores: sources stand in the order of preference.
        connection.execute("INSERT OR IGNORE INTO score VALUES (?, ?)", (record.cve, vectors))
    elif isinstance(record, Exploited):
        connection.execute("INSERT OR REPLACE INTO exploited VALUES (?, ?)", (record.cve, record.since))
    elif isinstance(record, Likelihood):
        row_ = (record.cve, record.score, record.percentile)
        connection.execute("INSERT OR REPLACE INTO likelihood VALUES (?, ?, ?)", row_)


def _keep(aside: Path, target: Path) -> None:
    with aside.open("rb") as file:
        os.fsync(file.fileno())
    aside.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
