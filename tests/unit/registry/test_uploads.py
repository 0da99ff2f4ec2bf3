"""Uploads: begun, grown by either door, completed, cancelled, and interrupted in every way that clients find."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from cargohold.blobstore import Unfinished
from cargohold.blobstore.filesystem import FilesystemBlobStore
from cargohold.blobstore.hashing import Hasher
from cargohold.core import digest as digests
from cargohold.core.arn import Registry, Target
from cargohold.core.digest import Digest
from cargohold.core.errors import (
    BodyInterrupted,
    Corrupt,
    EmptyUpload,
    InvalidLayer,
    InvalidLayerPart,
    InvalidRange,
    LayerAlreadyExists,
    LayerPartTooSmall,
    LimitExceeded,
    StorageFull,
    UploadBusy,
    UploadNotFound,
)
from cargohold.registry.limits import Limits
from cargohold.registry.upload_claim import LEASE, RENEWAL
from cargohold.registry.uploads import Uploads

from .bed import HOME, Room, chunked

HOUR = 60 * 60 * 1000
SMALL = Limits(smallest_part_bytes=5, part_bytes=8, parts=3, layer_bytes=20)


async def interrupted(*chunks: bytes) -> AsyncIterator[bytes]:
    """A client that sends this and goes away."""
    for chunk in chunks:
        yield chunk
    raise BodyInterrupted


async def grow_and_complete(room: Room, target: Target, upload_id: str, more: bytes, digest: Digest) -> None:
    await room.uploads.append(target, upload_id, chunked(more))
    await room.uploads.complete(target, upload_id, [digest])


class Gate:
    """A body that waits in its middle until the test lets it go on, to more bytes or to its end."""

    def __init__(self, before: bytes, after: bytes | None = None) -> None:
        self.reached = asyncio.Event()
        self.open = asyncio.Event()
        self._before, self._after = before, after

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self._before
        self.reached.set()
        await self.open.wait()
        if self._after is not None:
            yield self._after


class Failing(FilesystemBlobStore):
    """A store that fails once at a step, before or after it did it."""

    def __init__(self, room: Room, step: str, error: Exception, *, after: bool = False) -> None:
        super().__init__(room.folder)
        self.calls: list[str] = []
        self._step, self._error, self._after = step, error, after
        self._armed = True

    async def append(self, blob: Unfinished, chunks: Any) -> Unfinished:
        return await self._run("append", super().append, blob, chunks)

    async def finish(self, blob: Unfinished) -> None:
        await self._run("finish", super().finish, blob)

    async def _run(self, step: str, work: Callable[..., Any], *arguments: Any) -> Any:
        self.calls.append(step)
        fails = self._armed and step == self._step
        if fails:
            self._armed = False
            if not self._after:
                raise self._error
        result = await work(*arguments)
        if fails:
            raise self._error
        return result


def test_begin(room: Room) -> None:
    """A new upload is empty, lives for a day, and has a random id that is a UUID."""

    async def story() -> None:
        target = await room.repository()
        uploads = [await room.uploads.begin(target) for _ in range(3)]
        assert len({each.id for each in uploads} | {each.generation for each in uploads}) == 6
        assert all(str(UUID(each.id, version=4)) == each.id for each in uploads)
        assert {(each.offset, each.expires_at) for each in uploads} == {(0, room.now + 24 * HOUR)}
        assert await room.uploads.status(target, uploads[0].id) == uploads[0]
        assert await room.uploads.count_open() == 3

    asyncio.run(story())


def test_ids_are_arguments(room: Room) -> None:
    """Ids come from whoever made the room."""

    async def story() -> None:
        ids = iter([UUID(int=1), UUID(int=2)])
        uploads = Uploads(room.database, room.stores, room.clock, room.limits, lambda: next(ids))
        upload = await uploads.begin(await room.repository())
        assert (upload.id, upload.generation) == (str(UUID(int=1)), UUID(int=2).hex)

    asyncio.run(story())


@pytest.mark.parametrize(
    "pieces",
    [
        [[b"all at once"]],
        [[b"two ", b"chunks"], [b" and ", b"two"]],
        [[b"x"] * 3, [], [b"y"]],
        [[b"\0" * 70_000, b"\1" * 200_000], [b"\2" * 70_000]],
        [[bytes(range(256)) * 17], [b"z" * 63], [b"z"], [b"z" * 65]],
    ],
)
def test_append(room: Room, pieces: list[list[bytes]]) -> None:
    """However the bytes are cut, the offset counts them, the digest is theirs, and they are read back."""
    data = b"".join(chunk for piece in pieces for chunk in piece)

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        offset = 0
        for piece in pieces:
            upload = await room.uploads.append(target, upload.id, chunked(*piece), offset)
            offset += sum(map(len, piece))
            assert upload.offset == offset
            assert upload == await room.uploads.status(target, upload.id)
        completed = await room.uploads.complete(target, upload.id, [digests.of(data)])
        assert (completed.blob.digest, completed.blob.size, completed.existed) == (digests.of(data), len(data), False)
        assert await room.read(target, digests.of(data)) == data
        assert await room.uploads.count_open() == 0

    asyncio.run(story())


@pytest.mark.parametrize("start", [0, 3, 5, 99])
def test_wrong_start(room: Room, start: int) -> None:
    """Bytes that do not follow are refused with the offset that was expected, and nothing changes."""

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        kept = await room.uploads.append(target, upload.id, chunked(b"1234"), None)
        with pytest.raises(InvalidRange) as refused:
            await room.uploads.append(target, upload.id, chunked(b"5"), start)
        assert refused.value.size == 4
        assert str(refused.value) == (
            f"First byte of the layer part {start} is not consecutive with the last byte received: expected 4"
        )
        assert await room.uploads.status(target, upload.id) == kept
        assert (await room.uploads.append(target, upload.id, chunked(b"5"), 4)).offset == 5

    asyncio.run(story())


def test_interrupted(room: Room) -> None:
    """What arrived before the client went away is kept, and the upload goes on right behind it."""

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        with pytest.raises(BodyInterrupted):
            await room.uploads.append(target, upload.id, interrupted(b"first ", b"part"))
        assert (await room.uploads.status(target, upload.id)).offset == 10
        with pytest.raises(BodyInterrupted):
            await room.uploads.append(target, upload.id, interrupted(), 10)
        await room.uploads.append(target, upload.id, chunked(b" second"), 10)
        completed = await room.uploads.complete(target, upload.id, [digests.of(b"first part second")])
        assert await room.read(target, completed.blob.digest) == b"first part second"

    asyncio.run(story())


def test_another_process_goes_on(room: Room) -> None:
    """An upload that one process began another continues and completes, without reading the bytes again."""

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        await room.uploads.append(target, upload.id, chunked(b"a" * 100_001))
        store = Failing(room, "nothing", Corrupt())
        store.open = None  # type: ignore[assignment]
        room.use(store)
        await room.uploads.append(target, upload.id, chunked(b"b"))
        await room.uploads.complete(target, upload.id, [digests.of(b"a" * 100_001 + b"b")])

    asyncio.run(story())


def test_machine_that_cannot_export(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where hashing cannot be taken up again, the stored bytes are read at the end, and the digest still decides."""
    monkeypatch.setattr(Hasher, "state", lambda self: None)

    async def story() -> None:
        target = await room.repository()
        for right in (True, False):
            upload = await room.uploads.begin(target)
            await room.uploads.append(target, upload.id, chunked(b"one "))
            assert (await room.uploads.status(target, upload.id)).digest == digests.of(b"one ")
            await room.uploads.append(target, upload.id, chunked())
            assert (await room.uploads.status(target, upload.id)).digest == digests.of(b"one ")
            await room.uploads.append(target, upload.id, chunked(b"two"))
            assert (await room.uploads.status(target, upload.id)).digest is None
            if right:
                await room.uploads.complete(target, upload.id, [digests.of(b"one two")])
                assert await room.read(target, digests.of(b"one two")) == b"one two"
            else:
                with pytest.raises(InvalidLayer):
                    await room.uploads.complete(target, upload.id, [digests.of(b"else")])

    asyncio.run(story())


