"""Blobs: seen only through the repository that holds them, mounted, read, and kept while somebody counts on them."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest
from sqlalchemy import Connection

from cargohold.core import digest as digests
from cargohold.core.arn import Registry, Target
from cargohold.core.errors import CargoholdError, LayerInaccessible, LayerNotFound, StorageBusy, StorageFull
from cargohold.registry.blobs import Blobs

from .bed import HOME, Room

T = TypeVar("T")

HOUR = 60 * 60 * 1000
ABSENT = digests.of(b"absent")
DATA = digests.of(b"data")


class Unwritable:
    """A database that reads, and has no room or no time for a write."""

    def __init__(self, room: Room, error: CargoholdError) -> None:
        self.read = room.database.read
        self.scan = room.database.scan
        self.close = room.database.close
        self._error = error

    async def write(self, work: Callable[[Connection], T]) -> T:
        raise self._error


def test_a_blob_belongs_to_repositories(room: Room) -> None:
    """A digest that another repository, region or account holds is not there, whichever way it is asked for."""

    async def story() -> None:
        holder = await room.repository()
        await room.image(holder, b"data")
        strangers = [
            await room.repository("other"),
            await room.repository(registry=replace(HOME, region="us-east-1")),
            await room.repository(registry=Registry("210987654321", HOME.region)),
        ]
        for stranger in strangers:
            with pytest.raises(LayerNotFound) as refused:
                await room.blobs.get(stranger, DATA)
            assert str(refused.value) == (
                f"The layer with digest '{DATA}' does not exist within the repository with name '{stranger.name}' in "
                f"the registry with id '{stranger.registry.account}'"
            )
            with pytest.raises(LayerNotFound):
                await room.blobs.downloadable(stranger, DATA)
            assert await room.blobs.check(stranger, [DATA, room.config]) == {}
            assert await room.blobs.mount(stranger, DATA, None) is None
            assert await room.blobs.mount(stranger, DATA, stranger) is None
        assert (await room.blobs.get(holder, DATA)).size == 4

    asyncio.run(story())


def test_check(room: Room) -> None:
    """Of many digests those are told that the repository holds, in use or not, with their sizes."""

    async def story() -> None:
        target = await room.repository()
        await room.blob(target, b"data")
        await room.blob(target, b"")
        held = await room.blobs.check(target, [DATA, ABSENT, digests.of(b""), DATA])
        assert {digest: (blob.digest, blob.size, blob.media_type) for digest, blob in held.items()} == {
            DATA: (DATA, 4, None),
            digests.of(b""): (digests.of(b""), 0, None),
        }
        assert await room.blobs.check(target, []) == {}

    asyncio.run(story())


def test_dying_blob_is_not_there(room: Room) -> None:
    """A blob that the collector is deleting is not told of, mounted or read."""

    async def story() -> None:
        target, other = await room.repository(), await room.repository("other")
        await room.blob(target, b"data")
        await room.execute("UPDATE blob SET state = 'deleting'")
        assert await room.blobs.check(target, [DATA]) == {}
        assert await room.blobs.mount(other, DATA, target) is None
        assert await room.blobs.mount(target, DATA, None) is None
        with pytest.raises(LayerNotFound):
            await room.blobs.downloadable(target, DATA)

    asyncio.run(story())


def test_downloadable(room: Room) -> None:
    """A blob may be downloaded through the API once an image of this repository uses it, as layer or config."""

    async def story() -> None:
        target, other = await room.repository(), await room.repository("other")
        await room.blob(target, b"data")
        await room.image(other, b"data")
        with pytest.raises(LayerInaccessible) as refused:
            await room.blobs.downloadable(target, DATA)
        assert DATA in str(refused.value)
        await room.image(target, b"data")
        assert (await room.blobs.downloadable(target, DATA)).size == 4
        assert (await room.blobs.downloadable(target, room.config)).digest == room.config

    asyncio.run(story())


@pytest.mark.parametrize(
    ("start", "stop", "expected"), [(0, None, b"0123456789"), (3, None, b"3456789"), (2, 5, b"234"), (0, 1, b"0")]
)
def test_open(room: Room, start: int, stop: int | None, expected: bytes) -> None:
    """A blob's bytes are read whole or in a range."""

    async def story() -> None:
        target = await room.repository()
        digest = await room.blob(target, b"0123456789")
        chunks = await room.blobs.open(await room.blobs.get(target, digest), start, stop)
        assert b"".join([chunk async for chunk in chunks]) == expected

    asyncio.run(story())


