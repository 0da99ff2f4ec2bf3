"""Writes down when access keys are used, behind the requests and seldom: once for each key in a quarter of an hour.

Source: IAM API reference, GetAccessKeyLastUsed. That a use is not written down never fails a request: the log says so.
"""

import asyncio
from functools import partial
from typing import Final

from cargohold.core.clock import MINUTE, Clock
from cargohold.core.errors import Unavailable
from cargohold.database import Database
from cargohold.identity.access_key import Use
from cargohold.identity.store import keys
from cargohold.telemetry import logs

EVERY: Final = 15 * MINUTE
REMEMBERED: Final = 100_000
"""Keys whose last writing is remembered; beyond them all is forgotten, and each is written down once more."""


class KeyUses:
    """Made once per process."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._written: dict[str, int] = {}
        self._writing: set[asyncio.Task[None]] = set()

    def record(self, key_id: str, service: str, region: str) -> None:
        """That a key proved a request just now; returns at once. Called on the event loop."""
        now = self._clock()
        if now - self._written.get(key_id, -EVERY) < EVERY:
            return
        if len(self._written) >= REMEMBERED:
            self._written.clear()
        self._written[key_id] = now
        task = asyncio.get_running_loop().create_task(self._write(key_id, Use("", "", now, region, service)))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def settled(self) -> None:
        """Returns when what was recorded before is written down."""
        await asyncio.gather(*self._writing)

    async def _write(self, key_id: str, use: Use) -> None:
        now = use.used_at or 0
        try:
            await self._database.write(partial(keys.save_use, key_id=key_id, use=use, unless_after=now - EVERY))
        except Unavailable as error:
            logs.logger().warning("the use of an access key was not written down", error=type(error).__name__)
