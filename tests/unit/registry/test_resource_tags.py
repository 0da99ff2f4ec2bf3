"""Resource tags: what they may be, and how a repository keeps them."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargohold.core.arn import Target
from cargohold.core.errors import CargoholdError, InvalidTagParameter, RepositoryNotFound, TooManyTags
from cargohold.registry.limits import Limits
from cargohold.registry.resource_tags import check, check_keys
from cargohold.registry.store import repositories

from .bed import HOME, Room
from .gate import Gate

LIMITS = Limits()
MOST = {f"k{number:02}": "v" for number in range(50)}
CHARACTERS = "have letters, numbers, spaces and _ . : / = + - @ only"


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"k": ""},
        {"k" * 128: "v" * 256},
        {"é" * 128: "ß" * 256},
        {"Cost Center": "a b"},
        {"_.:/=+-@": "_.:/=+-@"},
        {"名前": "名前", "٣": "½", "k\u3000k": "\u2003"},
        {"k": "v", "K": "v"},
        {"xaws:": "xaws:", "aws": "aws"},
        MOST,
    ],
)
def test_allowed(tags: dict[str, str]) -> None:
    """Letters, numbers and spaces of any script and ECR's eight signs may stand in a key and in a value."""
    check(tags, LIMITS)
    check_keys(tags, LIMITS)


KEYS: list[tuple[list[str], type[CargoholdError], str]] = [
    ([""], InvalidTagParameter, "A tag's key must have 1 to 128 characters"),
    (["k" * 129], InvalidTagParameter, "A tag's key must have 1 to 128 characters"),
    (["good", "a,b"], InvalidTagParameter, f"A tag's key may {CHARACTERS}"),
    (["a\nb"], InvalidTagParameter, f"A tag's key may {CHARACTERS}"),
    (["a\0"], InvalidTagParameter, f"A tag's key may {CHARACTERS}"),
    (["a*"], InvalidTagParameter, f"A tag's key may {CHARACTERS}"),
    (["😀"], InvalidTagParameter, f"A tag's key may {CHARACTERS}"),
    (["\ud800"], InvalidTagParameter, f"A tag's key may {CHARACTERS}"),
    (["aws:k"], InvalidTagParameter, "The tag key 'aws:k' may not be set: what begins with aws: is reserved"),
    (["AwS:"], InvalidTagParameter, "The tag key 'AwS:' may not be set: what begins with aws: is reserved"),
    (
        [*MOST, "one more"],
        TooManyTags,
        "The list of tags on the repository is over the limit. The maximum number of tags is 50",
    ),
]


@pytest.mark.parametrize(("keys", "error", "sentence"), KEYS)
def test_refused_keys(keys: list[str], error: type[CargoholdError], sentence: str) -> None:
    """A key that no tag may have is refused wherever keys are given, and so are more keys than tags may be."""
    for refusing in (lambda: check_keys(keys, LIMITS), lambda: check(dict.fromkeys(keys, "v"), LIMITS)):
        with pytest.raises(error) as refused:
            refusing()
        assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("v" * 257, "A tag's value may have 256 characters at the most"),
        ("a\tb", f"A tag's value may {CHARACTERS}"),
        ("<b>", f"A tag's value may {CHARACTERS}"),
        ("aws:v", "The tag value 'aws:v' may not be set: what begins with aws: is reserved"),
    ],
)
def test_refused_values(value: str, sentence: str) -> None:
    """A value that no tag may have is refused."""
    with pytest.raises(InvalidTagParameter) as refused:
        check({"k": value}, LIMITS)
    assert str(refused.value) == sentence


@given(st.dictionaries(st.text(max_size=130), st.text(max_size=260), max_size=60))
def test_nothing_else_happens_to_tags(tags: dict[str, str]) -> None:
    """Tags of whatever text are let through or refused, and what is let through can be written and answered."""
    try:
        check(tags, LIMITS)
    except (InvalidTagParameter, TooManyTags):
        return
    assert len(tags) <= 50
    assert all(len(key) <= 128 for key in tags)
    for text in (*tags, *tags.values()):
        assert len(text) <= 256
        assert not set(text) & {*map(chr, range(32)), "\x7f", *"<>&\"'\\*?,;"}
        assert not text.lower().startswith("aws:")
        text.encode()


def test_merged(room: Room) -> None:
    """Tags are added beside those that are there, a key that is there gets the new value, and keys are in order."""

    async def story() -> None:
        target = await room.repository(tags={"m": "1", "b": "1"})
        assert await room.repositories.list_resource_tags(target) == {"b": "1", "m": "1"}
        await room.repositories.add_resource_tags(target, {"z": "2", "m": "2", "B": "", "é": "2", "a": "2"})
        listed = await room.repositories.list_resource_tags(target)
        assert list(listed.items()) == [("B", ""), ("a", "2"), ("b", "1"), ("m", "2"), ("z", "2"), ("é", "2")]
        await room.repositories.add_resource_tags(target, {})
        assert await room.repositories.list_resource_tags(target) == listed

    asyncio.run(story())


