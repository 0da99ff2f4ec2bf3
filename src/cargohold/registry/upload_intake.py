"""Bytes on their way into the blob store: counted, hashed, and kept as far as they came when the client goes away."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from dataclasses import replace
from typing import Final

from cargohold.blobstore import Unfinished
from cargohold.blobstore.hashing import Hasher
from cargohold.core.errors import BodyInterrupted, LimitExceeded
from cargohold.registry.limits import Limits
from cargohold.registry.upload import Upload
from cargohold.registry.upload_claim import Claim

_WORTH_A_THREAD: Final = 1 << 16
"""Bytes that take longer to hash than a thread takes to be woken."""


class Intake:
    """One append to an upload. `stopped` is why it ended before the client's bytes did."""

    def __init__(self, claim: Claim, limits: Limits) -> None:
        self.stopped: BodyInterrupted | LimitExceeded | None = None
        self._claim = claim
        self._limits = limits
        self._hasher = _hasher(claim.upload)
        self._size = claim.upload.offset

    async def chunks(self, source: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
        """What is to be stored. Ends quietly where the source is interrupted or the blob grows too large."""
        try:
            async for chunk in source:
                if self._size + len(chunk) > self._limits.layer_bytes:
                    self.stopped = _too_large(self._limits)
                    return
                await self._claim.keep()
                self._size += len(chunk)
                hashing = self._hash(chunk)
                yield chunk
                if hashing is not None:
                    await hashing
        except BodyInterrupted as interruption:
            self.stopped = interruption

    def take(self, data: bytes) -> bool:
        """Counts and hashes a few bytes here and now; False when the blob would be too large with them."""
        if self._size + len(data) > self._limits.layer_bytes:
            return False
        self._size += len(data)
        if self._hasher is not None:
            self._hasher.update(data)
        return True

    def grown(self, kept: Unfinished) -> Upload:
        """The upload with what the store has kept of this append."""
        before = self._claim.upload
        if kept.size == before.offset:
            return replace(before, stored=kept.detail)
        hasher = self._hasher if kept.size == self._size else None
        small = before.parts > 0 and before.last_part_size < self._limits.smallest_part_bytes
        return replace(
            before,
            offset=kept.size,
            stored=kept.detail,
            digest=hasher.digest() if hasher else None,
            hash_state=hasher.state() if hasher else None,
            parts=before.parts + 1,
            last_part_size=kept.size - before.offset,
            undersized=before.undersized or small,
        )

    def _hash(self, chunk: bytes) -> asyncio.Future[None] | None:
        """Hashes now, or beside the writing; what is returned has to be awaited before the next chunk."""
        if self._hasher is None:
            return None
        if len(chunk) < _WORTH_A_THREAD:
            self._hasher.update(chunk)
            return None
        return asyncio.get_running_loop().run_in_executor(None, self._hasher.update, chunk)


def _hasher(upload: Upload) -> Hasher | None:
    """Goes on from the upload's state; None when its digest has to be taken from the stored bytes at the end."""
    if upload.digest is None:
        return None
    return Hasher() if upload.offset == 0 else Hasher.resume(upload.hash_state)


def _too_large(limits: Limits) -> LimitExceeded:
    return LimitExceeded(f"The layer is larger than the maximum allowed size which is '{limits.layer_bytes}' bytes")
