"""Images read: one by reference, many by ECR's names, listed and described."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import product
from typing import TypeVar

import pytest

from cargohold.core import digest as digests
from cargohold.core import manifest as manifests
from cargohold.core.arn import Target
from cargohold.core.errors import ImageNotFound, InvalidParameter, LimitExceeded, ManifestNotFound
from cargohold.core.paging import Page
from cargohold.core.reference import Reference
from cargohold.registry.image import Failure, Image, ImageId
from cargohold.registry.image_list import WINDOW
from cargohold.registry.limits import Limits
from tests.bed.engines import statements

from .bed import Room, descriptor

T = TypeVar("T")

ABSENT = digests.of(b"absent")
BAD_DIGEST = "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'"
BAD_TAG = "Invalid request parameters: image tag should satisfy the regex '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'"


async def counted(room: Room, reading: Callable[[], Awaitable[T]]) -> tuple[T, int]:
    """What is read, and with how many statements. It is read twice, because an engine may have to learn how many."""
    await reading()
    with statements(room.database) as sent:
        return await reading(), len([each for each in sent if each.startswith("SELECT")])


async def collect(page: Callable[[str | None, int], Awaitable[Page[T]]], limit: int) -> list[T]:
    """Every item of a listing, page by page."""
    items: list[T] = []
    after: str | None = None
    while True:
        got = await page(after, limit)
        assert len(got.items) <= limit
        items += got.items
        after = got.after
        if after is None:
            return items
        assert len(got.items) == limit


def test_get(room: Room) -> None:
    """An image is read by tag and by digest, with the bytes that were pushed, in one statement each."""

    async def story() -> None:
        target = await room.repository()
        image = await room.image(target, b"layer", tag="v1")
        for reference in (Reference(tag="v1"), Reference(digest=image.digest)):
            got, number = await counted(room, partial(room.images.get, target, reference))
            assert (got, number) == (image, 1)

    asyncio.run(story())


def test_get_nothing(room: Room) -> None:
    """What is absent, in another repository, archived or deleted is not found, by tag or by digest."""

    async def story() -> None:
        target, other = await room.repository(), await room.repository("other")
        foreign = await room.image(other, b"other", tag="theirs")
        archived = await room.image(target, b"archived", tag="archived")
        await room.execute("UPDATE image SET status = 'ARCHIVED' WHERE id = :id", id=archived.id)
        deleted = await room.image(target, b"deleted", tag="deleted")
        await room.images.remove(target, deleted.digest)
        for reference in (
            Reference(tag="absent"),
            Reference(digest=ABSENT),
            Reference(tag="theirs"),
            Reference(digest=foreign.digest),
            Reference(tag="archived"),
            Reference(digest=archived.digest),
            Reference(tag="deleted"),
            Reference(digest=deleted.digest),
            Reference(tag=deleted.digest),
        ):
            with pytest.raises(ManifestNotFound, match="Requested image not found"):
                await room.images.get(target, reference)

    asyncio.run(story())


def test_failures_of_a_batch(room: Room) -> None:
    """Each name that cannot be answered has ECR's code and reason beside the images that can, and none is lost."""

    async def story() -> None:
        target = await room.repository()
        image = await room.image(target, b"layer", tag="v1")
        other = await room.image(target, b"other", tag="v2")
        archived = await room.image(target, b"archived", tag="old")
        await room.execute("UPDATE image SET status = 'ARCHIVED' WHERE id = :id", id=archived.id)
        wrong = {
            ImageId(): ("MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null"),
            ImageId(digest="invalid"): ("InvalidImageDigest", BAD_DIGEST),
            ImageId(digest="sha256:xyz"): ("InvalidImageDigest", BAD_DIGEST),
            ImageId(tag="v1", digest=""): ("InvalidImageDigest", BAD_DIGEST),
            ImageId(tag=""): ("InvalidImageTag", BAD_TAG),
            ImageId(tag="-x"): ("InvalidImageTag", BAD_TAG),
            ImageId(tag="v" * 300): ("InvalidImageTag", BAD_TAG),
            ImageId(tag="absent"): ("ImageNotFound", "Requested image not found"),
            ImageId(digest=ABSENT): ("ImageNotFound", "Requested image not found"),
            ImageId(digest="md5:abc"): ("ImageNotFound", "Requested image not found"),
            ImageId(tag="absent", digest=image.digest): ("ImageNotFound", "Requested image not found"),
            ImageId(tag="v1", digest=ABSENT): (
                "ImageTagDoesNotMatchDigest",
                "Invalid request parameters: given tag does not map to the given digest",
            ),
            ImageId(tag="v1", digest=other.digest): (
                "ImageTagDoesNotMatchDigest",
                "Invalid request parameters: given tag does not map to the given digest",
            ),
            ImageId(tag="old"): ("ImageInaccessible", "Requested image is archived"),
            ImageId(digest=archived.digest): ("ImageInaccessible", "Requested image is archived"),
        }
        right = {
            ImageId(tag="v1"): ImageId("v1", image.digest),
            ImageId(digest=image.digest): ImageId(None, image.digest),
            ImageId(tag="v2", digest=other.digest): ImageId("v2", other.digest),
        }
        found, failures = await room.images.get_many(target, [*wrong, *right, *right])
        assert failures == [Failure(named, *reason) for named, reason in wrong.items()]
        assert found == [(right[ImageId(tag="v1")], image), (ImageId(None, image.digest), image), (found[2][0], other)]
        assert found[2][0] == right[ImageId(tag="v2", digest=other.digest)]

    asyncio.run(story())


