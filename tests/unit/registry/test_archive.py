"""The archive: what may go there, where the bytes lie, and that nothing is lost on the way there and back."""

import asyncio
from collections.abc import AsyncIterable

import pytest

from cargohold.blobstore import Unfinished
from cargohold.blobstore.filesystem import FilesystemBlobStore
from cargohold.blobstore.stores import Stores
from cargohold.core import digest as digests
from cargohold.core.arn import Target
from cargohold.core.digest import Digest
from cargohold.core.errors import Corrupt, ImageStorageClassUpdateNotSupported, ManifestNotFound, Unavailable
from cargohold.core.reference import Reference
from cargohold.jobs.queue import Queue
from cargohold.registry.archive_tasks import ArchiveTasks
from cargohold.registry.blob_moves import LEASE, Mover
from cargohold.registry.image import Image, ImageId
from cargohold.registry.image_archive import ACTIVATE_TASK, ARCHIVE_TASK, ImageArchive
from cargohold.registry.undo import Undo

from .bed import CONFIG, Room, descriptor

LAYER, SHARED = b"a layer of its own", b"a layer that others use too"
HOUR = 60 * 60 * 1000


class Keeper:
    """The archive over a room, and its worker."""

    def __init__(self, room: Room, stores: Stores | None = None) -> None:
        self.room = room
        self.archive = ImageArchive(room.database, room.clock)
        self.mover = Mover(room.database, stores or room.stores, room.clock)
        self.tasks = tasks = ArchiveTasks(room.database, self.mover, room.clock)
        self.queue = Queue(room.database, {ARCHIVE_TASK: tasks.archive, ACTIVATE_TASK: tasks.activate}, room.clock)

    async def put_away(self, target: Target, image: Image) -> None:
        """Archives an image and does what follows."""
        await self.archive.archive(target, ImageId(digest=image.digest))
        await self.work()

    async def bring_back(self, target: Target, image: Image) -> None:
        await self.archive.restore(target, ImageId(digest=image.digest))
        await self.work()

    async def work(self) -> None:
        while await self.queue.run():
            pass

    async def tiers(self) -> dict[str, str]:
        """Where each blob lies, by its digest; and that it really does."""
        rows = await self.room.rows("SELECT digest, tier, generation, size FROM blob")
        for _, tier, generation, size in rows:
            assert await self.room.stores.of(tier).stat(generation) == size
        return {row[0]: row[1] for row in rows}

    async def no_leak(self) -> None:
        """Every file is a blob's, and nothing is under way."""
        assert self.room.files() == {row[0] for row in await self.room.rows("SELECT generation FROM blob")}
        assert await self.room.rows("SELECT blob_id FROM blob_move") == []

    async def status(self, target: Target, image: Image) -> str:
        (described,) = await self.room.images.describe(target, [ImageId(digest=image.digest)])
        return described.status


class Failing(FilesystemBlobStore):
    """A store that breaks off at one of its calls, as a process that dies there does."""

    at: str | None = None

    async def append(self, blob: Unfinished, chunks: AsyncIterable[bytes]) -> Unfinished:
        kept = await super().append(blob, chunks)
        self._die("append")
        return kept

    async def finish(self, blob: Unfinished) -> None:
        self._die("finish")
        await super().finish(blob)
        self._die("finished")

    async def delete(self, key: str) -> None:
        self._die("delete")
        await super().delete(key)
        self._die("deleted")

    def _die(self, at: str) -> None:
        if at == self.at:
            raise KilledHere


class KilledHere(Exception):
    """Stands for the end of a process: nobody cleans up behind it."""


def digest(data: bytes) -> Digest:
    return digests.of(data)


def test_bytes_follow(room: Room) -> None:
    """An archived image's own blobs move to the archive, those that an active image uses stay, and back they come."""

    async def story() -> None:
        keeper, target = Keeper(room), await room.repository()
        image = await room.image(target, LAYER, SHARED, tag="old")
        await room.image(target, SHARED, tag="new")
        await keeper.put_away(target, image)
        tiers = await keeper.tiers()
        assert [tiers[digest(each)] for each in (CONFIG, LAYER, SHARED)] == ["standard", "archive", "standard"]
        await keeper.no_leak()
        assert await keeper.status(target, image) == "ARCHIVED"
        with pytest.raises(ManifestNotFound):
            await room.images.get(target, Reference(tag="old"))
        await keeper.bring_back(target, image)
        assert set((await keeper.tiers()).values()) == {"standard"}
        await keeper.no_leak()
        assert (await room.images.get(target, Reference(tag="old"))).digest == image.digest
        assert await room.read(target, digest(LAYER)) == LAYER

    asyncio.run(story())


