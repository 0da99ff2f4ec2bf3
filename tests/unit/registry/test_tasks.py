"""The upload reaper: what it drops, what it leaves, and that it may be broken off and run twice."""

import asyncio

import pytest

from cargohold.blobstore import Unfinished
from cargohold.blobstore.filesystem import FilesystemBlobStore
from cargohold.core.errors import Unavailable
from cargohold.registry import upload_commit
from cargohold.registry.tasks import LEASE, reap_uploads

from .bed import Room, chunked

DAY = 24 * 60 * 60 * 1000


class Flaky(FilesystemBlobStore):
    """A store that cannot drop one key until it is mended."""

    broken: str | None = None

    async def abort(self, blob: Unfinished) -> None:
        if blob.key == self.broken:
            raise Unavailable("the store is away")
        await super().abort(blob)


async def reap(room: Room, limit: int = 100) -> int:
    return await reap_uploads(room.database, room.stores, room.clock, limit)


def test_expired(room: Room) -> None:
    """An upload that nobody wrote to for a day is dropped with its bytes, and a younger one is not."""

    async def story() -> None:
        target = await room.repository()
        old, empty = await room.uploads.begin(target), await room.uploads.begin(target)
        await room.uploads.append(target, old.id, chunked(b"old"))
        room.now += DAY - 1
        assert await reap(room) == 0
        young = await room.uploads.begin(target)
        await room.uploads.append(target, young.id, chunked(b"young"))
        room.now += 1
        assert await reap(room) == 2
        assert await room.rows("SELECT id FROM upload") == [(young.id,)]
        assert empty.generation != young.generation
        assert room.files() == {young.generation}
        assert await reap(room) == 0

    asyncio.run(story())


def test_written_to(room: Room) -> None:
    """An upload that a request writes to is left alone even after it expired or was cancelled, until the claim ends."""

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        reached, go_on = asyncio.Event(), asyncio.Event()

        async def slow() -> object:
            yield b"one"
            reached.set()
            await go_on.wait()

        writing = asyncio.create_task(room.uploads.append(target, upload.id, slow()))  # type: ignore[arg-type]
        await reached.wait()
        await room.uploads.cancel(target, upload.id)
        assert await reap(room) == 0
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        assert await reap(room) == 0
        room.now += 30_000
        assert await reap(room) == 1
        assert room.files() == set()

    asyncio.run(story())


@pytest.mark.parametrize("finished", [False, True])
def test_left_by_a_crash(room: Room, finished: bool) -> None:
    """Bytes that a crash left between store and database, finished or not, are dropped, and the blob that won stays."""

    async def story() -> None:
        target = await room.repository()
        digest = await room.blob(target, b"data")
        upload = await room.uploads.begin(target)
        await room.uploads.append(target, upload.id, chunked(b"data"))
        if finished:
            await room.blobstore.finish((await room.uploads.status(target, upload.id)).unfinished)
        await room.execute("UPDATE upload SET state = 'ended', expires_at = 0")
        assert len(room.files()) == 2
        assert await reap(room) == 1
        assert await room.read(target, digest) == b"data"
        assert len(room.files()) == 1

    asyncio.run(story())


def test_deleted_repository(room: Room) -> None:
    """Uploads of a deleted repository are dropped."""

    async def story() -> None:
        target = await room.repository()
        for _ in range(3):
            upload = await room.uploads.begin(target)
            await room.uploads.append(target, upload.id, chunked(b"data"))
        await room.repositories.delete(target, False)
        assert await reap(room) == 3
        assert room.files() == set()

    asyncio.run(story())


def test_bounded(room: Room) -> None:
    """A run drops no more than it was told to, the oldest first."""

    async def story() -> None:
        target = await room.repository()
        uploads = []
        for _ in range(5):
            room.now += 1
            uploads.append(await room.uploads.begin(target))
        room.now += DAY
        assert [await reap(room, 2) for _ in range(2)] == [2, 2]
        assert await room.rows("SELECT id FROM upload") == [(uploads[-1].id,)]

    asyncio.run(story())


def test_several_workers(room: Room) -> None:
    """Workers that run at the same time share the work, and each upload is dropped by one of them."""

    async def story() -> None:
        target = await room.repository()
        for _ in range(10):
            await room.uploads.begin(target)
        room.now += DAY
        assert sum(await asyncio.gather(*(reap(room, 4) for _ in range(4)))) == 10

    asyncio.run(story())


def test_worker_that_died(room: Room) -> None:
    """What a worker took and did not finish another finishes, once the first one's time is over."""

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        await room.uploads.append(target, upload.id, chunked(b"data"))
        room.now += DAY
        await room.execute("UPDATE upload SET state = 'ended', claimed_until = :until", until=room.now + LEASE)
        assert await reap(room) == 0
        room.now += LEASE
        assert await reap(room) == 1

    asyncio.run(story())


def test_done_twice(room: Room) -> None:
    """Dropping what is dropped already changes nothing."""

    async def story() -> None:
        target = await room.repository()
        digest = await room.blob(target, b"data")
        upload = await room.uploads.begin(target)
        ended = await room.uploads.append(target, upload.id, chunked(b"data"))
        await room.uploads.cancel(target, upload.id)
        await upload_commit.drop(room.database, room.stores, ended)
        assert await room.read(target, digest) == b"data"

    asyncio.run(story())


def test_store_that_is_away(room: Room, capsys: pytest.CaptureFixture[str]) -> None:
    """An upload whose bytes cannot be dropped now is left for later, said in the log, and keeps no other waiting."""

    async def story() -> None:
        store = Flaky(room.folder)
        room.use(store)
        target = await room.repository()
        uploads = [await room.uploads.begin(target) for _ in range(3)]
        store.broken = uploads[1].generation
        room.now += DAY
        assert await reap(room) == 2
        assert "upload not reaped" in capsys.readouterr().out
        store.broken = None
        assert await reap(room) == 0
        room.now += LEASE
        assert await reap(room) == 1

    asyncio.run(story())
