"""Lists of images by tag and status: exact whatever tags did before, and short where two conditions meet."""

import asyncio
from typing import Any

import pytest

from cargohold.core.arn import Target
from cargohold.registry import image_list
from cargohold.registry.image import ImageId

from .bed import Room


async def digests(room: Room, target: Target, tag_status: str, status: str = "ACTIVE") -> set[str]:
    page = await room.images.describe_page(target, tag_status, status, None, 1000)
    return {image.digest for image in page.items}


async def every_page(list_page: Any, target: Target, filters: tuple[str, str], limit: int) -> tuple[list[Any], int]:
    """All items of a list, and how many pages they were on."""
    found: list[Any] = []
    after, pages = None, 0
    while pages == 0 or after is not None:
        page = await list_page(target, *filters, after, limit)
        found += page.items
        after, pages = page.after, pages + 1
    return found, pages


def test_untagged_is_what_no_tag_names(room: Room) -> None:
    """An image is untagged from when its last tag moved or went, and tagged again with the next one."""

    async def story() -> None:
        target = await room.repository()
        one = await room.image(target, b"one", tag="latest")
        assert await digests(room, target, "UNTAGGED") == set()
        two = await room.image(target, b"two", tag="latest")
        assert await digests(room, target, "UNTAGGED") == {one.digest}
        assert await digests(room, target, "TAGGED") == {two.digest}
        await room.image(target, b"one", tag="old")
        assert await digests(room, target, "UNTAGGED") == set()
        await room.images.untag(target, "old")
        three = await room.image(target, b"three")
        assert await digests(room, target, "UNTAGGED") == {one.digest, three.digest}
        await room.images.remove(target, one.digest)
        assert await digests(room, target, "UNTAGGED") == {three.digest}
        assert await room.rows("SELECT digest FROM untagged_image") == [(three.digest,)]

    asyncio.run(story())


def test_a_tag_of_several_leaves_none_untagged(room: Room) -> None:
    """An image that loses one of its tags and keeps another stays tagged; a child of an index may lose its last."""

    async def story() -> None:
        target = await room.repository()
        one = await room.image(target, b"one", tag="a")
        await room.image(target, b"one", tag="b")
        await room.image(target, b"two", tag="a")
        assert await digests(room, target, "UNTAGGED") == set()
        await room.index(target, one, tag="index")
        await room.images.delete(target, [ImageId(tag="b")])
        assert await digests(room, target, "UNTAGGED") == {one.digest}

    asyncio.run(story())


def test_two_last_tags_moved_at_once(room: Room) -> None:
    """When an image's last two tags are moved by two pushes at the same time, it is known to have none."""

    async def story() -> None:
        target = await room.repository()
        lost = await room.image(target, b"lost", tag="a")
        await room.image(target, b"lost", tag="b")
        for data in (b"one", b"two"):
            await room.blob(target, data)
        await asyncio.gather(room.image(target, b"one", tag="a"), room.image(target, b"two", tag="b"))
        assert await digests(room, target, "UNTAGGED") == {lost.digest}

    asyncio.run(story())


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_archived_images_are_listed_with_their_tags(room: Room, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    """ListImages of archived images has each of their tags and each without one, once, over windows of any size."""
    monkeypatch.setattr(image_list, "WINDOW", 2)

    async def story() -> None:
        target = await room.repository()
        wanted = set()
        for number in range(6):
            image = await room.image(target, f"{number}".encode())
            tags = [f"t{number}-{each}" for each in range(number % 3)]
            for tag in tags:
                await room.image(target, f"{number}".encode(), tag=tag)
            if number % 2:
                await room.execute("UPDATE image SET status = 'ARCHIVED' WHERE id = :id", id=image.id)
                wanted |= {(tag, image.digest) for tag in tags or [None]}
        found, _ = await every_page(room.images.list_ids, target, ("ANY", "ARCHIVED"), limit)
        assert len(found) == len(wanted)
        assert {(each.tag, each.digest) for each in found} == wanted

    asyncio.run(story())


def test_no_page_reads_everything(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where few images meet two conditions, pages end after so many reads, and together have each image once."""
    monkeypatch.setattr(image_list, "WINDOW", 2)
    monkeypatch.setattr(image_list, "WINDOWS", 2)

    async def story() -> None:
        target = await room.repository()
        made = [await room.image(target, f"{number}".encode()) for number in range(12)]
        last = max(made, key=lambda image: image.digest)
        await room.execute("UPDATE image SET status = 'ARCHIVED' WHERE id = :id", id=last.id)
        for list_page in (room.images.list_ids, room.images.describe_page):
            found, pages = await every_page(list_page, target, ("UNTAGGED", "ARCHIVED"), 100)
            assert [each.digest for each in found] == [last.digest]
            assert pages == 4

    asyncio.run(story())
