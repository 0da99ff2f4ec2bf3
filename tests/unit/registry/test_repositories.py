"""Repositories: their rules, their pages, and what is left of one that was deleted."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from cargohold.core.arn import Registry, Target
from cargohold.core.errors import (
    CargoholdError,
    InvalidParameter,
    InvalidTagParameter,
    KmsUnsupported,
    LimitExceeded,
    RepositoryAlreadyExists,
    RepositoryNotEmpty,
    RepositoryNotFound,
    TooManyTags,
)
from cargohold.registry.limits import Limits
from cargohold.registry.repositories import NewRepository

from .bed import HOME, Room

DAY = 24 * 60 * 60 * 1000


def test_defaults(room: Room) -> None:
    """A repository is made with ECR's defaults, and is described as it was made."""

    async def story() -> None:
        made = await room.repositories.create(HOME, NewRepository("team/app"))
        assert (made.name, made.registry, made.created_at) == ("team/app", HOME, room.now)
        assert made.arn == "arn:aws:ecr:eu-central-1:123456789012:repository/team/app"
        assert (made.tag_mutability, made.tag_mutability_filters, made.scan_on_push) == ("MUTABLE", (), False)
        assert (made.encryption_type, made.kms_key) == ("AES256", None)
        assert await room.repositories.describe([Target(HOME, "team/app", made.id)]) == [made]

    asyncio.run(story())


def test_options(room: Room) -> None:
    """Every option is kept, resource tags too."""

    async def story() -> None:
        new = NewRepository(
            "app",
            tag_mutability="IMMUTABLE_WITH_EXCLUSION",
            tag_mutability_filters=("latest", "dev-*"),
            scan_on_push=True,
            tags={"env": "prod", "empty": ""},
        )
        made = await room.repositories.create(HOME, new)
        assert await room.repositories.describe([Target(HOME, "app", made.id)]) == [made]
        assert (made.tag_mutability, made.tag_mutability_filters) == (new.tag_mutability, new.tag_mutability_filters)
        assert made.scan_on_push is True
        tags = await room.rows("SELECT key, value FROM resource_tag WHERE repository_id = :id", id=made.id)
        assert dict(tags) == {"env": "prod", "empty": ""}

    asyncio.run(story())


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"name": "a"}, InvalidParameter, "Member must have length greater than or equal to 2"),
        ({"name": "Upper"}, InvalidParameter, "must satisfy regular expression"),
        ({"tag_mutability": "FROZEN"}, InvalidParameter, "at 'imageTagMutability'"),
        ({"tag_mutability": "MUTABLE_WITH_EXCLUSION"}, InvalidParameter, "can't be null"),
        ({"encryption_type": "KMS"}, KmsUnsupported, "has no KMS yet"),
        ({"encryption_type": "KMS_DSSE", "kms_key": "alias/x"}, KmsUnsupported, "has no KMS yet"),
        ({"encryption_type": "AES128"}, InvalidParameter, "Member must satisfy enum value set"),
        ({"kms_key": "alias/x"}, InvalidParameter, "kmsKey can't be set"),
        ({"tags": {str(number): "" for number in range(51)}}, TooManyTags, "The maximum number of tags is 50"),
        ({"tags": {"": "x"}}, InvalidTagParameter, "1 to 128 characters"),
        ({"tags": {"k" * 129: "x"}}, InvalidTagParameter, "1 to 128 characters"),
        ({"tags": {"k": "x" * 257}}, InvalidTagParameter, "256 characters"),
        ({"tags": {"aws:createdBy": "x"}}, InvalidTagParameter, "reserved"),
        ({"tags": {"AWS:x": "x"}}, InvalidTagParameter, "reserved"),
    ],
)
def test_refused(room: Room, options: dict[str, Any], error: type[CargoholdError], sentence: str) -> None:
    """What CreateRepository does not allow is refused with ECR's error, and nothing is made."""

    async def story() -> None:
        with pytest.raises(error, match=sentence.replace("(", "\\(")):
            await room.repositories.create(HOME, NewRepository(**{"name": "app", **options}))
        assert (await room.repositories.page(HOME, None, 10)).items == ()
        assert await room.rows("SELECT * FROM registry") == []

    asyncio.run(story())


def test_bounds_of_resource_tags(room: Room) -> None:
    """Fifty resource tags with the longest key and value are accepted."""

    async def story() -> None:
        tags = {f"{number:03}".ljust(128, "k"): "v" * 256 for number in range(50)}
        made = await room.repositories.create(HOME, NewRepository("app", tags=tags))
        kept = await room.rows("SELECT key, value FROM resource_tag WHERE repository_id = :id", id=made.id)
        assert dict(kept) == tags

    asyncio.run(story())


def test_a_name_is_made_once(room: Room) -> None:
    """Of many requests that create one name at the same time one succeeds, and the others learn that it exists."""

    async def story() -> None:
        attempts = [room.repositories.create(HOME, NewRepository("app")) for _ in range(8)]
        results = await asyncio.gather(*attempts, return_exceptions=True)
        refusals = [each for each in results if isinstance(each, RepositoryAlreadyExists)]
        assert len(refusals) == 7
        assert str(refusals[0]) == (
            "The repository with name 'app' already exists in the registry with id '123456789012'"
        )
        assert len((await room.repositories.page(HOME, None, 10)).items) == 1

    asyncio.run(story())


