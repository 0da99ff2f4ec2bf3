"""A scan: rows that a thread of its own takes from a connection of its own, batch by batch, while the loop goes on."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from itertools import islice
from typing import Final, Generic, TypeVar

from sqlalchemy import Connection

from cargohold.database.faults import Translated

T = TypeVar("T")

BATCH: Final = 256
"""Rows that cross from the thread at once."""

Connect = Callable[[], AbstractContextManager[Connection]]
"""Opens a connection in a transaction that only reads; called, entered and left in the scan's thread."""


async def stream(
    connect: Connect, work: Callable[[Connection], Iterator[T]], translated: Translated
) -> AsyncGenerator[T, None]:
    """What `work` yields, as it comes. Leaving early ends the work in its thread, then the connection."""
    loop = asyncio.get_running_loop()
    thread = ThreadPoolExecutor(1, thread_name_prefix="database scan")
    rows = _Rows(connect, work, translated)
    try:
        while batch := await loop.run_in_executor(thread, rows.take):
            for row in batch:
                yield row
    finally:
        closed = loop.run_in_executor(thread, rows.close)
        thread.shutdown(wait=False)
        await closed


class _Rows(Generic[T]):
    """A scan's connection and rows; used by its thread only."""

    def __init__(self, connect: Connect, work: Callable[[Connection], Iterator[T]], translated: Translated) -> None:
        self._connect = connect
        self._work = work
        self._translated = translated
        self._rows: Iterator[T] | None = None
        self._opened = ExitStack()

    def take(self) -> list[T]:
        """The next rows, none when there are no more."""
        with self._translated:
            if self._rows is None:
                self._rows = self._work(self._opened.enter_context(self._connect()))
            return list(islice(self._rows, BATCH))

    def close(self) -> None:
        with self._opened:
            if isinstance(self._rows, Generator):
                self._rows.close()
