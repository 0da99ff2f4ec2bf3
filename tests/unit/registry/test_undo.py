"""Undo: what was deleted comes back within its lease, whole or not at all."""

import asyncio

import pytest

from cargohold.core.arn import Target
from cargohold.core.errors import (
    ImageNotFound,
    LimitExceeded,
    ReferencedImagesNotFound,
    RepositoryAlreadyExists,
    RepositoryNotFound,
)
from cargohold.registry.collection import Collector
from cargohold.registry.image import Image, ImageId
from cargohold.registry.limits import Limits
from cargohold.registry.repositories import NewRepository
from cargohold.registry.undo import Undo

from .bed import HOME, Room

DAY = 24 * 3600 * 1000
BY = "arn:aws:iam::123456789012:user/clumsy"


def undo(room: Room) -> Undo:
    return Undo(room.database, room.clock, room.limits)


async def collect(room: Room) -> None:
    await Collector(room.database, room.stores, room.clock, room.limits.collection_lease).run()


async def pulls(room: Room, target: Target, image: Image) -> bool:
    """Whether every blob of the image's manifest can be read by its repository."""
    rows = await room.rows(
        "SELECT blob.digest FROM image JOIN image_blob ON image_blob.image_id = image.id "
        "JOIN blob ON blob.id = image_blob.blob_id WHERE image.digest = :digest",
        digest=image.digest,
    )
    return all([await room.read(target, row[0]) is not None for row in rows])


def test_an_image_comes_back_with_its_tags_and_blobs(room: Room) -> None:
    """After its blobs' rights went with it, and collectors ran, it is pulled as before; nothing is left to restore."""

    async def story() -> None:
        target = await room.repository()
        image = await room.image(target, b"layer" * 9000, tag="v1")
        await room.put(target, image.payload, "latest")
        await room.images.delete(target, [ImageId(None, image.digest)], BY)
        await collect(room)
        (told,) = (await undo(room).deleted_images(target, None, 10)).items
        assert (told.digest, told.tags, told.deleted_by) == (image.digest, ("latest", "v1"), BY)
        assert (told.deleted_at, told.expires_at) == (room.now, room.now + DAY)
        room.now += DAY - 1
        restored = await undo(room).restore_image(target, image.digest)
        assert (restored.tags, restored.taken) == (("latest", "v1"), ())
        assert await room.tags_of(target) == {"latest": image.digest, "v1": image.digest}
        assert (await undo(room).deleted_images(target, None, 10)).items == ()
        room.now += 2 * DAY
        await collect(room)
        assert await pulls(room, target, image)

    asyncio.run(story())


def test_tags_that_went_one_by_one_come_back_together(room: Room) -> None:
    """One call that takes an image's two tags away deletes it; both are its own again."""

    async def story() -> None:
        target = await room.repository()
        image = await room.image(target, b"layer", tag="a")
        await room.put(target, image.payload, "b")
        await room.images.delete(target, [ImageId("a"), ImageId("b")])
        assert (await undo(room).restore_image(target, image.digest)).tags == ("a", "b")

    asyncio.run(story())


@pytest.mark.parametrize("mutability", ["MUTABLE", "IMMUTABLE"])
def test_a_tag_that_is_taken_stays_where_it_is(room: Room, mutability: str) -> None:
    """The image comes back without it, whatever the repository's rules on moving tags."""

    async def story() -> None:
        target = await room.repository(tag_mutability=mutability)
        old = await room.image(target, b"old", tag="v1")
        await room.images.remove(target, old.digest)
        new = await room.image(target, b"new", tag="v1")
        restored = await undo(room).restore_image(target, old.digest)
        assert (restored.tags, restored.taken) == ((), ("v1",))
        assert await room.tags_of(target) == {"v1": new.digest}
        assert await room.digests_of(target) == {old.digest, new.digest}
        page = await room.images.list_ids(target, "UNTAGGED", "ANY", None, 10)
        assert [named.digest for named in page.items] == [old.digest]

    asyncio.run(story())


def test_an_index_brings_back_what_it_lists(room: Room) -> None:
    """Children that were deleted with it come back, one that was pushed again since is listed instead."""

    async def story() -> None:
        target = await room.repository()
        one, two = await room.image(target, b"one"), await room.image(target, b"two", tag="two")
        index = await room.index(target, one, two, tag="list")
        await room.images.delete(target, [ImageId(None, each.digest) for each in (index, one, two)])
        await room.image(target, b"one")
        restored = await undo(room).restore_image(target, index.digest)
        assert restored.children == (two.digest,)
        assert await room.tags_of(target) == {"list": index.digest, "two": two.digest}
        _, failures = await room.images.delete(target, [ImageId(None, one.digest), ImageId(None, two.digest)])
        assert [failure.code for failure in failures] == ["ImageReferencedByManifestList"] * 2

    asyncio.run(story())


