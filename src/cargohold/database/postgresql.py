"""PostgreSQL: works run in a pool of threads, each on a connection that is kept, and again where that may help.

Several processes and several machines may share the database. A read of one statement is a snapshot by itself and one
way to the server and back; a read of more begins a transaction for its snapshot. Connections are made when they are
first needed, so open it after forking.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import partial
from queue import Empty, LifoQueue
from typing import Any, Final, Self, TypeVar, cast

import psycopg
import structlog
from psycopg import errors
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from cargohold.core.errors import StorageBusy
from cargohold.database import Database
from cargohold.database.postgresql_driver import Connector, DriverConnection, SecondStatement
from cargohold.database.postgresql_faults import is_conflict, translated
from cargohold.database.scan import stream

T = TypeVar("T")

CONFLICTS: Final = 5
"""How often a work is tried that another transaction gets in the way of."""

PATIENCE_SECONDS: Final = 1.0
"""How long a work that gets no new connection waits for one of ours."""

_READING: Final = b"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_WRITING: Final = b"BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE"

_SESSION: Final = """
SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
SET lock_timeout = '10s';
SET statement_timeout = '30s';
SET idle_in_transaction_session_timeout = '30s'
"""
"""What no transaction of ours outlasts. The last is for a process that stands still and would hold its locks."""

_SCANNING: Final = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0"

_log = structlog.get_logger(__name__)


class PostgreSQL(Database):
    """A database that database.migrate_postgresql brought to head."""

    def __init__(self, url: str, connections: int) -> None:
        """`connections`: what this process may use; three at least, to read, write and scan. Raises UrlUnusable."""
        self._engine = _engine(Connector(url))
        writers = (connections - 1) // 2
        self._reader = _Lines(self._engine, "database reader", connections - 1 - writers)
        self._writer = _Lines(self._engine, "database writer", writers)
        self._scans = threading.BoundedSemaphore(1)
        self._longer: set[object] = set()
        self._closed = False

    @classmethod
    def open(cls, url: str, connections: int) -> Self:
        return cls(url, connections)

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await self._run(self._reader, partial(self._read, work=work))

    async def write(self, work: Callable[[Connection], T]) -> T:
        """A caller who is cancelled does not learn whether it was done."""
        return await self._run(self._writer, lambda line: line.transact(_WRITING, work))

    def scan(self, work: Callable[[Connection], Iterator[T]]) -> AsyncGenerator[T, None]:
        """One at a time; another waits until it has ended."""
        return stream(self._scanning, work, translated)

    async def close(self) -> None:
        self._closed = True
        await asyncio.to_thread(self._reader.close)
        await asyncio.to_thread(self._writer.close)

    async def _run(self, lines: "_Lines", use: "Callable[[_Line], T]") -> T:
        if self._closed:
            raise RuntimeError("the database is closed")
        return await lines.run(use)

    def _read(self, line: "_Line", work: Callable[[Connection], T]) -> T:
        """Tries a work without a transaction, until it is known that it has more than one statement."""
        kind = _code(work)
        if kind not in self._longer:
            try:
                return line.ask(work)
            except SecondStatement:
                self._longer.add(kind)
        return line.transact(_READING, work)

    @contextmanager
    def _scanning(self) -> Iterator[Connection]:
        with self._scans, closing(_Line(self._engine)) as line:
            yield line.streaming()


class _Lost(Exception):
    """The connection died before the transaction was to be committed, so nothing was done."""


class _Line:
    """A kept connection, used by one thread at a time. SQLAlchemy's own transaction on it never ends."""

    def __init__(self, engine: Engine) -> None:
        self._connection = engine.connect()
        self._raw = cast("DriverConnection", self._connection.connection.driver_connection)

    @property
    def idle(self) -> bool:
        """Whether the next work finds it as the first one did."""
        return self._raw.pgconn.transaction_status == TransactionStatus.IDLE

    def close(self) -> None:
        self._connection.invalidate()
        self._connection.close()

    def ask(self, work: Callable[[Connection], T]) -> T:
        """Runs a work that reads with one statement; raises SecondStatement at its second."""
        self._raw.allowance = 1
        try:
            with self._noticing_loss():
                return work(self._connection)
        finally:
            self._raw.allowance = None

    def streaming(self) -> Connection:
        """The connection in the driver's own transaction, which a cursor on the server needs, without time limits."""
        self._raw.execute(_SCANNING)
        return self._connection.execution_options(isolation_level="REPEATABLE READ", stream_results=True)

    def transact(self, begin: bytes, work: Callable[[Connection], T]) -> T:
        """Runs a work in a transaction, which is committed unless the work raises."""
        with self._noticing_loss():
            self._command(begin)
            try:
                result = work(self._connection)
                self._check_whole()
            except BaseException:
                with suppress(psycopg.Error):
                    self._command(b"ROLLBACK")
                raise
        self._commit()
        return result

    def _check_whole(self) -> None:
        """A transaction in which a statement failed cannot be committed, even when the work went on regardless."""
        if self._raw.pgconn.transaction_status == TransactionStatus.INERROR:
            raise errors.InFailedSqlTransaction("a work survived a statement's failure without a savepoint")

    def _commit(self) -> None:
        try:
            self._command(b"COMMIT")
        except psycopg.Error as error:
            if self._raw.closed:  # whether it was done is not known, so it must not be done again
                raise StorageBusy from error
            raise

    @contextmanager
    def _noticing_loss(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, psycopg.Error) as error:
            if self._raw.closed:
                raise _Lost from error
            raise

    def _command(self, command: bytes) -> None:
        """Sends what begins or ends a transaction straight to the server; the driver would forget what it prepared."""
        result = self._raw.pgconn.exec_(command)
        if result.status != ExecStatus.COMMAND_OK:
            raise errors.error_from_result(result)


