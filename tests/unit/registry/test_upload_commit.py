"""The same bytes uploaded at once, in any order of events, while images come and go and a collector runs."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, select, update

from cargohold.blobstore import Unfinished
from cargohold.blobstore.filesystem import FilesystemBlobStore
from cargohold.core import digest as digests
from cargohold.core.arn import Target
from cargohold.core.errors import LayerAlreadyExists, LayersNotFound, StorageFull, UploadNotFound
from cargohold.database.schema.registry import blob, collection_queue, image, image_blob, repository_blob
from cargohold.registry.limits import Limits
from cargohold.registry.tasks import reap_uploads
from cargohold.registry.uploads import Completed

from .bed import Room, chunked


class Jittery(FilesystemBlobStore):
    """A store whose steps let others go first, as often as a seed says."""

    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__(folder)
        self._random = random.Random(seed)  # noqa: S311

    async def append(self, blob: Unfinished, chunks: Any) -> Unfinished:
        return await self._later(super().append, blob, chunks)

    async def finish(self, blob: Unfinished) -> None:
        await self._later(super().finish, blob)

    async def delete(self, key: str) -> None:
        await self._later(super().delete, key)

    async def _later(self, work: Callable[..., Any], *arguments: Any) -> Any:
        await pause(self._random)
        result = await work(*arguments)
        await pause(self._random)
        return result


async def pause(chance: random.Random) -> None:
    for _ in range(chance.randrange(12)):
        await asyncio.sleep(0)


async def live(room: Room) -> set[str]:
    """The generations that the database calls live."""
    return {row[0] for row in await room.rows("SELECT generation FROM blob WHERE state = 'live'")}


@pytest.mark.parametrize(("size", "api"), [(0, False), (1024, False), (100_000, False), (1024, True), (100_000, True)])
def test_one_digest_at_once(room: Room, size: int, api: bool) -> None:
    """Identical blobs uploaded in parallel to one repository make one blob with one file, whoever came first."""
    data = b"x" * size

    async def story() -> None:
        target = await room.repository()
        uploads = [await room.uploads.begin(target) for _ in range(12)]

        async def push(upload_id: str) -> Completed:
            await room.uploads.append(target, upload_id, chunked(data) if data else chunked())
            return await room.uploads.complete(target, upload_id, [digests.of(data)], api=api)

        results = await asyncio.gather(*(push(each.id) for each in uploads), return_exceptions=True)
        completed = [each for each in results if isinstance(each, Completed)]
        refused = [each for each in results if isinstance(each, LayerAlreadyExists)]
        assert [each.existed for each in completed].count(False) == 1
        assert (len(completed), len(refused)) == ((1, 11) if api else (12, 0))
        assert len({each.blob.generation for each in completed}) == 1
        assert room.files() == await live(room) == {completed[0].blob.generation}
        assert await room.read(target, digests.of(data)) == data
        assert await room.rows("SELECT * FROM upload") == []

    asyncio.run(story())


def test_one_upload_completed_twice_at_once(room: Room) -> None:
    """Of two completions of one upload one makes the blob, and the other cannot disturb it."""

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        await room.uploads.append(target, upload.id, chunked(b"data"))
        attempts = [room.uploads.complete(target, upload.id, [digests.of(b"data")]) for _ in range(4)]
        results = await asyncio.gather(*attempts, return_exceptions=True)
        assert sum(isinstance(each, Completed) for each in results) == 1
        assert await room.read(target, digests.of(b"data")) == b"data"

    asyncio.run(story())


def test_durable_before_visible(room: Room) -> None:
    """A blob can be seen only after the store has made it durable, and by nobody when the store could not."""
    seen: list[object] = []
    digest = digests.of(b"data")

    class Watched(FilesystemBlobStore):
        async def finish(self, blob: Unfinished) -> None:
            seen.append(await room.blobs.check(target, [digest]))
            if len(seen) == 1:
                raise StorageFull
            await super().finish(blob)
            seen.append(await room.blobs.check(target, [digest]))

    async def story() -> None:
        nonlocal target
        target = await room.repository()
        room.use(Watched(room.folder))
        with pytest.raises(StorageFull):
            await room.blob(target, b"data")
        assert await room.blobs.check(target, [digest]) == {}
        await room.blob(target, b"data")
        assert seen == [{}, {}, {}]
        assert await room.read(target, digest) == b"data"

    target = Target(room.home, "demo", None)
    asyncio.run(story())


def test_ended_while_it_is_completed(room: Room) -> None:
    """An upload that is cancelled while its bytes are made durable becomes no blob: its bytes are the reaper's."""

    class Cancelled(FilesystemBlobStore):
        async def finish(self, blob: Unfinished) -> None:
            await super().finish(blob)
            await room.uploads.cancel(target, upload_id)

    async def story() -> None:
        nonlocal target, upload_id
        target = await room.repository()
        upload_id = (await room.uploads.begin(target)).id
        await room.uploads.append(target, upload_id, chunked(b"data"))
        uploads = room.uploads
        room.use(Cancelled(room.folder))
        completing, room.uploads = room.uploads, uploads
        with pytest.raises(UploadNotFound):
            await completing.complete(target, upload_id, [digests.of(b"data")])
        assert await room.rows("SELECT * FROM blob") == []
        assert await room.blobs.check(target, [digests.of(b"data")]) == {}
        room.now += 30_000
        assert await reap_uploads(room.database, room.stores, room.clock) == 1
        assert room.files() == set()

    target, upload_id = Target(room.home, "demo", None), ""
    asyncio.run(story())