def test_indexes_of_indexes_come_back_however_deep(room: Room) -> None:
    """Hundreds of indexes, each listing the one before, come back with the last; so does what two list."""

    async def story() -> None:
        target = await room.repository()
        below = await room.image(target, b"one", tag="one")
        images = [below]
        for _ in range(400):
            images.append(await room.index(target, images[-1]))
        top = await room.index(target, below, images[-1])
        for image in (top, *reversed(images)):
            await room.images.delete(target, [ImageId(None, image.digest)])
        restored = await undo(room).restore_image(target, top.digest)
        assert set(restored.children) == {below.digest, images[-1].digest}
        assert await room.digests_of(target) == {image.digest for image in (top, *images)}
        assert await room.tags_of(target) == {"one": below.digest}

    asyncio.run(story())


def test_an_index_whose_child_is_gone_does_not_come_back(room: Room) -> None:
    """The child was purged before the index was deleted for good: nothing is half restored."""

    async def story() -> None:
        target = await room.repository()
        one, two = await room.image(target, b"one"), await room.image(target, b"two")
        index = await room.index(target, one, two)
        await room.images.remove(target, index.digest)
        await room.images.remove(target, one.digest)
        await room.images.remove(target, two.digest)
        await room.execute("UPDATE image_deletion SET expires_at = 1 WHERE image_id = :id", id=two.id)
        await collect(room)
        with pytest.raises(ReferencedImagesNotFound):
            await undo(room).restore_image(target, index.digest)
        assert await room.digests_of(target) == set()

    asyncio.run(story())


def test_what_is_there_is_left_as_it_is(room: Room) -> None:
    """Restoring an image twice, or one that was pushed again, changes nothing and tells its tags."""

    async def story() -> None:
        target = await room.repository()
        image = await room.image(target, b"layer", tag="v1")
        told = await undo(room).restore_image(target, image.digest)
        assert (told.came, told.tags) == (False, ("v1",))

    asyncio.run(story())


def test_after_the_lease_nothing_comes_back(room: Room) -> None:
    """Neither an image nor a repository, whether a collector came by or not."""

    async def story() -> None:
        target = await room.repository()
        image = await room.image(target, b"layer", tag="v1")
        await room.images.remove(target, image.digest)
        await room.repositories.delete(await room.repository("gone"), True)
        room.now += DAY
        assert (await undo(room).deleted_images(target, None, 10)).items == ()
        assert (await undo(room).deleted_repositories(HOME, None, 10)).items == ()
        for _ in range(2):
            with pytest.raises(ImageNotFound):
                await undo(room).restore_image(target, image.digest)
            with pytest.raises(RepositoryNotFound):
                await undo(room).restore_repository(HOME, "gone")
            await collect(room)

    asyncio.run(story())


def test_a_full_repository_takes_nothing_back(room: Room) -> None:
    """The quota of images counts for what is restored too."""

    async def story() -> None:
        room.use(limits=Limits(images_per_repository=1))
        target = await room.repository()
        old = await room.image(target, b"old")
        await room.images.remove(target, old.digest)
        await room.image(target, b"new")
        with pytest.raises(LimitExceeded):
            await undo(room).restore_image(target, old.digest)
        assert old.digest not in await room.digests_of(target)

    asyncio.run(story())


def test_a_repository_comes_back_whole(room: Room) -> None:
    """E34: with images, tags and resource tags; collectors that ran meanwhile took nothing of what its images use."""

    async def story() -> None:
        made = await room.repositories.create(HOME, NewRepository("whole", tags={"team": "one"}))
        target = Target(HOME, "whole", made.id)
        image = await room.image(target, b"layer" * 9000, tag="v1")
        await room.repositories.delete(target, True)
        room.now += DAY - 1
        await collect(room)
        (told,) = (await undo(room).deleted_repositories(HOME, None, 10)).items
        assert (told.name, told.deleted_at) == ("whole", room.now - DAY + 1)
        assert (await undo(room).restore_repository(HOME, "whole")).id == made.id
        assert await room.tags_of(target) == {"v1": image.digest}
        assert await room.repositories.list_resource_tags(target) == {"team": "one"}
        room.now += 2 * DAY
        await collect(room)
        assert await pulls(room, target, image)

    asyncio.run(story())


def test_a_taken_name_keeps_a_repository_away(room: Room) -> None:
    """While another repository has the name it stays deleted; of several the last one comes back."""

    async def story() -> None:
        first = await room.repository("name")
        await room.repositories.delete(first, True)
        room.now += 1
        second = await room.repository("name")
        with pytest.raises(RepositoryAlreadyExists):
            await undo(room).restore_repository(HOME, "name")
        await room.repositories.delete(second, True)
        assert (await undo(room).restore_repository(HOME, "name")).id == second.id

    asyncio.run(story())


def test_deleted_images_come_in_pages(room: Room) -> None:
    """Each once, and the last page names no other."""

    async def story() -> None:
        target = await room.repository()
        gone = [await room.image(target, b"%d" % number) for number in range(3)]
        for image in gone:
            await room.images.remove(target, image.digest)
        first = await undo(room).deleted_images(target, None, 2)
        second = await undo(room).deleted_images(target, first.after, 2)
        assert [each.digest for each in (*first.items, *second.items)] == [image.digest for image in gone]
        assert second.after is None

    asyncio.run(story())
