"""Files and folders of the blob store, made durable: what its threads do, each thing as often as a crash makes them."""

import errno
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from cargohold.core.errors import Corrupt, StorageFull


@contextmanager
def disk_errors() -> Generator[None, None, None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull from error
        raise


def finish(staged: Path, finished: Path, size: int) -> None:
    """Durable bytes, then a durable name. Done again after a crash, it ends in the same state."""
    with disk_errors():
        there = size_of(finished)
        if there is None:
            descriptor = open_at(staged, size)
            try:
                sync(descriptor, staged, os.fsync)
            finally:
                os.close(descriptor)
            staged.rename(finished)
        elif there != size:
            raise Corrupt
        sync_folder(finished.parent)
        sync_folder(staged.parent)


def write_finished(staged: Path, finished: Path, data: bytes) -> None:
    """As finish, for bytes that are in no file. Never writes to a file that is there: it may be a blob by now."""
    with disk_errors():
        try:
            descriptor = os.open(finished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            _sync_same(finished, data)
        else:
            _write_new(descriptor, finished, data)
        sync_folder(finished.parent)
        if size_of(staged) is not None:  # of a request that died before it could say what it wrote
            staged.unlink(missing_ok=True)
            sync_folder(staged.parent)


def _write_new(descriptor: int, path: Path, data: bytes) -> None:
    """Fills a new file, and leaves none when that fails."""
    try:
        written = 0
        while written < len(data):
            written += os.pwrite(descriptor, data[written:], written)
        os.fsync(descriptor)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _sync_same(path: Path, data: bytes) -> None:
    """Makes a file durable that another try left, before a crash perhaps; Corrupt when it holds other bytes."""
    with path.open("rb") as file:
        if file.read() != data:
            raise Corrupt
        os.fsync(file.fileno())


def open_at(path: Path, size: int) -> int:
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


def sync(descriptor: int, path: Path, call: Callable[[int], None]) -> None:
    """Makes a file's bytes durable. After a failure the file goes: the kernel would let a second try succeed."""
    try:
        call(descriptor)
    except OSError:
        path.unlink(missing_ok=True)
        raise


def size_of(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
