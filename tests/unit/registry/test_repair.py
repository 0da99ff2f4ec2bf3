"""A blob whose stored bytes are damaged is whole again when somebody pushes it again."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from cargohold.core import digest as digests
from cargohold.core.arn import Target
from cargohold.core.errors import Corrupt, LayerAlreadyExists
from cargohold.registry import upload_commit

from .bed import Room, chunked

DATA = b"what everybody relies on"
DIGEST = digests.of(DATA)


def stored(room: Room, generation: str) -> Path:
    return next(path for path in room.folder.rglob(generation) if path.is_file())


def cut(file: Path) -> None:
    file.write_bytes(DATA[:5])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def lengthen(file: Path) -> None:
    file.write_bytes(DATA + b"!")


DAMAGES = pytest.mark.parametrize("damage", [Path.unlink, cut, empty, lengthen])


async def damaged(room: Room, damage: Callable[[Path], None]) -> Target:
    """A repository whose blob was damaged on the disk."""
    target = await room.repository()
    await room.blob(target, DATA)
    damage(stored(room, (await room.blobs.get(target, DIGEST)).generation))
    return target


@DAMAGES
def test_e10_a_push_repairs_a_damaged_blob(room: Room, damage: Callable[[Path], None]) -> None:
    """E10: pushing a damaged blob again, to whichever repository, mends it for all, and the damaged file goes."""

    async def story() -> None:
        target = await damaged(room, damage)
        other = await room.repository("other")
        await room.blob(other, DATA)
        for repository in (target, other):
            assert await room.read(repository, DIGEST) == DATA
        assert room.files() == {(await room.blobs.get(target, DIGEST)).generation}
        assert await room.rows("SELECT * FROM upload") == []

    asyncio.run(story())


def test_e10_the_api_repairs_it_too(room: Room) -> None:
    """E10: CompleteLayerUpload says that the layer exists, and from then on it does."""

    async def story() -> None:
        target = await damaged(room, Path.unlink)
        upload = await room.uploads.begin(target)
        await room.uploads.append_part(target, upload.id, 0, len(DATA) - 1, DATA)
        with pytest.raises(LayerAlreadyExists):
            await room.uploads.complete(target, upload.id, [DIGEST], api=True)
        assert await room.read(target, DIGEST) == DATA

    asyncio.run(story())


def test_e10_of_many_repairs_one_is_made(room: Room) -> None:
    """E10: when several push the damaged blob at once it is mended once, and every other file is dropped."""

    async def story() -> None:
        target = await damaged(room, cut)
        await asyncio.gather(*(room.blob(target, DATA) for _ in range(8)))
        assert await room.read(target, DIGEST) == DATA
        assert room.files() == {(await room.blobs.get(target, DIGEST)).generation}
        assert await room.rows("SELECT * FROM upload") == []

    asyncio.run(story())


def test_a_blob_that_is_whole_stays_where_it_is(room: Room) -> None:
    """What nobody damaged is not written anew by a push."""

    async def story() -> None:
        target = await room.repository()
        await room.blob(target, DATA)
        before = (await room.blobs.get(target, DIGEST)).generation
        await room.blob(target, DATA)
        assert (await room.blobs.get(target, DIGEST)).generation == before
        assert room.files() == {before}

    asyncio.run(story())


@pytest.mark.parametrize("late", ["upload", "blob"])
def test_a_repair_that_comes_too_late_changes_nothing(room: Room, late: str) -> None:
    """When the reaper has the upload, or the blob has other bytes by now, each keeps what it has."""

    async def story() -> None:
        target = await damaged(room, cut)
        blob = await room.blobs.get(target, DIGEST)
        upload = await room.uploads.begin(target)
        upload = await room.uploads.append(target, upload.id, chunked(DATA))
        await room.blobstore.finish(upload.unfinished)
        await room.execute("UPDATE upload SET state = 'ended', claimed_until = :now", now=int(late == "upload"))
        if late == "blob":
            await room.execute("UPDATE blob SET generation = 'another'")
        before = await room.rows("SELECT generation FROM blob UNION ALL SELECT generation FROM upload")
        assert await upload_commit.spare(room.database, room.stores, upload, blob) == upload
        assert await room.rows("SELECT generation FROM blob UNION ALL SELECT generation FROM upload") == before

    asyncio.run(story())


@pytest.mark.parametrize("damage", [Path.unlink, cut, empty])
def test_a_damaged_blob_is_not_sent(room: Room, damage: Callable[[Path], None]) -> None:
    """Until somebody mends it, a blob with missing bytes is refused as damaged rather than sent short."""

    async def story() -> None:
        target = await damaged(room, damage)
        with pytest.raises(Corrupt):
            await room.blobs.open(await room.blobs.get(target, DIGEST))

    asyncio.run(story())
