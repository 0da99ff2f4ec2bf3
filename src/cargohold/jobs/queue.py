"""Durable work behind the doors: a row, written by the transaction that made the work necessary, and who does it.

A job is done at least once: a worker that dies leaves a claim that runs out. So a task looks up the state for itself,
and may be run again, or twice at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final

from cargohold.core.clock import DAY, HOUR, MINUTE, SECOND, Clock
from cargohold.database import Database
from cargohold.jobs import store
from cargohold.jobs.store import Claimed, add_job, list_undone
from cargohold.telemetry import logs

__all__ = ["Queue", "Task", "add_job", "list_undone"]

Task = Callable[[Mapping[str, Any]], Awaitable[None]]
"""Does a job, given its payload: names and ids; the state is looked up again. Raises to be tried again later."""

LEASE: Final = MINUTE
"""How long a job stays its worker's without a sign of life from it."""
RENEW: Final = 20.0
"""Seconds between two such signs."""
TURN: Final = 10 * SECOND
"""For how long one run goes on beginning jobs, before other work of the worker has its turn."""
FIRST_RETRY: Final = 5 * SECOND
"""How long after its first failure a job is tried again; each failure doubles it, to an hour at the most."""
ATTEMPTS: Final = 20
"""How often a job is tried, half a day in all, before it is given up."""
KEEP_FAILED: Final = 30 * DAY
"""How long a job that was given up can be looked at."""


class Queue:
    """The jobs of a database whose tasks are these. Several may work at once, here and on other machines."""

    def __init__(self, database: Database, tasks: Mapping[str, Task], clock: Clock) -> None:
        self._database = database
        self._tasks = tasks
        self._clock = clock

    async def run(self) -> int:
        """Does jobs that are due, one after another, for TURN at the most; returns how many it tried."""
        end = self._clock() + TURN
        tried = 0
        while self._clock() < end:
            now = self._clock()
            job = await self._database.write(
                partial(store.find_claimed, tasks=list(self._tasks), now=now, until=now + LEASE)
            )
            if job is None:
                break
            await self._do(job)
            tried += 1
        return tried

    async def prune(self, limit: int = 100) -> int:
        """Forgets up to `limit` jobs that were given up long ago; returns how many."""
        before = self._clock() - KEEP_FAILED
        return await self._database.write(partial(store.delete_failed, before=before, limit=limit))

    async def _do(self, job: Claimed) -> None:
        running = asyncio.ensure_future(self._run(job))
        try:
            await self._wait(running, job)
        finally:
            running.cancel()
        error = running.exception()
        if error is None:
            await self._database.write(partial(store.delete_claimed, held=job))
        else:
            await self._failed(job, error)

    async def _run(self, job: Claimed) -> None:
        await self._tasks[job.task](job.payload)

    async def _wait(self, running: asyncio.Future[None], job: Claimed) -> None:
        """Returns when the task has ended; until then the job stays this worker's."""
        while not (await asyncio.wait((running,), timeout=RENEW))[0]:
            until = self._clock() + LEASE
            await self._database.write(partial(store.save_claim, held=job, until=until))

    async def _failed(self, job: Claimed, error: BaseException) -> None:
        now = self._clock()
        told = {"task": job.task, "job": job.id, "attempt": job.attempts}
        if job.attempts >= ATTEMPTS:
            logs.logger().error("job given up", **told, exc_info=error)
            await self._database.write(partial(store.save_failed, held=job, now=now))
            return
        wait = min(FIRST_RETRY << (job.attempts - 1), HOUR)
        logs.logger().warning("job failed, to be tried again", **told, after=wait // SECOND, exc_info=error)
        await self._database.write(partial(store.save_later, held=job, run_at=now + wait))
