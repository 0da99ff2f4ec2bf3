"""Keeps a machine's file of advisories up to date: on a schedule, and when somebody asks for it.

Each machine has a file of its own. What an update came to, and how far one has come, stands in a small file beside it.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final

from cargohold.core.clock import Clock
from cargohold.core.errors import ValidationError
from cargohold.database import Database
from cargohold.scanning import store
from cargohold.scanning.advisories.build import ImportFailed, build
from cargohold.scanning.advisories.database import AdvisoryFile, Contents, Unusable
from cargohold.scanning.advisories.fetch import FetchFailed, fetch
from cargohold.scanning.advisories.sources import Source

FILE: Final = "advisories.sqlite"
_STATUS: Final = "status.json"
_DOWNLOADS: Final = "downloads"
_EVERY: Final = 0.5
"""Seconds between two notes of how far an update has come."""


@dataclass(frozen=True, slots=True)
class Status:
    """The last update of a machine. Times are epoch milliseconds, 0 for never."""

    attempted_at: int = 0
    succeeded_at: int = 0
    running: bool = False
    step: str = ""
    """What a running one is at, for people."""
    error: str = ""
    """Why the last one failed; the file is as it was before."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a machine's scans are matched against; no version where there is no file."""

    version: str
    built_at: int
    sources: tuple[Contents, ...]
    status: Status


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
        self._note(Status(now, before.succeeded_at, running=True, step="Beginning"))
        try:
            downloads = self._folder / _DOWNLOADS
            downloads.mkdir(parents=True, exist_ok=True)
            told = partial(self._downloaded, now, before)
            parts = [await fetch(each, downloads, self._clock, told) for each in self._sources]
            target = self._folder / FILE
            await asyncio.to_thread(build, parts, target, now, partial(self._imported, now, before))
        except (FetchFailed, ImportFailed, Unusable, OSError) as error:
            self._note(Status(now, before.succeeded_at, error=str(error)))
        else:
            self._note(Status(now, self._clock()))

    def _downloaded(self, now: int, before: Status, name: str, here: int, total: int | None) -> None:
        whole = "" if total is None else f" of {total >> 20}"
        self._step(now, before, f"{name}: {here >> 20}{whole} MiB downloaded")

    def _imported(self, now: int, before: Status, name: str, records: int) -> None:
        self._step(now, before, f"{name}: {records} records taken in")

    def _step(self, now: int, before: Status, text: str) -> None:
        """Notes how far a running update has come, not too often."""
        if time.monotonic() - self._noted >= _EVERY:
            self._noted = time.monotonic()
            self._note(Status(now, before.succeeded_at, running=True, step=text))

    def _note(self, status: Status) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        aside = self._folder / f".{_STATUS}"
        aside.write_text(json.dumps(asdict(status)))
        aside.replace(self._folder / _STATUS)


class Advisories:
    """What a door may ask of advisories: what its machine has, and that every machine brings its own up to date."""

    def __init__(self, database: Database, folder: Path, sources: Sequence[Source], clock: Clock) -> None:
        self._database = database
        self._folder = folder
        self._sources = sources
        self._clock = clock

    async def request(self) -> int:
        """When it was asked for, in epoch milliseconds. Raises ValidationError where there is nothing to bring."""
        if not self._sources:
            raise ValidationError("No sources of advisories are set: see the setting `advisories`")
        now = self._clock()
        await self._database.write(partial(store.save_update_request, now=now))
        return now

    def known(self) -> Known:
        """Reads files."""
        status = read_status(self._folder)
        try:
            file = AdvisoryFile(self._folder / FILE)
        except Unusable:
            return Known("", 0, (), status)
        with closing(file):
            return Known(file.version, file.built_at, tuple(file.sources()), status)


def read_status(folder: Path) -> Status:
    try:
        return Status(**json.loads((folder / _STATUS).read_text()))
    except (OSError, ValueError, TypeError):
        return Status()
