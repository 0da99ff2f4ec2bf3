"""When images were last pulled, written down behind the pulls and seldom: once a day for each image, as on ECR.

Nobody's pull waits for it or fails with it. What is not written down yet when a process dies is lost. Users and roles
can be excluded, by their unique ids: whoever is made anew under a name is another one.
Source: Amazon ECR API reference, `lastRecordedPullTime` of ImageDetail, RegisterPullTimeUpdateExclusion.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from sqlalchemy import Connection

from cargohold.core.arn import Registry
from cargohold.core.clock import DAY, HOUR, Clock
from cargohold.core.errors import (
    ExclusionAlreadyExists,
    ExclusionNotFound,
    LimitExceeded,
    Unavailable,
    ValidationError,
)
from cargohold.core.paging import Page
from cargohold.database import Database
from cargohold.registry.limits import Limits
from cargohold.registry.store import pull_times
from cargohold.registry.store.pull_times import Pull
from cargohold.telemetry import logs

EVERY: Final = DAY
AGAIN: Final = HOUR
"""How long it is remembered that a pull was dealt with, which matters for those that are not written down."""
REMEMBERED: Final = 100_000
"""Pulls that are remembered; beyond them all are forgotten."""
BATCH: Final = 100
"""Pulls that are written down in one transaction."""

FindEntity = Callable[[Connection, str], str | None]
"""The unique id of the user or role that has an ARN; None where there is none."""


class PullTimes:
    """Made once per process; `record` returns at once, and is called on the event loop."""

    def __init__(self, database: Database, clock: Clock, limits: Limits, find_entity: FindEntity) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits
        self._find_entity = find_entity
        self._dealt_with: dict[Pull, int] = {}
        self._waiting: dict[Pull, int] = {}
        self._writing: asyncio.Task[None] | None = None

    def record(self, image_id: int, last_pull_at: int | None, entity_id: str, now: int) -> None:
        """That a user or role, by its unique id, pulled an image just now, whose last recorded pull was then."""
        pull = Pull(image_id, entity_id)
        if now - (last_pull_at or 0) < EVERY or now - self._dealt_with.get(pull, -AGAIN) < AGAIN:
            return
        if len(self._dealt_with) >= REMEMBERED:
            self._dealt_with.clear()
        self._dealt_with[pull] = self._waiting[pull] = now
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def settled(self) -> None:
        """Returns when what was recorded before is written down."""
        if self._writing is not None:
            await self._writing

    async def exclude(self, registry: Registry, arn: str) -> int:
        """Records no pull of this user or role any more, nor of the role's sessions; the time since when.

        Raises ValidationError where there is no such principal, ExclusionAlreadyExists and LimitExceeded.
        """
        now = self._clock()
        await self._database.write(partial(self._exclude, registry=registry, arn=arn, now=now))
        return now

    async def include(self, registry: Registry, arn: str) -> None:
        """Records the pulls of this principal again. Raises ExclusionNotFound."""
        if not await self._database.write(partial(pull_times.delete_exclusion, of=registry, arn=arn)):
            raise ExclusionNotFound(arn, registry.account)

    async def page(self, registry: Registry, after: str | None, limit: int) -> Page[str]:
        """Up to `limit` ARNs of who is excluded, behind the ARN `after`."""
        wanted = partial(pull_times.list_exclusions, of=registry, after=after or "", limit=limit + 1)
        found = await self._database.read(wanted)
        items = tuple(found[:limit])
        return Page(items, items[-1] if items and len(found) > limit else None)

    def _exclude(self, connection: Connection, registry: Registry, arn: str, now: int) -> None:
        entity_id = self._find_entity(connection, arn)
        if entity_id is None:
            raise ValidationError(f"The principal {arn} does not exist")
        registry_id = pull_times.hold(connection, registry)
        if not pull_times.add_exclusion(connection, registry_id, entity_id, arn, now):
            raise ExclusionAlreadyExists(arn, registry.account)
        if pull_times.count_exclusions(connection, registry_id) > self._limits.pull_time_exclusions:
            raise LimitExceeded(
                f"The registry with id '{registry.account}' already has the maximum allowed number of pull time "
                f"update exclusions which is '{self._limits.pull_time_exclusions}'"
            )

    async def _write(self) -> None:
        """Writes down what waits, and what comes meanwhile."""
        try:
            while self._waiting:
                taken, self._waiting = self._waiting, {}
                pulls = sorted(taken.items())
                for start in range(0, len(pulls), BATCH):
                    await self._database.write(partial(_save, pulls=pulls[start : start + BATCH]))
        except Unavailable as error:
            self._waiting.clear()
            logs.logger().warning("pull times were not written down", error=type(error).__name__)
        finally:
            self._writing = None


def _save(connection: Connection, pulls: Sequence[tuple[Pull, int]]) -> None:
    for pull, at in pulls:
        pull_times.save_pull(connection, pull, at, at - EVERY)
