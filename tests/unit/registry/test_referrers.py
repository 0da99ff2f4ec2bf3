"""Referrers as the room gives them: of several types, of a status, and however many rows lie between."""

import asyncio

import pytest

from cargohold.core import digest as digests
from cargohold.core.arn import Target
from cargohold.core.errors import RepositoryNotFound
from cargohold.registry import referrers
from cargohold.registry.referrers import Referrers, Wanted

from .bed import Room

SUBJECT = digests.of(b"a subject that is not there")


async def filled(room: Room, *types: str) -> tuple[Target, list[str]]:
    """A repository with a referrer of each type, and their digests in order."""
    target = await room.repository()
    await room.image(target)
    subject = {"mediaType": "application/x", "digest": SUBJECT, "size": 1}
    made = [
        await room.put(target, room.manifest(subject=subject, artifactType=kind, annotations={"n": str(number)}))
        for number, kind in enumerate(types)
    ]
    return target, [image.digest for image in made]


def test_types_and_status(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any of several types is given, active ones unless another status or any is wanted, over windows of any size."""
    monkeypatch.setattr(referrers, "WINDOW", 2)

    async def story() -> None:
        target, pushed = await filled(room, "a/a", "b/b", "c/c", "a/a", "b/b")
        await room.execute("UPDATE image SET status = 'ARCHIVED' WHERE digest = :digest", digest=pushed[4])
        room_of = Referrers(room.database)

        async def found(wanted: Wanted, after: str | None = None) -> list[str]:
            page = await room_of.page(target, SUBJECT, wanted, after, 10)
            return [each.digest for each in page.items]

        assert await found(Wanted()) == pushed[:4]
        assert await found(Wanted(frozenset({"b/b", "c/c"}))) == pushed[1:3]
        assert await found(Wanted(frozenset({"b/b"}), "ANY")) == [pushed[1], pushed[4]]
        assert await found(Wanted(frozenset({"b/b"}), "ARCHIVED")) == [pushed[4]]
        first = await room_of.page(target, SUBJECT, Wanted(status="ANY"), None, 2)
        assert await found(Wanted(status="ANY"), first.after) == pushed[2:]
        with pytest.raises(RepositoryNotFound):
            await room_of.page(Target(target.registry, "gone", None), SUBJECT, Wanted(), None, 1)

    asyncio.run(story())
