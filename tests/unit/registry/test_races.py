"""Writers of several processes at once: they leave what one after the other would have left, and block nobody for good.

Each process is a handle of its own on the database. On PostgreSQL their transactions really run side by side.
"""

import asyncio
import random
from collections.abc import Awaitable, Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from cargohold.core.arn import Target
from cargohold.core.errors import (
    CargoholdError,
    LayerInUse,
    LayerNotFound,
    LayersNotFound,
    LimitExceeded,
    ManifestNotFound,
    RepositoryAlreadyExists,
    RepositoryNotFound,
)
from cargohold.registry.image import ImageId
from cargohold.registry.limits import Limits
from cargohold.registry.repositories import NewRepository
from tests.bed.engines import Engine, PostgreSQLEngine

from .bed import CONFIG, HOME, Room


@pytest.fixture
def orderly(engine: Engine) -> Iterator[None]:
    """Fails the test when transactions blocked each other, so that one had to be done again."""
    with capture_logs() as entries:
        yield
    if [entry for entry in entries if entry["event"] == "transaction tried again"]:
        pytest.fail(engine.server.log_tail(40) if isinstance(engine, PostgreSQLEngine) else "", pytrace=False)


async def outcome(*attempts: Awaitable[Any]) -> tuple[list[Any], list[BaseException]]:
    """What came of attempts that were made at once: results and refusals."""
    results = await asyncio.gather(*attempts, return_exceptions=True)
    refused = [each for each in results if isinstance(each, BaseException)]
    return [each for each in results if not isinstance(each, BaseException)], refused


def payload(room: Room, content: object, *layers: str) -> bytes:
    return room.manifest(*layers, annotations={"content": str(content)})


def test_one_name_is_created_once(room: Room, beside: Room) -> None:
    """Of many that create a repository of one name in a registry that is new too, one does, and the others are told."""

    async def story() -> None:
        for name in ("first", "second", "third"):
            attempts = (each.repositories.create(HOME, NewRepository(name)) for each in [room, beside] * 4)
            made, refused = await outcome(*attempts)
            assert len(made) == 1
            assert {type(error) for error in refused} == {RepositoryAlreadyExists}
        assert await room.rows("SELECT count(*) FROM repository") == [(3,)]
        assert await room.rows("SELECT count(*) FROM registry") == [(1,)]

    asyncio.run(story())


def test_quotas_hold(room: Room, beside: Room, orderly: None) -> None:
    """Repositories, images and tags that are made at once are never more than there may be, and as many as may be."""
    limits = Limits(repositories=3, images_per_repository=3, tags_per_image=3)
    room.use(limits=limits)
    beside.use(limits=limits)
    rooms = [room, beside] * 5

    async def story() -> None:
        names = (each.repositories.create(HOME, NewRepository(f"app{n}")) for n, each in enumerate(rooms))
        made, refused = await outcome(*names)
        assert (len(made), {type(error) for error in refused}) == (3, {LimitExceeded})
        targets = [Target(HOME, each.name, each.id) for each in made]
        for target in targets:
            await room.blob(target, CONFIG)
        pushes = (each.put(targets[0], payload(room, n)) for n, each in enumerate(rooms))
        pushed, refused = await outcome(*pushes)
        assert (len(pushed), {type(error) for error in refused}) == (3, {LimitExceeded})
        assert len(await room.digests_of(targets[0])) == 3
        tagging = (each.put(targets[1], payload(room, 0), f"v{n}") for n, each in enumerate(rooms))
        tagged, refused = await outcome(*tagging)
        assert (len(tagged), {type(error) for error in refused}) == (3, {LimitExceeded})
        assert len(await room.tags_of(targets[1])) == 3

    asyncio.run(story())


def test_nothing_is_pushed_into_a_deleted_repository(room: Room, beside: Room, orderly: None) -> None:
    """Each push beside the deletion of its repository is in what was deleted, or finds it gone; so does each upload."""

    async def story() -> None:
        for turn in range(8):
            target = await room.repository()
            await room.blob(target, CONFIG)
            pushes = [each.put(target, payload(room, n), f"v{n}") for n, each in enumerate([room, beside] * 3)]
            uploads = [each.uploads.begin(target) for each in (room, beside)]
            pushed, refused = await outcome(*pushes, beside.repositories.delete(target, True), *uploads)
            assert {type(error) for error in refused} <= {RepositoryNotFound}
            live = "SELECT count(*) FROM image WHERE repository_id = :of AND deleted_at IS NULL"
            images = sum(hasattr(each, "digest") and hasattr(each, "payload") for each in pushed)
            assert await room.rows(live, of=target.existing) == [(images,)]
            assert await room.uploads.count_open() == 0
            assert await room.rows("SELECT count(*) FROM repository WHERE deleted_at IS NULL") == [(0,)]
            room.now = beside.now = room.now + 1000 * turn

    asyncio.run(story())


