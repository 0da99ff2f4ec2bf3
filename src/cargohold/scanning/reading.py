"""Reads a layer in a thread while the loop fetches its bytes: what the walk over a tar wants is a file to read from."""

import asyncio
from collections.abc import AsyncIterator

from cargohold.exchange import Chunks
from cargohold.scanning.inventory.evidence import LayerInventory
from cargohold.scanning.inventory.layer import read_layer
from cargohold.scanning.limits import Allowance


async def read(chunks: Chunks, digest: str, allowance: Allowance) -> LayerInventory:
    """What the layer holds whose bytes are `chunks`, which are closed whatever happens. Raises ScanFailed."""
    source = _FromLoop(aiter(chunks), asyncio.get_running_loop())
    try:
        return await asyncio.to_thread(read_layer, source, digest, allowance)
    finally:
        await chunks.aclose()


class _FromLoop:
    """A file in a thread that reads what an iterator of the loop gives."""

    def __init__(self, chunks: AsyncIterator[bytes], loop: asyncio.AbstractEventLoop) -> None:
        self._chunks = chunks
        self._loop = loop
        self._kept = b""

    def read(self, size: int = -1, /) -> bytes:
        """At least one byte, unless there is none left; never more than `size` where it is given."""
        piece = self._kept or asyncio.run_coroutine_threadsafe(self._next(), self._loop).result()
        if 0 <= size < len(piece):
            piece, self._kept = piece[:size], piece[size:]
        else:
            self._kept = b""
        return piece

    async def _next(self) -> bytes:
        return await anext(self._chunks, b"")
