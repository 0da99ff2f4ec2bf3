"""What PostgreSQL reports, in the words of core.errors; and whether it is worth another try.

Source: PostgreSQL's manual, appendix A, "PostgreSQL Error Codes".
"""

from types import TracebackType
from typing import Final

import psycopg
from sqlalchemy.exc import DBAPIError

from cargohold.core.errors import Corrupt, StorageBusy, StorageFull, Unavailable
from cargohold.database.faults import Translated

_Fault = type[StorageFull] | type[StorageBusy] | type[Corrupt]

_FAULTS: Final[dict[str, _Fault]] = {
    "53100": StorageFull,  # disk_full
    "53": StorageBusy,  # insufficient resources: memory, connections
    "08": StorageBusy,  # the connection
    "40": StorageBusy,  # rolled back in favour of another transaction
    "55P03": StorageBusy,  # lock_not_available, after lock_timeout
    "57": StorageBusy,  # cancelled by a timeout or an operator, shutting down, starting up
    "58030": StorageBusy,  # io_error
    "25P03": StorageBusy,  # idle_in_transaction_session_timeout
    "XX001": Corrupt,  # data_corrupted
    "XX002": Corrupt,  # index_corrupted
}
"""By code, or else by the code's class, which is its first two characters."""

_CONFLICTS: Final = frozenset({"40001", "40P01"})
"""serialization_failure, deadlock_detected: the same work succeeds once the other transaction is through."""

_DATA: Final = "22"
"""The class of errors whose very sentence quotes a value."""


def fault(error: BaseException) -> Unavailable | None:
    """The machine's fault that a database error reports; None when it reports something else."""
    reported = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(reported, psycopg.Error):
        return None
    kind = _kind(reported)
    if kind is None:
        return None
    found = kind()
    found.__cause__ = error
    return found


def _kind(error: psycopg.Error) -> _Fault | None:
    if error.sqlstate is None:  # what the driver itself says of a connection that is gone
        return StorageBusy if isinstance(error, psycopg.OperationalError) else None
    return _FAULTS.get(error.sqlstate) or _FAULTS.get(error.sqlstate[:2])


def is_conflict(error: BaseException) -> bool:
    """Whether the transaction was rolled back only because another was faster."""
    reported = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(reported, psycopg.Error) and reported.sqlstate in _CONFLICTS


translated: Final = Translated(fault)
"""`with translated:` raises PostgreSQL's faults as StorageBusy, StorageFull and Corrupt."""


class _Discreet:
    """`with discreet:` leaves out of an error's sentence what the server adds to it: the values of the rows."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, psycopg.Error) and error.sqlstate is not None:
            quotes = error.sqlstate.startswith(_DATA)
            error.args = ((None if quotes else error.diag.message_primary) or type(error).__name__,)


discreet: Final = _Discreet()