def test_unknown_uploads(room: Room) -> None:
    """An id that was never given out, is another repository's or account's, has ended or expired, is not found."""

    async def story() -> None:
        target, other = await room.repository(), await room.repository("other")
        abroad = await room.repository(registry=Registry("210987654321", HOME.region))
        upload = await room.uploads.begin(target)
        done = await room.uploads.begin(target)
        await room.uploads.complete(target, done.id, [digests.of(b"")])
        cancelled = await room.uploads.begin(target)
        await room.uploads.cancel(target, cancelled.id)
        expired = await room.uploads.begin(target)
        await room.execute("UPDATE upload SET expires_at = :now WHERE id = :id", now=room.now, id=expired.id)
        unknown: list[tuple[Target, str]] = [
            (target, "00000000-0000-4000-8000-000000000000"),
            (target, ""),
            (other, upload.id),
            (abroad, upload.id),
            (target, done.id),
            (target, cancelled.id),
            (target, expired.id),
        ]
        for where, upload_id in unknown:
            for attempt in (
                room.uploads.status(where, upload_id),
                room.uploads.append(where, upload_id, chunked(b"x")),
                room.uploads.append_part(where, upload_id, 0, 0, b"x"),
                room.uploads.complete(where, upload_id, [digests.of(b"")]),
                room.uploads.cancel(where, upload_id),
            ):
                with pytest.raises(UploadNotFound) as refused:
                    await attempt
                assert str(refused.value) == (
                    f"Upload with id '{upload_id}' could not be found in the repository with name '{where.name}' in "
                    f"the registry with id '{where.registry.account}'"
                )
        assert await room.uploads.status(target, upload.id) == upload

    asyncio.run(story())


