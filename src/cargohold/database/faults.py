"""What SQLite reports, in the words of core.errors.

Source: sqlite.org/rescode.html. The low byte of an extended result code is its primary code.
"""

import sqlite3
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
    """The machine's fault behind a database error; None when it is the statement's or not the database's at all."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", None)
    kind = _FAULTS.get(code & 0xFF) if isinstance(code, int) else None
    return kind() if kind is not None else None


def translated(error: BaseException) -> BaseException:
    """The error to raise to the caller: the machine's fault with its cause, or the error itself."""
    found = fault(error)
    if found is None:
        return error
    found.__cause__ = error
    return found
