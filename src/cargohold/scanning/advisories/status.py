"""What a machine knows, and how its last update went: what a door may ask of advisories.

Each machine has a file of its own. What an update came to, and how far one has come, stands in a small file beside it.
"""

import json
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
from cargohold.scanning.advisories.database import AdvisoryFile, Contents, Unusable
from cargohold.scanning.advisories.source import Source

FILE: Final = "advisories.sqlite"
_STATUS: Final = "status.json"


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


def save_status(folder: Path, status: Status) -> None:
    """Replaces what the file beside the advisories says. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{_STATUS}"
    aside.write_text(json.dumps(asdict(status)))
    aside.replace(folder / _STATUS)