def test_revived(room: Room) -> None:
    """Bytes that come while their blob is being collected live on under a new generation, which nobody deletes."""

    async def story() -> None:
        target = await room.repository()
        digest = await room.blob(target, b"data")
        old = await live(room)
        await room.execute("UPDATE blob SET state = 'deleting'")
        upload = await room.uploads.begin(target)
        await room.uploads.append(target, upload.id, chunked(b"data"))
        completed = await room.uploads.complete(target, upload.id, [digest], api=True)
        assert {completed.blob.generation}.isdisjoint(old)
        for generation in old:
            await room.blobstore.delete(generation)
        assert await room.read(target, digest) == b"data"
        assert await room.rows("SELECT count(*) FROM blob") == [(1,)]

    asyncio.run(story())


def test_lease_of_an_upload(room: Room) -> None:
    """A blob is queued for a day after it was uploaded, and for another when it is uploaded again."""

    async def story() -> None:
        target = await room.repository()
        for _ in range(2):
            await room.blob(target, b"data")
            queue = await room.rows("SELECT review_after, attempts, reason FROM collection_queue")
            assert queue == [(room.now + 24 * 60 * 60 * 1000, 0, "uploaded")]
            room.now += 1000
            await room.execute("UPDATE collection_queue SET attempts = 3")

    asyncio.run(story())


@pytest.mark.parametrize("seed", range(8))
def test_any_order(room: Room, seed: int) -> None:
    """In whatever order the steps of uploads fall, each repository reads what it pushed, and no other file is left."""
    room.use(Jittery(room.folder, seed))
    chance = random.Random(seed)  # noqa: S311
    contents = {digests.of(data): data for data in (b"", b"one", b"two" * 50_000)}

    async def story() -> None:
        targets = [await room.repository("first"), await room.repository("second")]
        pushes = [(chance.choice(targets), chance.choice(list(contents))) for _ in range(chance.randrange(2, 16))]
        await asyncio.gather(*(room.blob(target, contents[digest]) for target, digest in pushes))
        for target in targets:
            pushed = {digest for where, digest in pushes if where == target}
            assert set(await room.blobs.check(target, list(contents))) == pushed
            for digest in pushed:
                assert await room.read(target, digest) == contents[digest]
        assert room.files() == await live(room)
        assert await room.rows("SELECT * FROM upload") == []

    asyncio.run(story())


