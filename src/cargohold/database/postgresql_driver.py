"""Connections to PostgreSQL, as the driver makes them: who is asked, for how long, and what an error may say."""

import threading
import time
from collections.abc import Callable
from typing import Any, Final, Self, cast

import psycopg
import structlog
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow

from cargohold.core.errors import StorageBusy
from cargohold.database.postgresql_faults import discreet

REFUSAL_SECONDS: Final = 1.0
"""How long nobody tries to connect after somebody could not, so that requests are refused and do not pile up."""

_DEFAULTS: Final = {
    "connect_timeout": "5",
    # A server that vanished without a word is noticed within half a minute.
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "25000",
    "client_encoding": "utf8",
    "fallback_application_name": "cargohold",
}
"""Parameters that the URL may give otherwise."""

_log = structlog.get_logger(__name__)


class UrlUnusable(Exception):
    """The URL is not one that PostgreSQL's own tools would take. Does not quote it: it may hold a password."""

    def __init__(self) -> None:
        super().__init__(
            "The database's URL cannot be read; it looks like postgresql://user:password@host:5432/name, "
            "with special characters in percent-encoding."
        )


class SecondStatement(Exception):
    """A work that was allowed one statement began another. Raised before that is sent."""


class _Cursor(psycopg.Cursor[TupleRow]):
    """Counts statements, and keeps values out of errors."""

    def execute(self, *arguments: Any, **options: Any) -> Self:
        _spend(self.connection)
        with discreet:
            return super().execute(*arguments, **options)

    def executemany(self, *arguments: Any, **options: Any) -> None:
        _spend(self.connection)
        with discreet:
            super().executemany(*arguments, **options)


class _ServerCursor(psycopg.ServerCursor[TupleRow]):
    """Keeps values out of errors. Ends with its connection, which is the scan's own, so nobody has to close it."""

    def __del__(self, *_: object) -> None:
        """Does not warn."""

    def execute(self, *arguments: Any, **options: Any) -> Self:
        with discreet:
            return super().execute(*arguments, **options)


class DriverConnection(psycopg.Connection[TupleRow]):
    """A connection that can be limited to one statement, and whose errors show no values."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.cursor_factory = _Cursor
        self.server_cursor_factory = _ServerCursor
        self.allowance: int | None = None
        """Statements that may still be sent; None: as many as there are."""
        self._kept = self.cursor()

    def execute(self, *arguments: Any, **options: Any) -> psycopg.Cursor[TupleRow]:
        """On one cursor that is kept: what it answered before is gone. A new one would take as long as the asking."""
        return self._kept.execute(*arguments, **options)


def _spend(connection: psycopg.Connection[Any]) -> None:
    left = cast("DriverConnection", connection).allowance
    if left is not None:
        if left == 0:
            raise SecondStatement
        cast("DriverConnection", connection).allowance = left - 1


class Connector:
    """Makes connections one after another: of many processes that start at once, none floods the server."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises UrlUnusable."""
        try:
            given = conninfo_to_dict(url)
        except psycopg.ProgrammingError:
            raise UrlUnusable from None
        self._parameters: dict[str, Any] = _DEFAULTS | given
        self._clock = clock
        self._turn = threading.Lock()
        self._failed_at: float | None = None

    def __str__(self) -> str:
        """Which database it is, without user and password."""
        host, port = (self._parameters.get(name) for name in ("host", "port"))
        return f"database {self._parameters.get('dbname', '')} at {host or 'localhost'}:{port or 5432}"

    def __call__(self) -> DriverConnection:
        """A new connection that begins no transaction by itself. Raises StorageBusy."""
        with self._turn:
            if self._failed_at is not None and self._clock() - self._failed_at < REFUSAL_SECONDS:
                raise StorageBusy
            try:
                connection = self.open()
            except psycopg.Error as error:
                self._failed_at = self._clock()
                _log.warning("database not reached", database=str(self), reason=str(error))
                raise StorageBusy from error
            self._failed_at = None
        return connection

    def open(self) -> DriverConnection:
        """A new connection at once. Raises psycopg.Error."""
        return DriverConnection.connect(**self._parameters, autocommit=True)
