"""Blobs copied from one pair of stores to another, as a backup and its restoration do.

What is there already stays; what comes is hashed on its way, and does not arrive when it is not what it should be.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final

from cargohold.blobstore.stores import Stores
from cargohold.core import digest as digests
from cargohold.core.errors import Corrupt
from cargohold.exchange import Chunks
from cargohold.registry.blob import Blob
from cargohold.registry.inventory import Inventory, Stored

AT_ONCE: Final = 16
"""Blobs that are copied at once: small ones wait for the disk one by one."""

Show = Callable[[int], None]
"""Told how many more bytes are done."""


@dataclass(slots=True)
class Copied:
    """What a pass over all blobs did. Sizes are bytes."""

    blobs: int = 0
    bytes: int = 0
    new_blobs: int = 0
    new_bytes: int = 0
    lost: list[Blob] = field(default_factory=list)
    """Those whose bytes were missing or wrong where they came from."""
    sound: list[Blob] = field(default_factory=list)
    """Those in quarantine of which right bytes are here all the same."""
    kept: set[tuple[str, str]] = field(default_factory=set)
    """Tier and key of each that is there now."""


@dataclass(frozen=True, slots=True)
class Copier:
    source: Stores
    target: Stores
    show: Show

    async def copy_all(self, inventory: Inventory) -> Copied:
        """Copies every blob that is not there yet."""
        done = Copied()
        async with aclosing(inventory.blobs()) as every:
            batch: list[Stored] = []
            async for stored in every:
                batch.append(stored)
                if len(batch) == AT_ONCE:
                    await self._copy_batch(batch, done)
                    batch = []
            await self._copy_batch(batch, done)
        return done

    async def _copy_batch(self, batch: list[Stored], done: Copied) -> None:
        outcomes = await asyncio.gather(*(self._note(each, done) for each in batch), return_exceptions=True)
        for failure in filter(None, outcomes):
            raise failure

    async def _note(self, stored: Stored, done: Copied) -> None:
        blob = stored.blob
        new = False
        if not await self._is_there(blob):
            if not await self._copy(blob):
                done.lost.append(blob)
                return
            new = True
        else:
            self.show(blob.size)
        done.blobs, done.bytes = done.blobs + 1, done.bytes + blob.size
        done.new_blobs, done.new_bytes = done.new_blobs + new, done.new_bytes + new * blob.size
        done.kept.add((blob.tier, blob.generation))
        if stored.quarantined:
            done.sound.append(blob)

    async def _is_there(self, blob: Blob) -> bool:
        return await self.target.of(blob.tier).stat(blob.generation) == blob.size

    async def _copy(self, blob: Blob) -> bool:
        """Copies one blob; False, and nothing is left of it, when its bytes are missing or wrong."""
        target = self.target.of(blob.tier)
        begun = await target.begin(blob.generation)
        hasher = hashlib.new(digests.algorithm(blob.digest))
        try:
            chunks = await self.source.of(blob.tier).open(blob.generation)
            written = await target.append(begun, self._hashed(chunks, hasher))
        except Corrupt:
            await target.abort(begun)
            return False
        if blob.digest.partition(":")[2] != hasher.hexdigest():
            await target.abort(begun)
            return False
        await target.delete(blob.generation)  # of another length
        await target.finish(written)
        return True

    async def _hashed(self, chunks: Chunks, hasher: hashlib._Hash) -> AsyncIterator[bytes]:
        try:
            async for chunk in chunks:
                await asyncio.to_thread(hasher.update, chunk)
                self.show(len(chunk))
                yield chunk
        finally:
            await chunks.aclose()


async def measure(inventory: Inventory) -> int:
    """The bytes of all blobs together."""
    total = 0
    async with aclosing(inventory.blobs()) as every:
        async for stored in every:
            total += stored.blob.size
    return total
