"""Where the doors write their events: to files of the data folder, or to this process's standard output.

A request never fails because its event cannot be kept: what is lost is counted, and goes to the log instead.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol
from uuid import uuid4

from cargohold.core.clock import Clock
from cargohold.core.errors import AuditTrailNotKept
from cargohold.telemetry import logs, metrics
from cargohold.telemetry.audit.event import Happened, moment, render
from cargohold.telemetry.audit.files import EVENTS, UNPROVEN, Bounds, Files
from cargohold.telemetry.audit.search import Found, Position, Query, search

_FILES: Final = 16
"""In how many files, at the least, a series that is full is kept."""
_LARGEST_FILE: Final = 64 << 20


class Keeper(Protocol):
    """Keeps lines. `day` is the event's, in UTC; raises OSError where a line cannot be kept."""

    def keep(self, line: bytes, day: str, *, proven: bool) -> None: ...


class Folder:
    """Keeps lines in files, in two series, so that who is not proven cannot push out what others did."""

    def __init__(self, path: Path, days: int, size: int) -> None:
        """Holds at most `size` bytes, of the last `days` days. Opens nothing yet, so it may be made before a fork."""
        self.path = path
        self._proven = Files(path, EVENTS, _bounds(days, size - size // 8))
        self._unproven = Files(path, UNPROVEN, _bounds(days, size // 8))

    def keep(self, line: bytes, day: str, *, proven: bool) -> None:
        (self._proven if proven else self._unproven).append(line, day)

    async def prune(self, clock: Clock) -> int:
        """Removes files that are too old, which appending does only when it begins one; returns how many.

        Raises OSError.
        """
        today = moment(clock())[:10]
        return self._proven.prune(today) + self._unproven.prune(today)

    def close(self) -> None:
        self._proven.close()
        self._unproven.close()


class Stream:
    """Keeps lines nowhere: somebody else collects what comes out of a descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def keep(self, line: bytes, day: str, *, proven: bool) -> None:
        del day, proven
        while line:
            line = line[os.write(self._descriptor, line) :]


class Audit:
    """The trail, as the doors see it. `new_id` makes event ids."""

    def __init__(self, keeper: Keeper, clock: Clock, new_id: Callable[[], object] = uuid4) -> None:
        self._keeper = keeper
        self._clock = clock
        self._new_id = new_id

    @property
    def folder(self) -> Path | None:
        """Where its files are; None where it keeps none."""
        return self._keeper.path if isinstance(self._keeper, Folder) else None

    async def search(self, query: Query, position: Position, limit: int) -> Found:
        """Events of this server, newest first; see `search.search`. Raises AuditTrailNotKept."""
        if self.folder is None:
            raise AuditTrailNotKept
        return await asyncio.to_thread(search, self.folder, query, position, limit)

    def write(self, happened: Happened) -> None:
        """Writes an event down. Never raises OSError."""
        now = self._clock()
        line = render(happened, str(self._new_id()), now)
        try:
            self._keeper.keep(line, moment(now)[:10], proven=happened.proven)
        except OSError as error:
            metrics.count_lost_event(errno.errorcode.get(error.errno or 0, "other"))
            logs.unfiltered().error("audit event not kept", reason=error.strerror, lost=line.decode().rstrip())


def _bounds(days: int, total: int) -> Bounds:
    return Bounds(days, total, max(1, min(_LARGEST_FILE, total // _FILES)))
