"""Verification as a worker does it: in steps of a moment, at the rate that was asked for.

One worker at a time has the running verification, for as long as it keeps renewing its claim; another one goes on
behind the last blob that was looked at. A blob that is being read is kept open between two steps.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from cargohold.blobstore.stores import Stores
from cargohold.core import digest as digests
from cargohold.core.clock import MINUTE, SECOND, Clock
from cargohold.core.errors import Corrupt
from cargohold.database import Database
from cargohold.registry.store import verifications
from cargohold.registry.verification import Reason, Stored, Verification
from cargohold.telemetry import logs, metrics

if TYPE_CHECKING:
    from hashlib import _Hash

LEASE: Final = MINUTE
"""How long a worker that says nothing keeps the verification."""
STEP_EVERY: Final = SECOND // 10
"""Milliseconds between two steps."""
LOOK_EVERY: Final = SECOND
"""How often is looked whether there is one to do."""
SAVE_EVERY: Final = SECOND
"""How often what was done is kept: more would be done again after a crash."""
STEP_BYTES: Final = 32 << 20
"""What one step reads at the most, so that other tasks have their turn."""
BLOB_BYTES: Final = 16 << 10
"""What opening a blob counts for: a thousand of a few bytes are no small piece of work."""
WINDOW: Final = 200
"""Rows of one read."""


@dataclass(slots=True)
class _Reading:
    """A blob that is being read."""

    stored: Stored
    chunks: AsyncIterator[bytes]
    hasher: "_Hash"

    async def read(self) -> bytes | None:
        """Its next bytes, None at the end. Raises Corrupt."""
        chunk = await anext(self.chunks, None)
        if chunk is not None:
            await asyncio.to_thread(self.hasher.update, chunk)
        return chunk

    @property
    def sound(self) -> bool:
        return digests.same(self.stored.blob.digest.partition(":")[2], self.hasher.hexdigest())


class Verifier:
    def __init__(self, database: Database, stores: Stores, clock: Clock) -> None:
        self._database = database
        self._stores = stores
        self._clock = clock
        self._held: Verification | None = None
        self._look_at = 0
        self._saved_at = 0
        self._ahead: list[Stored] = []
        self._reading: _Reading | None = None
        self._budget = 0.0
        self._counted_at = 0

    async def run(self) -> int:
        """Does a step of the verification that runs. Returns how many blobs it had when it is through, else 0."""
        if self._held is None and not await self._take():
            return 0
        self._budget += self._earned()
        while self._budget > 0 and (held := self._held) is not None:
            if not await self._go_on():
                await self._save(end=True)
                return held.blobs
        if self._clock() >= self._saved_at + SAVE_EVERY:
            await self._save()
        return 0

    async def _take(self) -> bool:
        now = self._clock()
        if now < self._look_at:
            return False
        self._look_at = now + LOOK_EVERY
        if await self._database.read(verifications.find_running) is None:
            return False
        take = partial(verifications.find_claimed, now=now, until=now + LEASE)
        self._held = held = await self._database.write(take)
        if held is None:
            return False
        self._saved_at = self._counted_at = now
        self._ahead, self._reading, self._budget = [], None, float(min(held.bytes_per_second, STEP_BYTES))
        return True

    def _earned(self) -> float:
        """Bytes that may be read for the time since the last step."""
        now = self._clock()
        since, self._counted_at = now - self._counted_at, now
        rate = 0 if self._held is None else self._held.bytes_per_second
        return min(rate * since / SECOND, STEP_BYTES)

    async def _go_on(self) -> bool:
        """Reads on by one chunk, or begins the next blob; False when there is no more."""
        if self._reading is not None:
            await self._read(self._reading)
            return True
        stored = await self._next()
        if stored is None:
            return False
        self._budget -= BLOB_BYTES
        await self._begin(stored)
        return True

    async def _next(self) -> Stored | None:
        held = self._held
        if not self._ahead and held is not None:
            more = partial(verifications.list_stored, after=held.last_blob_id, end=held.end_blob_id, limit=WINDOW)
            self._ahead = await self._database.read(more)
        return self._ahead.pop(0) if self._ahead else None

    async def _begin(self, stored: Stored) -> None:
        store, blob = self._stores.of(stored.blob.tier), stored.blob
        size = await store.stat(blob.generation)
        if size is None or size != blob.size:
            await self._judged(stored, "missing" if size is None else "wrong size")
            return
        try:
            chunks = aiter(await store.open(blob.generation))
        except Corrupt:  # it went just now
            await self._judged(stored, "missing")
            return
        self._reading = _Reading(stored, chunks, hashlib.new(digests.algorithm(blob.digest)))

    async def _read(self, reading: _Reading) -> None:
        try:
            chunk = await reading.read()
        except Corrupt:
            await self._judged(reading.stored, "wrong bytes")
            return
        if chunk is None:
            await self._judged(reading.stored, None if reading.sound else "wrong bytes")
            return
        self._budget -= len(chunk)
        metrics.count_verified_bytes(len(chunk))

    async def _judged(self, stored: Stored, reason: Reason | None) -> None:
        """Keeps what was found of a blob, which is told once, and goes past it."""
        self._reading = None
        damaged = repaired = False
        if reason is not None and not stored.quarantined:
            damaged = await self._quarantine(stored, reason)
        elif reason is None and stored.quarantined:
            repaired = await self._database.write(partial(verifications.save_sound, found=stored.blob))
        if self._held is not None:
            self._held = self._held.past(stored.blob, damaged=damaged, repaired=repaired)

    async def _quarantine(self, stored: Stored, reason: Reason) -> bool:
        blob = stored.blob
        add = partial(verifications.add_damage, found=blob, reason=reason, now=self._clock())
        added = await self._database.write(add)
        if added:
            metrics.count_damaged_blob()
            told = {"digest": blob.digest, "generation": blob.generation, "tier": blob.tier}
            logs.logger().error("blob damaged", reason=reason, **told)
        return added

    async def _save(self, *, end: bool = False) -> None:
        """Keeps how far it has come. When the claim is lost, or it was stopped, it is let go."""
        held, now = self._held, self._clock()
        if held is None:
            return
        ended_at = now if end else None
        keep = partial(verifications.save_progress, held=held, until=now + LEASE, ended_at=ended_at)
        kept = await self._database.write(keep)
        self._saved_at = now
        self._held = replace(held, claimed_until=now + LEASE) if kept and not end else None
        if self._held is None:
            self._ahead, self._reading = [], None
