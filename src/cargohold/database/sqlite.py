"""SQLite: reads inline on the loop, one writer thread with group commit, scans on threads of their own.

Several processes may share the file. Each has its own reader and writer connection: WAL lets reads go on while another
writes, and BEGIN IMMEDIATE makes writers wait for their turn instead of failing at the end. Open it after forking.
"""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, Self, TypeVar, cast

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from cargohold.database import Database
from cargohold.database.faults import fault, translated
from cargohold.database.group_commit import GroupCommit
from cargohold.database.scan import stream
from cargohold.database.turn import Turn

T = TypeVar("T")

BUSY_MILLISECONDS: Final = 10_000
"""How long a write waits for another process's before it is StorageBusy."""

_PRAGMAS: Final = (
    f"busy_timeout = {BUSY_MILLISECONDS}",
    "synchronous = FULL",
    "foreign_keys = ON",
    "cache_size = -16384",  # KiB
    "wal_autocheckpoint = 4000",  # pages
    "journal_size_limit = 67108864",  # bytes that a log keeps after a checkpoint
)


class SQLite(Database):
    """A database in one file that database.migrate made: its schema and its write-ahead log are there."""

    def __init__(self, path: Path) -> None:
        self._engine = _engine(path)
        with translated:
            self._reader = _reader(self._engine)
            self._writer = GroupCommit(self._engine.connect(), Turn(path.with_name(f"{path.name}-turn")))
        self._raw_reader = _raw(self._reader)
        self._reading = threading.Lock()

    @classmethod
    def open(cls, path: Path) -> Self:
        return cls(path)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Runs here and now, on the kept connection: a point read is faster than the way to a thread and back."""
        with self._reading:
            try:
                self._raw_reader.execute("BEGIN")
                return work(self._reader)
            except (sqlite3.Error, DBAPIError) as error:
                if found := fault(error):
                    raise found from error
                raise
            finally:
                self._raw_reader.rollback()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Runs in the writer's thread. A caller who is cancelled does not learn whether it was done."""
        result: T = await self._writer.submit(work)
        return result

    def scan(self, work: Callable[[Connection], Iterator[T]]) -> AsyncGenerator[T, None]:
        return stream(self._scanning, work, translated)

    async def close(self) -> None:
        await asyncio.to_thread(self._writer.close)
        with self._reading:
            self._reader.close()

    @contextmanager
    def _scanning(self) -> Iterator[Connection]:
        with closing(_reader(self._engine)) as connection:
            _raw(connection).execute("BEGIN")
            yield connection


def _engine(path: Path) -> Engine:
    """An engine whose connections never begin a transaction by themselves: isolation_level None leaves that to us."""

    def connect() -> sqlite3.Connection:
        raw = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
        try:
            for pragma in _PRAGMAS:
                raw.execute(f"PRAGMA {pragma}")
        except sqlite3.Error:
            raw.close()
            raise
        return raw

    return create_engine("sqlite+pysqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)


def _reader(engine: Engine) -> Connection:
    """A connection that cannot write. SQLAlchemy's own transaction on it begins once and never ends."""
    connection = engine.connect()
    _raw(connection).execute("PRAGMA query_only = ON")
    return connection


def _raw(connection: Connection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", connection.connection.driver_connection)
