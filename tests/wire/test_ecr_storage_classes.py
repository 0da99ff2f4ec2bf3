"""UpdateImageStorageClass: into the archive and back, and what the other operations then say of an image."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from cargohold.core import digest
from cargohold.database.schema.jobs import event
from cargohold.jobs.queue import Queue
from cargohold.registry.archive_tasks import ArchiveTasks
from cargohold.registry.blob_moves import Mover
from cargohold.registry.image_archive import ACTIVATE_TASK, ARCHIVE_TASK

ACCOUNT = "123456789012"
NOON = 1_772_366_400.0
HOUR = 3600
CONFIG = digest.of(b'{"architecture":"amd64","os":"linux"}')
ABSENT = digest.of(b"absent")


@pytest.fixture
def demo(wire: Any) -> Any:
    """A client of a registry that has an empty repository demo."""
    wire("CreateRepository", repositoryName="demo")
    return wire


@pytest.fixture
def work(wire: Any, furnished: Any) -> Callable[[], None]:
    """Does the jobs that are waiting, as the worker does."""
    mover = Mover(wire.database, furnished.stores, wire.clock)
    tasks = ArchiveTasks(wire.database, mover, wire.clock)
    queue = Queue(wire.database, {ARCHIVE_TASK: tasks.archive, ACTIVATE_TASK: tasks.activate}, wire.clock)

    def run() -> None:
        while wire.runner.run(queue.run()):
            pass

    return run


def move(wire: Any, storage_class: str, **image_id: str) -> Any:
    return wire("UpdateImageStorageClass", repositoryName="demo", imageId=image_id, targetStorageClass=storage_class)


def refused(wire: Any, storage_class: str, **image_id: str) -> tuple[int, str, str]:
    answer: tuple[int, str, str] = wire.refused(
        "UpdateImageStorageClass", repositoryName="demo", imageId=image_id, targetStorageClass=storage_class
    )
    return answer


def unsupported(name: str, reason: str) -> tuple[int, str, str]:
    sentence = (
        f"The storage class of the image with digest '{name}' in the repository with name 'demo' cannot be updated: "
    )
    return 400, "ImageStorageClassUpdateNotSupportedException", sentence + reason


def status(wire: Any, name: str) -> str:
    (detail,) = wire("DescribeImages", repositoryName="demo", imageIds=[{"imageDigest": name}])["imageDetails"]
    return str(detail["imageStatus"])


def availability(wire: Any, *layers: str) -> list[str]:
    asked = wire("BatchCheckLayerAvailability", repositoryName="demo", layerDigests=list(layers))
    return [each["layerAvailability"] for each in asked["layers"]]


def test_there_and_back(demo: Any, work: Callable[[], None]) -> None:
    """An image is ARCHIVED at once, ACTIVATING when it is restored, and ACTIVE when its bytes are back."""
    name = demo.image("demo", "content", "v1")
    demo.clock.now += HOUR * 1000
    assert move(demo, "ARCHIVE", imageTag="v1") == {
        "registryId": ACCOUNT,
        "repositoryName": "demo",
        "imageId": {"imageDigest": name, "imageTag": "v1"},
        "imageStatus": "ARCHIVED",
    }
    work()
    (archived,) = demo("DescribeImages", repositoryName="demo", filter={"imageStatus": "ARCHIVED"})["imageDetails"]
    assert archived["lastArchivedAt"] == NOON + HOUR
    assert "lastActivatedAt" not in archived
    assert demo("DescribeImages", repositoryName="demo")["imageDetails"] == []
    demo.clock.now += HOUR * 1000
    assert move(demo, "STANDARD", imageDigest=name)["imageStatus"] == "ACTIVATING"
    assert status(demo, name) == "ACTIVATING"
    work()
    (active,) = demo("DescribeImages", repositoryName="demo")["imageDetails"]
    times = {member: active[member] for member in ("imageStatus", "lastArchivedAt", "lastActivatedAt")}
    assert times == {"imageStatus": "ACTIVE", "lastArchivedAt": NOON + HOUR, "lastActivatedAt": NOON + 2 * HOUR}


def test_what_an_archived_image_is_not(demo: Any, work: Callable[[], None]) -> None:
    """An archived image, or one on its way back, is not got, not listed unasked, and its layers are not downloaded."""
    name, layer = demo.image("demo", "content", "v1"), digest.of(b"content")
    move(demo, "ARCHIVE", imageTag="v1")

    def shut() -> None:
        got = demo("BatchGetImage", repositoryName="demo", imageIds=[{"imageTag": "v1"}])
        assert (got["images"], got["failures"][0]["failureCode"]) == ([], "ImageInaccessible")
        assert demo("ListImages", repositoryName="demo")["imageIds"] == []
        url = demo.refused("GetDownloadUrlForLayer", repositoryName="demo", layerDigest=layer)
        assert url[1] == "LayerInaccessibleException"
        assert "archived" in url[2]
        assert availability(demo, layer, CONFIG, ABSENT) == ["ARCHIVED", "ARCHIVED", "UNAVAILABLE"]

    shut()
    work()
    shut()
    move(demo, "STANDARD", imageTag="v1")
    shut()
    work()
    assert availability(demo, layer, CONFIG) == ["AVAILABLE", "AVAILABLE"]
    assert demo("GetDownloadUrlForLayer", repositoryName="demo", layerDigest=layer)["layerDigest"] == layer
    assert [each["imageDigest"] for each in demo("ListImages", repositoryName="demo")["imageIds"]] == [name]


def test_a_layer_that_an_active_image_uses(demo: Any) -> None:
    """A layer that an active image of the repository uses is available, whatever archived ones do."""
    demo.image("demo", "old", "old")
    demo.image("demo", "new", "new")
    move(demo, "ARCHIVE", imageTag="old")
    assert availability(demo, digest.of(b"old"), digest.of(b"new"), CONFIG) == ["ARCHIVED", "AVAILABLE", "AVAILABLE"]


def test_put_again(demo: Any, work: Callable[[], None]) -> None:
    """Putting an archived image again makes it active at once, and it may be archived again."""
    name = demo.image("demo", "content", "v1")
    move(demo, "ARCHIVE", imageTag="v1")
    work()
    assert demo.image("demo", "content", "v1") == name
    assert status(demo, name) == "ACTIVE"
    work()
    move(demo, "ARCHIVE", imageTag="v1")
    assert status(demo, name) == "ARCHIVED"


def test_asked_again(demo: Any, work: Callable[[], None]) -> None:
    """What has the storage class already is refused, but a restore that is under way may be asked for again."""
    name = demo.image("demo", "content", "v1")
    assert refused(demo, "STANDARD", imageTag="v1") == unsupported(name, "it is ACTIVE")
    move(demo, "ARCHIVE", imageTag="v1")
    assert refused(demo, "ARCHIVE", imageTag="v1") == unsupported(name, "it is ARCHIVED")
    first = move(demo, "STANDARD", imageTag="v1")
    assert move(demo, "STANDARD", imageTag="v1") == first
    assert refused(demo, "ARCHIVE", imageTag="v1") == unsupported(name, "it is ACTIVATING")
    work()
    assert status(demo, name) == "ACTIVE"


def test_held_by_an_index(demo: Any) -> None:
    """An image that an index lists is archived after the index."""
    name = demo.image("demo", "content")
    demo.index("demo", "all", name)
    reason = "an image index that lists it, or the image that it refers to, is not archived"
    assert refused(demo, "ARCHIVE", imageDigest=name) == unsupported(name, reason)
    move(demo, "ARCHIVE", imageTag="all")
    assert move(demo, "ARCHIVE", imageDigest=name)["imageStatus"] == "ARCHIVED"


def test_a_referrer_follows(demo: Any, work: Callable[[], None]) -> None:
    """A referrer is refused while its subject is active, follows it into the archive, and is found by its status."""
    name = demo.image("demo", "content", "v1")
    subject = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": name, "size": 7}
    text = demo.manifest("demo", b"signed", subject=subject)
    demo("PutImage", repositoryName="demo", imageManifest=text)
    signature = digest.of(text.encode())
    assert refused(demo, "ARCHIVE", imageDigest=signature)[1] == "ImageStorageClassUpdateNotSupportedException"
    move(demo, "ARCHIVE", imageTag="v1")
    work()
    asked = {"repositoryName": "demo", "subjectId": {"imageDigest": name}}
    assert demo("ListImageReferrers", **asked)["referrers"] == []
    (found,) = demo("ListImageReferrers", **asked, filter={"artifactStatus": "ARCHIVED"})["referrers"]
    assert (found["digest"], found["artifactStatus"]) == (signature, "ARCHIVED")


def test_wrong_names(demo: Any) -> None:
    """An unknown image, an unknown repository, and a name that is none are told apart."""
    name = demo.image("demo", "content", "v1")
    absent = f"{{imageDigest:'{ABSENT}', imageTag:'null'}}"
    sentence = (
        f"The image with imageId {absent} does not exist within the repository with name 'demo' "
        f"in the registry with id '{ACCOUNT}'"
    )
    assert refused(demo, "ARCHIVE", imageDigest=ABSENT) == (400, "ImageNotFoundException", sentence)
    assert refused(demo, "ARCHIVE", imageDigest=ABSENT, imageTag="v1")[1] == "ImageNotFoundException"
    assert refused(demo, "ARCHIVE")[1] == "InvalidParameterException"
    assert refused(demo, "GLACIER", imageDigest=name)[1] == "InvalidParameterException"
    request = {"repositoryName": "other", "imageId": {"imageTag": "v1"}, "targetStorageClass": "ARCHIVE"}
    assert demo.refused("UpdateImageStorageClass", **request)[1] == "RepositoryNotFoundException"
    assert status(demo, name) == "ACTIVE"


def test_events(demo: Any, work: Callable[[], None]) -> None:
    """Each way is an event in EventBridge's form."""
    name = demo.image("demo", "content", "v1")
    move(demo, "ARCHIVE", imageTag="v1")
    move(demo, "STANDARD", imageTag="v1")
    work()
    detail = {
        "result": "SUCCESS",
        "repository-name": "demo",
        "image-digest": name,
        "action-type": "UPDATE_STORAGE_CLASS",
        "manifest-media-type": "application/vnd.oci.image.manifest.v1+json",
        "artifact-media-type": "application/vnd.oci.image.config.v1+json",
    }
    restored = {"target-storage-class": "STANDARD", "last-activated-at": "2026-03-01T12:00:00Z"}
    assert published(demo) == [
        ("ECR Image Action", detail | {"target-storage-class": "ARCHIVE"}),
        ("ECR Image Action", detail | restored),
    ]


def published(wire: Any) -> list[tuple[str, Any]]:
    rows = wire.runner.run(
        wire.database.read(lambda connection: connection.execute(select(event.c.kind, event.c.payload)).all())
    )
    return [(kind, json.loads(payload)) for kind, payload in rows]