def test_used_elsewhere(room: Room) -> None:
    """A blob stays in the standard store while an active image of any repository or a deleted one uses it."""

    async def story() -> None:
        keeper, target, other = Keeper(room), await room.repository(), await room.repository("other")
        image, elsewhere = await room.image(target, LAYER), await room.image(other, LAYER, tag="live")
        await keeper.put_away(target, image)
        await room.images.delete(other, [ImageId(digest=elsewhere.digest)])
        await keeper.archive.restore(target, ImageId(digest=image.digest))
        await keeper.work()
        await keeper.put_away(target, image)
        assert set((await keeper.tiers()).values()) == {"standard"}

    asyncio.run(story())


def test_the_last_other_use_ends(room: Room) -> None:
    """A blob that stayed for an active image follows when that one is gone for good; the sweep goes on where it was."""

    async def story() -> None:
        keeper, target, other = Keeper(room), await room.repository(), await room.repository("other")
        image, elsewhere = await room.image(target, LAYER), await room.image(other, LAYER, tag="live")
        await keeper.put_away(target, image)
        assert await keeper.tasks.sweep() == 1
        await keeper.work()
        assert set((await keeper.tiers()).values()) == {"standard"}
        await room.execute("DELETE FROM image_blob WHERE image_id = :id", id=elsewhere.id)  # as the collector does
        assert await keeper.tasks.sweep() == 0
        assert await keeper.tasks.sweep() == 1
        await keeper.work()
        assert set((await keeper.tiers()).values()) == {"archive"}

    asyncio.run(story())


def test_times(room: Room) -> None:
    """When an image was archived and when it came back is kept with it."""

    async def story() -> None:
        keeper, target = Keeper(room), await room.repository()
        image = await room.image(target, LAYER)
        room.now += HOUR
        await keeper.put_away(target, image)
        archived_at = room.now
        room.now += HOUR
        assert await keeper.archive.restore(target, ImageId(digest=image.digest)) == (
            ImageId(None, image.digest),
            "ACTIVATING",
        )
        assert await keeper.status(target, image) == "ACTIVATING"
        await keeper.work()
        assert await room.rows("SELECT status, archived_at, activated_at FROM image") == [
            ("ACTIVE", archived_at, room.now)
        ]

    asyncio.run(story())


def test_pushed_again(room: Room) -> None:
    """Pushing an archived image makes it active at once; its layers are read from the archive until they are back."""

    async def story() -> None:
        keeper, target = Keeper(room), await room.repository()
        image = await room.image(target, LAYER, tag="v1")
        await keeper.put_away(target, image)
        assert (await keeper.tiers())[digest(LAYER)] == "archive"
        again = await room.image(target, LAYER, tag="v1", identical="accept")
        assert (again.digest, await keeper.status(target, image)) == (image.digest, "ACTIVE")
        assert await room.read(target, digest(LAYER)) == LAYER
        await keeper.work()
        assert set((await keeper.tiers()).values()) == {"standard"}
        await keeper.no_leak()

    asyncio.run(story())


def test_a_new_image_of_archived_layers(room: Room) -> None:
    """A push that needs a blob of the archive, looked up or mounted, works at once, and the blob comes back."""

    async def story() -> None:
        keeper, target, other = Keeper(room), await room.repository(), await room.repository("other")
        await keeper.put_away(target, await room.image(target, LAYER))
        assert await room.blobs.mount(other, digest(LAYER), target) is not None
        assert await room.blobs.mount(other, digest(CONFIG), target) is not None
        made = await room.put(other, room.manifest(digest(LAYER)), "new")
        assert await room.read(other, digest(LAYER)) == LAYER
        await keeper.work()
        assert set((await keeper.tiers()).values()) == {"standard"}
        assert await keeper.status(other, made) == "ACTIVE"
        await keeper.no_leak()

    asyncio.run(story())


def test_an_index(room: Room) -> None:
    """What an index lists is archived after it, not before, and comes back with it."""

    async def story() -> None:
        keeper, target = Keeper(room), await room.repository()
        child = await room.image(target, LAYER)
        index = await room.index(target, child, tag="all")
        with pytest.raises(ImageStorageClassUpdateNotSupported):
            await keeper.put_away(target, child)
        await keeper.put_away(target, index)
        assert await keeper.status(target, child) == "ACTIVE"
        await keeper.put_away(target, child)
        assert set((await keeper.tiers()).values()) == {"archive"}
        await keeper.bring_back(target, index)
        assert [await keeper.status(target, each) for each in (index, child)] == ["ACTIVE", "ACTIVE"]
        assert set((await keeper.tiers()).values()) == {"standard"}

    asyncio.run(story())


