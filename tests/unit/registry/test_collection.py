"""Collection: what nothing uses gives its space back when its lease is over, and nothing else does."""

import asyncio

import pytest
from sqlalchemy import Connection, func, select

from cargohold.core.arn import Target
from cargohold.core.errors import StorageBusy
from cargohold.database.schema import metadata
from cargohold.registry import tasks
from cargohold.registry.collection import AGAIN, FIRST_RETRY, STEP, Collections, Collector
from cargohold.registry.image import ImageId
from cargohold.registry.limits import Limits
from cargohold.registry.repositories import NewRepository
from cargohold.registry.store import tombstones
from cargohold.registry.store.collection import Doomed, list_doomed
from cargohold.registry.undo import Undo

from .bed import HOME, Room, chunked

DAY = 24 * 3600 * 1000


def collector(room: Room) -> Collector:
    return Collector(room.database, room.stores, room.clock, room.limits.collection_lease)


async def counts(room: Room) -> dict[str, int]:
    """How many rows each table of the registry has that has any."""

    def work(connection: Connection) -> dict[str, int]:
        tables = [each for each in metadata.sorted_tables if _concerns(each.name)]
        return {each.name: connection.execute(select(func.count()).select_from(each)).scalar_one() for each in tables}

    return {name: count for name, count in (await room.database.read(work)).items() if count}


def _concerns(name: str) -> bool:
    wanted = ("repository", "image", "blob", "tag", "upload", "collection", "lifecycle", "resource", "untagged")
    return name.startswith(wanted)


async def everything_gone(room: Room) -> None:
    room.now += DAY
    await tasks.reap_uploads(room.database, room.stores, room.clock)
    await collector(room).run()


@pytest.mark.parametrize(
    ("referred", "purged"),
    [
        (
            "repository",
            "image lifecycle_policy lifecycle_preview repository_blob repository_catalog resource_tag tag upload",
        ),
        ("image", "image_blob image_deletion image_reference image_scan tag untagged_image"),
        ("blob", "blob_damage blob_move collection_queue image_blob layer_inventory repository_blob"),
    ],
)
def test_purging_knows_every_table_that_refers_to_what_it_purges(referred: str, purged: str) -> None:
    """A new table that refers to repositories, images or blobs has to be purged with them, and be named here."""
    keys = [key for table in metadata.sorted_tables for key in table.foreign_keys]
    assert {key.parent.table.name for key in keys if key.column.table.name == referred} == set(purged.split())


def test_an_unused_blob_goes_after_its_lease(room: Room) -> None:
    """It is there for a day, then row, right, place in the queue and bytes are gone, and are counted."""

    async def story() -> None:
        target = await room.repository()
        digest = await room.blob(target, b"nobody's" * 9000)
        room.now += DAY - 1
        assert await collector(room).run() == 0
        assert await room.read(target, digest) == b"nobody's" * 9000
        room.now += DAY  # the look-up has lengthened the lease
        assert await collector(room).run() == 1
        assert await room.blobs.check(target, [digest]) == {}
        assert room.files() == set()
        assert await counts(room) == {"repository": 1, "collection_total": 1}
        standing = await Collections(room.database, room.clock, DAY).standing()
        assert (standing.totals.blobs, standing.totals.bytes, standing.totals.failures) == (1, 72_000, 0)

    asyncio.run(story())


def test_what_an_image_uses_stays(room: Room) -> None:
    """Blobs of a live image, and of one that can still be restored, leave the queue and nothing else happens."""

    async def story() -> None:
        target = await room.repository()
        image = await room.image(target, b"layer" * 9000, tag="v1")
        before = room.files()
        room.now += 3 * DAY
        assert await collector(room).run() == 2
        assert room.files() == before
        await room.images.remove(target, image.digest, "arn:somebody")
        room.now += DAY - 1
        await collector(room).run()
        assert room.files() == before
        room.now += 1
        await collector(room).run()
        assert room.files() == set()
        assert set(await counts(room)) == {"repository", "collection_total"}

    asyncio.run(story())