def test_batch_of_a_hundred(room: Room) -> None:
    """A hundred images are read in three statements, in the order of their names."""

    async def story() -> None:
        target = await room.repository()
        await room.image(target)
        images = [await room.put(target, room.manifest(annotations={"n": str(n)}), f"t{n}") for n in range(100)]
        names = [ImageId(f"t{n}") if n % 2 else ImageId(None, image.digest) for n, image in enumerate(images)]
        (found, failures), number = await counted(room, lambda: room.images.get_many(target, names))
        assert ([image for _, image in found], failures, number) == (images, [], 3)

    asyncio.run(story())


def test_batch_that_is_too_large(room: Room) -> None:
    """Manifests that would not fit into one answer are refused before they are read; one by one they are given."""
    room.use(limits=Limits(batch_bytes=1000))

    async def story() -> None:
        target = await room.repository()
        images = [await room.image(target, b"%d" % number) for number in range(3)]
        names = [ImageId(None, image.digest) for image in images]
        with pytest.raises(LimitExceeded, match="more than 1000 bytes of manifests"):
            await room.images.get_many(target, names)
        found, _ = await room.images.get_many(target, names[:1])
        assert found[0][1] == images[0]

    asyncio.run(story())


def test_describe(room: Room) -> None:
    """Images are described once each, in order, with every tag and whatever their status, without their manifests."""

    async def story() -> None:
        target = await room.repository()
        one = await room.image(target, b"1", tag="b")
        await room.put(target, one.payload, "a")
        two = await room.image(target, b"2")
        await room.execute("UPDATE image SET status = 'ARCHIVED' WHERE id = :id", id=two.id)
        names = [ImageId(None, two.digest), ImageId("b"), ImageId("a", one.digest), ImageId(None, one.digest)]
        described, number = await counted(room, lambda: room.images.describe(target, names))
        assert [(each.digest, each.tags, each.payload) for each in described] == [
            (two.digest, (), b""),
            (one.digest, ("a", "b"), b""),
        ]
        assert [each.status for each in described] == ["ARCHIVED", "ACTIVE"]
        assert (described[1].size, described[1].artifact_type) == (one.size, one.artifact_type)
        assert number == 4

    asyncio.run(story())


@pytest.mark.parametrize(
    ("named", "printed"),
    [
        (ImageId("absent"), "{imageDigest:'null', imageTag:'absent'}"),
        (ImageId(None, ABSENT), f"{{imageDigest:'{ABSENT}', imageTag:'null'}}"),
        (ImageId("v1", ABSENT), f"{{imageDigest:'{ABSENT}', imageTag:'v1'}}"),
    ],
)
def test_describe_unknown(room: Room, named: ImageId, printed: str) -> None:
    """One unknown name fails the whole description, and the sentence prints both of its members."""

    async def story() -> None:
        target = await room.repository()
        await room.image(target, tag="v1")
        with pytest.raises(ImageNotFound) as refused:
            await room.images.describe(target, [ImageId("v1"), named])
        assert str(refused.value) == (
            f"The image with imageId {printed} does not exist within the repository with name 'demo' in the registry "
            "with id '123456789012'"
        )

    asyncio.run(story())


@pytest.mark.parametrize("named", [ImageId(), ImageId(digest="x"), ImageId(tag="a b")])
def test_describe_malformed(room: Room, named: ImageId) -> None:
    """A name that cannot be one is an invalid parameter of DescribeImages."""

    async def story() -> None:
        target = await room.repository()
        with pytest.raises(InvalidParameter, match="at 'imageIds' failed to satisfy constraint: 'Invalid request"):
            await room.images.describe(target, [named])

    asyncio.run(story())


