"""Immutable tags: what PutImageTagMutability changes, and that no route and no race gets round it."""

import asyncio
from collections.abc import Awaitable
from typing import Any, Literal, get_args

import pytest

from cargohold.core import digest as digests
from cargohold.core.arn import Target
from cargohold.core.errors import ImageTagAlreadyExists, InvalidParameter, ManifestNotFound, RepositoryNotFound
from cargohold.registry import mutability
from cargohold.registry.image import Image, ImageId, Push
from cargohold.registry.mutability import MODES
from cargohold.registry.store import repositories

from .bed import CONFIG, HOME, Room
from .gate import Gate

Route = Literal["refuse", "accept"]
"""PutImage refuses the identical image again, PUT accepts it."""

ROUTES: tuple[Route, ...] = get_args(Route)


async def push(room: Room, target: Target, content: str, tag: str | None = "v1", route: str = "accept") -> Image:
    """Pushes an image that has no layers and is told from others by its content."""
    await room.blob(target, CONFIG)
    return await room.put(target, payload(room, content), tag, identical=route)


def payload(room: Room, content: str) -> bytes:
    return room.manifest(annotations={"content": content})


async def outcome(*attempts: Awaitable[Any]) -> tuple[list[Any], list[BaseException]]:
    """What came of attempts that were made at once: results and refusals."""
    results = await asyncio.gather(*attempts, return_exceptions=True)
    refused = [each for each in results if isinstance(each, BaseException)]
    return [each for each in results if not isinstance(each, BaseException)], refused


@pytest.mark.parametrize("before", MODES)
@pytest.mark.parametrize("after", MODES)
def test_set(room: Room, before: str, after: str) -> None:
    """From every mode to every mode, with and without filters: the repository is as it was set, and else as it was."""

    async def story() -> None:
        old = ("old-*", "older") if before.endswith("EXCLUSION") else ()
        new = ("new-*",) if after.endswith("EXCLUSION") else ()
        target = await room.repository(
            tag_mutability=before, tag_mutability_filters=old, scan_on_push=True, tags={"k": "v"}
        )
        (made,) = await room.repositories.describe([target])
        room.now += 1000
        changed = await room.repositories.set_tag_mutability(target, after, new)
        assert (changed.tag_mutability, changed.tag_mutability_filters) == (after, new)
        assert await room.repositories.describe([target]) == [changed]
        assert (changed.id, changed.name, changed.created_at, changed.scan_on_push) == (
            made.id,
            made.name,
            made.created_at,
            True,
        )
        assert await room.repositories.list_resource_tags(target) == {"k": "v"}

    asyncio.run(story())


@pytest.mark.parametrize(
    ("mode", "filters"),
    [
        ("FROZEN", ()),
        ("IMMUTABLE", ("a",)),
        ("IMMUTABLE_WITH_EXCLUSION", ()),
        ("MUTABLE_WITH_EXCLUSION", ("a*b*c*",)),
    ],
)
def test_refused_settings(room: Room, mode: str, filters: tuple[str, ...]) -> None:
    """A mode whose filters do not fit is refused, and the repository keeps what it had."""

    async def story() -> None:
        target = await room.repository(tag_mutability="MUTABLE_WITH_EXCLUSION", tag_mutability_filters=("v*",))
        before = await room.repositories.describe([target])
        with pytest.raises(InvalidParameter):
            await room.repositories.set_tag_mutability(target, mode, filters)
        assert await room.repositories.describe([target]) == before

    asyncio.run(story())


def test_absent_repository(room: Room) -> None:
    """The mode of a repository that is not there, or not any more, cannot be set."""

    async def story() -> None:
        gone = await room.repository("gone")
        await room.repositories.delete(gone, True)
        again = await room.repository("gone")
        for target in (gone, Target(HOME, "gone", None)):
            with pytest.raises(RepositoryNotFound, match="'gone' does not exist"):
                await room.repositories.set_tag_mutability(target, "IMMUTABLE", ())
        assert (await room.repositories.describe([again]))[0].tag_mutability == "MUTABLE"

    asyncio.run(story())


