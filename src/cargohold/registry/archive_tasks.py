"""What follows when an image was archived or restored: the worker's tasks.

An archived image's blobs leave the standard store, as far as no other image needs them. A restored image's come back,
checked, and then it can be pulled again. What refers to an image follows it.
"""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sqlalchemy import Connection

from cargohold.core.arn import Target
from cargohold.core.clock import Clock
from cargohold.database import Database
from cargohold.jobs.queue import add_job, list_undone
from cargohold.registry import image_archive
from cargohold.registry.blob_moves import Mover
from cargohold.registry.store import archive as store
from cargohold.registry.store.archive import Filed

_Follow = Callable[[Connection, Target, list[int], int], list[int]]


class ArchiveTasks:
    def __init__(self, database: Database, mover: Mover, clock: Clock) -> None:
        self._database = database
        self._mover = mover
        self._clock = clock
        self._swept = 0

    async def archive(self, payload: Mapping[str, Any]) -> None:
        """The task ARCHIVE_TASK: moves the blobs of an archived image, and archives its referrers."""
        filed = await self._find(payload["image"])
        if filed is None or filed.status != "ARCHIVED":
            return
        for blob_id in await self._database.read(partial(store.list_unneeded, image_id=filed.id)):
            await self._mover.move(blob_id, "archive")
        await self._follow(filed, "ACTIVE", image_archive.archive)

    async def activate(self, payload: Mapping[str, Any]) -> None:
        """The task ACTIVATE_TASK: brings back the blobs of an image that is to be pulled, then makes it active."""
        filed = await self._find(payload["image"])
        if filed is None or filed.status == "ARCHIVED":
            return
        await self._activate(filed)
        await self._follow(filed, "ARCHIVED", image_archive.restore)

    async def sweep(self) -> int:
        """Looks at the next images that are not active for what nobody else sees to; returns how many it looked at.

        Blobs that nothing else needs any more: the last active image that used them was deleted, or archived elsewhere.
        And images on their way back whose job is no more: given up, or done with while their repository was deleted.
        """
        looked = await self._database.read(partial(store.list_inactive, after=self._swept))
        self._swept = looked[-1] if looked else 0
        if not looked:
            return 0
        outside = await self._database.read(partial(store.list_outside, ids=looked))
        stuck = await self._database.read(partial(_list_stuck, ids=looked))
        if outside or stuck:
            await self._database.write(partial(_ask, to_archive=outside, to_activate=stuck, now=self._clock()))
        return len(looked)

    async def _activate(self, filed: Filed) -> None:
        """An index after what it lists."""
        for child in await self._database.read(partial(store.list_inactive_children, index_id=filed.id)):
            found = await self._find(child)
            if found is not None and found.status == "ACTIVATING":
                await self._activate(found)
        for blob_id in await self._database.read(partial(store.list_blobs, image_id=filed.id)):
            await self._mover.move(blob_id, "standard")
        await self._database.write(partial(_save_activated, filed=filed, now=self._clock()))

    async def _follow(self, filed: Filed, status: str, follow: _Follow) -> None:
        """Has the referrers of that status follow their subject, a window at a time."""
        after = 0
        while True:
            work = partial(_follow_window, filed=filed, status=status, after=after, follow=follow, now=self._clock())
            window = await self._database.write(work)
            if len(window) < store.WINDOW:
                return
            after = window[-1]
            await asyncio.sleep(0)

    async def _find(self, image_id: int) -> Filed | None:
        return await self._database.read(partial(store.find_image, image_id=image_id))


def _list_stuck(connection: Connection, ids: list[int]) -> list[int]:
    """Those among the images that are on their way back, though no job sees to it."""
    wanted = [{"image": image_id} for image_id in store.list_activating(connection, ids)]
    undone = list_undone(connection, image_archive.ACTIVATE_TASK, wanted) if wanted else []
    return [each["image"] for each in wanted if each not in undone]


def _ask(connection: Connection, to_archive: list[int], to_activate: list[int], now: int) -> None:
    for image_id in to_archive:
        add_job(connection, image_archive.ARCHIVE_TASK, {"image": image_id}, now)
    for image_id in to_activate:
        image_archive.fetch(connection, image_id, now)


def _save_activated(connection: Connection, filed: Filed, now: int) -> None:
    """Nothing happens when the image is active already, for it was pushed again or had only its blobs fetched."""
    if store.save_arrived(connection, filed.id, now):
        place = store.get_place(connection, filed.repository_id)
        image_archive.publish(connection, place, filed, "STANDARD", now)


def _follow_window(
    connection: Connection, filed: Filed, status: str, after: int, follow: _Follow, now: int
) -> list[int]:
    ids = store.list_referrers(connection, filed, status, after)
    if ids:
        follow(connection, store.get_place(connection, filed.repository_id).target, ids, now)
    return ids