def test_expiry(room: Room) -> None:
    """An upload lives for a day after the last byte, not after the first."""

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        for _ in range(3):
            room.now += 23 * HOUR
            await room.uploads.append(target, upload.id, chunked(b"x"))
        room.now += 24 * HOUR - 1
        assert (await room.uploads.status(target, upload.id)).offset == 3
        room.now += 1
        with pytest.raises(UploadNotFound):
            await room.uploads.status(target, upload.id)
        assert await room.uploads.count_open() == 0

    asyncio.run(story())


def test_two_writers(room: Room) -> None:
    """While one request writes to an upload, others are told so, and nothing of theirs is written."""

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        gate = Gate(b"one ", b"two")
        writing = asyncio.create_task(room.uploads.append(target, upload.id, gate.chunks()))
        await gate.reached.wait()
        for attempt in (
            room.uploads.append(target, upload.id, chunked(b"intruder")),
            room.uploads.append_part(target, upload.id, 0, 0, b"x"),
            room.uploads.complete(target, upload.id, [digests.of(b"one ")]),
        ):
            with pytest.raises(UploadBusy, match=upload.id):
                await attempt
        assert (await room.uploads.status(target, upload.id)).offset == 0
        gate.open.set()
        assert (await writing).offset == 7
        await room.uploads.complete(target, upload.id, [digests.of(b"one two")])

    asyncio.run(story())


def test_many_writers(room: Room) -> None:
    """Of many requests that write to one upload at the same time, those that were accepted are there one by one."""

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        writes = [room.uploads.append(target, upload.id, chunked(b"%d" % n, b"%d" % n)) for n in range(10)]
        results = await asyncio.gather(*writes, return_exceptions=True)
        accepted = {each.offset: n for n, each in enumerate(results) if not isinstance(each, BaseException)}
        assert {type(each) for each in results if isinstance(each, BaseException)} <= {UploadBusy}
        data = b"".join(b"%d%d" % (accepted[offset], accepted[offset]) for offset in sorted(accepted))
        await room.uploads.complete(target, upload.id, [digests.of(data)])
        assert await room.read(target, digests.of(data)) == data

    asyncio.run(story())


def test_slow_writer_keeps_its_claim(room: Room) -> None:
    """A writer whose data keeps coming is not taken for dead, however long it takes, nor does its upload expire."""

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)

        async def slowly() -> AsyncIterator[bytes]:
            for number in range(20):
                room.now += RENEWAL + 1
                yield b"%d" % number
                with pytest.raises(UploadBusy):
                    await room.uploads.append(target, upload.id, chunked(b"x"))
            room.now += LEASE - 1

        grown = await room.uploads.append(target, upload.id, slowly())
        assert grown.digest == digests.of(b"".join(b"%d" % number for number in range(20)))
        assert grown.expires_at == room.now + 24 * HOUR

    asyncio.run(story())


def test_stalled_writer_that_nobody_missed(room: Room) -> None:
    """A writer that stood still for longer than its claim goes on when nobody took its place."""

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)

        async def stalling() -> AsyncIterator[bytes]:
            yield b"one "
            room.now += 2 * LEASE
            yield b"two"

        assert (await room.uploads.append(target, upload.id, stalling())).digest == digests.of(b"one two")

    asyncio.run(story())


