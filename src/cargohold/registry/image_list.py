"""ListImages and DescribeImages: in windows, so that no read is longer than a window, however few of its rows are
wanted, and other requests have their turn between two of them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from sqlalchemy import Connection

from cargohold.core.paging import Page
from cargohold.database import Database
from cargohold.registry.image import Image, ImageId
from cargohold.registry.store import images, tags
from cargohold.registry.store.images import Entry

WINDOW: Final = 200
"""Rows of one read."""

_Window = Callable[[Connection, int, str, int], list[Entry]]


def describe(connection: Connection, ids: Sequence[int]) -> list[Image]:
    """The live images among `ids`, in that order, with their tags and without their manifests."""
    described = images.list_described(connection, ids)
    tagged = tags.list_of_images(connection, ids)
    return [replace(described[id_], tags=tuple(tagged.get(id_, ()))) for id_ in ids if id_ in described]


@dataclass(frozen=True, slots=True)
class Listing:
    """A repository's images as a filter shows them: TAGGED, UNTAGGED or ANY, and a status or ANY."""

    database: Database
    repository_id: int
    tag_status: str
    status: str

    async def ids(self, after: str | None, limit: int) -> Page[ImageId]:
        """An entry for each tag, in lexical order, then one for each image without a tag, by digest."""
        section, _, key = (after or "tag:").partition(":")
        found: list[tuple[str, ImageId]] = []
        if section == "tag":
            if self.tag_status != "UNTAGGED":
                entries = await self._collect(images.list_tag_window, self._has_status, (key, limit + 1))
                found = [(f"tag:{each.key}", ImageId(each.key, each.digest)) for each in entries]
            key = ""
        if self.tag_status != "TAGGED" and len(found) <= limit:
            entries = await self._collect(images.list_window, self._is_untagged, (key, limit + 1 - len(found)))
            found += [(f"digest:{each.key}", ImageId(None, each.digest)) for each in entries]
        return Page(tuple(named for _, named in found[:limit]), found[limit - 1][0] if len(found) > limit else None)

    async def images(self, after: str | None, limit: int) -> Page[Image]:
        """Each image once, by digest, described."""
        entries = await self._collect(images.list_window, self._passes, (after or "", limit + 1))
        chosen = [each.id for each in entries[:limit]]
        described: list[Image] = []
        for start in range(0, len(chosen), WINDOW):
            described += await self.database.read(partial(describe, ids=chosen[start : start + WINDOW]))
            await asyncio.sleep(0)
        return Page(tuple(described), entries[limit - 1].key if len(entries) > limit else None)

    async def _collect(
        self, window: _Window, wanted: Callable[[Entry], bool], position: tuple[str, int]
    ) -> Sequence[Entry]:
        """Wanted entries; `position` is the key behind which they begin, and how many there may be."""
        after, limit = position
        found: list[Entry] = []
        while len(found) < limit:
            rows = await self._read(window, after)
            found += filter(wanted, rows)
            if len(rows) < WINDOW:
                break
            after = rows[-1].key
            await asyncio.sleep(0)
        return found[:limit]

    async def _read(self, window: _Window, after: str) -> list[Entry]:
        return await self.database.read(lambda connection: window(connection, self.repository_id, after, WINDOW))

    def _has_status(self, entry: Entry) -> bool:
        return self.status in ("ANY", entry.status)

    def _is_untagged(self, entry: Entry) -> bool:
        return not entry.tagged and self._has_status(entry)

    def _passes(self, entry: Entry) -> bool:
        return self._has_status(entry) and self.tag_status in ("ANY", "TAGGED" if entry.tagged else "UNTAGGED")
