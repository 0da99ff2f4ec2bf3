"""The blob cellar: bytes under opaque keys. Small enough that a folder and S3 both keep it: no rename, link or list.

A blob is written once: `begin`, any number of `append`s (each may be made by another process), then `finish` or
`abort`. What `begin` and `append` return is a plain value that the caller keeps between requests.
"""

from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import Protocol

from cargohold.exchange import Chunks


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A blob that is being written. Serialisable: it lives in the upload's row between requests."""

    key: str
    size: int
    """Bytes that are kept: a later append goes on here, and drops what a dead process wrote beyond."""
    detail: str = ""
    """The store's own notes (S3: the multipart id and its parts; a folder: a few bytes that are in no file yet)."""


class BlobStore(Protocol):
    """What every store does. Raises core.errors.StorageFull, and Corrupt where bytes that should be there are not."""

    async def begin(self, key: str) -> Unfinished:
        """Starts a blob under a key that was never used."""
        ...

    def hold(self, blob: Unfinished, data: bytes) -> Unfinished | None:
        """What `append` would return, when its notes are all that a few bytes need until `finish`; else None.

        Waits for nothing, and may be done again.
        """
        ...

    async def append(self, blob: Unfinished, chunks: AsyncIterable[bytes]) -> Unfinished:
        """Writes the chunks behind `blob.size` and returns what is there now."""
        ...

    async def finish(self, blob: Unfinished) -> None:
        """Makes the blob readable under its key; returns after file and folder are durable."""
        ...

    async def abort(self, blob: Unfinished) -> None:
        """Drops an unfinished blob; nothing happens when it is already gone."""
        ...

    async def open(self, key: str, start: int = 0, stop: int | None = None) -> Chunks:
        """The bytes from `start` up to `stop` (exclusive; None: the end), as they are read. Raises Corrupt."""
        ...

    async def stat(self, key: str) -> int | None:
        """A finished blob's size in bytes, None when there is none."""
        ...

    async def delete(self, key: str) -> None:
        """Drops a finished blob; nothing happens when it is already gone."""
        ...
