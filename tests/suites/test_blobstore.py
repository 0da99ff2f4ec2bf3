"""What every BlobStore must do. A backend opens the store of a folder; called again, it opens the same one."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cargohold.blobstore import BlobStore, Unfinished
from cargohold.blobstore.filesystem import FilesystemBlobStore
from cargohold.core.errors import Corrupt
from cargohold.exchange import CHUNK

Open = Callable[[], BlobStore]

BACKENDS: dict[str, Callable[[Path], BlobStore]] = {"filesystem": FilesystemBlobStore}


@pytest.fixture(params=list(BACKENDS))
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Opens the store of this test, each time as another process would."""
    return lambda: BACKENDS[request.param](tmp_path / "blobs")


@pytest.fixture
def store(opened: Open) -> BlobStore:
    return opened()


def key() -> str:
    return uuid4().hex


async def pieces(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def read(store: BlobStore, name: str, start: int = 0, stop: int | None = None) -> bytes:
    chunks = await store.open(name, start, stop)
    return b"".join([chunk async for chunk in chunks])


async def add(store: BlobStore, *chunks: bytes) -> str:
    """Stores a blob whole and returns its key."""
    blob = await store.append(await store.begin(key()), pieces(*chunks))
    await store.finish(blob)
    return blob.key


FEW = b"a few bytes"


def test_few_bytes_can_be_held(opened: Open) -> None:
    """What is held is a blob like any other: continued by another process, finished again after a crash."""

    async def run() -> None:
        begun = await opened().begin(key())
        held = opened().hold(begun, FEW)
        if held is None:
            return
        again = opened().hold(held, b"")
        assert again == held
        grown = await opened().append(held, pieces(b" and ", b"more"))
        assert grown.size == len(FEW) + 9
        await opened().finish(grown)
        assert await read(opened(), begun.key) == FEW + b" and more"
        other = opened().hold(await opened().begin(key()), FEW)
        assert other is not None
        for _ in range(2):
            await opened().finish(other)
            assert await read(opened(), other.key) == FEW
            assert await opened().stat(other.key) == len(FEW)

    asyncio.run(run())


def test_many_bytes_are_not_held(store: BlobStore) -> None:
    """Neither a large body nor one behind bytes that were written is held."""

    async def run() -> None:
        begun = await store.begin(key())
        assert store.hold(begun, LARGE) is None
        assert store.hold(await store.append(begun, pieces(LARGE)), b"x") is None

    asyncio.run(run())


LARGE = bytes(range(256)) * (3 * CHUNK // 256) + b"and a bit"


# Writing


def test_bytes_come_back_as_they_were_written(store: BlobStore) -> None:
    """A blob written in chunks of any size, by several appends, reads back whole, with its size."""

    async def story() -> None:
        blob = await store.begin(key())
        assert blob.size == 0
        blob = await store.append(blob, pieces(b"one ", b"", b"two "))
        assert blob.size == 8
        blob = await store.append(blob, pieces())
        assert blob.size == 8
        blob = await store.append(blob, pieces(LARGE))
        assert blob.size == 8 + len(LARGE)
        await store.finish(blob)
        assert await read(store, blob.key) == b"one two " + LARGE
        assert await store.stat(blob.key) == 8 + len(LARGE)

    asyncio.run(story())


@pytest.mark.parametrize("appends", [0, 1])
def test_a_blob_may_be_empty(store: BlobStore, appends: int) -> None:
    """Zero bytes are a blob, whether or not an append of nothing came first."""

    async def story() -> None:
        blob = await store.begin(key())
        for _ in range(appends):
            blob = await store.append(blob, pieces())
        await store.finish(blob)
        assert await store.stat(blob.key) == 0
        assert await read(store, blob.key) == b""

    asyncio.run(story())


def test_an_unfinished_blob_cannot_be_read(store: BlobStore) -> None:
    """Until finish returns there is nothing under the key."""

    async def story() -> None:
        blob = await store.append(await store.begin(key()), pieces(b"not yet"))
        assert await store.stat(blob.key) is None
        with pytest.raises(Corrupt):
            await store.open(blob.key)

    asyncio.run(story())


def test_another_process_goes_on_where_the_first_one_stopped(opened: Open) -> None:
    """What append returned, written out as JSON and read in again, is enough to continue and to finish."""

    async def story() -> None:
        first = opened()
        blob = await first.append(await first.begin(key()), pieces(b"first, "))
        kept = json.dumps(dataclasses.asdict(blob))
        second = opened()
        blob = await second.append(Unfinished(**json.loads(kept)), pieces(b"second"))
        await opened().finish(blob)
        assert await read(first, blob.key) == b"first, second"

    asyncio.run(story())


def test_an_append_drops_what_a_dead_process_wrote_beyond(store: BlobStore) -> None:
    """Bytes that were stored but never acknowledged are replaced, also where less follows than was lost."""

    async def story() -> None:
        blob = await store.append(await store.begin(key()), pieces(b"kept "))
        await store.append(blob, pieces(b"written by a process that died"))
        blob = await store.append(blob, pieces(b"new"))
        await store.finish(blob)
        assert await read(store, blob.key) == b"kept new"

    asyncio.run(story())


def test_finish_drops_what_a_dead_process_wrote_beyond(store: BlobStore) -> None:
    """A blob ends where its last acknowledged append ended."""

    async def story() -> None:
        blob = await store.append(await store.begin(key()), pieces(b"kept"))
        await store.append(blob, pieces(b" and lost"))
        await store.finish(blob)
        assert await read(store, blob.key) == b"kept"

    asyncio.run(story())


class Stopped(Exception):
    """What a body raises when its client goes away."""


async def stopping(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
    raise Stopped


def test_an_append_whose_source_breaks_raises_that_and_can_be_made_again(store: BlobStore) -> None:
    """The source's own exception comes out; the blob goes on from where it was before."""

    async def story() -> None:
        blob = await store.append(await store.begin(key()), pieces(b"kept "))
        with pytest.raises(Stopped):
            await store.append(blob, stopping(LARGE, b"partial"))
        blob = await store.append(blob, pieces(b"again"))
        await store.finish(blob)
        assert await read(store, blob.key) == b"kept again"

    asyncio.run(story())


def test_an_append_that_is_cancelled_can_be_made_again(store: BlobStore) -> None:
    """A request that is cancelled in the middle of its body writes nothing into the one that follows."""

    async def story() -> None:
        blob = await store.begin(key())
        waiting = asyncio.Event()

        async def endless() -> AsyncIterator[bytes]:
            yield LARGE
            waiting.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(store.append(blob, endless()))
        await waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        blob = await store.append(blob, pieces(b"again"))
        await store.finish(blob)
        assert await read(store, blob.key) == b"again"

    asyncio.run(story())


def test_blobs_that_are_written_at_once_do_not_mix(store: BlobStore) -> None:
    """Thirty blobs written chunk by chunk beside each other each keep their own bytes."""

    async def story() -> None:
        contents = [[bytes([number]) * 1_000] * 20 for number in range(30)]
        keys = await asyncio.gather(*(add(store, *chunks) for chunks in contents))
        assert [await read(store, name) for name in keys] == [b"".join(chunks) for chunks in contents]

    asyncio.run(story())


# Ending


def test_finishing_twice_is_finishing_once(opened: Open) -> None:
    """After a crash between finish and the note of it, another process may finish again."""

    async def story() -> None:
        first = opened()
        blob = await first.append(await first.begin(key()), pieces(b"done"))
        await first.finish(blob)
        await opened().finish(blob)
        assert await read(first, blob.key) == b"done"

    asyncio.run(story())


def test_an_aborted_blob_is_gone_and_may_be_aborted_again(store: BlobStore) -> None:
    """Abort drops the bytes of one blob, before or after the first append; a second abort does nothing."""

    async def story() -> None:
        other = await add(store, b"other")
        begun = await store.begin(key())
        written = await store.append(await store.begin(key()), pieces(b"half"))
        for blob in (begun, written, written):
            await store.abort(blob)
        assert await store.stat(written.key) is None
        with pytest.raises(Corrupt):
            await store.finish(written)
        assert await read(store, other) == b"other"

    asyncio.run(story())


def test_a_deleted_blob_is_gone_and_may_be_deleted_again(store: BlobStore) -> None:
    """Delete drops one blob and no other; a second delete, or one of an unknown key, does nothing."""

    async def story() -> None:
        one, other = await add(store, b"one"), await add(store, b"other")
        await store.delete(one)
        await store.delete(one)
        await store.delete(key())
        assert await store.stat(one) is None
        with pytest.raises(Corrupt):
            await store.open(one)
        assert await read(store, other) == b"other"

    asyncio.run(story())


def test_an_unknown_key_has_no_size_and_is_corrupt_to_read(store: BlobStore) -> None:
    """Nothing is there under a key that was never used."""

    async def story() -> None:
        assert await store.stat(key()) is None
        with pytest.raises(Corrupt):
            await store.open(key())

    asyncio.run(story())


# Reading


@pytest.fixture(scope="session", params=list(BACKENDS))
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[BlobStore, str]:
    """A store with one large blob in it, and the blob's key."""
    store = BACKENDS[request.param](tmp_path_factory.mktemp("filled"))
    return store, asyncio.run(add(store, LARGE))


@settings(max_examples=60)
@given(start=st.integers(0, len(LARGE)), length=st.one_of(st.integers(0, 300), st.integers(0, len(LARGE))))
def test_a_range_is_that_slice_of_the_bytes(filled: tuple[BlobStore, str], start: int, length: int) -> None:
    """Any start and stop give the bytes between them."""
    store, name = filled
    stop = min(start + length, len(LARGE))
    assert asyncio.run(read(store, name, start, stop)) == LARGE[start:stop]


def test_a_range_without_a_stop_goes_to_the_end(filled: tuple[BlobStore, str]) -> None:
    """A start alone gives everything behind it."""
    store, name = filled
    assert asyncio.run(read(store, name, CHUNK + 1)) == LARGE[CHUNK + 1 :]


def test_a_range_beyond_what_is_there_is_corrupt(filled: tuple[BlobStore, str]) -> None:
    """Bytes that should be there and are not are reported before the first is sent."""
    store, name = filled
    with pytest.raises(Corrupt):
        asyncio.run(read(store, name, 0, len(LARGE) + 1))


def test_bytes_come_in_chunks_that_fit_in_memory(filled: tuple[BlobStore, str]) -> None:
    """No chunk is larger than CHUNK, however large the blob, and none is empty."""
    store, name = filled

    async def story() -> list[int]:
        return [len(chunk) async for chunk in await store.open(name)]

    sizes = asyncio.run(story())
    assert all(0 < size <= CHUNK for size in sizes)
    assert sum(sizes) == len(LARGE)


def test_a_reader_may_leave_early_and_close_twice(filled: tuple[BlobStore, str]) -> None:
    """Closing in the middle ends the bytes; closing again does nothing."""
    store, name = filled

    async def story() -> None:
        chunks = await store.open(name)
        reading = aiter(chunks)
        assert await anext(reading) == LARGE[:CHUNK]
        await chunks.aclose()
        await chunks.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(reading)

    asyncio.run(story())


def test_many_may_read_one_blob_at_once(filled: tuple[BlobStore, str]) -> None:
    """Readers of one blob do not move each other's place."""
    store, name = filled

    async def story() -> list[bytes]:
        return await asyncio.gather(*(read(store, name, start * 1_000) for start in range(8)))

    assert asyncio.run(story()) == [LARGE[start * 1_000 :] for start in range(8)]