@pytest.mark.parametrize("route", ROUTES)
def test_between_two_pushes(room: Room, route: Route) -> None:
    """A mode set between two pushes holds for the second, and leaves every tag where it is."""

    async def story() -> None:
        target = await room.repository()
        await push(room, target, "1", route=route)
        second = await push(room, target, "2", route=route)
        await room.repositories.set_tag_mutability(target, "IMMUTABLE", ())
        assert await room.tags_of(target) == {"v1": second.digest}
        with pytest.raises(ImageTagAlreadyExists):
            await push(room, target, "3", route=route)
        await room.repositories.set_tag_mutability(target, "IMMUTABLE_WITH_EXCLUSION", ("v*",))
        fourth = await push(room, target, "4", route=route)
        await room.repositories.set_tag_mutability(target, "MUTABLE_WITH_EXCLUSION", ("v*",))
        with pytest.raises(ImageTagAlreadyExists):
            await push(room, target, "5", route=route)
        assert await room.tags_of(target) == {"v1": fourth.digest}
        await room.repositories.set_tag_mutability(target, "MUTABLE", ())
        fifth = await push(room, target, "5", route=route)
        assert await room.tags_of(target) == {"v1": fifth.digest}

    asyncio.run(story())


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("route", ROUTES)
def test_s8_another_digest_is_another_image(room: Room, route: Route, algorithm: str) -> None:
    """The digest that comes along with a push opens no way round: not even the same bytes under another algorithm."""

    async def story() -> None:
        target = await room.repository(tag_mutability="IMMUTABLE")
        first = await push(room, target, "1")
        content = "2" if algorithm == "sha256" else "1"
        given = digests.of(payload(room, content), algorithm)
        with pytest.raises(ImageTagAlreadyExists):
            await room.put(target, payload(room, content), "v1", identical=route, digest=given)
        assert await room.tags_of(target) == {"v1": first.digest}
        assert await room.digests_of(target) == {first.digest}

    asyncio.run(story())


def test_a_refused_push_leaves_nothing(room: Room) -> None:
    """The image of a refused push is not kept, and its tag's time does not change."""

    async def story() -> None:
        target = await room.repository(tag_mutability="IMMUTABLE")
        first = await push(room, target, "1")
        before = await room.rows("SELECT * FROM tag")
        room.now += 1000
        with pytest.raises(ImageTagAlreadyExists):
            await push(room, target, "2")
        assert await room.digests_of(target) == {first.digest}
        assert await room.rows("SELECT * FROM tag") == before

    asyncio.run(story())


@pytest.mark.parametrize("deleted_by", ["tag", "digest", "BatchDeleteImage"])
def test_a_deleted_tag_is_free(room: Room, deleted_by: str) -> None:
    """Immutability is against overwriting: a tag that was deleted, however, may be given to another image."""

    async def story() -> None:
        target = await room.repository(tag_mutability="IMMUTABLE")
        first = await push(room, target, "1")
        if deleted_by == "tag":
            await room.images.untag(target, "v1")
        elif deleted_by == "digest":
            await room.images.remove(target, first.digest)
        else:
            await room.images.delete(target, [ImageId("v1", None)])
        second = await push(room, target, "2")
        assert await room.tags_of(target) == {"v1": second.digest}

    asyncio.run(story())


@pytest.mark.parametrize(
    ("mode", "filters"),
    [("IMMUTABLE", ()), ("IMMUTABLE_WITH_EXCLUSION", ("latest",)), ("MUTABLE_WITH_EXCLUSION", ("v*",))],
)
def test_s8_one_of_many_wins(room: Room, beside: Room, mode: str, filters: tuple[str, ...]) -> None:
    """Of images pushed at once to one immutable tag, by both routes and over two connections, exactly one gets it."""

    async def story() -> None:
        target = await room.repository(tag_mutability=mode, tag_mutability_filters=filters)
        await room.blob(target, CONFIG)
        for tag in (f"v{number}" for number in range(10)):
            attempts = [
                each.put(target, payload(room, f"{tag} {number} {route}"), tag, identical=route)
                for number, each in enumerate([room, beside] * 2)
                for route in ROUTES
            ]
            won, refused = await outcome(*attempts)
            sentence = (
                f"The image tag '{tag}' already exists in the 'demo' repository "
                "and cannot be overwritten because the tag is immutable."
            )
            assert [str(each) for each in refused] == [sentence] * 7
            assert (await room.tags_of(target))[tag] == won[0].digest
        assert len(await room.digests_of(target)) == 10

    asyncio.run(story())


def test_s8_two_tags_at_once(room: Room) -> None:
    """One image pushed at once under many new immutable tags is kept once and has them all."""

    async def story() -> None:
        target = await room.repository(tag_mutability="IMMUTABLE")
        await room.blob(target, CONFIG)
        names = [f"v{number}" for number in range(8)]
        won, refused = await outcome(*(room.put(target, payload(room, "1"), name) for name in names))
        assert refused == []
        assert await room.tags_of(target) == dict.fromkeys(names, won[0].digest)

    asyncio.run(story())


