"""How fast collection gives space back, and what pushes feel of it: `python -m tests.perf.collection`.

A room on a fresh SQLite data folder in a temporary directory, with the collector in a process of its own, as a server
has it. Blobs are uploaded as clients do it, their lease is over at once, and pushes go on beside the collector.
"""

import argparse
import asyncio
import multiprocessing
import statistics
import tempfile
import time
from pathlib import Path
from typing import Final

from cargohold.blobstore.filesystem import FilesystemBlobStore
from cargohold.blobstore.stores import Stores
from cargohold.core.clock import system_clock
from cargohold.database import migrate
from cargohold.database.sqlite import SQLite
from cargohold.registry.collection import Collector
from cargohold.registry.limits import Limits
from tests.unit.registry.bed import Room

BLOBS: Final = 6_000
PUSHES: Final = 400
SIZE: Final = 16_384


def main() -> None:
    """Prints what it measured."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--blobs", type=int, default=BLOBS)
    asked.add_argument("--pushes", type=int, default=PUSHES)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(asyncio.run(measure(Path(folder), given.blobs, given.pushes)))


async def measure(folder: Path, blobs: int, pushes: int) -> str:
    """One line for each: the collector alone, pushes alone, and pushes while it runs."""
    migrate.upgrade(folder / "db.sqlite")
    room = Bed(folder / "blobs", SQLite.open(folder / "db.sqlite"))
    target = await room.repository()
    try:
        await room.fill(target, blobs)
        alone = await asyncio.to_thread(_collected, folder)
        idle = await room.push_often(target, pushes)
        await room.fill(target, blobs)
        process = multiprocessing.get_context("spawn").Process(target=_collected, args=(folder,))
        process.start()
        await room.begun(blobs)
        began = time.perf_counter()
        busy = await room.push_often(target, pushes, process.is_alive)
        await asyncio.to_thread(process.join)
        seconds = time.perf_counter() - began
    finally:
        await room.database.close()
    return "\n".join(
        (
            f"collected alone: {blobs / alone:.0f} blobs/s",
            f"collected beside pushes: at least {blobs / seconds * 0.98:.0f} blobs/s, {len(busy)} pushes meanwhile",
            f"push, idle: p50 {_ms(idle, 50)} ms, p99 {_ms(idle, 99)} ms",
            f"push, while collecting: p50 {_ms(busy, 50)} ms, p99 {_ms(busy, 99)} ms",
            f"p99 while collecting, of idle: {_quantile(busy, 99) / _quantile(idle, 99):.2f}",
        )
    )


class Bed(Room):
    """A room by the machine's clock."""

    def clock(self) -> int:
        return system_clock()

    async def fill(self, target, count: int) -> None:  # type: ignore[no-untyped-def]
        """Blobs that nothing uses, whose lease is over."""
        for start in range(0, count, 50):
            data = [b"%d %f" % (start + number, time.time()) for number in range(50)]
            await asyncio.gather(*(self.blob(target, each.ljust(SIZE, b" ")) for each in data))
        await self.execute("UPDATE collection_queue SET review_after = 0")

    async def push_often(self, target, count: int, go_on=lambda: True) -> list[float]:  # type: ignore[no-untyped-def]
        """Seconds that each push of a small image took: two blobs, a manifest and a tag."""
        took = []
        while len(took) < count and go_on():
            began = time.perf_counter()
            await self.image(target, b"%f" % time.time(), tag=f"t{len(took) % 50}")
            took.append(time.perf_counter() - began)
        return took

    async def begun(self, blobs: int) -> None:
        """Returns when the other process has collected the first blobs."""
        query = "SELECT count(*) FROM collection_queue WHERE review_after = 0"
        while (await self.rows(query))[0][0] > blobs * 0.98:
            await asyncio.sleep(0.001)


def _collected(folder: Path) -> float:
    """Seconds that it took to collect all that is due."""

    async def story() -> float:
        database = SQLite.open(folder / "db.sqlite")
        stores = Stores(FilesystemBlobStore(folder / "blobs"), FilesystemBlobStore(folder / "blobs" / "archive"))
        collector = Collector(database, stores, system_clock, Limits().collection_lease)
        began = time.perf_counter()
        while await collector.run():
            pass
        seconds = time.perf_counter() - began
        await database.close()
        return seconds

    return asyncio.run(story())


def _quantile(seconds: list[float], percent: int) -> float:
    return statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1]


def _ms(seconds: list[float], percent: int) -> str:
    return f"{_quantile(seconds, percent) * 1000:.1f}"


if __name__ == "__main__":
    main()
