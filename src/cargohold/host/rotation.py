"""Keeps the host's credentials good: fetched anew each hour, and ahead of their end; they live for six.

While the server gives no answer those that are there are served as long as they are valid. What it refuses is over at
once: the server would not take such credentials any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from cargohold.core.clock import HOUR, MINUTE, SECOND, Clock
from cargohold.host.remote import Credentials, Refused, Unreachable
from cargohold.telemetry import logs

EVERY: Final = HOUR
RETRY: Final = MINUTE
"""After a failure; credentials that are an hour old have five more."""

ASKED_AGAIN: Final = 5 * SECOND
"""When somebody asks and there is nothing, the server is asked at most this often."""

_BUSY: Final = frozenset({"ThrottlingException"})


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there are no credentials; `code` is AWS's, empty where the server gave no answer."""

    code: str
    message: str
    role_arn: str | None = None


class Rotation:
    """`fetch` raises Refused and Unreachable."""

    def __init__(self, fetch: Callable[[], Awaitable[Credentials]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = asyncio.Lock()
        self._held: Credentials | None = None
        self._tried_at: int | None = None
        self.failure: Failure | None = None
        """The latest try's, where it was in vain."""

    async def current(self) -> Credentials | None:
        """Credentials that are valid now; None: `failure` says why. Waits for those that are being fetched."""
        if self._valid() is None:
            await self.refresh(unless_after=self._clock() - ASKED_AGAIN)
        return self._valid()

    async def refresh(self, unless_after: int | None = None) -> None:
        """Asks the server, unless it was asked after that moment."""
        async with self._lock:
            if unless_after is not None and self._tried_at is not None and self._tried_at > unless_after:
                return
            self._tried_at = self._clock()
            try:
                self._held = await self._fetch()
                self.failure = None
            except Unreachable as error:
                self._fail(Failure("", str(error)))
            except Refused as error:
                if error.code not in _BUSY:
                    self._held = None
                self._fail(Failure(error.code, error.message, error.facts.get("roleArn")))

    async def run(self, stop: asyncio.Event) -> None:
        """Rotates until it is told to stop."""
        while not stop.is_set():
            await self.refresh()
            wait = EVERY if self.failure is None else RETRY
            try:
                await asyncio.wait_for(stop.wait(), wait / SECOND)
            except TimeoutError:
                continue

    def _valid(self) -> Credentials | None:
        return self._held if self._held is not None and self._held.expires_at > self._clock() else None

    def _fail(self, failure: Failure) -> None:
        self.failure = failure
        logs.logger().warning("no new credentials", code=failure.code, reason=failure.message)