def test_s8_sets_of_tags_at_once(room: Room, beside: Room) -> None:
    """Of images pushed at once, each under several immutable tags of which two share one, the winner has all of its."""

    async def story() -> None:
        target = await room.repository(tag_mutability="IMMUTABLE")
        await room.blob(target, CONFIG)
        for round_ in range(5):
            sets = [("a", "b"), ("b", "a"), ("b", "c"), ("c", "a"), ("a", "d"), ("d", "b")]
            named = [tuple(f"{round_}{name}" for name in names) for names in sets]
            payloads = [payload(room, f"{round_} {number}") for number in range(len(named))]
            pushes = [
                each.images.put(target, Push(payloads[number], None, None, None, "ci", "accept", named[number]))
                for number, each in enumerate([room, beside] * 3)
            ]
            results = await asyncio.gather(*pushes, return_exceptions=True)
            assert {type(each) for each in results} <= {Image, ImageTagAlreadyExists}
            held = {name: image for name, image in (await room.tags_of(target)).items() if name[0] == str(round_)}
            won = {number: each.digest for number, each in enumerate(results) if isinstance(each, Image)}
            assert won
            assert held == {name: digest for number, digest in won.items() for name in named[number]}
            assert len(held) == 2 * len(won)

    asyncio.run(story())


def test_a_mode_set_while_pushes_run(room: Room, beside: Room) -> None:
    """Once the mode is set no push moves the tag; those that ran beside it moved it or were refused, never by half."""

    async def story() -> None:
        for round_ in range(5):
            target = await room.repository(f"demo{round_}")
            await push(room, target, "first")
            pushes = [
                each.put(target, payload(room, f"{number}"), "v1", identical="accept")
                for number, each in enumerate([room, beside] * 4)
            ]
            setting = beside.repositories.set_tag_mutability(target, "IMMUTABLE", ())
            won, refused = await outcome(*pushes[:4], setting, *pushes[4:])
            assert {type(each) for each in refused} <= {ImageTagAlreadyExists}
            held = (await room.tags_of(target))["v1"]
            images = {each.digest for each in won if isinstance(each, Image)}
            first = next(iter(await room.digests_of(target) - images))
            assert held in images | {first}
            assert await room.digests_of(target) == images | {first}
            _, late = await outcome(*(push(each, target, "late") for each in (room, beside)))
            assert [type(each) for each in late] == [ImageTagAlreadyExists] * 2
            assert await room.tags_of(target) == {"v1": held}

    asyncio.run(story())


def test_a_mode_waits_for_a_push(room: Room, beside: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A push that was judged by the old mode is over before the new mode's call returns."""

    async def story() -> None:
        target = await room.repository()
        await push(room, target, "1")
        gate = Gate(monkeypatch, mutability, "may_overwrite")
        pushing = asyncio.create_task(room.put(target, payload(room, "2"), "v1"))
        await gate.reached()
        setting = asyncio.create_task(beside.repositories.set_tag_mutability(target, "IMMUTABLE", ()))
        assert await gate.holds(setting)
        gate.open()
        second = await pushing
        await setting
        assert await room.tags_of(target) == {"v1": second.digest}

    asyncio.run(story())


def test_a_push_waits_for_a_mode(room: Room, beside: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A push that comes while a mode is being set is judged by the new one."""

    async def story() -> None:
        target = await room.repository()
        first = await push(room, target, "1")
        gate = Gate(monkeypatch, repositories, "save_tag_mutability")
        setting = asyncio.create_task(room.repositories.set_tag_mutability(target, "IMMUTABLE", ()))
        await gate.reached()
        pushing = asyncio.create_task(beside.put(target, payload(room, "2"), "v1"))
        assert await gate.holds(pushing)
        gate.open()
        await setting
        with pytest.raises(ImageTagAlreadyExists):
            await pushing
        assert await room.tags_of(target) == {"v1": first.digest}

    asyncio.run(story())


def test_a_deletion_while_pushes_run(room: Room) -> None:
    """However deletions of an immutable tag and pushes to it fall together, each push that won had a free tag."""

    async def story() -> None:
        target = await room.repository(tag_mutability="IMMUTABLE")
        await push(room, target, "first")
        attempts: list[Awaitable[Any]] = []
        for number in range(6):
            attempts.append(room.put(target, payload(room, f"{number}"), "v1", identical="accept"))
            if number % 2:
                attempts.append(room.images.untag(target, "v1"))
        results = await asyncio.gather(*attempts, return_exceptions=True)
        won = [each for each in results if isinstance(each, Image)]
        freed = [each for each in results if each is None]
        refused = [each for each in results if isinstance(each, BaseException)]
        assert {type(each) for each in refused} <= {ImageTagAlreadyExists, ManifestNotFound}
        held = await room.tags_of(target)
        assert len(won) + 1 == len(freed) + len(held)
        assert set(held.values()) <= {each.digest for each in won}

    asyncio.run(story())