def test_an_index_pushed_over_archived_images(room: Room) -> None:
    """An index that is pushed, or pushed again, has what it lists out of the archive."""

    async def story() -> None:
        keeper, target = Keeper(room), await room.repository()
        child = await room.image(target, LAYER)
        await keeper.put_away(target, child)
        index = await room.index(target, child, tag="all")
        assert await keeper.status(target, child) == "ACTIVE"
        await keeper.work()
        assert set((await keeper.tiers()).values()) == {"standard"}
        await keeper.put_away(target, index)
        await keeper.put_away(target, child)
        await room.index(target, child, tag="again")
        assert [await keeper.status(target, each) for each in (index, child)] == ["ACTIVE", "ACTIVE"]

    asyncio.run(story())


def test_referrers(room: Room) -> None:
    """What refers to an image is not archived before it, and follows it there and back."""

    async def story() -> None:
        keeper, target = Keeper(room), await room.repository()
        image = await room.image(target, LAYER)
        subject = descriptor(image.digest, 7, "application/vnd.oci.image.manifest.v1+json")
        await room.blob(target, b"signed")
        signature = await room.put(target, room.manifest(digest(b"signed"), subject=subject))
        with pytest.raises(ImageStorageClassUpdateNotSupported):
            await keeper.put_away(target, signature)
        await keeper.put_away(target, image)
        assert await keeper.status(target, signature) == "ARCHIVED"
        assert set((await keeper.tiers()).values()) == {"archive"}
        await keeper.bring_back(target, image)
        assert await keeper.status(target, signature) == "ACTIVE"
        kinds = await room.rows("SELECT kind, payload FROM event ORDER BY id")
        assert [kind for kind, _ in kinds] == ["ECR Image Action", "ECR Referrer Action"] * 2

    asyncio.run(story())


def test_refused_twice(room: Room) -> None:
    """An image that has the storage class already is refused, but for one that is on its way back."""

    async def story() -> None:
        keeper, target = Keeper(room), await room.repository()
        image = await room.image(target, LAYER)
        named = ImageId(digest=image.digest)
        with pytest.raises(ImageStorageClassUpdateNotSupported, match="it is ACTIVE"):
            await keeper.archive.restore(target, named)
        await keeper.archive.archive(target, named)
        with pytest.raises(ImageStorageClassUpdateNotSupported, match="it is ARCHIVED"):
            await keeper.archive.archive(target, named)
        await keeper.archive.restore(target, named)
        with pytest.raises(ImageStorageClassUpdateNotSupported, match="it is ACTIVATING"):
            await keeper.archive.archive(target, named)
        assert (await keeper.archive.restore(target, named))[1] == "ACTIVATING"
        await keeper.work()
        assert await keeper.status(target, image) == "ACTIVE"
        await keeper.no_leak()

    asyncio.run(story())


@pytest.mark.parametrize("at", ["append", "finish", "finished", "delete", "deleted"])
def test_killed(room: Room, at: str) -> None:
    """A move that dies at any point loses no byte and leaks none: who comes next ends it."""

    async def story() -> None:
        target = await room.repository()
        image = await room.image(target, LAYER)
        failing = Failing(room.folder), Failing(room.folder / "archive")
        failing[0].at = failing[1].at = at
        dying = Keeper(room, Stores(*failing))
        await dying.archive.archive(target, ImageId(digest=image.digest))
        await dying.queue.run()
        assert await room.read(target, digest(LAYER)) == LAYER
        await dying.tiers()
        keeper = Keeper(room)
        room.now += HOUR
        await keeper.mover.reap()
        await keeper.no_leak()
        await keeper.work()
        assert set((await keeper.tiers()).values()) == {"archive"}
        await keeper.no_leak()
        await keeper.bring_back(target, image)
        assert set((await keeper.tiers()).values()) == {"standard"}
        await keeper.no_leak()

    asyncio.run(story())


def test_one_mover_at_a_time(room: Room) -> None:
    """Who comes upon bytes that another worker moves waits until that one is done or dead."""

    async def story() -> None:
        target = await room.repository()
        image = await room.image(target, LAYER)
        keeper = Keeper(room)
        await keeper.archive.archive(target, ImageId(digest=image.digest))
        ((blob_id,),) = await room.rows("SELECT id FROM blob WHERE digest = :digest", digest=digest(LAYER))
        failing = Failing(room.folder / "archive")
        failing.at = "finish"
        with pytest.raises(KilledHere):
            await Mover(room.database, Stores(room.blobstore, failing), room.clock).move(blob_id, "archive")
        with pytest.raises(Unavailable):
            await keeper.mover.move(blob_id, "archive")
        room.now += LEASE
        assert await keeper.mover.move(blob_id, "archive")
        assert not await keeper.mover.move(blob_id, "archive")
        await keeper.no_leak()

    asyncio.run(story())