def test_a_shared_blob_stays_for_the_other_image(room: Room) -> None:
    """S5: only what the deleted image alone used goes; the other repository serves the layer, this one no more."""

    async def story() -> None:
        one, two = await room.repository("one"), await room.repository("two")
        doomed = await room.image(one, b"shared" * 9000, b"own" * 30_000)
        await room.image(two, b"shared" * 9000)
        await room.images.remove(one, doomed.digest)
        await everything_gone(room)
        assert [row[0] for row in await room.rows("SELECT size FROM blob ORDER BY size")] == [37, 54_000]
        shared = (await room.rows("SELECT digest FROM blob WHERE size = 54000"))[0][0]
        assert await room.read(two, shared) == b"shared" * 9000
        assert await room.blobs.check(one, [shared]) == {}

    asyncio.run(story())


def test_a_deleted_repository_leaves_nothing(room: Room) -> None:
    """E14: with images, indexes, tags, resource tags and open uploads; after the lease no table names it."""

    async def story() -> None:
        new = NewRepository("whole", tags={"team": "one"})
        made = await room.repositories.create(HOME, new)
        target = Target(HOME, "whole", made.id)
        child = await room.image(target, b"layer" * 9000, tag="v1")
        await room.index(target, child, tag="list")
        await room.blob(target, b"unused" * 9000)
        upload = await room.uploads.begin(target)
        await room.uploads.append(target, upload.id, chunked(b"half" * 30_000))
        await room.repositories.delete(target, True)
        assert (await room.repositories.create(HOME, NewRepository("whole"))).id != made.id
        await collector(room).run()
        assert (await counts(room))["image"] == 2
        await everything_gone(room)
        await collector(room).run()
        assert await counts(room) == {"repository": 1, "collection_total": 1}
        assert room.files() == set()

    asyncio.run(story())


