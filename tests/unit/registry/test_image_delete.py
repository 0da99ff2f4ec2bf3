"""BatchDeleteImage and DELETE of a manifest: what goes, what stays, what is said, and what can be read afterwards."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from cargohold.core import digest as digests
from cargohold.core.arn import Target
from cargohold.core.digest import Digest
from cargohold.core.errors import ImageReferenced, LayerNotFound, LayersNotFound, ManifestNotFound
from cargohold.registry.image import Failure, Image, ImageId

from .bed import Room

DAY = 24 * 60 * 60 * 1000
ABSENT = digests.of(b"absent")
INVALID = "Invalid request parameters: "
NOT_FOUND = ("ImageNotFound", "Requested image not found")
MISMATCH = (
    "ImageTagDoesNotMatchDigest",
    "Invalid request parameters: given tag does not map to the given digest",
)


@dataclass(frozen=True)
class Held:
    """What a deletion starts from: M has two tags, N one, U none; index X (tagged) lists C, which has a tag."""

    m: Digest
    n: Digest
    u: Digest
    c: Digest
    x: Digest

    def everything(self) -> set[str]:
        return {self.m, self.n, self.u, self.c, self.x}


async def filled(room: Room) -> tuple[Target, Held]:
    target = await room.repository()
    m = await room.image(target, b"m", tag="m1")
    await room.put(target, m.payload, "m2")
    n = await room.image(target, b"n", tag="n")
    u = await room.image(target, b"u")
    c = await room.image(target, b"c", tag="c")
    x = await room.index(target, c, tag="x")
    return target, Held(m.digest, n.digest, u.digest, c.digest, x.digest)


def by(tag: str | None = None, digest: str | None = None) -> ImageId:
    return ImageId(tag, digest)


Names = Callable[[Held], list[ImageId]]
Reasons = Callable[[Held], list[tuple[ImageId, str, str]]]


@pytest.mark.parametrize(
    ("asked", "deleted", "gone", "tags"),
    [
        (lambda h: [by("m1")], lambda h: [by("m1", h.m)], lambda h: set(), "m2 n c x"),
        (lambda h: [by("m1"), by("m2")], lambda h: [by("m1", h.m), by("m2", h.m)], lambda h: {h.m}, "n c x"),
        (lambda h: [by("m1"), by("m1")], lambda h: [by("m1", h.m)], lambda h: set(), "m2 n c x"),
        (lambda h: [by("m1"), by("m1", h.m)], lambda h: [by("m1", h.m)], lambda h: set(), "m2 n c x"),
        (lambda h: [by("n")], lambda h: [by("n", h.n)], lambda h: {h.n}, "m1 m2 c x"),
        (lambda h: [by("m1", h.m)], lambda h: [by("m1", h.m)], lambda h: set(), "m2 n c x"),
        (lambda h: [by(None, h.m)], lambda h: [by("m1", h.m), by("m2", h.m)], lambda h: {h.m}, "n c x"),
        (lambda h: [by(None, h.u)], lambda h: [by(None, h.u)], lambda h: {h.u}, "m1 m2 n c x"),
        (lambda h: [by(None, h.u)] * 2, lambda h: [by(None, h.u)], lambda h: {h.u}, "m1 m2 n c x"),
        (
            lambda h: [by(None, h.m), by("m2"), by("m1", h.m)],
            lambda h: [by("m1", h.m), by("m2", h.m)],
            lambda h: {h.m},
            "n c x",
        ),
        (lambda h: [by("n"), by(None, h.n)], lambda h: [by("n", h.n)], lambda h: {h.n}, "m1 m2 c x"),
        (lambda h: [by("c")], lambda h: [by("c", h.c)], lambda h: set(), "m1 m2 n x"),
        (lambda h: [by("x")], lambda h: [by("x", h.x)], lambda h: {h.x}, "m1 m2 n c"),
        (
            lambda h: [by(None, h.x), by(None, h.c)],
            lambda h: [by("x", h.x), by("c", h.c)],
            lambda h: {h.x, h.c},
            "m1 m2 n",
        ),
        (lambda h: [by("c"), by("x")], lambda h: [by("c", h.c), by("x", h.x)], lambda h: {h.x}, "m1 m2 n"),
        (lambda h: [by("x"), by("c")], lambda h: [by("x", h.x), by("c", h.c)], lambda h: {h.x, h.c}, "m1 m2 n"),
        (
            lambda h: [by("m1", h.m), by("m2", h.m), by("n", h.n), by(None, h.u), by("x", h.x), by("c", h.c)],
            lambda h: [by("m1", h.m), by("m2", h.m), by("n", h.n), by(None, h.u), by("x", h.x), by("c", h.c)],
            lambda h: h.everything(),
            "",
        ),
    ],
)
def test_deleted(room: Room, asked: Names, deleted: Names, gone: Callable[[Held], set[str]], tags: str) -> None:
    """A tag goes alone unless it is an image's last, a digest with all its tags; to be named twice is no failure."""

    async def story() -> None:
        target, held = await filled(room)
        got, failures = await room.images.delete(target, asked(held))
        assert (got, failures) == (deleted(held), [])
        assert await room.digests_of(target) == held.everything() - gone(held)
        assert set(await room.tags_of(target)) == set(tags.split())

    asyncio.run(story())


