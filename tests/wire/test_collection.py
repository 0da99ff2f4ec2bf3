"""Collection and undo on the wire: what waits, what was given back, and what comes back."""

import pytest

from cargohold.registry.collection import Collector

from .conftest import ACCOUNT, NOON, OTHER, Wire
from .test_cargohold import Ours

DAY = 24 * 3600
ABSENT = f"sha256:{'0' * 64}"


@pytest.fixture
def operator(wire: Wire) -> Ours:
    """The administrator of the deployment's first account."""
    return Ours(wire, wire.keys[ACCOUNT])


def collect(operator: Ours) -> None:
    """What the worker does, until there is nothing left to do."""
    wire = operator.wire
    collector = Collector(wire.database, wire.services.uploads._stores, wire.clock, DAY * 1000)
    wire.runner.run(collector.run())


def test_an_empty_registry_has_nothing_to_collect(operator: Ours) -> None:
    """All counts are there and 0, and no time is told."""
    assert operator("DescribeCollection") == {
        "collection": {
            "queuedBlobCount": 0,
            "dueBlobCount": 0,
            "restorableImageCount": 0,
            "restorableRepositoryCount": 0,
            "purgeableCount": 0,
            "reclaimedBlobCount": 0,
            "reclaimedBytes": 0,
            "failureCount": 0,
            "keepDeletedSeconds": DAY,
        }
    }


def test_a_blob_is_waited_for_and_reclaimed(operator: Ours) -> None:
    """It is queued from its upload on, due after a day, and counted once it is gone."""
    operator.wire("CreateRepository", repositoryName="demo")
    operator.wire.layer("demo", b"unused")
    before = operator("StartCollection")["collection"]
    assert (before["queuedBlobCount"], before["dueBlobCount"]) == (1, 0)
    assert before["oldestReviewAt"] == NOON / 1000 + DAY
    operator.wire.clock.now += DAY * 1000
    assert operator("DescribeCollection")["collection"]["dueBlobCount"] == 1
    collect(operator)
    after = operator("DescribeCollection")["collection"]
    assert (after["queuedBlobCount"], after["reclaimedBlobCount"], after["reclaimedBytes"]) == (0, 1, 6)


def test_a_deleted_repository_is_listed_and_restored(operator: Ours) -> None:
    """Until its day is over; a second time, and while its name is taken, that is refused."""
    wire = operator.wire
    wire("CreateRepository", repositoryName="demo")
    wire("DeleteRepository", repositoryName="demo")
    assert operator("ListDeletedRepositories") == {
        "deletedRepositories": [
            {
                "repositoryName": "demo",
                "createdAt": NOON / 1000,
                "deletedAt": NOON / 1000,
                "restorableUntil": NOON / 1000 + DAY,
            }
        ]
    }
    wire("CreateRepository", repositoryName="demo")
    assert operator.refused("RestoreRepository", repositoryName="demo")[1] == "RepositoryAlreadyExistsException"
    wire("DeleteRepository", repositoryName="demo")
    assert operator("RestoreRepository", repositoryName="demo")["repositoryName"] == "demo"
    assert operator.refused("RestoreRepository", repositoryName="other")[1] == "RepositoryNotFoundException"


def test_a_deleted_image_is_listed_and_restored(operator: Ours) -> None:
    """With who deleted it and its tags, of which those come back that are free; asking again changes nothing."""
    wire = operator.wire
    wire("CreateRepository", repositoryName="demo")
    digest = wire.image("demo", "a layer", "v1", "v2")
    wire("BatchDeleteImage", repositoryName="demo", imageIds=[{"imageDigest": digest}])
    (listed,) = operator("ListDeletedImages", repositoryName="demo")["deletedImages"]
    assert (listed["imageDigest"], listed["imageTags"]) == (digest, ["v1", "v2"])
    assert listed["deletedBy"] == f"arn:aws:iam::{ACCOUNT}:user/administrator"
    assert listed["restorableUntil"] == NOON / 1000 + DAY
    wire.image("demo", "another layer", "v2")
    asked = {"repositoryName": "demo", "imageDigest": digest}
    assert operator("RestoreImage", **asked) == {
        "imageDigest": digest,
        "imageTags": ["v1"],
        "takenTags": ["v2"],
        "restoredImageDigests": [digest],
    }
    assert operator("RestoreImage", **asked)["restoredImageDigests"] == []
    assert operator("ListDeletedImages", repositoryName="demo") == {"deletedImages": []}


def test_deleted_images_come_in_pages(operator: Ours) -> None:
    """One page goes on where the one before it stopped, and a token serves its own listing only."""
    wire = operator.wire
    wire("CreateRepository", repositoryName="demo")
    digests = [wire.image("demo", f"layer {number}") for number in range(3)]
    wire("BatchDeleteImage", repositoryName="demo", imageIds=[{"imageDigest": each} for each in digests])
    first = operator("ListDeletedImages", repositoryName="demo", maxResults=2)
    token = first["nextToken"]
    second = operator("ListDeletedImages", repositoryName="demo", maxResults=2, nextToken=token)
    assert "nextToken" not in second
    found = [each["imageDigest"] for each in first["deletedImages"] + second["deletedImages"]]
    assert sorted(found) == sorted(digests)
    assert operator.refused("ListDeletedRepositories", nextToken=token)[1] == "InvalidParameterException"


def test_what_cannot_be_restored_is_named(operator: Ours) -> None:
    """An image that was never there, in a repository that is, and in one that is not."""
    operator.wire("CreateRepository", repositoryName="demo")
    asked = {"repositoryName": "demo", "imageDigest": ABSENT}
    assert operator.refused("RestoreImage", **asked)[1] == "ImageNotFoundException"
    absent = asked | {"repositoryName": "absent"}
    assert operator.refused("RestoreImage", **absent)[1] == "RepositoryNotFoundException"
    assert operator.refused("ListDeletedImages", repositoryName="absent")[1] == "RepositoryNotFoundException"
    assert operator.refused("RestoreImage", repositoryName="demo", imageDigest="x")[1] == "ValidationException"
    assert operator("ListDeletedImages", repositoryName="demo") == {"deletedImages": []}


def test_the_storage_is_the_first_accounts(operator: Ours) -> None:
    """Another account's administrator learns nothing of collection, and starts none."""
    other = Ours(operator.wire, operator.wire.keys[OTHER])
    for name in ("DescribeCollection", "StartCollection"):
        assert other.denied(name) == f"arn:aws:cargohold::{ACCOUNT}:storage"