def test_stalled_writer_that_was_replaced(room: Room) -> None:
    """A writer that was taken for dead writes no more, and the bytes are those of the one that took its place."""

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        gate = Gate(b"stale one", b"stale two")
        stalled = asyncio.create_task(room.uploads.append(target, upload.id, gate.chunks()))
        await gate.reached.wait()
        room.now += LEASE
        assert (await room.uploads.append(target, upload.id, chunked(b"new"), 0)).offset == 3
        gate.open.set()
        with pytest.raises(UploadNotFound):
            await stalled
        assert (await room.uploads.status(target, upload.id)).offset == 3
        await room.uploads.complete(target, upload.id, [digests.of(b"new")])
        assert await room.read(target, digests.of(b"new")) == b"new"

    asyncio.run(story())


def test_stalled_writer_that_ends_late(room: Room) -> None:
    """A writer that was taken for dead cannot save what it wrote, even when nothing more was to come."""

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        gate = Gate(b"stale")
        stalled = asyncio.create_task(room.uploads.append(target, upload.id, gate.chunks()))
        await gate.reached.wait()
        room.now += LEASE
        kept = await room.uploads.append(target, upload.id, chunked(b"new and longer"), 0)
        gate.open.set()
        with pytest.raises(UploadNotFound):
            await stalled
        assert await room.uploads.status(target, upload.id) == kept

    asyncio.run(story())


def test_dead_writer(room: Room) -> None:
    """What a process wrote and could not save is dropped, and only what follows counts, hashed anew from the store."""

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        await room.uploads.append(target, upload.id, chunked(b"kept "))
        gate = Gate(b"lost bytes that are many")
        dying = asyncio.create_task(room.uploads.append(target, upload.id, gate.chunks()))
        await gate.reached.wait()
        dying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dying
        with pytest.raises(UploadBusy):
            await room.uploads.append(target, upload.id, chunked(b"x"), 5)
        room.now += LEASE
        grown = await room.uploads.append(target, upload.id, chunked(b"new"), 5)
        assert (grown.offset, grown.digest) == (8, None)
        await room.uploads.complete(target, upload.id, [digests.of(b"kept new")])
        assert await room.read(target, digests.of(b"kept new")) == b"kept new"

    asyncio.run(story())


def test_meddled_bytes(room: Room) -> None:
    """Bytes that a writer changed behind the back of the one that took its place never become a blob."""

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        await room.execute("UPDATE upload SET claimed_until = 1")
        await room.uploads.append(target, upload.id, chunked(b"honest"))
        staged = next(path for path in room.folder.rglob(upload.generation))
        staged.write_bytes(b"wicked")
        with pytest.raises(InvalidLayer):
            await room.uploads.complete(target, upload.id, [digests.of(b"honest")])
        assert room.files() == set()

    asyncio.run(story())


def test_power_cut(room: Room) -> None:
    """An upload that lost bytes which were acknowledged, but not durable, is gone, and a new one succeeds."""

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        await room.uploads.append(target, upload.id, chunked(b"data"))
        next(room.folder.rglob(upload.generation)).write_bytes(b"da")
        with pytest.raises(UploadNotFound):
            await room.uploads.append(target, upload.id, chunked(b"x"), 4)
        with pytest.raises(UploadNotFound):
            await room.uploads.status(target, upload.id)
        await room.blob(target, b"data")

    asyncio.run(story())


@pytest.mark.parametrize("step", ["append", "finish"])
def test_full_disk(room: Room, step: str) -> None:
    """A full disk refuses what was to be written, leaves the upload as it was, and lets it go on when there is room."""

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        await room.uploads.append(target, upload.id, chunked(b"one "))
        room.use(Failing(room, step, StorageFull()))
        if step == "append":
            with pytest.raises(StorageFull):
                await room.uploads.append(target, upload.id, chunked(b"two"))
        await room.uploads.append(target, upload.id, chunked(b"two"), 4)
        if step == "finish":
            with pytest.raises(StorageFull):
                await room.uploads.complete(target, upload.id, [digests.of(b"one two")])
        await room.uploads.complete(target, upload.id, [digests.of(b"one two")])
        assert await room.read(target, digests.of(b"one two")) == b"one two"

    asyncio.run(story())