def test_pushed_while_it_moves(room: Room) -> None:
    """A blob that a push begins to use while it is copied stays where it is, and the copy is dropped."""

    async def story() -> None:
        target = await room.repository()
        keeper = Keeper(room)
        image = await room.image(target, LAYER)

        class Slow(FilesystemBlobStore):
            async def finish(self, blob: Unfinished) -> None:
                await super().finish(blob)
                await room.put(target, room.manifest(digest(LAYER), annotations={"a": "b"}), "new")

        await keeper.archive.archive(target, ImageId(digest=image.digest))
        ((blob_id,),) = await room.rows("SELECT id FROM blob WHERE digest = :digest", digest=digest(LAYER))
        stores = Stores(room.blobstore, Slow(room.folder / "archive"))
        assert not await Mover(room.database, stores, room.clock).move(blob_id, "archive")
        assert set((await keeper.tiers()).values()) == {"standard"}
        await keeper.no_leak()

    asyncio.run(story())


def test_damaged_on_the_way(room: Room) -> None:
    """Bytes that are not the blob's do not become it: the image stays as it was until a push repairs it."""

    async def story() -> None:
        keeper, target = Keeper(room), await room.repository()
        image = await room.image(target, LAYER)
        await keeper.put_away(target, image)
        rows = await room.rows("SELECT id, generation FROM blob WHERE digest = :digest", digest=digest(LAYER))
        ((blob_id, generation),) = rows
        (path,) = [path for path in room.folder.rglob(generation) if path.is_file()]
        path.write_bytes(LAYER[::-1])
        with pytest.raises(Corrupt):
            await keeper.mover.move(blob_id, "standard")
        assert (await keeper.tiers())[digest(LAYER)] == "archive"
        await keeper.no_leak()

    asyncio.run(story())


def test_repaired_in_the_archive(room: Room) -> None:
    """A blob whose bytes are missing from the archive is repaired by pushing it, into the standard store."""

    async def story() -> None:
        keeper, target = Keeper(room), await room.repository()
        await keeper.put_away(target, await room.image(target, LAYER))
        rows = await room.rows("SELECT generation FROM blob WHERE digest = :digest", digest=digest(LAYER))
        await room.archive.delete(rows[0][0])
        await room.blob(target, LAYER)
        assert (await keeper.tiers())[digest(LAYER)] == "standard"
        assert await room.read(target, digest(LAYER)) == LAYER
        await keeper.no_leak()

    asyncio.run(story())


def test_an_undone_index_brings_its_images_back(room: Room) -> None:
    """An image that was archived while its index was deleted can be pulled again with it."""

    async def story() -> None:
        target, keeper = await room.repository(), Keeper(room)
        child = await room.image(target, LAYER)
        index = await room.index(target, child, tag="list")
        await room.images.delete(target, [ImageId(tag="list")])
        await keeper.put_away(target, child)
        await Undo(room.database, room.clock, room.limits).restore_image(target, index.digest)
        assert await keeper.status(target, child) == "ACTIVE"
        await keeper.work()
        assert set((await keeper.tiers()).values()) == {"standard"}
        await keeper.no_leak()

    asyncio.run(story())


def test_undone_on_its_way_back(room: Room) -> None:
    """An image that was deleted while it came back from the archive comes back all the same, once it is undone."""

    async def story() -> None:
        target, keeper = await room.repository(), Keeper(room)
        image = await room.image(target, LAYER, tag="v1")
        await keeper.put_away(target, image)
        await keeper.archive.restore(target, ImageId(digest=image.digest))
        await room.images.delete(target, [ImageId(digest=image.digest)])
        await keeper.work()
        await Undo(room.database, room.clock, room.limits).restore_image(target, image.digest)
        await keeper.work()
        assert await keeper.status(target, image) == "ACTIVE"
        assert set((await keeper.tiers()).values()) == {"standard"}

    asyncio.run(story())


def test_a_repository_undone_while_its_images_come_back(room: Room) -> None:
    """What was on its way back from the archive when its repository was deleted is taken up by the next sweep."""

    async def story() -> None:
        target, keeper = await room.repository(), Keeper(room)
        image = await room.image(target, LAYER, tag="v1")
        await keeper.put_away(target, image)
        await keeper.archive.restore(target, ImageId(digest=image.digest))
        await room.repositories.delete(target, force=True)
        await keeper.work()
        await Undo(room.database, room.clock, room.limits).restore_repository(target.registry, target.name)
        for _ in range(2):
            assert await keeper.tasks.sweep() == 1
            keeper.tasks = ArchiveTasks(room.database, keeper.mover, room.clock)
        assert await room.rows("SELECT count(*) FROM job") == [(1,)]
        await keeper.work()
        assert await keeper.status(target, image) == "ACTIVE"

    asyncio.run(story())
