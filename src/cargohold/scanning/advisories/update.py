"""Keeps a machine's file of advisories up to date: on a schedule, and when somebody asks for it."""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from cargohold.core.clock import Clock
from cargohold.database import Database
from cargohold.scanning import store
from cargohold.scanning.advisories.build import ImportFailed, build
from cargohold.scanning.advisories.database import Unusable
from cargohold.scanning.advisories.fetch import FetchFailed, fetch
from cargohold.scanning.advisories.source import Source
from cargohold.scanning.advisories.status import FILE, Status, read_status, save_status

_DOWNLOADS: Final = "downloads"
_EVERY: Final = 0.5
"""Seconds between two notes of how far an update has come."""


class Updater:
    """The worker's: one update at a time. `every` is in milliseconds."""

    def __init__(self, database: Database, folder: Path, sources: Sequence[Source], clock: Clock, every: int) -> None:
        self._database = database
        self._folder = folder
        self._sources = sources
        self._clock = clock
        self._every = every
        self._noted = 0.0

    async def run(self) -> int:
        """Updates when it is time, or when it was asked for since the last attempt; returns whether it did, as 0 or 1.

        An update that fails is noted and logged by its status; the next is tried when its time comes.
        """
        if not self._sources:
            return 0
        status = read_status(self._folder)
        requested = await self._database.read(store.find_update_request)
        due = status.attempted_at + self._every <= self._clock() or requested > status.attempted_at
        if not due:
            return 0
        await self._update(status)
        return 1

    async def _update(self, before: Status) -> None:
        now = self._clock()
        save_status(self._folder, Status(now, before.succeeded_at, running=True, step="Beginning"))
        try:
            downloads = self._folder / _DOWNLOADS
            downloads.mkdir(parents=True, exist_ok=True)
            told = partial(self._downloaded, now, before)
            parts = [await fetch(each, downloads, self._clock, told) for each in self._sources]
            target = self._folder / FILE
            await asyncio.to_thread(build, parts, target, now, partial(self._imported, now, before))
        except (FetchFailed, ImportFailed, Unusable, OSError) as error:
            save_status(self._folder, Status(now, before.succeeded_at, error=str(error)))
        else:
            save_status(self._folder, Status(now, self._clock()))

    def _downloaded(self, now: int, before: Status, name: str, here: int, total: int | None) -> None:
        whole = "" if total is None else f" of {total >> 20}"
        self._step(now, before, f"{name}: {here >> 20}{whole} MiB downloaded")

    def _imported(self, now: int, before: Status, name: str, records: int) -> None:
        self._step(now, before, f"{name}: {records} records taken in")

    def _step(self, now: int, before: Status, text: str) -> None:
        """Notes how far a running update has come, not too often."""
        if time.monotonic() - self._noted >= _EVERY:
            self._noted = time.monotonic()
            save_status(self._folder, Status(now, before.succeeded_at, running=True, step=text))
