"""Blobs in a folder: `staging/<key>` while they are written, `blobs/<k0k1>/<key>` once they are finished.

Both lie on one filesystem, so that finishing is a rename. Work on the disk is done in threads of the store's own, so
that a slow disk holds neither the loop nor anybody else's threads; only what is in the page cache is read on the loop.
What `append` wrote is handed to the disk every 64 MiB and made durable by `finish`: after a power cut an upload may be
shorter than its row says, which `append` and `finish` notice.
"""

import asyncio
import errno
import os
import re
from collections.abc import AsyncIterable, AsyncIterator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, ParamSpec, Self, TypeVar

from cargohold.blobstore import BlobStore, Unfinished
from cargohold.core.errors import Corrupt, StorageFull
from cargohold.exchange import CHUNK, Chunks

P = ParamSpec("P")
T = TypeVar("T")

SYNC_BYTES: Final = 64 << 20
"""How much may wait for the disk; one fsync after 2 GiB takes a second, the last of many takes none."""

AHEAD: Final = 4 * CHUNK
"""How far the disk is asked to read ahead of a reader who has outrun the page cache."""

_KEY: Final = re.compile(r"[0-9a-f]{32}")
_NOWAIT: Final = getattr(os, "RWF_NOWAIT", None)


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
        self._staged(key)
        return Unfinished(key, 0)

    async def append(self, blob: Unfinished, chunks: AsyncIterable[bytes]) -> Unfinished:
        file = _Staged(self._staged(blob.key), blob.size)
        try:
            async for chunk in chunks:
                await _in_thread(self._writing, file.write, chunk)
        finally:
            file.close()
        return Unfinished(blob.key, file.size)

    async def finish(self, blob: Unfinished) -> None:
        await _in_thread(self._writing, _finish, self._staged(blob.key), self._finished(blob.key), blob.size)

    async def abort(self, blob: Unfinished) -> None:
        await _in_thread(self._writing, self._staged(blob.key).unlink, missing_ok=True)

    async def open(self, key: str, start: int = 0, stop: int | None = None) -> Chunks:
        path = self._finished(key)
        return await _in_thread(self._reading, _FileChunks.opened, path, start, stop, self._reading)

    async def stat(self, key: str) -> int | None:
        return await _in_thread(self._reading, _size, self._finished(key))

    async def delete(self, key: str) -> None:
        await _in_thread(self._writing, self._finished(key).unlink, missing_ok=True)

    def _staged(self, key: str) -> Path:
        return self._staging / _checked(key)

    def _finished(self, key: str) -> Path:
        return self._blobs / _checked(key)[:2] / key


class _Staged:
    """A file that is being written behind `size`. Its methods run in a thread, one at a time."""

    def __init__(self, path: Path, size: int) -> None:
        self.size = size
        self._path = path
        self._descriptor: int | None = None
        self._unsynced = 0

    def write(self, chunk: bytes) -> None:
        """Writes the whole chunk; the first time, opens the file and drops what a dead process left beyond `size`."""
        with _disk_errors():
            if self._descriptor is None:
                self._descriptor = _open_at(self._path, self.size)
            view = memoryview(chunk)
            while view:
                written = os.pwrite(self._descriptor, view, self.size)
                self.size += written
                view = view[written:]
            self._unsynced += len(chunk)
            if self._unsynced >= SYNC_BYTES:
                os.fdatasync(self._descriptor)
                self._unsynced = 0

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class _FileChunks:
    """A range of an open file, which is closed at its end, by aclose, or with the last reference."""

    def __init__(self, descriptor: int, position: int, stop: int, threads: ThreadPoolExecutor) -> None:
        self._descriptor = descriptor
        self._position = position
        self._stop = stop
        self._threads = threads
        self._first: bytes | None = None

    @classmethod
    def opened(cls, path: Path, start: int, stop: int | None, threads: ThreadPoolExecutor) -> Self:
        """Opens the file and reads the first chunk, both in the one thread that the disk may hold up."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise Corrupt from error
        size = os.fstat(descriptor).st_size
        chunks = cls(descriptor, start, size if stop is None else stop, threads)
        if chunks._stop > size:
            raise Corrupt
        chunks._first = chunks._read()
        return chunks

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        chunk, self._first = self._first, None
        if chunk is None and self._position < self._stop:
            chunk = self._read() if self._is_cached() else await _in_thread(self._threads, self._read_slowly)
        if not chunk:
            self._close()
            raise StopAsyncIteration
        self._position += len(chunk)
        return chunk

    async def aclose(self) -> None:
        self._first = None
        self._stop = self._position
        self._close()

    def __del__(self) -> None:
        self._close()

    def _length(self) -> int:
        return min(CHUNK, self._stop - self._position)

    def _is_cached(self) -> bool:
        """Whether the next chunk's first and last byte can be read without waiting for the disk."""
        if _NOWAIT is None:
            return False
        byte = bytearray(1)
        try:
            for offset in (self._position, self._position + self._length() - 1):
                os.preadv(self._descriptor, [byte], offset, _NOWAIT)
        except OSError:
            return False
        return True

    def _read(self) -> bytes:
        length = self._length()
        chunk = os.pread(self._descriptor, length, self._position)
        if len(chunk) < length:
            raise Corrupt
        return chunk

    def _read_slowly(self) -> bytes:
        with suppress(AttributeError):
            os.posix_fadvise(self._descriptor, self._position, AHEAD, os.POSIX_FADV_WILLNEED)
        return self._read()

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


async def _in_thread(threads: ThreadPoolExecutor, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs work in a thread. A caller who is cancelled waits for it all the same: nothing is written behind his back."""
    running = asyncio.wrap_future(threads.submit(work, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


@contextmanager
def _disk_errors() -> Generator[None, None, None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull from error
        raise


def _finish(staged: Path, finished: Path, size: int) -> None:
    """Durable bytes, then a durable name. Done again after a crash, it ends in the same state."""
    with _disk_errors():
        if _size(finished) is None:
            descriptor = _open_at(staged, size)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            staged.rename(finished)
        _sync_folder(finished.parent)
        _sync_folder(staged.parent)


def _open_at(path: Path, size: int) -> int:
    """Opens a file that holds exactly `size` bytes: cut where it is longer, Corrupt where it is shorter."""
    flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if size == 0 else 0)
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileNotFoundError as error:
        raise Corrupt from error
    there = os.fstat(descriptor).st_size
    if there > size:
        os.ftruncate(descriptor, size)
    elif there < size:
        os.close(descriptor)
        raise Corrupt
    return descriptor


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _checked(key: str) -> str:
    """The key, proven to be one: it becomes part of a path."""
    if _KEY.fullmatch(key) is None:
        raise ValueError("a blob's key is 32 lower-case hexadecimal digits")
    return key


def _make_folders(staging: Path, blobs: Path) -> None:
    """Makes the fan-out beforehand, so that finishing a blob never has to make a folder durable."""
    staging.mkdir(parents=True, exist_ok=True, mode=0o700)
    blobs.mkdir(exist_ok=True, mode=0o700)
    wanted = {f"{number:02x}" for number in range(256)}
    missing = wanted.difference(os.listdir(blobs))
    for name in missing:
        (blobs / name).mkdir(exist_ok=True, mode=0o700)
    if missing:
        _sync_folder(blobs)
        _sync_folder(blobs.parent)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