class Collector:
    """What the collector will do: tombstone, delete outside of any transaction, forget (facts, storage.md §6)."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def run(self) -> int:
        """Collects all that is due; returns how many blobs went."""
        collected = 0
        while (due := await self._room.database.write(self._take)) is not None:
            blob_id, generation = due
            if generation is not None:
                await self._room.blobstore.delete(generation)
                await self._room.database.write(lambda c, b=blob_id, g=generation: self._forget(c, b, g))  # type: ignore[misc]
                collected += 1
        return collected

    def _take(self, connection: Connection) -> tuple[int, str | None] | None:
        now = self._room.now
        due = (
            select(collection_queue.c.blob_id)
            .where(collection_queue.c.review_after <= now)
            .order_by(collection_queue.c.blob_id)
            .limit(1)
        )
        blob_id = connection.execute(due.with_for_update(skip_locked=True)).scalar_one_or_none()
        if blob_id is None:
            return None
        connection.execute(select(blob.c.id).where(blob.c.id == blob_id).with_for_update(key_share=True)).one()
        queued = collection_queue.c.blob_id == blob_id
        used = select(image.c.id).join(image_blob).where(image_blob.c.blob_id == blob_id, image.c.deleted_at.is_(None))
        if connection.execute(used).first() is not None:
            connection.execute(delete(collection_queue).where(queued))
            return blob_id, None
        connection.execute(update(collection_queue).where(queued).values(review_after=now + 300_000))
        dying = update(blob).where(blob.c.id == blob_id).values(state="deleting").returning(blob.c.generation)
        return blob_id, connection.execute(dying).scalar_one()

    @staticmethod
    def _forget(connection: Connection, blob_id: int, generation: str) -> None:
        queued = select(collection_queue.c.blob_id).where(collection_queue.c.blob_id == blob_id)
        connection.execute(queued.with_for_update()).one_or_none()
        dying = (blob.c.id == blob_id) & (blob.c.generation == generation) & (blob.c.state == "deleting")
        if connection.execute(select(blob.c.id).where(dying).with_for_update()).first() is not None:
            for table in (collection_queue, image_blob, repository_blob):
                connection.execute(delete(table).where(table.c.blob_id == blob_id))
            connection.execute(delete(blob).where(blob.c.id == blob_id))


@pytest.mark.parametrize("seed", range(2))
def test_pushes_against_a_collector(room: Room, seed: int) -> None:
    """While a collector that gives nobody any time runs beside pushes and deletions, no image ever lacks a blob."""
    room.use(Jittery(room.folder, seed), Limits(collection_lease=0))
    collector = Collector(room)
    chance = random.Random(seed)  # noqa: S311
    names = [b"layer %d" % number for number in range(3)]
    targets: list[Target] = []

    async def push(target: Target, tag: str, layers: list[bytes]) -> None:
        for _ in range(100):
            try:
                await room.image(target, *layers, tag=tag, identical="accept")
            except LayersNotFound:
                await pause(chance)
            else:
                return

    async def drop(target: Target) -> None:
        await pause(chance)
        await room.images.delete(target, (await room.images.list_ids(target, "TAGGED", "ANY", None, 2)).items)

    async def come_and_go(turn: int) -> None:
        short_lived = await room.repository(f"short-lived/{turn}")
        await asyncio.gather(*(room.blob(short_lived, name) for name in names))
        await room.blobs.mount(short_lived, digests.of(names[0]), targets[0])
        await pause(chance)
        await room.repositories.delete(short_lived, True)

    async def collect() -> None:
        for _ in range(20):
            await pause(chance)
            await collector.run()

    async def check(target: Target) -> int:
        wanted = "SELECT blob.digest FROM image JOIN image_blob ON image_id = image.id JOIN blob ON blob.id = blob_id"
        rows = await room.rows(f"{wanted} WHERE repository_id = :of AND deleted_at IS NULL", of=target.existing)
        contents = {digests.of(name): name for name in names}
        for (digest,) in rows:
            data = await room.read(target, digest)
            assert data == contents.get(digest, data)
            assert digests.of(data) == digest
        return len(rows)

    async def story() -> None:
        targets.extend([await room.repository("one"), await room.repository("two")])
        for turn in range(4):
            works = []
            for target in targets:
                works.append(push(target, f"t{turn}", chance.sample(names, 2)))
                works.append(push(target, "latest", chance.sample(names, 1)))
                works.append(drop(target))
            works += [collect(), come_and_go(turn)]
            await asyncio.gather(*works)
            for target in targets:
                await check(target)
        assert sum([await check(target) for target in targets]) > 0
        unused = await room.blob(targets[0], b"nobody's")
        room.now += 300_000
        assert await collector.run() >= 1
        assert await room.blobs.check(targets[0], [unused]) == {}
        assert room.files() == await live(room)

    asyncio.run(story())
