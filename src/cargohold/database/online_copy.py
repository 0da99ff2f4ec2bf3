"""A copy of SQLite's file while other processes read and write it: one moment of it, whole."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from cargohold.database.faults import translated

PAGES: Final = 2048
"""Pages of one step, 8 MiB; between two of them the copying thread can be interrupted."""


def copy(database: Path, to: Path) -> None:
    """Copies what was committed at one moment into a new file, which is durable when this returns.

    The moment is held by a transaction that reads: without it every commit of another process would have the copying
    begin anew, and under load it would never end. Writers go on; their log grows until the copy is done.
    """
    with translated, closing(_opened(database)) as source, closing(sqlite3.connect(to)) as target:
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(target, pages=PAGES)
        source.rollback()
    descriptor = os.open(to, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _opened(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=10)
