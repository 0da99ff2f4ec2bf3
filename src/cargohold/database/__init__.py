"""The database cellar: runs work on connections; knows machines, knows no ECR.

Work is a plain function that takes the connection, so nothing can await inside a transaction and an engine may run it
again, from its beginning. A `read` sees one snapshot. So does a `write` on SQLite; on PostgreSQL each of its statements
sees what is committed by then, and what must not change between two of them is locked (see database.locking).
"""

from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Protocol, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")


class Database(Protocol):
    """What every engine does. Raises core.errors.StorageFull and StorageBusy."""

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Bounded work (about 200 rows) on one snapshot."""
        ...

    async def write(self, work: Callable[[Connection], T]) -> T:
        """One transaction; returns after it is durable. Work that raises leaves nothing behind."""
        ...

    def scan(self, work: Callable[[Connection], Iterator[T]]) -> AsyncGenerator[T, None]:
        """Unbounded work, streamed from a thread and a connection of its own."""
        ...

    async def close(self) -> None:
        """Ends threads and connections; work that was accepted is finished first."""
        ...