Shown = list[tuple[Image, str, tuple[str, ...]]]


async def listed(room: Room, target: Target) -> Shown:
    """Images with and without tags, active and archived, beside a deleted one and another repository's."""
    other = await room.repository("other")
    await room.image(other, b"other", tag="v1")
    gone = await room.image(target, b"gone", tag="gone")
    await room.images.remove(target, gone.digest)
    held: Shown = []
    for number, tags in enumerate([("v1",), ("v1.0", "v1-alpine", "V1"), (), (), ("tag_x-", "z")]):
        image = await room.image(target, b"%d" % number, tag=tags[0] if tags else None)
        for tag in tags[1:]:
            await room.put(target, image.payload, tag)
        status = "ACTIVE" if number % 2 == 0 else "ARCHIVED"
        await room.execute("UPDATE image SET status = :status WHERE id = :id", status=status, id=image.id)
        held.append((image, status, tags))
    return held


@pytest.mark.parametrize("tag_status", ["TAGGED", "UNTAGGED", "ANY"])
def test_listings(room: Room, tag_status: str) -> None:
    """Pages of any length show each tag and each untagged image once, and each image once, as the filter says."""

    async def story() -> None:
        target = await room.repository()
        held = await listed(room, target)
        for status, limit in product(["ACTIVE", "ARCHIVED", "ANY"], [1, 2, 3, 100]):
            shown = [
                (image, tags)
                for image, state, tags in held
                if status in ("ANY", state) and tag_status in ("ANY", "TAGGED" if tags else "UNTAGGED")
            ]
            asked = (target, tag_status, status)
            ids = await collect(partial(room.images.list_ids, *asked), limit)
            tagged = sorted((tag, image.digest) for image, tags in shown for tag in tags)
            untagged = sorted(image.digest for image, tags in shown if not tags)
            assert [(each.tag, each.digest) for each in ids] == tagged + [(None, digest) for digest in untagged]
            described = await collect(partial(room.images.describe_page, *asked), limit)
            expected = sorted((image.digest, tuple(sorted(tags)), b"") for image, tags in shown)
            assert [(each.digest, each.tags, each.payload) for each in described] == expected

    asyncio.run(story())


def test_long_listing(room: Room) -> None:
    """What is wanted is found behind more than one window of what is not, and a long page holds all of it."""

    async def story() -> None:
        target = await room.repository()
        await room.image(target)
        payloads = [room.manifest(annotations={"n": str(n)}) for n in range(2 * WINDOW)]
        await asyncio.gather(*(room.put(target, each, f"t{n}") for n, each in enumerate(payloads)))
        last = max(digests.of(each) for each in payloads)
        tag = next(tag for tag, digest in (await room.tags_of(target)).items() if digest == last)
        await room.images.untag(target, tag)
        untagged = await room.images.list_ids(target, "UNTAGGED", "ACTIVE", None, 10)
        assert last in {each.digest for each in untagged.items}
        every = await room.images.describe_page(target, "ANY", "ACTIVE", None, 1000)
        assert (len(every.items), every.after) == (2 * WINDOW + 1, None)
        assert len((await room.images.list_ids(target, "TAGGED", "ACTIVE", None, 1000)).items) == 2 * WINDOW - 1

    asyncio.run(story())


def test_tags(room: Room) -> None:
    """Tags are paged in lexical order, each repository's own, and similar names stay apart."""
    names = ["v1", "v1.0", "v1-alpine", "V2", "_x", "10", "9"]

    async def story() -> None:
        target, other = await room.repository(), await room.repository("other")
        await room.image(other, tag="theirs")
        image = await room.image(target)
        for name in names:
            await room.put(target, image.payload, name)
        for limit in (1, 3, len(names), 100):
            assert await collect(partial(room.tags.page, target), limit) == sorted(names)
        assert await room.tags.page(target, "v1.0", 10) == Page(())
        assert await room.tags.page(target, "v", 1) == Page(("v1",), "v1")
        assert await room.tags.page(target, None, 0) == Page(())

    asyncio.run(story())


def test_subject(room: Room) -> None:
    """A referrer names its subject, which need not be there, and is listed as an untagged image."""

    async def story() -> None:
        target = await room.repository()
        await room.image(target)
        subject = descriptor(ABSENT, 9, manifests.OCI_MANIFEST)
        referrer = await room.put(target, room.manifest(subject=subject))
        described = await room.images.describe(target, [ImageId(None, referrer.digest)])
        assert (described[0].subject_digest, described[0].tags) == (ABSENT, ())

    asyncio.run(story())