def test_mount(room: Room) -> None:
    """A blob of a repository of the same registry is mounted once for all, whether an image uses it there or not."""

    async def story() -> None:
        source, target = await room.repository("source"), await room.repository()
        await room.blob(source, b"data")
        mounted = await room.blobs.mount(target, DATA, source)
        assert mounted == await room.blobs.get(target, DATA) == await room.blobs.get(source, DATA)
        assert await room.blobs.mount(target, DATA, source) == mounted
        assert await room.read(target, DATA) == b"data"
        assert len(room.files()) == 1

    asyncio.run(story())


def test_mount_of_ones_own(room: Room) -> None:
    """A blob that the repository holds already is mounted without a source, so nobody uploads it again."""

    async def story() -> None:
        target = await room.repository()
        await room.blob(target, b"data")
        mounted = await room.blobs.mount(target, DATA, None)
        assert mounted is not None
        assert mounted.digest == DATA

    asyncio.run(story())


def test_mount_of_nothing(room: Room) -> None:
    """Nothing is mounted from a repository that is absent or lacks the blob, or from another registry."""

    async def story() -> None:
        target, empty = await room.repository(), await room.repository("empty")
        abroad = await room.repository("abroad", registry=replace(HOME, region="us-east-1"))
        await room.blob(abroad, b"data")
        for source in (empty, abroad, Target(HOME, "absent", None), None):
            assert await room.blobs.mount(target, DATA, source) is None
        assert await room.blobs.check(target, [DATA]) == {}

    asyncio.run(story())


def test_a_mount_survives_its_source(room: Room) -> None:
    """A mounted blob stays where it was mounted when the source's images and the source itself are deleted."""

    async def story() -> None:
        source, target = await room.repository("source"), await room.repository()
        image = await room.image(source, b"data")
        await room.blobs.mount(target, DATA, source)
        await room.images.remove(source, image.digest)
        await room.repositories.delete(source, True)
        assert await room.read(target, DATA) == b"data"

    asyncio.run(story())


async def leases(room: Room) -> list[int]:
    return [row[0] for row in await room.rows("SELECT review_after FROM collection_queue")]


@pytest.mark.parametrize(
    ("passed", "renewed"), [(0, False), (23 * HOUR, False), (23 * HOUR + 1, True), (24 * HOUR, True), (99 * HOUR, True)]
)
def test_lease(room: Room, passed: int, renewed: bool) -> None:
    """Whoever asks for a blob in the last hour of its lease, or later, may count on it for another day."""

    async def story() -> None:
        target = await room.repository()
        await room.blob(target, b"data")
        begun = room.now
        room.now += passed
        assert (await room.blobs.get(target, DATA)).size == 4
        assert await leases(room) == [(room.now if renewed else begun) + 24 * HOUR]
        await room.execute("UPDATE collection_queue SET review_after = 0")
        assert len(await room.blobs.check(target, [DATA])) == 1
        assert await leases(room) == [room.now + 24 * HOUR]

    asyncio.run(story())


def test_lease_of_a_mount(room: Room) -> None:
    """A mounted blob is kept for a day, as an uploaded one is, even if the collector had done with it before."""

    async def story() -> None:
        source, target = await room.repository("source"), await room.repository()
        await room.blob(source, b"data")
        await room.execute("DELETE FROM collection_queue")
        room.now += 99 * HOUR
        await room.blobs.mount(target, DATA, source)
        assert await leases(room) == [room.now + 24 * HOUR]

    asyncio.run(story())


@pytest.mark.parametrize("error", [StorageFull(), StorageBusy()])
def test_full_disk(room: Room, error: CargoholdError) -> None:
    """A blob is found and read even while the database cannot note that somebody counts on it."""

    async def story() -> None:
        target = await room.repository()
        await room.blob(target, b"data")
        room.now += 99 * HOUR
        blobs = Blobs(Unwritable(room, error), room.stores, room.clock, room.limits)
        blob = await blobs.get(target, DATA)
        assert b"".join([chunk async for chunk in await blobs.open(blob)]) == b"data"

    asyncio.run(story())
