"""Pushers, deleters, undo and two collectors at each other's heels: no live image ever lacks a blob."""

import asyncio
import random
from collections import Counter

from cargohold.core import digest as digests
from cargohold.core.arn import Target
from cargohold.core.errors import ImageNotFound, LayersNotFound
from cargohold.registry import tasks
from cargohold.registry.collection import Collector
from cargohold.registry.image import ImageId
from cargohold.registry.limits import Limits
from cargohold.registry.undo import Undo

from .bed import CONFIG, Room

LEASE = 6
"""Ticks of the room's clock, which every push and every round of a collector moves by one."""
LAYERS = [bytes([number]) * (50 if number % 2 else 70_000) for number in range(6)]
ROUNDS = 80

_LACKING = """
    SELECT image.id FROM image
    JOIN image_blob ON image_blob.image_id = image.id
    JOIN blob ON blob.id = image_blob.blob_id
    LEFT JOIN repository_blob ON repository_blob.blob_id = blob.id
        AND repository_blob.repository_id = image.repository_id
    WHERE image.deleted_at IS NULL AND (blob.state <> 'live' OR repository_blob.blob_id IS NULL)
"""


def collector(room: Room) -> Collector:
    return Collector(room.database, room.stores, room.clock, LEASE)


async def push(room: Room, target: Target, chance: random.Random, done: Counter[str]) -> None:
    """As a client does it: begins anew when a blob that it was told of is gone."""
    layers = [CONFIG, *chance.sample(LAYERS, 2)]
    named = [digests.of(layer) for layer in layers]
    for _ in range(50):
        there = await room.blobs.check(target, named)
        for digest, layer in zip(named, layers, strict=True):
            if digest not in there:
                await room.blob(target, layer)
                done["uploads"] += 1
        try:
            await room.put(target, room.manifest(*named[1:]), f"t{chance.randrange(4)}", identical="accept")
        except LayersNotFound:
            continue
        done["pushes"] += 1
        return
    raise AssertionError("50 attempts to push the same image failed")


async def pushes(room: Room, target: Target, seed: int, done: Counter[str]) -> None:
    chance = random.Random(seed)  # noqa: S311  # no secret
    for _ in range(ROUNDS):
        await push(room, target, chance, done)
        room.now += 1


async def delete(room: Room, target: Target, done: Counter[str], running: list[bool]) -> None:
    """Deletes whatever is there, and brings every second one back."""
    while running[0]:
        for number, digest in enumerate(await room.digests_of(target)):
            await room.images.delete(target, [ImageId(None, digest)])
            done["deletions"] += 1
            if number % 2 == 0:
                await bring_back(room, target, digest, done)
        await asyncio.sleep(0)


async def bring_back(room: Room, target: Target, digest: str, done: Counter[str]) -> None:
    try:
        restored = await Undo(room.database, room.clock, room.limits).restore_image(target, digest)
    except ImageNotFound:
        done["too late"] += 1
    else:
        done["restored"] += restored.came


async def collect(room: Room, done: Counter[str], running: list[bool]) -> None:
    while running[0]:
        done["collected"] += await collector(room).collect()
        done["purged"] += await collector(room).purge()
        await tasks.reap_uploads(room.database, room.stores, room.clock)
        room.now += 1


def test_no_live_image_ever_lacks_a_blob(room: Room, beside: Room) -> None:
    """While two processes push, delete, restore and collect the same few blobs, and after all leases are over."""

    async def story() -> None:
        beside.clock = room.clock  # type: ignore[method-assign]
        for each in (room, beside):
            each.use(limits=Limits(collection_lease=LEASE))
        target = await room.repository()
        done: Counter[str] = Counter()
        running = [True]
        others = [asyncio.ensure_future(collect(each, done, running)) for each in (room, beside)]
        others.append(asyncio.ensure_future(delete(beside, target, done, running)))
        try:
            await asyncio.gather(*(pushes(each, target, seed, done) for seed, each in enumerate((room, beside, room))))
        finally:
            running[0] = False
            await asyncio.gather(*others)
        assert await room.rows(_LACKING) == []
        await _settle(room)
        assert min(done[name] for name in ("pushes", "deletions", "collected", "purged", "restored")) > 0, done
        live = {row[0] for row in await room.rows("SELECT generation FROM blob")}
        assert room.files() == live
        assert await room.rows("SELECT 1 FROM image WHERE deleted_at IS NOT NULL") == []
        for digest in await room.digests_of(target):
            for name in await _blobs(room, digest):
                assert digests.of(await room.read(target, name)) == name

    asyncio.run(story())


async def _settle(room: Room) -> None:
    """Every lease is over, and nobody has anything left to do."""
    room.now += 24 * 3600 * 1000
    for _ in range(2):
        await tasks.reap_uploads(room.database, room.stores, room.clock)
        await collector(room).run()
        room.now += 3600 * 1000


async def _blobs(room: Room, digest: str) -> list[digests.Digest]:
    rows = await room.rows(
        "SELECT DISTINCT blob.digest FROM image JOIN image_blob ON image_blob.image_id = image.id "
        "JOIN blob ON blob.id = image_blob.blob_id WHERE image.digest = :digest",
        digest=digest,
    )
    return [digests.parse(row[0]) for row in rows]
