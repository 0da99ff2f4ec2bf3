"""The keys of issuers: from a file of the operator's, or fetched and kept for a while.

An issuer is asked once for all who wait, at most once a minute because of a key that it did not have, and not again
at once after it failed: a forged token costs it nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cargohold.core.clock import MINUTE, SECOND, Clock
from cargohold.core.errors import IssuerUnreachable
from cargohold.identity.web_token import Key, Keys, read_keys
from cargohold.telemetry import logs

KEPT: Final = 15 * MINUTE
"""How long fetched keys count: one that the issuer withdrew is over then."""
ASKED_AGAIN: Final = MINUTE
"""Between two questions for keys that were not there."""
RESTED: Final = 10 * SECOND
"""How long an issuer that failed is left alone."""
LARGEST: Final = 1 << 20
"""Bytes of a key set, and of the document that leads to it."""

Fetch = Callable[[str], Awaitable[bytes]]
"""From an issuer to its key set; raises IssuerUnreachable."""


@dataclass(frozen=True, slots=True)
class Held:
    keys: Keys
    read_at: int


class IssuerKeys:
    """Made once per process. `files` are key sets by the issuer's URL: whoever has one is never asked."""

    def __init__(self, fetch: Fetch, files: Mapping[str, Path], clock: Clock) -> None:
        self._fetch = fetch
        self._files = files
        self._clock = clock
        self._held: dict[str, Held] = {}
        self._failed: dict[str, int] = {}
        self._asked: dict[str, int] = {}
        self._fetching: dict[str, asyncio.Task[Held]] = {}

    async def find(self, issuer: str, kid: str) -> Sequence[Key]:
        """The issuer's keys of that id, most often one; raises IssuerUnreachable."""
        file = self._files.get(issuer)
        if file is not None:
            return (await asyncio.to_thread(_read, issuer, file)).get(kid, ())
        held = self._held.get(issuer)
        now = self._clock()
        if held is None or now - held.read_at >= KEPT:
            held = await self._fresh(issuer)
        elif kid not in held.keys and now - max(held.read_at, self._asked.get(issuer, 0)) >= ASKED_AGAIN:
            self._asked[issuer] = now
            held = await self._fresh(issuer)
        return held.keys.get(kid, ())

    async def _fresh(self, issuer: str) -> Held:
        """What the issuer publishes now; whoever asks meanwhile waits for the same answer."""
        task = self._fetching.get(issuer)
        if task is None:
            if self._clock() - self._failed.get(issuer, -RESTED) < RESTED:
                raise IssuerUnreachable
            task = self._fetching[issuer] = asyncio.get_running_loop().create_task(self._load(issuer))
            task.add_done_callback(lambda _: self._fetching.pop(issuer, None))
        return await asyncio.shield(task)

    async def _load(self, issuer: str) -> Held:
        try:
            keys = _parsed(issuer, await self._fetch(issuer))
        except IssuerUnreachable:
            self._failed[issuer] = self._clock()
            raise
        held = self._held[issuer] = Held(keys, self._clock())
        return held


def _read(issuer: str, file: Path) -> Keys:
    try:
        with file.open("rb") as opened:
            return _parsed(issuer, opened.read(LARGEST + 1))
    except OSError as error:
        logs.logger().warning("an issuer's keys cannot be read", issuer=issuer, error=type(error).__name__)
        raise IssuerUnreachable from None


def _parsed(issuer: str, document: bytes) -> Keys:
    try:
        return read_keys(document if len(document) <= LARGEST else b"")
    except ValueError:
        logs.logger().warning("an issuer's keys are no JSON Web Key Set", issuer=issuer)
        raise IssuerUnreachable from None
