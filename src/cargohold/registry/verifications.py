"""Verifications as an operator asks for them; a worker does them (registry.verifier)."""

from functools import partial
from typing import Final

from sqlalchemy import Connection

from cargohold.core.clock import Clock
from cargohold.core.paging import Page
from cargohold.core.paging import cut as cut_page
from cargohold.database import Database
from cargohold.registry.store import verifications
from cargohold.registry.verification import RATE, Damage, Verification

__all__ = ["Damage", "Verification", "Verifications"]

MOST_DAMAGED: Final = 200
"""Damaged blobs on one page."""


class Verifications:
    def __init__(self, database: Database, clock: Clock, bytes_per_second: int = RATE) -> None:
        self._database = database
        self._clock = clock
        self._rate = bytes_per_second

    async def start(self, bytes_per_second: int | None = None) -> Verification:
        """Begins one over all blobs, at the deployment's rate where none is given; the running one when one runs."""
        work = partial(_start, rate=bytes_per_second or self._rate, now=self._clock())
        return await self._database.write(work)

    async def stop(self) -> Verification | None:
        """Ends the running one where it is; the last one, None when there was none."""
        return await self._database.write(partial(_stop, now=self._clock()))

    async def last(self) -> tuple[Verification | None, int]:
        """The running one, else the last, and how many blobs are in quarantine."""
        return await self._database.read(_last)

    async def damaged(self, after: str | None, limit: int) -> Page[Damage]:
        """A page of the blobs in quarantine, in the order in which they came to the registry."""
        size = min(limit, MOST_DAMAGED)
        work = partial(verifications.list_damaged, after=int(after or 0), limit=size + 1)
        return cut_page(await self._database.read(work), size, lambda each: str(each.blob.id))


def _start(connection: Connection, rate: int, now: int) -> Verification:
    verifications.lock_starting(connection)
    running = verifications.find_running(connection)
    return running or verifications.add_verification(connection, rate, now)


def _stop(connection: Connection, now: int) -> Verification | None:
    verifications.save_ended(connection, now)
    return verifications.find_last(connection)


def _last(connection: Connection) -> tuple[Verification | None, int]:
    return verifications.find_last(connection), verifications.count_damaged(connection)
