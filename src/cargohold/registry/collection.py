"""Collection: what was deleted is purged when it can be restored no more, and blobs that nothing uses give their space
back, while pushes run.

A blob first becomes nobody's (a transaction), then its bytes are deleted (outside of any), then its row (another one).
A push of the same bytes in between makes the row live again with a generation of its own, so that the deletion can
never hit it. Whoever dies at any point leaves what another run finishes: several workers may collect at once, each in
small steps.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import structlog
from sqlalchemy import Connection

from cargohold.blobstore.stores import Stores
from cargohold.core.clock import HOUR, MINUTE, SECOND, Clock
from cargohold.core.errors import Unavailable
from cargohold.database import Database
from cargohold.jobs.queue import add_job
from cargohold.registry.collected import Standing, Undoable
from cargohold.registry.store import collection as store
from cargohold.registry.store import tombstones
from cargohold.registry.store.collection import Doomed
from cargohold.telemetry import metrics

COLLECT_TASK: Final = "collect"
"""The job that collects at once; its payload is empty."""

STEP: Final = 100
"""Blobs, or rows of what was deleted, in one transaction: a push that waits for it waits for milliseconds."""
REPOSITORIES: Final = 20
"""Deleted repositories that are worked at in one round."""
TURN: Final = 5 * SECOND
"""For how long one run goes on before the worker's other tasks have their turn."""
AGAIN: Final = 5 * MINUTE
"""When another run takes up what a dead one left; and when a blob that is being moved is looked at again."""
FIRST_RETRY: Final = 30 * SECOND
"""How long after its first failure a deletion is tried again; each failure doubles it, to an hour at the most."""

_log = structlog.get_logger(__name__)


class Collector:
    """`lease` is for how long a deletion can be undone, in milliseconds."""

    def __init__(self, database: Database, stores: Stores, clock: Clock, lease: int) -> None:
        self._database = database
        self._stores = stores
        self._clock = clock
        self._lease = lease

    async def run(self) -> int:
        """Purges and collects what is due, for TURN at the most; returns how many rows and blobs went."""
        end, done = self._clock() + TURN, 0
        while True:
            step = await self.purge() + await self.collect()
            done += step
            if step == 0 or self._clock() >= end:
                return done

    async def work(self, _: Mapping[str, Any]) -> None:
        """The task COLLECT_TASK: one run, and another job where there may be more."""
        if await self.run():
            now = self._clock()
            await self._database.write(partial(add_job, task=COLLECT_TASK, payload={}, run_at=now))

    async def purge(self) -> int:
        """One step through what can be restored no more; returns how many rows went."""
        now = self._clock()
        before = now - self._lease
        done = await self._database.write(partial(tombstones.delete_expired, now=now, limit=STEP))
        some = partial(tombstones.delete_some_of_repository, before=before, now=now, limit=STEP)
        for repository_id in await self._database.read(
            partial(tombstones.list_deleted_before, before=before, limit=REPOSITORIES)
        ):
            done += await self._database.write(partial(some, repository_id=repository_id))
        return done

    async def collect(self) -> int:
        """One step through the queue; returns how many blobs were reclaimed, or turned out to be in use."""
        now = self._clock()
        wanted = partial(store.list_doomed, now=now, again=now + AGAIN, limit=STEP)
        doomed, kept = await self._database.write(wanted)
        if not doomed:
            return kept
        outcomes = await asyncio.gather(*(self._drop(each) for each in doomed))
        gone = [each for each, dropped in zip(doomed, outcomes, strict=True) if dropped]
        await self._finish(gone, [each for each, dropped in zip(doomed, outcomes, strict=True) if not dropped])
        return kept + len(gone)

    async def _drop(self, doomed: Doomed) -> bool:
        try:
            await self._stores.of(doomed.tier).delete(doomed.generation)
        except Unavailable as error:
            _log.warning("blob not collected", blob=doomed.id, generation=doomed.generation, reason=str(error))
            return False
        return True

    async def _finish(self, gone: list[Doomed], failed: list[Doomed]) -> None:
        deleted = await self._database.write(partial(_finished, gone=gone, failed=failed, now=self._clock()))
        metrics.count_reclaimed(len(deleted), sum(each.size for each in deleted))
        metrics.count_failed_collections(len(failed))


class Collections:
    """What people ask of collection, and when they ask for it."""

    def __init__(self, database: Database, clock: Clock, lease: int) -> None:
        self._database = database
        self._clock = clock
        self._lease = lease

    async def standing(self) -> Standing:
        """How much waits, what was given back, and what can still be restored."""
        return await self._database.read(partial(_standing, now=self._clock(), lease=self._lease))

    async def count_due(self) -> int:
        """Blobs that wait for a worker now, up to store.collection.COUNTED."""
        return await self._database.read(partial(store.count_due, now=self._clock()))

    async def start(self) -> Standing:
        """As `standing`; a worker begins within a second. What is under a lease stays."""
        now = self._clock()
        await self._database.write(partial(add_job, task=COLLECT_TASK, payload={}, run_at=now))
        return await self.standing()


def _finished(connection: Connection, gone: list[Doomed], failed: list[Doomed], now: int) -> list[Doomed]:
    for each in failed:
        store.save_failed(connection, each, now + min(FIRST_RETRY << min(each.attempts, 10), HOUR), now)
    return store.delete_doomed(connection, gone, now) if gone else []


def _standing(connection: Connection, now: int, lease: int) -> Standing:
    return Standing(
        backlog=store.get_backlog(connection, now),
        totals=store.get_totals(connection),
        undoable=Undoable(*tombstones.count_restorable(connection, now, lease)),
        purgeable=tombstones.count_purgeable(connection, now, lease),
        lease=lease,
    )