@pytest.mark.parametrize("more", [b"", b"more"])
@pytest.mark.parametrize("data", [b"", b"data"])
def test_finished_but_not_committed(room: Room, data: bytes, more: bytes) -> None:
    """After a fault between store and database the same completion succeeds, and other bytes never pass for these."""

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        await room.uploads.append(target, upload.id, chunked(data) if data else chunked())
        room.use(Failing(room, "finish", StorageFull(), after=True))
        with pytest.raises(StorageFull):
            await room.uploads.complete(target, upload.id, [digests.of(data)])
        if not more:
            await room.uploads.complete(target, upload.id, [digests.of(data)])
            assert await room.read(target, digests.of(data)) == data
            return
        with pytest.raises((UploadNotFound, InvalidLayer)):
            await grow_and_complete(room, target, upload.id, more, digests.of(data + more))
        assert await room.blobs.check(target, [digests.of(data), digests.of(data + more)]) == {}

    asyncio.run(story())


def test_too_large(room: Room) -> None:
    """A layer that grows beyond what is allowed is refused, with what came before kept, and one of that size is not."""
    room.use(limits=SMALL)

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        with pytest.raises(LimitExceeded, match="maximum allowed size which is '20' bytes"):
            await room.uploads.append(target, upload.id, chunked(b"0123456789", b"0123456789", b"!"))
        assert (await room.uploads.status(target, upload.id)).offset == 20
        await room.uploads.complete(target, upload.id, [digests.of(b"0123456789" * 2)])

    asyncio.run(story())


@pytest.mark.parametrize(
    ("first", "last", "data", "sentence"),
    [
        (0, 3, b"1234", "First byte of the layer part 0 is not consecutive with the last byte received: expected 4"),
        (5, 8, b"1234", "First byte of the layer part 5 is not consecutive with the last byte received: expected 4"),
        (3, 3, b"1", "First byte of the layer part 3 is not consecutive with the last byte received: expected 4"),
        (4, 8, b"1234", "The layer part has 4 bytes, but its first and last byte are given as 4 and 8"),
        (4, 6, b"1234", "The layer part has 4 bytes, but its first and last byte are given as 4 and 6"),
        (4, 3, b"1", "The layer part has 1 bytes, but its first and last byte are given as 4 and 3"),
    ],
)
def test_wrong_part(room: Room, first: int, last: int, data: bytes, sentence: str) -> None:
    """A part that does not follow, or is not as long as it says, is refused with the facts that ECR's error carries."""

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        await room.uploads.append_part(target, upload.id, 0, 3, b"0123")
        with pytest.raises(InvalidLayerPart) as refused:
            await room.uploads.append_part(target, upload.id, first, last, data)
        assert str(refused.value) == sentence
        error = refused.value
        assert (error.name, error.registry_id, error.upload_id) == ("demo", "123456789012", upload.id)
        assert error.last_valid_byte == 3
        assert (await room.uploads.status(target, upload.id)).offset == 4

    asyncio.run(story())


def test_parts(room: Room) -> None:
    """Parts follow each other by their bytes' numbers, up to as many and as large as are allowed."""
    room.use(limits=SMALL)

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        with pytest.raises(LimitExceeded, match="'8' bytes"):
            await room.uploads.append_part(target, upload.id, 0, 8, b"123456789")
        assert (await room.uploads.append_part(target, upload.id, 0, 5, b"123456")).offset == 6
        assert (await room.uploads.append_part(target, upload.id, 6, 10, b"78901")).offset == 11
        assert (await room.uploads.append_part(target, upload.id, 11, 11, b"2")).offset == 12
        with pytest.raises(LimitExceeded, match="number of parts which is '3'"):
            await room.uploads.append_part(target, upload.id, 12, 12, b"3")
        completed = await room.uploads.complete(target, upload.id, [digests.of(b"123456789012")], api=True)
        assert (completed.blob.size, completed.existed) == (12, False)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("parts", "api", "allowed"),
    [
        ([b"1"], True, True),
        ([b"12345", b"1"], True, True),
        ([b"12345", b"12345", b""], True, True),
        ([b"1", b"12345"], True, False),
        ([b"12345", b"1", b"1"], True, False),
        ([b"1", b"1", b"1"], False, True),
    ],
)
def test_small_parts(room: Room, parts: list[bytes], api: bool, allowed: bool) -> None:
    """Every part but the last has to have 5 MiB for CompleteLayerUpload, and none for the OCI door."""
    room.use(limits=SMALL)

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        for part in parts:
            await room.uploads.append(target, upload.id, chunked(part) if part else chunked())
        candidates = [digests.of(b"".join(parts))]
        if allowed:
            await room.uploads.complete(target, upload.id, candidates, api=api)
            return
        with pytest.raises(LayerPartTooSmall, match="at least 5MB"):
            await room.uploads.complete(target, upload.id, candidates, api=api)
        assert await room.uploads.count_open() == 1

    asyncio.run(story())