def test_an_unforced_deletion_takes_no_image(room: Room, beside: Room, orderly: None) -> None:
    """Either the push finds its repository gone, or the deletion finds the image."""

    async def story() -> None:
        for turn in range(12):
            target = await room.repository(f"app{turn}")
            await room.blob(target, CONFIG)
            done, refused = await outcome(
                room.put(target, payload(room, turn)), beside.repositories.delete(target, False)
            )
            assert (len(done), len(refused)) == (1, 1)
            assert isinstance(refused[0], CargoholdError)

    asyncio.run(story())


def test_an_index_never_loses_a_child(room: Room, beside: Room, orderly: None) -> None:
    """Beside the deletion of its child an index is refused, or the deletion is."""

    async def story() -> None:
        target = await room.repository()
        await room.blob(target, CONFIG)
        await room.put(target, payload(room, "keeps the config"))
        for turn in range(12):
            child = await room.put(target, payload(room, turn))
            index = room.put(target, room.list_of(child.digest), f"index{turn}")
            deleting = beside.images.delete(target, [ImageId(None, child.digest)])
            _, refused = await outcome(index, deleting)
            deleted = child.digest not in await room.digests_of(target)
            assert deleted is (len(refused) == 1)

    asyncio.run(story())


LAYERS = [b"layer %d" % number for number in range(6)]


@pytest.mark.parametrize("seed", range(3))
def test_everything_at_once(room: Room, beside: Room, seed: int, orderly: None) -> None:
    """Pushes, mounts, look-ups and deletions never wait for each other in a circle, and no image lacks a layer."""
    limits = Limits(collection_lease=1)
    room.use(limits=limits)
    beside.use(limits=limits)
    chance = random.Random(seed)  # noqa: S311

    async def one(each: Room, targets: list[Target]) -> None:
        source, target = chance.sample(targets, 2)
        kind = chance.choice(["push", "push", "mount", "mount", "check", "delete", "untag", "drop"])
        digests = [digest for digest in known if chance.random() < 0.7]
        try:
            if kind == "push":
                for layer in chance.sample(LAYERS, 3):
                    await each.blob(target, layer)
                await each.blob(target, CONFIG)
                held = sorted(await each.blobs.check(target, list(known)), key=lambda _: chance.random())
                await each.put(target, payload(room, chance.random(), *held), f"v{chance.randrange(4)}")
            elif kind == "mount":
                for digest in digests:
                    await each.blobs.mount(target, digest, source)
            elif kind == "drop":
                for digest in digests:
                    await each.blobs.remove(target, digest)
            elif kind == "check":
                await each.blobs.check(target, digests)
            elif kind == "delete":
                names = (await each.images.list_ids(target, "ANY", "ANY", None, 50)).items
                await each.images.delete(target, names)
            else:
                page = await each.tags.page(target, None, 1)
                for tag in page.items:
                    await each.images.untag(target, tag)
        except (LayerInUse, LayerNotFound, LayersNotFound, ManifestNotFound):
            pass

    async def many(each: Room, targets: list[Target]) -> None:
        for _ in range(25):
            await one(each, targets)

    async def story() -> None:
        targets = [await room.repository(name) for name in ("one", "two", "three")]
        known.extend([await room.blob(targets[0], layer) for layer in LAYERS])
        await asyncio.gather(*(many(each, targets) for each in [room, beside] * 3))
        lacking = (
            "SELECT count(*) FROM image JOIN image_blob ON image_id = image.id LEFT JOIN repository_blob "
            "ON repository_blob.blob_id = image_blob.blob_id AND repository_blob.repository_id = image.repository_id "
            "WHERE deleted_at IS NULL AND repository_blob.blob_id IS NULL"
        )
        assert await room.rows(lacking) == [(0,)]
        deleting = (
            each.repositories.delete(target, True) for each, target in zip([room, beside, room], targets, strict=True)
        )
        _, refused = await outcome(*deleting)
        assert refused == []

    known: list[Any] = []
    asyncio.run(story())


def test_a_deletion_gets_its_turn_beside_pushes(room: Room, beside: Room) -> None:
    """While pushes to a repository never cease, who has to hold it alone is not kept waiting until they do."""

    async def story() -> None:
        target = await room.repository()
        await room.blob(target, CONFIG)
        doomed = await room.put(target, payload(room, "doomed"))
        deleted = asyncio.Event()
        pushed = 0

        async def push(each: Room, number: int) -> None:
            nonlocal pushed
            while not deleted.is_set():
                await each.put(target, payload(room, f"{number} {pushed}"), f"v{number}")
                pushed += 1

        async def delete() -> None:
            while pushed < 20:
                await asyncio.sleep(0)
            await beside.images.delete(target, [ImageId(None, doomed.digest)])
            deleted.set()

        await asyncio.gather(delete(), *(push(each, number) for number, each in enumerate([room, beside] * 4)))
        assert doomed.digest not in await room.digests_of(target)
        assert pushed < 2_000

    asyncio.run(story())