def test_a_repository_deleted_again_has_its_lease_again(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A collector that found its first lease over, and comes to it after an undo and another deletion, leaves it."""

    async def story() -> None:
        target = await room.repository()
        await room.image(target, b"layer")
        await room.repositories.delete(target, True)
        room.now += room.limits.collection_lease
        behind = Undo(room.database, lambda: room.now - 1, room.limits)
        await behind.restore_repository(HOME, target.name)
        await room.repositories.delete(target, True)
        monkeypatch.setattr(tombstones, "list_deleted_before", lambda *_, **__: [target.id])
        assert await collector(room).purge() == 0
        await behind.restore_repository(HOME, target.name)
        assert len(await room.digests_of(target)) == 1

    asyncio.run(story())


def test_deleting_a_repository_writes_nothing_for_its_images(room: Room) -> None:
    """E33: its tombstone is one row; images and the queue are as they were."""

    async def story() -> None:
        target = await room.repository()
        await room.image(target, b"layer")
        before = await counts(room)
        await room.repositories.delete(target, True)
        assert await counts(room) == before
        assert await room.rows("SELECT 1 FROM image WHERE deleted_at IS NOT NULL") == []

    asyncio.run(story())


def test_purging_goes_in_small_steps(room: Room) -> None:
    """One step takes no more rows than STEP, and a second collector goes on where the first one stopped."""

    async def story() -> None:
        target = await room.repository()
        await room.blob(target, b'{"architecture":"amd64","os":"linux"}')
        for number in range(STEP + 5):
            await room.put(target, room.manifest(annotations={"n": str(number)}))
        await room.repositories.delete(target, True)
        room.now += DAY
        assert await collector(room).purge() == STEP
        assert (await counts(room))["image"] == 5
        await collector(room).run()
        assert await counts(room) == {"collection_total": 1}

    asyncio.run(story())


def test_a_push_brings_a_doomed_blob_back(room: Room) -> None:
    """Between its doom and the deletion of its bytes it is uploaded again: the new bytes stay, the old ones go."""

    async def story() -> None:
        target = await room.repository()
        digest = await room.blob(target, b"again" * 9000)
        (old,) = room.files()
        room.now += DAY
        doomed = await _doom(room)
        assert await room.blobs.check(target, [digest]) == {}
        await room.blob(target, b"again" * 9000)
        await collector(room)._finish(doomed, [])
        assert await room.read(target, digest) == b"again" * 9000
        await tasks.reap_uploads(room.database, room.stores, room.clock)
        assert len(room.files()) == 1
        assert old not in room.files()

    asyncio.run(story())


def test_a_dead_collector_leaves_what_another_finishes(room: Room) -> None:
    """The blob is there for nobody; after a while another run deletes its bytes and forgets it."""

    async def story() -> None:
        target = await room.repository()
        await room.blob(target, b"left" * 9000)
        room.now += DAY
        await _doom(room)
        assert await collector(room).run() == 0
        room.now += AGAIN
        assert await collector(room).run() == 1
        assert room.files() == set()

    asyncio.run(story())


def test_a_failing_store_is_asked_again_later(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blob stays doomed and counted as a failure; each failure doubles the time until the next attempt."""

    async def story() -> None:
        target = await room.repository()
        await room.blob(target, b"stuck" * 9000)
        room.now += DAY
        with monkeypatch.context() as patch:
            patch.setattr(room.blobstore, "delete", _refuse)
            assert await collector(room).run() == 0
            room.now += FIRST_RETRY
            assert await collector(room).run() == 0
            room.now += FIRST_RETRY
            assert await collector(room).run() == 0
            assert (await room.rows("SELECT attempts FROM collection_queue")) == [(2,)]
        room.now += FIRST_RETRY
        assert await collector(room).run() == 1
        standing = await Collections(room.database, room.clock, DAY).standing()
        assert (standing.totals.failures, standing.totals.blobs) == (2, 1)

    asyncio.run(story())


def test_several_collectors_share_the_work(room: Room, beside: Room) -> None:
    """Two at once reclaim every blob, each of them once."""

    async def story() -> None:
        target = await room.repository()
        for number in range(2 * STEP):
            await room.blob(target, b"%d" % number)
        room.now += DAY
        beside.now = room.now
        done = await asyncio.gather(collector(room).run(), collector(beside).run())
        assert sum(done) == 2 * STEP
        assert set(await counts(room)) == {"repository", "collection_total"}
        totals = (await Collections(room.database, room.clock, DAY).standing()).totals
        assert totals.blobs == 2 * STEP

    asyncio.run(story())


def test_the_standing_tells_what_waits(room: Room) -> None:
    """Queued, due and oldest blobs, and what can be restored."""

    async def story() -> None:
        target = await room.repository()
        image = await room.image(target, b"layer", tag="v1")
        await room.repositories.delete(await room.repository("gone"), True)
        await room.images.delete(target, [ImageId("v1", image.digest)])
        told = await Collections(room.database, room.clock, DAY).standing()
        assert (told.backlog.queued, told.backlog.due, told.backlog.oldest) == (2, 0, room.now + DAY)
        assert (told.undoable.images, told.undoable.repositories) == (1, 1)
        room.now += DAY
        assert await Collections(room.database, room.clock, DAY).count_due() == 2

    asyncio.run(story())


def test_a_short_lease_is_kept(room: Room) -> None:
    """Limits with another lease: what is deleted goes when that is over."""

    async def story() -> None:
        room.use(limits=Limits(collection_lease=1000))
        target = await room.repository()
        await room.blob(target, b"brief")
        room.now += 999
        assert await collector(room).run() == 0
        room.now += 1
        assert await collector(room).run() == 1

    asyncio.run(story())


async def _doom(room: Room) -> list[Doomed]:
    now = room.now
    doomed, _ = await room.database.write(lambda connection: list_doomed(connection, now, now + AGAIN, 10))
    assert doomed
    return doomed


async def _refuse(key: str) -> None:
    raise StorageBusy