@pytest.mark.parametrize(
    ("asked", "failures"),
    [
        (
            lambda h: [by()],
            lambda h: [(by(), "MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null")],
        ),
        (
            lambda h: [by(None, "invalid")],
            lambda h: [
                (
                    by(None, "invalid"),
                    "InvalidImageDigest",
                    "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
                )
            ],
        ),
        (
            lambda h: [by("a/b")],
            lambda h: [
                (
                    by("a/b"),
                    "InvalidImageTag",
                    f"{INVALID}image tag should satisfy the regex '[a-zA-Z0-9_][a-zA-Z0-9._-]{{0,127}}'",
                )
            ],
        ),
        (lambda h: [by("absent")], lambda h: [(by("absent"), *NOT_FOUND)]),
        (lambda h: [by(None, ABSENT)], lambda h: [(by(None, ABSENT), *NOT_FOUND)]),
        (lambda h: [by("absent", h.m)], lambda h: [(by("absent", h.m), *NOT_FOUND)]),
        (lambda h: [by("m1", h.n)], lambda h: [(by("m1", h.n), *MISMATCH)]),
        (lambda h: [by("m1", ABSENT)], lambda h: [(by("m1", ABSENT), *MISMATCH)]),
        (
            lambda h: [by(None, h.c)],
            lambda h: [
                (
                    by(None, h.c),
                    "ImageReferencedByManifestList",
                    f"Requested image referenced by manifest list: [{h.x}]",
                )
            ],
        ),
    ],
)
def test_failures(room: Room, asked: Names, failures: Reasons) -> None:
    """What cannot be deleted has ECR's code and reason, and stays as it was while the rest of the call is done."""

    async def story() -> None:
        target, held = await filled(room)
        got, failed = await room.images.delete(target, [*asked(held), by("n")])
        assert got == [by("n", held.n)]
        assert failed == [Failure(*each) for each in failures(held)]
        assert await room.digests_of(target) == held.everything() - {held.n}
        assert set(await room.tags_of(target)) == {"m1", "m2", "c", "x"}

    asyncio.run(story())


def test_child_before_its_index(room: Room) -> None:
    """A child that is listed before its index stays, and goes when the index is gone."""

    async def story() -> None:
        target, held = await filled(room)
        deleted, failures = await room.images.delete(target, [by(None, held.c), by(None, held.x)])
        assert ([each.tag for each in deleted], [each.code for each in failures]) == (
            ["x"],
            ["ImageReferencedByManifestList"],
        )
        deleted, failures = await room.images.delete(target, [by(None, held.c)])
        assert (deleted, failures) == ([by("c", held.c)], [])

    asyncio.run(story())


def test_a_hundred(room: Room) -> None:
    """All of a long list, as ListImages gives it, is deleted in one call without a failure."""

    async def story() -> None:
        target = await room.repository()
        await room.image(target)
        for number in range(25):
            image = await room.put(target, room.manifest(annotations={"n": str(number)}), f"a{number}")
            for letter in "bcd":
                await room.put(target, image.payload, f"{letter}{number}")
        ids = (await room.images.list_ids(target, "TAGGED", "ACTIVE", None, 100)).items
        assert len(ids) == 100
        deleted, failures = await room.images.delete(target, ids)
        assert (set(deleted), failures) == (set(ids), [])
        assert len(await room.digests_of(target)) == 1

    asyncio.run(story())


def test_untag(room: Room) -> None:
    """DELETE of a tag takes the tag away and keeps its image, the last tag's too; an absent tag is not found."""

    async def story() -> None:
        target = await room.repository()
        image = await room.image(target, tag="v1")
        await room.images.untag(target, "v1")
        assert await room.digests_of(target) == {image.digest}
        for absent in ("v1", "never"):
            with pytest.raises(ManifestNotFound):
                await room.images.untag(target, absent)

    asyncio.run(story())


