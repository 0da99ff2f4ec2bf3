"""Verification: every blob is hashed again, what is damaged is there for nobody, and a push brings it back."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cargohold.core import digest as digests
from cargohold.core.clock import MINUTE, SECOND
from cargohold.core.errors import LayerNotFound, LayersNotFound
from cargohold.registry import tasks
from cargohold.registry.verification import Verification
from cargohold.registry.verifications import Verifications
from cargohold.registry.verifier import LEASE, STEP_EVERY, Verifier

from .bed import Room
from .test_repair import DATA, DIGEST, cut, empty, lengthen, stored


def rot(file: Path) -> None:
    """As a disk does it: as many bytes, but others."""
    file.write_bytes(DATA[:-1] + b"!")


FOUND = {Path.unlink: "missing", cut: "wrong size", empty: "wrong size", lengthen: "wrong size", rot: "wrong bytes"}


def operator(room: Room) -> Verifications:
    return Verifications(room.database, room.clock)


async def verified(room: Room, verifier: Verifier | None = None) -> Verification:
    """Runs a verification to its end, as a worker does."""
    asked = operator(room)
    await asked.start()
    worker = verifier or Verifier(room.database, room.stores, room.clock)
    for _ in range(10_000):
        await worker.run()
        room.now += STEP_EVERY
        last, _ = await asked.last()
        if last is not None and last.ended_at is not None:
            return last
    raise AssertionError("it does not end")


async def quarantined(room: Room, damage: Callable[[Path], None]) -> Any:
    """A repository of an image whose layer was damaged, and found so."""
    target = await room.repository()
    await room.image(target, DATA, b"another layer", tag="v1")
    damage(stored(room, (await room.blobs.get(target, DIGEST)).generation))
    await verified(room)
    return target


def test_whole_blobs_stay_as_they_are(room: Room) -> None:
    """Of blobs that are right all are read, none is touched, and the extent is what there was."""

    async def story() -> None:
        target = await room.repository()
        await room.image(target, DATA, b"another layer", tag="v1")
        last = await verified(room)
        assert (last.blobs, last.total_blobs, last.damaged, last.repaired) == (3, 3, 0, 0)
        assert last.bytes == last.total_bytes > len(DATA)
        assert await room.read(target, DIGEST) == DATA
        assert (await operator(room).damaged(None, 10)).items == ()

    asyncio.run(story())


@pytest.mark.parametrize(("damage", "reason"), FOUND.items(), ids=lambda each: getattr(each, "__name__", each))
def test_a_damaged_blob_is_there_for_nobody(room: Room, damage: Callable[[Path], None], reason: str) -> None:
    """It is reported with its repositories, no look-up finds it, no manifest and no mount can use it."""

    async def story() -> None:
        target = await quarantined(room, damage)
        (found,) = (await operator(room).damaged(None, 10)).items
        assert (found.blob.digest, found.reason, found.repositories) == (
            DIGEST,
            reason,
            ("arn:aws:ecr:eu-central-1:123456789012:repository/demo",),
        )
        last, count = await operator(room).last()
        assert last is not None
        assert (last.damaged, last.blobs, count) == (1, 3, 1)
        with pytest.raises(LayerNotFound):
            await room.blobs.get(target, DIGEST)
        with pytest.raises(LayerNotFound):
            await room.blobs.downloadable(target, DIGEST)
        with pytest.raises(LayersNotFound):
            await room.put(target, room.manifest(DIGEST), "v2")
        assert await room.blobs.mount(await room.repository("other"), DIGEST, target) is None

    asyncio.run(story())


@pytest.mark.parametrize("damage", FOUND, ids=lambda each: each.__name__)
def test_e10_pushing_it_again_repairs_it(room: Room, damage: Callable[[Path], None]) -> None:
    """E10: an upload of the same bytes makes the blob whole for every image, and the damaged bytes are dropped."""

    async def story() -> None:
        target = await quarantined(room, damage)
        await room.blob(target, DATA)
        assert await room.read(target, DIGEST) == DATA
        assert (await operator(room).last())[1] == 0
        while await tasks.reap_uploads(room.database, room.stores, room.clock):
            continue
        kept = {generation for (generation,) in await room.rows("SELECT generation FROM blob")}
        assert room.files() == kept
        assert await room.rows("SELECT * FROM upload") == []
        assert (await verified(room)).damaged == 0

    asyncio.run(story())


def test_bytes_that_come_back_end_the_quarantine(room: Room) -> None:
    """A folder that was away for a while costs nothing: the next verification finds its blobs whole."""

    async def story() -> None:
        target = await room.repository()
        await room.blob(target, DATA)
        file = stored(room, (await room.blobs.get(target, DIGEST)).generation)
        away = file.rename(file.with_suffix(".away"))
        assert (await verified(room)).damaged == 1
        away.rename(file)
        assert (await verified(room)).repaired == 1
        assert await room.read(target, DIGEST) == DATA

    asyncio.run(story())


def test_what_is_damaged_still_is_counted_once(room: Room) -> None:
    """A second verification leaves what is in quarantine there and does not report it as new."""

    async def story() -> None:
        await quarantined(room, rot)
        again = await verified(room)
        assert (again.damaged, again.repaired) == (0, 0)
        assert (await operator(room).last())[1] == 1

    asyncio.run(story())


def test_its_rate_is_kept(room: Room) -> None:
    """Reading half a mebibyte at 64 KiB a second takes eight seconds."""

    async def story() -> None:
        target = await room.repository()
        for number in range(8):
            await room.blob(target, bytes([number]) * (64 << 10))
        began = room.now
        await operator(room).start(64 << 10)
        last = await verified(room)
        assert last.bytes == 512 << 10
        assert 6 * SECOND <= (last.ended_at or 0) - began <= 12 * SECOND

    asyncio.run(story())


def test_another_worker_goes_on_where_one_died(room: Room) -> None:
    """What a dead worker had kept is not read again; until its claim is over nobody else does its work."""

    async def story() -> None:
        target = await room.repository()
        for number in range(40):
            await room.blob(target, bytes([number]) * 100)
        asked = operator(room)
        await asked.start(32 << 10)
        dead = Verifier(room.database, room.stores, room.clock)
        for _ in range(30):
            await dead.run()
            room.now += STEP_EVERY
        half, _ = await asked.last()
        assert half is not None
        assert 0 < half.blobs < 40
        heir = Verifier(room.database, room.stores, room.clock)
        await heir.run()
        assert (await asked.last())[0] == half
        room.now += LEASE + MINUTE
        last = await verified(room, heir)
        assert (last.id, last.blobs, last.bytes) == (half.id, 40, 4000)

    asyncio.run(story())


def test_one_runs_at_a_time_and_can_be_stopped(room: Room) -> None:
    """Starting it twice is starting it once; once stopped, a worker does no more of it."""

    async def story() -> None:
        target = await room.repository()
        await room.blob(target, DATA)
        asked = operator(room)
        first = await asked.start()
        assert await asked.start(5) == first
        stopped = await asked.stop()
        assert stopped is not None
        assert (stopped.id, stopped.ended_at) == (first.id, room.now)
        worker = Verifier(room.database, room.stores, room.clock)
        assert await worker.run() == 0
        assert (await asked.last())[0] == stopped

    asyncio.run(story())


def test_nothing_was_ever_verified(room: Room) -> None:
    """Of a registry that never was verified there is nothing to tell, and stopping nothing is no fault."""

    async def story() -> None:
        assert await operator(room).last() == (None, 0)
        assert await operator(room).stop() is None

    asyncio.run(story())


def test_damaged_blobs_come_in_pages(room: Room) -> None:
    """A page ends where it is asked to, and the next one goes on there."""

    async def story() -> None:
        target = await room.repository()
        wanted = [digests.of(bytes([number])) for number in range(5)]
        for number in range(5):
            await room.blob(target, bytes([number]))
        for key in room.files():
            stored(room, key).unlink()
        await verified(room)
        found: list[str] = []
        after: str | None = None
        while True:
            page = await operator(room).damaged(after, 2)
            found += [each.blob.digest for each in page.items]
            if (after := page.after) is None:
                break
        assert found == wanted

    asyncio.run(story())
