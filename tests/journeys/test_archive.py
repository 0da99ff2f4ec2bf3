"""The archive through both doors of a real server, whose worker moves the bytes."""

import threading
from typing import Any

import pytest
from botocore.client import BaseClient

from tests.clients.bed.images import OCI_INDEX, Image, digest_of, make_image, make_index, make_layer
from tests.clients.bed.server import Server
from tests.clients.bed.wire import Wire

WITHIN = 60.0
"""Seconds that the worker has."""


def image(content: str) -> Image:
    return make_image([make_layer({"content": content.encode()}), make_layer({"more": b"more" * 1000})], ["/content"])


def move(ecr: BaseClient, name: str, tag: str, storage_class: str) -> str:
    moved = ecr.update_image_storage_class(
        repositoryName=name, imageId={"imageTag": tag}, targetStorageClass=storage_class
    )
    return str(moved["imageStatus"])


def details(ecr: BaseClient, name: str) -> dict[str, Any]:
    """Every image by its digest."""
    shown = ecr.describe_images(repositoryName=name, filter={"imageStatus": "ANY"})["imageDetails"]
    return {detail["imageDigest"]: detail for detail in shown}


def wait_for(ecr: BaseClient, name: str, status: str) -> None:
    """Returns when every image of the repository has that status."""
    tick = threading.Event()
    for _ in range(int(WITHIN / 0.1)):
        if {detail["imageStatus"] for detail in details(ecr, name).values()} == {status}:
            return
        tick.wait(0.1)
    pytest.fail(f"the images were not {status} in time")


def wait_until_moved(server: Server, before: int, count: int) -> None:
    """Returns when so many more files lie whole in the archive."""
    tick = threading.Event()
    for _ in range(int(WITHIN / 0.1)):
        if archived(server) >= before + count:
            return
        tick.wait(0.1)
    pytest.fail("the bytes were not archived in time")


def archived(server: Server) -> int:
    return sum(path.is_file() for path in (server.data / "archive" / "blobs").rglob("*"))


def test_an_index_goes_and_comes_back(server: Server, ecr: BaseClient, wire: Wire, name: str) -> None:
    """An index and its image are archived, neither is pulled meanwhile, and restoring the index brings both back."""
    ecr.create_repository(repositoryName=name)
    child = image(name)
    index = make_index([child])
    before = archived(server)
    wire.push(name, "one", child)
    wire.push_manifest(name, "all", index, OCI_INDEX)
    assert move(ecr, name, "all", "ARCHIVE") == "ARCHIVED"
    assert move(ecr, name, "one", "ARCHIVE") == "ARCHIVED"
    wait_until_moved(server, before, 2)
    for reference in ("all", "one", child.digest, digest_of(index)):
        refused = wire.ask("GET", f"/v2/{name}/manifests/{reference}")
        assert (refused.status, refused.errors[0]["code"]) == (404, "MANIFEST_UNKNOWN")
    assert move(ecr, name, "all", "STANDARD") == "ACTIVATING"
    wait_for(ecr, name, "ACTIVE")
    assert wire.manifest(name, "all") == index
    assert wire.manifest(name, "one") == child.manifest
    assert {digest: wire.blob(name, digest) for digest in child.blobs} == child.blobs
    assert all("lastActivatedAt" in detail for detail in details(ecr, name).values())


def test_a_push_needs_what_is_archived(server: Server, ecr: BaseClient, wire: Wire, name: str) -> None:
    """A push finds archived layers by HEAD and by mount, and its image can be pulled at once, in each repository."""
    other = f"{name}-other"
    ecr.create_repository(repositoryName=name)
    ecr.create_repository(repositoryName=other)
    pushed, before = image(name), archived(server)
    wire.push(name, "v1", pushed)
    move(ecr, name, "v1", "ARCHIVE")
    wait_until_moved(server, before, 2)
    for digest in pushed.blobs:
        wire.want(200, "HEAD", f"/v2/{name}/blobs/{digest}")
        wire.want(201, "POST", f"/v2/{other}/blobs/uploads/?mount={digest}&from={name}", b"")
    wire.push_manifest(other, "v1", pushed.manifest, pushed.media_type)
    assert {digest: wire.blob(other, digest) for digest in pushed.blobs} == pushed.blobs
    wire.push_manifest(name, "v1", pushed.manifest, pushed.media_type)
    assert details(ecr, name)[pushed.digest]["imageStatus"] == "ACTIVE"
    assert wire.manifest(name, "v1") == pushed.manifest
    assert {digest: wire.blob(name, digest) for digest in pushed.blobs} == pushed.blobs
