"""The folder in particular: when bytes are durable, what a full or failing disk does, and what runs where."""

import asyncio
import errno
import gc
import os
import stat
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from cargohold.blobstore import Unfinished, filesystem
from cargohold.blobstore.filesystem import FilesystemBlobStore
from cargohold.core.errors import Corrupt, StorageFull
from cargohold.exchange import CHUNK

MIB = 1 << 20


@pytest.fixture
def store(tmp_path: Path) -> FilesystemBlobStore:
    return FilesystemBlobStore(tmp_path)


async def pieces(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def read(store: FilesystemBlobStore, key: str) -> bytes:
    return b"".join([chunk async for chunk in await store.open(key)])


async def staged(store: FilesystemBlobStore, *chunks: bytes) -> Unfinished:
    return await store.append(await store.begin(uuid4().hex), pieces(*chunks))


async def added(store: FilesystemBlobStore, *chunks: bytes) -> str:
    blob = await staged(store, *chunks)
    await store.finish(blob)
    return blob.key


def final(folder: Path, key: str) -> Path:
    return folder / "blobs" / key[:2] / key


class Calls:
    """Records calls to the system by name and by the path that their descriptor stood for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[tuple[str, Path]] = []
        for name in ("fsync", "fdatasync"):
            monkeypatch.setattr(os, name, self._recorder(name, getattr(os, name)))
        monkeypatch.setattr(os, "rename", self._renamer(os.rename))

    def _recorder(self, name: str, call: Callable[[int], None]) -> Callable[[int], None]:
        def recorded(descriptor: int) -> None:
            self.made.append((name, Path(f"/proc/self/fd/{descriptor}").readlink()))
            call(descriptor)

        return recorded

    def _renamer(self, call: Callable[..., None]) -> Callable[..., None]:
        def recorded(source: Path, target: Path) -> None:
            self.made.append(("rename", Path(target)))
            call(source, target)

        return recorded


# Durability


def test_finish_makes_bytes_then_name_then_folders_durable(
    store: FilesystemBlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """E7: the file is synced before it gets its name, and both folders after; only then does finish return."""

    async def story() -> None:
        blob = await staged(store, b"bytes")
        calls = Calls(monkeypatch)
        await store.finish(blob)
        assert calls.made == [
            ("fsync", tmp_path / "staging" / blob.key),
            ("rename", final(tmp_path, blob.key)),
            ("fsync", final(tmp_path, blob.key).parent),
            ("fsync", tmp_path / "staging"),
        ]

    asyncio.run(story())


def test_finishing_again_makes_the_folders_durable_again(
    store: FilesystemBlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rename that a crash may have lost is made durable by the finish that follows the crash."""

    async def story() -> None:
        blob = await staged(store, b"bytes")
        os.rename(tmp_path / "staging" / blob.key, final(tmp_path, blob.key))
        calls = Calls(monkeypatch)
        await store.finish(blob)
        assert calls.made == [("fsync", final(tmp_path, blob.key).parent), ("fsync", tmp_path / "staging")]

    asyncio.run(story())


def test_a_long_append_is_synced_as_it_goes(
    store: FilesystemBlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each 64 MiB the bytes are handed to the disk, so that the last sync has little to do."""
    calls = Calls(monkeypatch)
    blob = asyncio.run(staged(store, *[bytes(MIB)] * 130))
    assert calls.made == [("fdatasync", tmp_path / "staging" / blob.key)] * 2


def test_bytes_are_written_while_others_are_synced(
    store: FilesystemBlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sync in the middle of an append holds up no chunk but the one with which the next sync is due."""
    monkeypatch.setattr(filesystem, "SYNC_BYTES", 4)
    written, seen = threading.Semaphore(0), []
    pwrite, sync = os.pwrite, os.fdatasync

    def writing(*arguments: Any) -> int:
        count = pwrite(*arguments)
        written.release()
        return count

    def syncing(descriptor: int) -> None:
        seen.append(all(written.acquire(timeout=5) for _ in range(4)))
        sync(descriptor)

    monkeypatch.setattr(os, "pwrite", writing)
    monkeypatch.setattr(os, "fdatasync", syncing)
    blob = asyncio.run(staged(store, b"abcd", b"e", b"f", b"g"))
    assert (tmp_path / "staging" / blob.key).read_bytes() == b"abcdefg"
    assert seen == [True]


def test_the_file_stays_open_until_its_sync_has_ended(
    store: FilesystemBlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An append that fails to write returns after the sync that still runs, which has its own file to the end."""
    monkeypatch.setattr(filesystem, "SYNC_BYTES", 2)
    pwrite, failed, synced = os.pwrite, threading.Event(), []

    def writing(descriptor: int, data: bytes, offset: int) -> int:
        if offset >= 2:
            failed.set()
            raise OSError(errno.EIO, "Input/output error")
        return pwrite(descriptor, data, offset)

    def syncing(descriptor: int) -> None:
        assert failed.wait(5)
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())

    monkeypatch.setattr(os, "pwrite", writing)
    monkeypatch.setattr(os, "fdatasync", syncing)
    with pytest.raises(OSError, match="Input/output error"):
        asyncio.run(staged(store, b"ab", b"c", b"d"))
    assert [path.parent for path in synced] == [tmp_path / "staging"]


def test_new_folders_are_durable_before_they_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All 256 folders of the fan-out are there and synced when the store is open; opening again makes none."""
    calls = Calls(monkeypatch)
    FilesystemBlobStore(tmp_path)
    assert len(list((tmp_path / "blobs").iterdir())) == 256
    assert calls.made == [("fsync", tmp_path / "blobs"), ("fsync", tmp_path)]
    FilesystemBlobStore(tmp_path)
    assert len(calls.made) == 2


def test_only_the_owner_may_read_what_is_stored(store: FilesystemBlobStore, tmp_path: Path) -> None:
    """Folders and files carry no right for group or others."""
    key = asyncio.run(added(store, b"private"))
    for path in (tmp_path / "staging", tmp_path / "blobs", final(tmp_path, key).parent, final(tmp_path, key)):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


# After a crash


@pytest.mark.parametrize("kept", [0, 3])
def test_fewer_bytes_than_the_row_says_are_noticed(store: FilesystemBlobStore, tmp_path: Path, kept: int) -> None:
    """A power cut that lost bytes makes append and finish say so, instead of leaving a hole."""

    async def story() -> None:
        blob = await staged(store, b"acknowledged")
        os.truncate(tmp_path / "staging" / blob.key, kept)
        with pytest.raises(Corrupt):
            await store.append(blob, pieces(b"more"))
        with pytest.raises(Corrupt):
            await store.finish(blob)
        (tmp_path / "staging" / blob.key).unlink()
        with pytest.raises(Corrupt):
            await store.append(blob, pieces(b"more"))
        assert list((tmp_path / "staging").iterdir()) == []

    asyncio.run(story())


def test_a_finished_blob_of_another_length_is_not_taken_for_this_one(
    store: FilesystemBlobStore, tmp_path: Path
) -> None:
    """Finishing again is refused where what lies under the key is not what was written."""

    async def story() -> None:
        blob = await staged(store, b"bytes")
        await store.finish(blob)
        os.truncate(final(tmp_path, blob.key), 2)
        with pytest.raises(Corrupt):
            await store.finish(blob)

    asyncio.run(story())


def test_a_blob_that_was_cut_short_is_noticed_while_it_is_read(store: FilesystemBlobStore, tmp_path: Path) -> None:
    """A reader whose file loses bytes under him gets an error, not a short body."""

    async def story() -> None:
        key = await added(store, bytes(3 * CHUNK))
        chunks = await store.open(key)
        reading = aiter(chunks)
        await anext(reading)
        os.truncate(final(tmp_path, key), CHUNK + 10)
        with pytest.raises(Corrupt):
            await anext(reading)
        await chunks.aclose()

    asyncio.run(story())


def test_a_reader_goes_on_when_the_blob_is_deleted(store: FilesystemBlobStore) -> None:
    """A download that began before the deletion is sent to its end."""

    async def story() -> None:
        key = await added(store, bytes(3 * CHUNK))
        chunks = await store.open(key)
        await store.delete(key)
        assert sum([len(chunk) async for chunk in chunks]) == 3 * CHUNK

    asyncio.run(story())


# A disk that is full or fails


def failing(number: int) -> Callable[..., Any]:
    def fail(*_: Any) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_storage_full_and_gets_its_room_back(
    store: FilesystemBlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """When there is no room, what this append wrote is dropped, and it can be made again once there is."""
    write, budget = os.pwrite, 2 * CHUNK + 500

    def writing(descriptor: int, data: memoryview, offset: int) -> int:
        room = budget - offset
        return write(descriptor, data[:room], offset) if room > 0 else failing(number)()

    async def story() -> None:
        blob = await staged(store, b"kept ")
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", writing)
            with pytest.raises(StorageFull):
                await store.append(blob, pieces(*[bytes(CHUNK)] * 4))
        assert (tmp_path / "staging" / blob.key).stat().st_size == blob.size
        blob = await store.append(blob, pieces(b"again"))
        await store.finish(blob)
        assert await read(store, blob.key) == b"kept again"

    asyncio.run(story())


@pytest.mark.parametrize("call", ["open", "fsync"])
def test_a_full_disk_is_storage_full_wherever_it_shows(
    store: FilesystemBlobStore, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Making a file and syncing it can meet a full disk too."""

    async def story() -> None:
        blob = await store.begin(uuid4().hex)
        monkeypatch.setattr(os, call, failing(errno.ENOSPC))
        with pytest.raises(StorageFull):
            await store.finish(blob)

    asyncio.run(story())


@pytest.mark.parametrize("call", ["open", "pwrite", "fsync"])
def test_a_full_disk_leaves_nothing_of_held_bytes(
    store: FilesystemBlobStore, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Where there is no room to finish a small blob no part of it stays, and it is finished once there is."""

    async def story() -> None:
        blob = store.hold(await store.begin(uuid4().hex), b"few")
        assert blob is not None
        with monkeypatch.context() as patch:
            patch.setattr(os, call, failing(errno.ENOSPC))
            with pytest.raises(StorageFull):
                await store.finish(blob)
        assert await store.stat(blob.key) is None
        await store.finish(blob)
        assert await read(store, blob.key) == b"few"

    asyncio.run(story())


def test_held_bytes_are_finished_among_what_a_crash_left(store: FilesystemBlobStore, tmp_path: Path) -> None:
    """What a dead request staged is dropped; a file that holds other bytes is never written over."""

    async def story() -> None:
        begun = await store.begin(uuid4().hex)
        await store.append(begun, pieces(b"never said"))
        blob = store.hold(begun, b"few")
        assert blob is not None
        await store.finish(blob)
        assert os.listdir(tmp_path / "staging") == []
        other = store.hold(begun, b"else")
        assert other is not None
        with pytest.raises(Corrupt):
            await store.finish(other)
        assert await read(store, blob.key) == b"few"

    asyncio.run(story())


def test_a_sync_that_failed_is_never_tried_again(store: FilesystemBlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel forgets which bytes it could not write: the upload is lost, and never finished with a hole in it."""

    async def story() -> None:
        blob = await staged(store, b"bytes")
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", failing(errno.EIO))
            with pytest.raises(OSError, match=os.strerror(errno.EIO)):
                await store.finish(blob)
        with pytest.raises(Corrupt):
            await store.finish(blob)

    asyncio.run(story())


def test_a_disk_that_cannot_read_is_corrupt(store: FilesystemBlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read error is reported as damage, not as the end of the blob."""

    async def story() -> None:
        key = await added(store, b"bytes")
        monkeypatch.setattr(os, "pread", failing(errno.EIO))
        with pytest.raises(Corrupt):
            await read(store, key)

    asyncio.run(story())


# What runs where


def thread_of(monkeypatch: pytest.MonkeyPatch, name: str) -> list[int]:
    """Records in which threads a call to the system is made."""
    call, threads = getattr(os, name), list[int]()

    def recorded(*args: Any) -> Any:
        threads.append(threading.get_ident())
        return call(*args)

    monkeypatch.setattr(os, name, recorded)
    return threads


def test_what_waits_for_the_disk_runs_in_threads(store: FilesystemBlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """No write, sync or deletion is made on the loop's thread."""
    calls = [thread_of(monkeypatch, name) for name in ("pwrite", "fdatasync", "fsync", "unlink")]
    monkeypatch.setattr(filesystem, "SYNC_BYTES", CHUNK)

    async def story() -> None:
        await store.delete(await added(store, bytes(CHUNK)))
        await store.abort(await staged(store, b"x"))

    asyncio.run(story())
    for threads in calls:
        assert threads
        assert threading.get_ident() not in threads


def test_a_small_blob_costs_one_way_to_a_thread(store: FilesystemBlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin and append of a body of one chunk hand over to a thread once."""
    handed: list[Any] = []
    submit = store._writing.submit

    def submitting(*work: Any) -> Any:
        handed.append(work)
        return submit(*work)

    monkeypatch.setattr(store._writing, "submit", submitting)
    asyncio.run(staged(store, b"small"))
    assert len(handed) == 1


@pytest.mark.parametrize("cached", [True, False])
def test_the_loop_reads_only_what_is_in_memory(
    store: FilesystemBlobStore, monkeypatch: pytest.MonkeyPatch, cached: bool
) -> None:
    """Where the kernel would have to wait for the disk, the chunk is read in a thread; the bytes are the same."""

    def asking(descriptor: int, buffers: list[bytearray], offset: int, flags: int) -> int:
        assert flags == os.RWF_NOWAIT
        if cached:
            return 1
        raise BlockingIOError

    async def story() -> None:
        content = os.urandom(2 * CHUNK + 7)
        key = await added(store, content)
        monkeypatch.setattr(os, "preadv", asking)
        threads = thread_of(monkeypatch, "pread")
        assert await read(store, key) == content
        assert [thread == threading.get_ident() for thread in threads] == [cached] * 3

    asyncio.run(story())


def test_an_append_that_is_cancelled_ends_its_write_first(
    store: FilesystemBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it is cancelled, an append does not return while a thread still writes for it."""
    write, begun, go_on = os.pwrite, threading.Event(), threading.Event()
    written: list[int] = []

    def slow(descriptor: int, data: memoryview, offset: int) -> int:
        begun.set()
        go_on.wait()
        written.append(write(descriptor, data, offset))
        return written[-1]

    async def story() -> None:
        monkeypatch.setattr(os, "pwrite", slow)
        task = asyncio.create_task(staged(store, b"late"))
        await asyncio.to_thread(begun.wait)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert not task.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert written == [4]

    asyncio.run(story())


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_no_descriptor_is_left_open(store: FilesystemBlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads to the end, closed ones, forgotten ones and refused ones all give their descriptor back, as do writes."""

    async def forgetting(key: str) -> None:
        await anext(aiter(await store.open(key)))

    async def story() -> None:
        key = await added(store, bytes(2 * CHUNK))
        before = descriptors()
        await read(store, key)
        await (await store.open(key)).aclose()
        await forgetting(key)
        with pytest.raises(Corrupt):
            await store.open(key, 0, 3 * CHUNK)
        await added(store, b"another")
        monkeypatch.setattr(os, "pwrite", failing(errno.ENOSPC))
        with pytest.raises(StorageFull):
            await staged(store, b"full")
        gc.collect()
        assert descriptors() == before

    asyncio.run(story())


# Keys

STRANGE = ["", "../../etc/passwd", "A" * 32, "0" * 31, "0" * 33, "0" * 31 + "/", "0" * 32 + "\n", ".." + "0" * 30]


@pytest.mark.parametrize("key", STRANGE)
def test_a_key_cannot_leave_the_folder(store: FilesystemBlobStore, key: str) -> None:
    """What is not 32 lower-case hexadecimal digits is refused before the disk is touched, in every method."""
    blob = Unfinished(key, 0)
    calls = [
        lambda: store.begin(key),
        lambda: store.append(blob, pieces(b"x")),
        lambda: store.finish(blob),
        lambda: store.abort(blob),
        lambda: store.open(key),
        lambda: store.stat(key),
        lambda: store.delete(key),
    ]

    async def calling(call: Callable[[], Any]) -> None:
        with pytest.raises(ValueError, match="32 lower-case"):
            await call()

    for call in calls:
        asyncio.run(calling(call))


# Memory

GROWTH = """
import asyncio, resource, sys
from pathlib import Path
from uuid import uuid4
from cargohold.blobstore.filesystem import FilesystemBlobStore

async def main(folder, size):
    store = FilesystemBlobStore(Path(folder))

    async def body(count):
        for number in range(count):
            yield bytes([number % 256]) * (1 << 20)

    async def carry(count):
        blob = await store.append(await store.begin(uuid4().hex), body(count))
        await store.finish(blob)
        async for _ in await store.open(blob.key):
            pass
        await store.delete(blob.key)

    await carry(8)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await carry(size)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def test_memory_does_not_grow_with_the_blob(tmp_path: Path, long: bool) -> None:
    """Writing and reading a large blob (1 GiB in a long run, else 256 MiB) takes no more memory than 8 MiB did."""
    size = "1024" if long else "256"
    done = subprocess.run(
        [sys.executable, "-c", GROWTH, str(tmp_path), size], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 16 * 1024  # KiB
