"""The one thread that writes to SQLite: works that arrive while a commit runs share the next transaction.

A durable commit costs the disk about 200 µs however much it holds, so sixteen works in one cost a quarter of sixteen
commits. Each work stands in a SAVEPOINT of its own: one that raises leaves nothing, and the others commit.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import Connection

from cargohold.database.faults import fault
from cargohold.database.turn import Turn

LARGEST_GROUP: Final = 64
"""Works in one transaction; bounds how long another process waits for its turn."""


@dataclass(frozen=True, slots=True)
class _Job:
    work: Callable[[Connection], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Outcome:
    value: Any = None
    error: BaseException | None = None


class _GroupBroken(Exception):
    """SQLite rolled the whole transaction back, not only the work that failed."""


class GroupCommit:
    """A writer thread around a connection and a turn, which it alone uses from now on, and closes."""

    def __init__(self, connection: Connection, turn: Turn) -> None:
        self._connection = connection
        self._turn = turn
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="database writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], Any]) -> asyncio.Future[Any]:
        """Queues a work; the future ends after its transaction is durable. Raises RuntimeError once closed."""
        loop = asyncio.get_running_loop()
        job = _Job(work, loop, loop.create_future())
        with self._closing:
            if self._closed:
                raise RuntimeError("the database is closed")
            self._jobs.put(job)
        return job.future

    def close(self) -> None:
        """Finishes what was accepted and ends the thread; blocks until then."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        transaction = _Transaction(self._connection)
        more = True
        while more:
            group, more = self._next_group()
            if group:
                with self._turn:
                    outcomes = transaction.run(group)
                _deliver(group, outcomes)
        self._connection.close()
        self._turn.close()

    def _next_group(self) -> tuple[list[_Job], bool]:
        """The works that wait by now, at least one, and whether more may come."""
        group: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            group.append(job)
            if len(group) == LARGEST_GROUP or self._jobs.empty():
                return group, True
            job = self._jobs.get()
        return group, False


class _Transaction:
    """Runs groups of works, each group in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._raw = cast("sqlite3.Connection", connection.connection.driver_connection)

    def run(self, group: Sequence[_Job]) -> list[_Outcome]:
        """One outcome per work, after those that succeeded are durable."""
        try:
            self._raw.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            return [_Outcome(error=fault(error) or error) for _ in group]
        try:
            outcomes = [self._run_one(job) for job in group]
            self._raw.execute("COMMIT")
        except (_GroupBroken, sqlite3.Error) as error:
            with suppress(sqlite3.Error):  # then the next BEGIN says so, to callers who are still there
                self._raw.rollback()
            return self._run_apart(group, error)
        return outcomes

    def _run_apart(self, group: Sequence[_Job], error: Exception) -> list[_Outcome]:
        """What to do when a transaction failed as a whole: each work again, alone, so that the rest may succeed."""
        if len(group) > 1:
            return [outcome for job in group for outcome in self.run([job])]
        cause = error.__cause__ if isinstance(error, _GroupBroken) and error.__cause__ else error
        return [_Outcome(error=fault(cause) or cause)]

    def _run_one(self, job: _Job) -> _Outcome:
        self._raw.execute("SAVEPOINT work")
        try:
            outcome = _Outcome(job.work(self._connection))
        except BaseException as error:  # it is the caller's, and is raised there
            if not self._raw.in_transaction:
                raise _GroupBroken from error
            self._raw.execute("ROLLBACK TO work")
            outcome = _Outcome(error=fault(error) or error)
        self._raw.execute("RELEASE work")
        return outcome


def _deliver(group: Sequence[_Job], outcomes: Sequence[_Outcome]) -> None:
    """Wakes each caller's loop once for all of its works."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], _Outcome]]] = {}
    for job, outcome in zip(group, outcomes, strict=True):
        by_loop.setdefault(job.loop, []).append((job.future, outcome))
    for loop, ended in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed, and nobody waits
            loop.call_soon_threadsafe(_settle, ended)


def _settle(ended: Sequence[tuple[asyncio.Future[Any], _Outcome]]) -> None:
    for future, outcome in ended:
        if future.done():  # the caller was cancelled and no longer waits
            continue
        if outcome.error is not None:
            future.set_exception(outcome.error)
        else:
            future.set_result(outcome.value)
