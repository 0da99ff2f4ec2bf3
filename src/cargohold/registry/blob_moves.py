"""Moves blobs between the stores: copied, made durable and checked by digest first, the blob's own by one transaction
then, and what it had before dropped at last.

A move may be broken off at any point: the bytes on their way are named in `blob_move` before they exist, and what is
named there is dropped by whoever comes next. A blob is never without its bytes.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Final
from uuid import uuid4

import structlog
from sqlalchemy import Connection

from cargohold.blobstore import BlobStore, Unfinished
from cargohold.blobstore.stores import Stores, Tier
from cargohold.core import digest as digests
from cargohold.core.clock import MINUTE, Clock
from cargohold.core.errors import Corrupt, Unavailable
from cargohold.database import Database
from cargohold.exchange import Chunks
from cargohold.registry.blob import Blob
from cargohold.registry.store import moves
from cargohold.registry.store.moves import Move

LEASE: Final = MINUTE
"""How long bytes that move are their worker's without a sign of life from it."""
RENEW: Final = LEASE // 3
"""Milliseconds between two such signs."""

_log = structlog.get_logger(__name__)


class Mover:
    """`new_key` makes keys that were never used."""

    def __init__(
        self, database: Database, stores: Stores, clock: Clock, new_key: Callable[[], str] = lambda: uuid4().hex
    ) -> None:
        self._database = database
        self._stores = stores
        self._clock = clock
        self._new_key = new_key

    async def move(self, blob_id: int, tier: Tier) -> bool:
        """Brings a live blob into the store of `tier`; False when nothing was to be done, or may be.

        Into the archive goes only what no image needs. Raises Corrupt when the bytes are not the blob's, and
        Unavailable when another worker moves it, or a store is away.
        """
        begin = partial(self._begin, blob_id=blob_id, tier=tier)
        begun = await self._database.write(partial(begin, key=self._new_key()))
        while isinstance(begun, Move):  # of an earlier move, whose worker is dead
            await self._drop(begun)
            begun = await self._database.write(partial(begin, key=self._new_key()))
        if begun is None:
            return False
        blob, move = begun
        try:
            move = await self._copy(blob, move)
        except Unavailable:
            await self._drop(move)
            raise
        left, switched = await self._database.write(partial(_switch, blob=blob, move=move))
        await self._drop(left)
        return switched

    async def reap(self, limit: int = 20) -> int:
        """Drops up to `limit` of what broken moves left, and returns how many; the reaper's task."""
        now = self._clock()
        due = await self._database.write(partial(moves.list_due, now=now, until=now + LEASE, limit=limit))
        for left in due:
            await self._drop(left)
        return len(due)

    def _begin(self, connection: Connection, blob_id: int, tier: Tier, key: str) -> tuple[Blob, Move] | Move | None:
        """What is to be moved, or what has to be dropped before. Raises Unavailable when somebody still works on it."""
        blob = moves.find_locked(connection, blob_id)
        if blob is None or blob.tier == tier or not _allowed(connection, blob_id, tier):
            return None
        now = self._clock()
        move = Move(blob_id, tier, key, now + LEASE)
        if moves.add_move(connection, move):
            return blob, move
        left = moves.find_move(connection, blob_id)
        claimed = moves.save_claim(connection, left, now + LEASE) if left is not None and left.until <= now else None
        if claimed is None:
            raise Unavailable(f"blob {blob_id} is being moved")
        return claimed

    async def _copy(self, blob: Blob, move: Move) -> Move:
        """Returns after the bytes are durable in the other store, and proven to be the blob's."""
        copying = _Copying(self._database, self._clock, blob, move)
        await self._write(self._stores.of(move.tier), move, copying, self._stores.of(blob.tier))
        if not copying.is_right():
            _log.error("a blob's bytes are not its own", digest=blob.digest, generation=blob.generation)
            raise Corrupt
        return copying.move

    async def _write(self, into: BlobStore, move: Move, copying: "_Copying", source: BlobStore) -> None:
        chunks = await source.open(copying.blob.generation)
        try:
            kept = await into.append(await into.begin(move.generation), copying.read(chunks))
        finally:
            await chunks.aclose()
        await into.finish(kept)

    async def _drop(self, left: Move) -> None:
        """Bytes first, then their name: a name may be left without bytes, never bytes without a name."""
        store = self._stores.of(left.tier)
        await store.abort(Unfinished(left.generation, 0))
        await store.delete(left.generation)
        await self._database.write(partial(moves.delete_move, move=left))


class _Copying:
    """A blob's bytes on their way: hashed as they pass, and the claim on them lengthened meanwhile."""

    def __init__(self, database: Database, clock: Clock, blob: Blob, move: Move) -> None:
        self.blob = blob
        self.move = move
        self._database = database
        self._clock = clock
        self._size = 0
        self._hasher = hashlib.new(digests.algorithm(blob.digest))

    async def read(self, chunks: Chunks) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            await asyncio.to_thread(self._hasher.update, chunk)
            self._size += len(chunk)
            await self._keep()
            yield chunk

    def is_right(self) -> bool:
        given = f"{digests.algorithm(self.blob.digest)}:{self._hasher.hexdigest()}"
        return self._size == self.blob.size and given == self.blob.digest

    async def _keep(self) -> None:
        now = self._clock()
        if now < self.move.until - LEASE + RENEW:
            return
        renewed = await self._database.write(partial(moves.save_renewed, move=self.move, until=now + LEASE))
        if renewed is None:
            raise Unavailable(f"blob {self.blob.id} is being moved")
        self.move = renewed


def _allowed(connection: Connection, blob_id: int, tier: Tier) -> bool:
    """Asked again at the end: a push may have begun to use the blob while it was copied."""
    return tier == "standard" or not moves.is_needed(connection, blob_id)


def _switch(connection: Connection, blob: Blob, move: Move) -> tuple[Move, bool]:
    """What is to be dropped now, and whether that is what the blob had; else it is what was copied for it."""
    locked = moves.find_locked(connection, blob.id)
    if locked is None or locked.generation != blob.generation or not _allowed(connection, blob.id, move.tier):
        return move, False
    left = moves.save_switched(connection, move, locked)
    return (move, False) if left is None else (left, True)
