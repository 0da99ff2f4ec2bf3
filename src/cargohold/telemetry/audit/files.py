"""The trail's files: several processes append to them, and none has to ask another.

A file is named by its series, its day and a number: `events-2026-11-28.0000.jsonl`. A process appends each line in one
write to the newest file of the day, and goes on with the next number where that one is full; nothing is ever renamed,
so it does not matter who comes first. What is too old, or too much together, is removed from its oldest end.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

EVENTS: Final = "events"
UNPROVEN: Final = "unproven"
"""The series of requests that nobody was proven to have sent."""

SERIES: Final = (EVENTS, UNPROVEN)

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700

_NAME: Final = re.compile(r"(?P<series>[a-z]+)-(?P<day>\d{4}-\d{2}-\d{2})\.(?P<number>\d{4,})\.jsonl")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a series may take: days before today, bytes altogether, bytes of one file."""

    days: int
    total: int
    file: int


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A file of a series; those that were begun later are greater."""

    day: str
    number: int

    def name(self, series: str) -> str:
        return f"{series}-{self.day}.{self.number:04}.jsonl"


def places(folder: Path, series: str) -> list[Place]:
    """The files of a series, oldest first; none where there is no folder."""
    try:
        named = [_NAME.fullmatch(name) for name in os.listdir(folder)]
    except FileNotFoundError:
        return []
    return sorted(Place(each["day"], int(each["number"])) for each in named if each and each["series"] == series)


class Files:
    """One series in a folder. Each process has one of its own; used by one thread."""

    def __init__(self, folder: Path, series: str, bounds: Bounds) -> None:
        self._folder = folder
        self._series = series
        self._bounds = bounds
        self._day = ""
        self._descriptor = -1
        self._torn = False

    def append(self, line: bytes, day: str) -> None:
        """Adds a line to the day's newest file. Raises OSError; then at most a part of the line was written."""
        descriptor = self._ready(day)
        # What a full disk cut off must not swallow the line that comes after it.
        data = b"\n" + line if self._torn else line
        self._torn = True
        if os.write(descriptor, data) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._torn = False

    def prune(self, today: str) -> int:
        """Removes what is older than the bounds allow, and the oldest files of what is more; never the newest one.

        Returns how many files it removed. Raises OSError.
        """
        oldest = (date.fromisoformat(today) - timedelta(days=self._bounds.days)).isoformat()
        total = removed = 0
        for age, place in enumerate(reversed(places(self._folder, self._series))):
            path = self._path(place)
            with suppress(FileNotFoundError):
                size = path.stat().st_size
                total += size if age else max(size, self._bounds.file)
                if age and (place.day < oldest or total > self._bounds.total):
                    path.unlink()
                    removed += 1
        return removed

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _ready(self, day: str) -> int:
        """The descriptor to append to: of this day, not full, and not removed by anybody."""
        if self._descriptor >= 0 and day == self._day:
            state = os.fstat(self._descriptor)
            if state.st_nlink and state.st_size < self._bounds.file:
                return self._descriptor
        self.close()
        self._descriptor, self._day = self._open(day), day
        self.prune(day)
        return self._descriptor

    def _open(self, day: str) -> int:
        self._folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
        place = self._next([place for place in places(self._folder, self._series) if place.day == day], day)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        return os.open(self._path(place), flags, FILE_MODE)

    def _next(self, of_the_day: Sequence[Place], day: str) -> Place:
        if not of_the_day:
            return Place(day, 0)
        newest = of_the_day[-1]
        with suppress(FileNotFoundError):
            if self._path(newest).stat().st_size >= self._bounds.file:
                return Place(day, newest.number + 1)
        return newest

    def _path(self, place: Place) -> Path:
        return self._folder / place.name(self._series)
