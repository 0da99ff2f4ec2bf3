"""Blobs in a folder: `staging/<key>` while they are written, `blobs/<k0k1>/<key>` once they are finished.

Both lie on one filesystem, so that finishing is a rename. What may wait for the disk runs in threads of the store's
own, so that a slow disk holds neither the loop nor anybody else's threads; names are looked up, and what is in the page
cache is read, on the loop. A blob of a few bytes is in the upload's row until it is finished, and then it is one file
that is written once. What `append` writes is made durable every 64 MiB and by `finish`: after a power cut an
upload may be shorter than its row says, which the next `append` or `finish` notices.
"""

import asyncio
import os
import re
from base64 import b64decode, b64encode
from collections.abc import AsyncIterable, AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from cargohold.blobstore import BlobStore, Unfinished, durable
from cargohold.core.errors import Corrupt
from cargohold.exchange import CHUNK, Chunks

P = ParamSpec("P")
T = TypeVar("T")

SYNC_BYTES: Final = 64 << 20
"""How much may wait for the disk; one fsync after 2 GiB takes a second, the last of many takes none."""

HELD_BYTES: Final = 4 << 10
"""How large a blob may be that has no file before it is finished: a config, not a layer."""

AHEAD: Final = 4 * CHUNK
"""How far the disk is asked to read ahead for a reader who has outrun the page cache."""

_KEY: Final = re.compile(r"[0-9a-f]{32}")
_NOWAIT: Final[int | None] = getattr(os, "RWF_NOWAIT", None)


class FilesystemBlobStore(BlobStore):
    """A BlobStore under one folder, which is made when it is not there."""

    def __init__(self, root: Path) -> None:
        self._staging = root / "staging"
        self._blobs = root / "blobs"
        self._writing = ThreadPoolExecutor(16, thread_name_prefix="blob writing")
        self._reading = ThreadPoolExecutor(16, thread_name_prefix="blob reading")
        _make_folders(self._staging, self._blobs)

    async def begin(self, key: str) -> Unfinished:
        """Touches no disk: the first append makes the file."""
        _checked(key)
        return Unfinished(key, 0)

    def hold(self, blob: Unfinished, data: bytes) -> Unfinished | None:
        size = blob.size + len(data)
        if size > HELD_BYTES or (blob.size and not blob.detail):
            return None
        return Unfinished(blob.key, size, b64encode(_held(blob) + data).decode())

    async def append(self, blob: Unfinished, chunks: AsyncIterable[bytes]) -> Unfinished:
        held = _held(blob)
        file = _StagedFile(self._staged(blob.key), blob.size - len(held), self._writing)
        try:
            async for chunk in chunks:
                await file.write(held + chunk if held else chunk)
                held = b""
        finally:
            await file.close()
        return Unfinished(blob.key, file.size) if file.size else blob

    async def finish(self, blob: Unfinished) -> None:
        staged, finished = self._staged(blob.key), self._finished(blob.key)
        if blob.detail:
            await _in_thread(self._writing, durable.write_finished, staged, finished, _held(blob))
        else:
            await _in_thread(self._writing, durable.finish, staged, finished, blob.size)

    async def abort(self, blob: Unfinished) -> None:
        await _in_thread(self._writing, self._staged(blob.key).unlink, missing_ok=True)

    async def open(self, key: str, start: int = 0, stop: int | None = None) -> Chunks:
        return _FileChunks(self._finished(key), start, stop, self._reading)

    async def stat(self, key: str) -> int | None:
        return durable.size_of(self._finished(key))

    async def delete(self, key: str) -> None:
        await _in_thread(self._writing, self._finished(key).unlink, missing_ok=True)

    def _staged(self, key: str) -> Path:
        return self._staging / _checked(key)

    def _finished(self, key: str) -> Path:
        return self._blobs / _checked(key)[:2] / key