def test_remove(room: Room) -> None:
    """DELETE of a digest takes the image and its tags, unless an index lists it or it is not there."""

    async def story() -> None:
        target, held = await filled(room)
        await room.images.remove(target, held.m)
        with pytest.raises(ImageReferenced) as refused:
            await room.images.remove(target, held.c)
        assert str(refused.value) == f"Requested image referenced by manifest list: [{held.x}]"
        for absent in (held.m, ABSENT):
            with pytest.raises(ManifestNotFound):
                await room.images.remove(target, absent)
        assert set(await room.tags_of(target)) == {"n", "c", "x"}

    asyncio.run(story())


def test_last_reference(room: Room) -> None:
    """A blob is no longer readable in a repository whose last image with it was deleted, and stays so in others."""

    async def story() -> None:
        target, other = await room.repository(), await room.repository("other")
        one = await room.image(target, b"shared", b"one")
        two = await room.image(target, b"shared", b"two")
        await room.image(other, b"shared")
        shared, own = digests.of(b"shared"), digests.of(b"one")
        await room.images.remove(target, one.digest)
        assert set(await room.blobs.check(target, [shared, own, room.config])) == {shared, room.config}
        await room.images.delete(target, [ImageId(None, two.digest)])
        assert await room.blobs.check(target, [shared, own, room.config]) == {}
        for digest in (shared, own):
            with pytest.raises(LayerNotFound):
                await room.blobs.get(target, digest)
            with pytest.raises(LayerNotFound):
                await room.blobs.downloadable(target, digest)
        assert await room.read(other, shared) == b"shared"
        with pytest.raises(LayersNotFound):
            await room.put(target, two.payload)

    asyncio.run(story())


def test_queue(room: Room) -> None:
    """The blobs of what is deleted wait for a day from then, whether other images use them or not."""

    async def story() -> None:
        target = await room.repository()
        kept = await room.image(target, b"kept", tag="kept")
        await room.image(target, b"gone", tag="gone")
        await room.execute("DELETE FROM collection_queue")
        room.now += 3 * DAY
        await room.images.delete(target, [by("gone")])
        queue = await room.rows(
            "SELECT blob.digest, review_after, attempts, reason FROM collection_queue "
            "JOIN blob ON blob.id = blob_id ORDER BY blob.id"
        )
        at = room.now + DAY
        assert queue == [
            (room.config, at, 0, "image deleted"),
            (digests.of(b"gone"), at, 0, "image deleted"),
        ]
        assert (await room.images.describe(target, [by("kept")]))[0].id == kept.id

    asyncio.run(story())


def test_tombstone(room: Room) -> None:
    """A deleted image leaves its row, blobs and children behind, and may be pushed again as a new one."""

    async def story() -> None:
        target, held = await filled(room)
        x = (await room.images.describe(target, [by("x")]))[0]
        await room.images.delete(target, [by("x"), by("c")])
        assert await room.rows("SELECT deleted_at FROM image WHERE digest IN (:c, :x)", c=held.c, x=held.x) == [
            (room.now,),
            (room.now,),
        ]
        assert await room.rows("SELECT count(*) FROM image_reference WHERE parent_id = :id", id=x.id) == [(1,)]
        again = await room.image(target, b"c", tag="c")
        index = await room.index(target, again)
        assert (again.digest, index.digest) == (held.c, held.x)
        assert index.id != x.id
        with pytest.raises(ImageReferenced):
            await room.images.remove(target, held.c)

    asyncio.run(story())


@pytest.mark.parametrize("seed", range(4))
def test_race_with_pushes(room: Room, seed: int) -> None:
    """While images that share blobs are pushed and deleted at once, an image that is there has all of its blobs."""

    async def story() -> None:
        target = await room.repository()

        async def push(number: int) -> Image | None:
            try:
                return await room.image(target, b"shared %d" % (number % 2), tag=f"t{number % 5}", identical="accept")
            except LayersNotFound:  # its blobs went with another image meanwhile: the client pushes them again
                return None

        async def delete(number: int) -> None:
            await room.images.delete(target, [by(f"t{number % 5}")])

        await asyncio.gather(*((push if (number * 7 + seed) % 3 else delete)(number) for number in range(30)))
        for digest in await room.digests_of(target):
            found, _ = await room.images.get_many(target, [by(None, digest)])
            for layer in (room.config, *(digests.of(b"shared %d" % each) for each in range(2))):
                if layer.encode() in found[0][1].payload:
                    assert (await room.blobs.downloadable(target, layer)).digest == layer

    asyncio.run(story())