def test_empty(room: Room) -> None:
    """An upload without bytes is a blob of no bytes for the OCI door, and EmptyUpload for CompleteLayerUpload."""
    empty = digests.of(b"")

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        with pytest.raises(EmptyUpload) as refused:
            await room.uploads.complete(target, upload.id, [empty], api=True)
        assert str(refused.value) == (
            f"The upload with id '{upload.id}' in the repository with name 'demo' in registry with id '123456789012' "
            "cannot be completed because it does not have any parts"
        )
        assert (await room.uploads.complete(target, upload.id, [empty])).blob.size == 0
        assert await room.read(target, empty) == b""

    asyncio.run(story())


SHA512 = Digest(f"sha512:{hashlib.sha512(b'data').hexdigest()}")
WRONG = digests.of(b"wrong")
WRONG512 = digests.of(b"wrong", "sha512")
RIGHT = digests.of(b"data")


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        ([RIGHT], RIGHT),
        ([WRONG, RIGHT], RIGHT),
        ([WRONG, WRONG512, RIGHT, SHA512], RIGHT),
        ([SHA512], SHA512),
        ([WRONG512, WRONG, SHA512], SHA512),
        ([WRONG], None),
        ([WRONG, WRONG512], None),
        ([], None),
    ],
)
def test_candidates(room: Room, candidates: list[Digest], expected: Digest | None) -> None:
    """A blob gets the candidate that its bytes have, in either algorithm; where none fits it is InvalidLayer."""

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        await room.uploads.append(target, upload.id, chunked(b"data"))
        if expected is not None:
            completed = await room.uploads.complete(target, upload.id, candidates)
            assert completed.blob.digest == expected
            assert await room.read(target, expected) == b"data"
            return
        with pytest.raises(InvalidLayer, match="None of the provided layer digests match"):
            await room.uploads.complete(target, upload.id, candidates)
        assert await room.rows("SELECT * FROM blob") == []
        if WRONG512 in candidates:
            assert room.files() == set()
        else:
            await room.uploads.complete(target, upload.id, [RIGHT])

    asyncio.run(story())


def test_long_reading_keeps_its_claim(room: Room) -> None:
    """While stored bytes are read for their digest, however long it takes, nobody else may write to the upload."""

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)

        async def slowly() -> AsyncIterator[bytes]:
            for byte in b"data":
                yield bytes([byte])
                room.now += RENEWAL + 1
                with pytest.raises(UploadBusy):
                    await room.uploads.complete(target, upload.id, [SHA512])

        class Slow(FilesystemBlobStore):
            async def open(self, key: str, start: int = 0, stop: int | None = None) -> Any:
                return slowly()

        room.use(Slow(room.folder))
        await room.uploads.append(target, upload.id, chunked(b"data"))
        assert (await room.uploads.complete(target, upload.id, [SHA512])).blob.digest == SHA512

    asyncio.run(story())


def test_already_there(room: Room) -> None:
    """A layer that the repository holds is refused to the API and not to the OCI door; its second copy is dropped."""

    async def story() -> None:
        target, other = await room.repository(), await room.repository("other")
        await room.blob(target, b"data")
        for api in (True, False):
            upload = await room.uploads.begin(target)
            await room.uploads.append(target, upload.id, chunked(b"data"))
            if api:
                with pytest.raises(LayerAlreadyExists) as refused:
                    await room.uploads.complete(target, upload.id, [RIGHT], api=True)
                assert str(refused.value) == (
                    f"Layer with digest '{RIGHT}' already exists in the repository with name 'demo' in the registry "
                    "with id '123456789012'"
                )
            else:
                assert (await room.uploads.complete(target, upload.id, [RIGHT])).existed
        upload = await room.uploads.begin(other)
        await room.uploads.append(other, upload.id, chunked(b"data"))
        assert not (await room.uploads.complete(other, upload.id, [RIGHT], api=True)).existed
        assert len(room.files()) == 1
        assert await room.rows("SELECT * FROM upload") == []

    asyncio.run(story())


