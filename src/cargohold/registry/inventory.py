"""Which blobs there are: for who copies them away, and for who has brought them back."""

from collections.abc import AsyncGenerator, Iterator
from functools import partial
from typing import Final

from sqlalchemy import Connection

from cargohold.core.clock import Clock
from cargohold.database import Database
from cargohold.registry.blob import Blob
from cargohold.registry.store import uploads, verifications
from cargohold.registry.verification import Stored

__all__ = ["Inventory", "Stored"]

WINDOW: Final = 1000
"""Rows that are read at once."""


class Inventory:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def blobs(self) -> AsyncGenerator[Stored, None]:
        """Every blob, as it was when this began, by id; those in quarantine too."""
        return self._database.scan(_all)

    async def report_missing(self, lost: Blob) -> bool:
        """Puts a blob into quarantine whose bytes are not there; False when it is in it already."""
        return await self._database.write(
            partial(verifications.add_damage, found=lost, reason="missing", now=self._clock())
        )

    async def report_sound(self, found: Blob) -> bool:
        """Takes a blob out of quarantine whose right bytes are there; False when it is not in it."""
        return await self._database.write(partial(verifications.save_sound, found=found))

    async def end_uploads(self) -> None:
        """Ends every unfinished upload: its bytes were left behind."""
        await self._database.write(partial(uploads.end_every, now=self._clock()))


def _all(connection: Connection) -> Iterator[Stored]:
    after, end = 0, verifications.get_last_id(connection)
    while found := verifications.list_stored(connection, after, end, WINDOW):
        yield from found
        after = found[-1].blob.id
