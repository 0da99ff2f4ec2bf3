"""Writes down when access keys and roles are used, behind the requests and seldom: each once in a quarter of an hour.

Sources: IAM API reference, GetAccessKeyLastUsed and RoleLastUsed. That a use is not written down never fails a request:
the log says so.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from sqlalchemy import Connection

from cargohold.core.clock import MINUTE, Clock
from cargohold.core.errors import Unavailable
from cargohold.database import Database
from cargohold.identity.access_key import Use
from cargohold.identity.store import keys, sessions
from cargohold.telemetry import logs

EVERY: Final = 15 * MINUTE
REMEMBERED: Final = 100_000
"""Keys and roles whose last writing is remembered; beyond them all is forgotten, and each is written down once more."""


class KeyUses:
    """Made once per process; its methods return at once, and are called on the event loop."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._written: dict[str, int] = {}
        self._writing: set[asyncio.Task[None]] = set()

    def record(self, key_id: str, service: str, region: str) -> None:
        """That a user's access key proved a request to a service just now."""
        now = self._clock()
        if self._is_due(key_id, now):
            use = Use(None, None, now, region, service)
            self._begin(partial(keys.save_use, key_id=key_id, use=use, unless_after=now - EVERY))

    def record_role(self, role_id: str, region: str) -> None:
        """That a session of a role proved a request just now."""
        now = self._clock()
        if self._is_due(role_id, now):
            self._begin(partial(sessions.save_role_use, role_id=role_id, region=region, now=now))

    async def settled(self) -> None:
        """Returns when what was recorded before is written down."""
        await asyncio.gather(*self._writing)

    def _is_due(self, id_: str, now: int) -> bool:
        if now - self._written.get(id_, -EVERY) < EVERY:
            return False
        if len(self._written) >= REMEMBERED:
            self._written.clear()
        self._written[id_] = now
        return True

    def _begin(self, work: Callable[[Connection], None]) -> None:
        task = asyncio.get_running_loop().create_task(self._write(work))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, work: Callable[[Connection], None]) -> None:
        try:
            await self._database.write(work)
        except Unavailable as error:
            logs.logger().warning("a use was not written down", error=type(error).__name__)