def test_cancel(room: Room) -> None:
    """A cancelled upload is gone with its bytes."""

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        await room.uploads.append(target, upload.id, chunked(b"data"))
        assert len(room.files()) == 1
        await room.uploads.cancel(target, upload.id)
        assert room.files() == set()
        assert await room.rows("SELECT * FROM upload") == []

    asyncio.run(story())


def test_cancel_while_written(room: Room) -> None:
    """An upload that is cancelled while a request writes to it is not found from then on, by that request neither."""

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        gate = Gate(b"one ", b"two")
        writing = asyncio.create_task(room.uploads.append(target, upload.id, gate.chunks()))
        await gate.reached.wait()
        await room.uploads.cancel(target, upload.id)
        gate.open.set()
        with pytest.raises(UploadNotFound):
            await writing
        with pytest.raises(UploadNotFound):
            await room.uploads.status(target, upload.id)

    asyncio.run(story())


def test_repository_deleted_meanwhile(room: Room) -> None:
    """An upload ends with its repository: a request that writes to it cannot save, and no blob comes of it."""

    async def story() -> None:
        target = await room.repository()
        upload = await room.uploads.begin(target)
        gate = Gate(b"one ", b"two")
        writing = asyncio.create_task(room.uploads.append(target, upload.id, gate.chunks()))
        await gate.reached.wait()
        await room.repositories.delete(target, True)
        gate.open.set()
        with pytest.raises(UploadNotFound):
            await writing
        with pytest.raises(UploadNotFound):
            await room.uploads.complete(target, upload.id, [digests.of(b"")])

    asyncio.run(story())


def test_notes_of_the_store(room: Room) -> None:
    """What a store has to remember between requests, from its beginning on, comes back to it."""
    seen: list[str] = []

    class Noting(FilesystemBlobStore):
        async def begin(self, key: str) -> Unfinished:
            return replace(await super().begin(key), detail="begun")

        async def append(self, blob: Unfinished, chunks: Any) -> Unfinished:
            seen.append(blob.detail)
            return replace(await super().append(replace(blob, detail=""), chunks), detail=f"{blob.detail}+")

        async def finish(self, blob: Unfinished) -> None:
            seen.append(blob.detail)
            await super().finish(replace(blob, detail=""))

    async def story() -> None:
        room.use(Noting(room.folder))
        await room.blob(await room.repository(), b"data")
        assert seen == ["begun", "begun+"]

    asyncio.run(story())


@pytest.mark.parametrize("sizes", [(0,), (1, 0, 7), (4096,), (4000, 97), (5000,), (10, 5000, 10)])
def test_bytes_that_are_there(room: Room, sizes: tuple[int, ...]) -> None:
    """Few bytes or many, appended at once or after one another, are one blob; a start elsewhere is refused."""

    async def story() -> None:
        target, sent = await room.repository(), b""
        upload = await room.uploads.begin(target)
        for size in sizes:
            data = bytes(range(256)) * (size // 256) + bytes(size % 256)
            with pytest.raises(InvalidRange):
                await room.uploads.append_bytes(target, upload.id, b"no", len(sent) + 1)
            grown = await room.uploads.append_bytes(target, upload.id, data, len(sent))
            sent += data
            assert (grown.offset, grown.claimed_until) == (len(sent), 0)
        completed = await room.uploads.complete(target, upload.id, [digests.of(sent)])
        assert await room.read(target, completed.blob.digest) == sent

    asyncio.run(story())


def test_store_that_keeps_less(room: Room) -> None:
    """Where a store kept fewer bytes than it was given, the offset says so and the digest is taken from its bytes."""

    class Forgetful(FilesystemBlobStore):
        async def append(self, blob: Unfinished, chunks: Any) -> Unfinished:
            kept = await super().append(blob, chunks)
            return replace(kept, size=kept.size - 1) if kept.size == 5 else kept

    async def story() -> None:
        room.use(Forgetful(room.folder))
        target = await room.repository()
        upload = await room.uploads.begin(target)
        assert (await room.uploads.append(target, upload.id, chunked(b"01234"))).offset == 4
        await room.uploads.append(target, upload.id, chunked(b"4567"), 4)
        await room.uploads.complete(target, upload.id, [digests.of(b"01234567")])
        assert await room.read(target, digests.of(b"01234567")) == b"01234567"

    asyncio.run(story())