@pytest.mark.parametrize(
    "other", [Registry("210987654321", HOME.region), replace(HOME, region="us-east-1"), replace(HOME, kind="public")]
)
def test_registries_are_apart(room: Room, other: Registry) -> None:
    """The same name may stand in another account, region or kind of registry, and neither lists the other's."""

    async def story() -> None:
        mine = await room.repositories.create(HOME, NewRepository("app"))
        theirs = await room.repositories.create(other, NewRepository("app"))
        assert mine.id != theirs.id
        assert (await room.repositories.page(HOME, None, 10)).items == (mine,)
        assert (await room.repositories.page(other, None, 10)).items == (theirs,)

    asyncio.run(story())


def test_quota(room: Room) -> None:
    """A full registry refuses another repository, names one that it has, and has room again after a deletion."""
    room.use(limits=Limits(repositories=2))

    async def story() -> None:
        first = await room.repository("first")
        await room.repository("second")
        with pytest.raises(LimitExceeded, match="maximum allowed number of repositories which is '2'"):
            await room.repository("third")
        with pytest.raises(RepositoryAlreadyExists):
            await room.repository("second")
        await room.repositories.delete(first, False)
        await room.repository("third")

    asyncio.run(story())


def test_pages(room: Room) -> None:
    """Pages follow each other by name without a gap or a repeat, prefixes and deletions notwithstanding."""
    names = ["a/b", "a/b-c", "a/b/c", "aa", "ab", "b", "zz", "z0"]
    names = [name for name in names if len(name) > 1]

    async def story() -> None:
        for name in names:
            await room.repository(name)
        gone = await room.repository("a/gone")
        await room.repositories.delete(gone, False)
        for limit in (1, 2, 3, len(names), 100):
            seen: list[str] = []
            after: str | None = None
            while True:
                page = await room.repositories.page(HOME, after, limit)
                assert len(page.items) <= limit
                seen += [each.name for each in page.items]
                after = page.after
                if after is None:
                    break
            assert seen == sorted(names)
        assert (await room.repositories.page(HOME, "zz", 10)).items == ()
        assert (await room.repositories.page(HOME, None, 0)).items == ()

    asyncio.run(story())


def test_describe_in_order(room: Room) -> None:
    """Repositories are described in the order asked for, and the first absent one is named."""

    async def story() -> None:
        one, two = await room.repository("one"), await room.repository("two")
        assert [each.name for each in await room.repositories.describe([two, one])] == ["two", "one"]
        assert await room.repositories.describe([]) == []
        with pytest.raises(RepositoryNotFound, match="'absent' does not exist"):
            await room.repositories.describe([one, Target(HOME, "absent", None), Target(HOME, "later", None)])
        await room.repositories.delete(two, False)
        with pytest.raises(RepositoryNotFound, match="'two' does not exist"):
            await room.repositories.describe([one, two])

    asyncio.run(story())


def test_delete_needs_force(room: Room) -> None:
    """A repository with an image, tagged or not, is deleted by force only; one whose images are gone needs none."""

    async def story() -> None:
        target = await room.repository("app")
        image = await room.image(target, b"layer")
        with pytest.raises(RepositoryNotEmpty) as refused:
            await room.repositories.delete(target, False)
        assert str(refused.value) == (
            "The repository with name 'app' in registry with id '123456789012' cannot be deleted because it still "
            "contains images"
        )
        await room.images.remove(target, image.digest)
        assert (await room.repositories.delete(target, False)).name == "app"

    asyncio.run(story())


def test_what_a_deletion_leaves(room: Room) -> None:
    """A deleted repository is gone at once for every room and its name is free; its tombstone is left."""

    async def story() -> None:
        target = await room.repository("app")
        image = await room.image(target, b"layer", tag="v1")
        upload = await room.uploads.begin(target)
        room.now += DAY
        deleted = await room.repositories.delete(target, True)
        assert (deleted.id, deleted.name) == (target.id, "app")
        left = await room.rows("SELECT state, deleted_at FROM repository WHERE id = :id", id=target.id)
        assert left == [("deleted", room.now)]
        assert (await room.rows("SELECT state FROM upload WHERE id = :id", id=upload.id)) == [("ended",)]
        for attempt in (
            room.repositories.delete(target, True),
            room.put(target, image.payload, "v2"),
            room.images.delete(target, []),
            room.images.untag(target, "v1"),
            room.uploads.begin(target),
            room.blobs.mount(target, room.config, None),
            room.repositories.describe([target]),
        ):
            with pytest.raises(RepositoryNotFound):
                await attempt
        again = await room.repository("app")
        assert again.id != target.id
        assert await room.tags_of(again) == {}

    asyncio.run(story())


def test_an_absent_repository_is_named_by_every_room(room: Room) -> None:
    """Each room answers for a repository that the guard did not find, before it looks at anything else."""
    absent = Target(HOME, "absent", None)

    async def story() -> None:
        for attempt in (
            room.repositories.delete(absent, True),
            room.put(absent, b"garbage"),
            room.images.get_many(absent, []),
            room.images.delete(absent, []),
            room.images.describe(absent, []),
            room.images.describe_page(absent, "ANY", "ANY", None, 1),
            room.images.list_ids(absent, "ANY", "ANY", None, 1),
            room.images.untag(absent, "v1"),
            room.images.remove(absent, room.config),
            room.tags.page(absent, None, 1),
            room.blobs.get(absent, room.config),
            room.blobs.check(absent, []),
            room.blobs.mount(absent, room.config, None),
            room.blobs.downloadable(absent, room.config),
            room.uploads.begin(absent),
            room.uploads.status(absent, "x"),
            room.uploads.append_part(absent, "x", 0, 0, b"x"),
            room.uploads.complete(absent, "x", []),
            room.uploads.cancel(absent, "x"),
        ):
            with pytest.raises(RepositoryNotFound, match=r"name 'absent' does not exist .* id '123456789012'"):
                await attempt

    asyncio.run(story())
