"""What SQLite reports, in the words of core.errors. PostgreSQL's reports stand in postgresql_faults.

Source: sqlite.org/rescode.html. The low byte of an extended result code is its primary code.
"""

import sqlite3
from collections.abc import Callable
from types import TracebackType
from typing import Final

from sqlalchemy.exc import DBAPIError

from cargohold.core.errors import Corrupt, StorageBusy, StorageFull, Unavailable

_FAULTS: Final[dict[int, type[StorageFull] | type[StorageBusy] | type[Corrupt]]] = {
    sqlite3.SQLITE_BUSY: StorageBusy,
    sqlite3.SQLITE_LOCKED: StorageBusy,
    sqlite3.SQLITE_FULL: StorageFull,
    sqlite3.SQLITE_CORRUPT: Corrupt,
    sqlite3.SQLITE_NOTADB: Corrupt,
}


def fault(error: BaseException) -> Unavailable | None:
    """The machine's fault that a database error reports; None when it reports something else."""
    reported = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(reported, "sqlite_errorcode", None)
    kind = _FAULTS.get(code & 0xFF) if isinstance(code, int) else None
    if kind is None:
        return None
    found = kind()
    found.__cause__ = error
    return found


class Translated:
    """`with Translated(fault):` raises what `fault` recognises in an error instead of the error; the rest as it is."""

    def __init__(self, recognise: Callable[[BaseException], Unavailable | None]) -> None:
        self._recognise = recognise

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        found = self._recognise(error) if error is not None else None
        if found is not None:
            raise found


translated: Final = Translated(fault)
"""`with translated:` raises SQLite's faults as StorageBusy, StorageFull and Corrupt."""