class _StagedFile:
    """A file that grows behind `size`: one chunk is written in a thread while the next is on its way.

    What gathered before is made durable meanwhile, in a thread of its own: were the chunks to wait for the disk, so
    would the client (191 and 230 MiB/s for a streamed push of 256 MiB).
    """

    def __init__(self, path: Path, size: int, threads: ThreadPoolExecutor) -> None:
        self.size = size
        self._path = path
        self._start = size
        self._threads = threads
        self._descriptor: int | None = None
        self._unsynced = 0
        self._writing: asyncio.Future[None] | None = None
        self._syncing: asyncio.Future[None] | None = None

    async def write(self, chunk: bytes) -> None:
        """Begins to write a chunk, after the one before is written."""
        await self._settle()
        self._writing = asyncio.wrap_future(self._threads.submit(self._write, chunk))

    async def close(self) -> None:
        """Returns after everything is written, and nothing is being made durable any more."""
        try:
            await self._settle()
        finally:
            try:
                await self._synced()
            finally:
                if self._descriptor is not None:
                    os.close(self._descriptor)

    async def _settle(self) -> None:
        """Returns after the chunk is written. Begins to make durable what has gathered, one sync after another."""
        writing, self._writing = self._writing, None
        if writing is not None:
            await _ended(writing)
        if self._unsynced >= SYNC_BYTES:
            await self._synced()
            self._unsynced = 0
            self._syncing = asyncio.wrap_future(self._threads.submit(self._sync))

    async def _synced(self) -> None:
        syncing, self._syncing = self._syncing, None
        if syncing is not None:
            await _ended(syncing)

    def _write(self, chunk: bytes) -> None:
        with durable.disk_errors():
            if self._descriptor is None:
                self._descriptor = durable.open_at(self._path, self.size)
            try:
                self._write_all(self._descriptor, chunk)
            except OSError:
                os.ftruncate(self._descriptor, self._start)  # gives a full disk its room back
                raise

    def _sync(self) -> None:
        if self._descriptor is not None:
            with durable.disk_errors():
                durable.sync(self._descriptor, self._path, getattr(os, "fdatasync", os.fsync))

    def _write_all(self, descriptor: int, chunk: bytes) -> None:
        view = memoryview(chunk)
        while view:
            written = os.pwrite(descriptor, view, self.size)
            self.size += written
            self._unsynced += written
            view = view[written:]


class _FileChunks:
    """A range of a file that is open until its end, `aclose`, or the last reference to this."""

    def __init__(self, path: Path, start: int, stop: int | None, threads: ThreadPoolExecutor) -> None:
        self._descriptor = -1
        self._position = start
        self._threads = threads
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise Corrupt from error
        size = os.fstat(self._descriptor).st_size
        self._stop = size if stop is None else stop
        if self._stop > size:
            raise Corrupt

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        length = min(CHUNK, self._stop - self._position)
        if self._descriptor < 0 or length <= 0:
            self._close()
            raise StopAsyncIteration
        cached = self._is_cached(length)
        chunk = self._read(length) if cached else await _in_thread(self._threads, self._read_slowly, length)
        self._position += length
        return chunk

    async def aclose(self) -> None:
        self._close()

    def __del__(self) -> None:
        self._close()

    def _is_cached(self, length: int) -> bool:
        """Whether the first and the last of the next bytes can be read without waiting for the disk."""
        if _NOWAIT is None:
            return False
        byte = bytearray(1)
        try:
            for offset in (self._position, self._position + length - 1):
                os.preadv(self._descriptor, [byte], offset, _NOWAIT)
        except OSError:
            return False
        return True

    def _read(self, length: int) -> bytes:
        try:
            chunk = os.pread(self._descriptor, length, self._position)
        except OSError as error:
            raise Corrupt from error
        if len(chunk) < length:
            raise Corrupt
        return chunk

    def _read_slowly(self, length: int) -> bytes:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._descriptor, self._position, AHEAD, os.POSIX_FADV_WILLNEED)
        return self._read(length)

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


async def _in_thread(threads: ThreadPoolExecutor, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return await _ended(asyncio.wrap_future(threads.submit(work, *args, **kwargs)))


async def _ended(running: asyncio.Future[T]) -> T:
    """What a thread's work returns. A caller who is cancelled waits all the same: nothing goes on behind his back."""
    cancelled: asyncio.CancelledError | None = None
    while not running.done():
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled from running.exception()
    return running.result()


def _held(blob: Unfinished) -> bytes:
    """The bytes that are in the notes, for want of a file."""
    return b64decode(blob.detail)


def _checked(key: str) -> str:
    """The key, proven to be one: it becomes part of a path."""
    if _KEY.fullmatch(key) is None:
        raise ValueError("a blob's key is 32 lower-case hexadecimal digits")
    return key


def _make_folders(staging: Path, blobs: Path) -> None:
    """Makes the fan-out beforehand, so that finishing a blob never has to make a folder durable."""
    staging.mkdir(parents=True, exist_ok=True, mode=0o700)
    blobs.mkdir(exist_ok=True, mode=0o700)
    missing = {f"{number:02x}" for number in range(256)}.difference(os.listdir(blobs))
    for name in missing:
        (blobs / name).mkdir(exist_ok=True, mode=0o700)
    if missing:
        durable.sync_folder(blobs)
        durable.sync_folder(blobs.parent)
