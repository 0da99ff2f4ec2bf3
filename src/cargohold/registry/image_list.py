"""ListImages and DescribeImages: in windows, so that no read is longer than a window, however few of its rows are
wanted, and other requests have their turn between two of them.

Images without a tag, and those of one status, are found by indexes of their own. Where two conditions meet (images of a
status that have no tag) a page is over after WINDOWS of them, with less on it than it might have and a token for the
rest, as ECR's API allows.
"""

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

WINDOWS: Final = 20
"""Reads of one page at the most; the longest page is full after six of which each row is wanted."""

_Window = Callable[[Connection, int, str, int], list[Entry]]
_Wanted = Callable[[Entry], bool]


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
        """An entry for each tag, then one for each image without a tag, by digest.

        Tags are in lexical order, or by their images' digests where another status than ACTIVE or ANY is asked for.
        """
        section, _, key = (after or "tag:").partition(":")
        tagged: tuple[Entry, ...] = ()
        if section == "tag":
            if self.tag_status != "UNTAGGED":
                page = await self._collect(self._tag_window(), self._has_status, (key, limit))
                if page.after is not None:
                    return Page(tuple(map(_image_id, page.items)), f"tag:{page.after}")
                tagged = page.items
            key = ""
        page = Page(())
        if self.tag_status != "TAGGED":
            rest = (key, limit - len(tagged))
            page = await self._collect(images.list_untagged_window, self._has_status, rest)
        items = tuple(map(_image_id, (*tagged, *page.items)))
        return Page(items, None if page.after is None else f"digest:{page.after}")

    async def images(self, after: str | None, limit: int) -> Page[Image]:
        """Each image once, by digest, described."""
        window, wanted = self._image_window()
        page = await self._collect(window, wanted, (after or "", limit))
        chosen = [each.id for each in page.items]
        described: list[Image] = []
        for start in range(0, len(chosen), WINDOW):
            described += await self.database.read(partial(describe, ids=chosen[start : start + WINDOW]))
            await asyncio.sleep(0)
        return Page(tuple(described), page.after)

    async def _collect(self, window: _Window, wanted: _Wanted, position: tuple[str, int]) -> Page[Entry]:
        """Wanted entries; `position` is the key behind which they begin, and how many there may be."""
        start, limit = position
        found: list[Entry] = []
        after = start
        for _ in range(WINDOWS):
            rows = await self._read(window, after)
            found += filter(wanted, rows)
            if len(found) > limit:
                return Page(tuple(found[:limit]), found[limit - 1].key if limit else start)
            if len(rows) < WINDOW:
                return Page(tuple(found))
            after = rows[-1].key
            await asyncio.sleep(0)
        return Page(tuple(found), after)

    async def _read(self, window: _Window, after: str) -> list[Entry]:
        return await self.database.read(lambda connection: window(connection, self.repository_id, after, WINDOW))

    def _tag_window(self) -> _Window:
        if self.status in ("ACTIVE", "ANY"):
            return images.list_tag_window
        return partial(images.list_tag_window_of, status=self.status)

    def _image_window(self) -> tuple[_Window, _Wanted]:
        """The window that leaves out the most, and what of it is wanted."""
        if self.tag_status == "UNTAGGED":
            return images.list_untagged_window, self._has_status
        window = images.list_window if self.status == "ANY" else partial(images.list_window, status=self.status)
        return window, self._has_tag_status

    def _has_status(self, entry: Entry) -> bool:
        return self.status in ("ANY", entry.status)

    def _has_tag_status(self, entry: Entry) -> bool:
        return self.tag_status == "ANY" or entry.tagged


def _image_id(entry: Entry) -> ImageId:
    return ImageId(entry.tag, entry.digest)