class _Lines:
    """Threads and, as they are needed, as many connections: the one used last is used next."""

    def __init__(self, engine: Engine, name: str, size: int) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(size, thread_name_prefix=name)
        self._idle: LifoQueue[_Line] = LifoQueue()
        self._open = 0
        self._counting = threading.Lock()

    async def run(self, use: Callable[[_Line], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._persist, use)

    def close(self) -> None:
        """Finishes what was accepted; blocks until then."""
        self._threads.shutdown()
        self._drop_idle()

    def _persist(self, use: Callable[[_Line], T]) -> T:
        """Again on a new connection where the old one had died, and again where another transaction was in the way."""
        refusals = losses = 0
        while True:
            try:
                return self._use(use)
            except _Lost as error:
                losses += 1
                if losses > 1:
                    raise StorageBusy from error
                self._drop_idle()  # they died with it: a server that was started again knows none of them
            except (SQLAlchemyError, psycopg.Error) as error:
                refusals += 1
                if not is_conflict(error) or refusals == CONFLICTS:
                    with translated:
                        raise
                _log.info("transaction tried again", attempt=refusals)

    def _use(self, use: Callable[[_Line], T]) -> T:
        line = self._take()
        try:
            return use(line)
        finally:
            if line.idle:
                self._idle.put(line)
            else:
                self._drop(line)

    def _take(self) -> _Line:
        """One that is idle, else a new one, else, where the server gives no more, one that comes back soon."""
        with suppress(Empty):
            return self._idle.get_nowait()
        try:
            return self._connect()
        except StorageBusy:
            if not self._open:
                raise
        try:
            return self._idle.get(timeout=PATIENCE_SECONDS)
        except Empty:
            raise StorageBusy from None

    def _connect(self) -> _Line:
        self._count(1)
        try:
            return _Line(self._engine)
        except BaseException:
            self._count(-1)
            raise

    def _drop(self, line: _Line) -> None:
        line.close()
        self._count(-1)

    def _count(self, more: int) -> None:
        with self._counting:
            self._open += more

    def _drop_idle(self) -> None:
        with suppress(Empty):
            while True:
                self._drop(self._idle.get_nowait())


def _engine(connector: Connector) -> Engine:
    """An engine whose connections never begin a transaction by themselves; reading is all they do unless told."""

    def connect() -> DriverConnection:
        connection = connector()
        with translated:
            connection.execute(_SESSION)
        return connection

    return create_engine(
        "postgresql+psycopg://", creator=connect, poolclass=NullPool, hide_parameters=True, use_native_hstore=False
    )


def _code(work: Callable[..., Any]) -> object:
    """What works have in common that run the same code with other values."""
    while isinstance(work, partial):
        work = work.func
    function = getattr(work, "__func__", work)
    return getattr(function, "__code__", function)