def test_removed(room: Room) -> None:
    """Tags are removed by key, whatever else is asked for, and only from the repository that was named."""

    async def story() -> None:
        target, other = await room.repository("app", tags=MOST), await room.repository("other", tags=MOST)
        await room.repositories.remove_resource_tags(target, ["k00", "k00", "K01", *list(MOST)[2:]])
        assert await room.repositories.list_resource_tags(target) == {"k01": "v"}
        await room.repositories.remove_resource_tags(target, [])
        await room.repositories.remove_resource_tags(target, ["k01"] * 100)
        assert await room.repositories.list_resource_tags(target) == {}
        await room.repositories.remove_resource_tags(target, ["k01"])
        assert await room.repositories.list_resource_tags(other) == MOST

    asyncio.run(story())


def test_limit(room: Room) -> None:
    """What would make more tags than may be is refused as a whole; a full repository's tags may still be changed."""

    async def story() -> None:
        target = await room.repository(tags=MOST)
        with pytest.raises(TooManyTags):
            await room.repositories.add_resource_tags(target, {"k00": "changed", "more": "v"})
        assert await room.repositories.list_resource_tags(target) == MOST
        await room.repositories.add_resource_tags(target, {"k00": "changed"})
        await room.repositories.remove_resource_tags(target, ["k01"])
        await room.repositories.add_resource_tags(target, {"more": "v"})
        assert len(await room.repositories.list_resource_tags(target)) == 50

    asyncio.run(story())


@pytest.mark.parametrize(
    "tags", [{"good": "v", "aws:k": "v"}, {"good": "v", "bad": "v" * 257}, {"good": "v", "": "v"}, {"good": "\0"}]
)
def test_one_bad_tag_spoils_all(room: Room, tags: dict[str, str]) -> None:
    """Of tags among which one is refused none is kept."""

    async def story() -> None:
        target = await room.repository(tags={"here": "v"})
        with pytest.raises(InvalidTagParameter):
            await room.repositories.add_resource_tags(target, tags)
        assert await room.repositories.list_resource_tags(target) == {"here": "v"}

    asyncio.run(story())


def test_two_at_once_keep_to_the_limit(room: Room, beside: Room) -> None:
    """Callers that each add forty tags, over connections of their own, never make more than fifty together."""

    async def story() -> None:
        target = await room.repository()
        adding: list[Any] = [
            each.repositories.add_resource_tags(target, {f"{number}-{key}": "v" for key in range(40)})
            for number, each in enumerate([room, beside] * 4)
        ]
        results = await asyncio.gather(*adding, return_exceptions=True)
        assert [type(each) for each in results if each is not None] == [TooManyTags] * 7
        winner = results.index(None)
        assert {key.partition("-")[0] for key in await room.repositories.list_resource_tags(target)} == {str(winner)}
        assert len(await room.repositories.list_resource_tags(target)) == 40

    asyncio.run(story())


def test_tags_wait_for_tags(room: Room, beside: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tags that come while others are being added are counted with them, and refused where they are too many so."""

    async def story() -> None:
        target = await room.repository()
        gate = Gate(monkeypatch, repositories, "count_resource_tags")
        first = asyncio.create_task(room.repositories.add_resource_tags(target, {f"a{key}": "v" for key in range(40)}))
        await gate.reached()
        second = asyncio.create_task(beside.repositories.add_resource_tags(target, dict.fromkeys(MOST, "v")))
        assert await gate.holds(second)
        gate.open()
        await first
        with pytest.raises(TooManyTags):
            await second
        assert len(await room.repositories.list_resource_tags(target)) == 40

    asyncio.run(story())


def test_absent_repository(room: Room) -> None:
    """Tags of a repository that is not there, or not any more, are RepositoryNotFound before they are looked at."""

    async def story() -> None:
        gone = await room.repository("gone", tags={"k": "v"})
        await room.repositories.delete(gone, True)
        for target in (gone, Target(HOME, "gone", None)):
            for attempt in (
                room.repositories.list_resource_tags(target),
                room.repositories.add_resource_tags(target, {"k": "v"}),
                room.repositories.remove_resource_tags(target, ["k"]),
            ):
                with pytest.raises(RepositoryNotFound, match="'gone' does not exist"):
                    await attempt
        with pytest.raises(RepositoryNotFound):
            await room.repositories.add_resource_tags(Target(HOME, "gone", None), {"": ""})
        again = await room.repository("gone")
        assert await room.repositories.list_resource_tags(again) == {}

    asyncio.run(story())
