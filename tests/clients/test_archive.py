"""The archive, as people meet it: `aws ecr update-image-storage-class` and a real Docker engine."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from botocore.client import BaseClient

from .bed.programs import Client
from .bed.server import Server

WITHIN = 60.0
"""Seconds that the worker has for what it does on its own; it looks every second."""


@pytest.fixture
def reference(docker_in: Client, server: Server, repository: str, hello: str, tmp_path: Path) -> str:
    """An image that is pushed and that this engine has forgotten."""
    (tmp_path / "sentence").write_text(f"kept for {repository}")
    (tmp_path / "Dockerfile").write_text(
        f'FROM {hello}\nCOPY sentence /sentence\nENTRYPOINT ["/busybox", "cat", "/sentence"]\n'
    )
    named = f"{server.host}/{repository}:v1"
    docker_in("build", "--quiet", "--tag", named, str(tmp_path))
    docker_in("push", named)
    docker_in("rmi", "--force", named)
    return named


def move(aws: Client, repository: str, storage_class: str) -> str:
    """Moves the image v1, and returns the status that the command prints."""
    named = ("--repository-name", repository, "--image-id", "imageTag=v1", "--target-storage-class", storage_class)
    return str(json.loads(aws("ecr", "update-image-storage-class", *named, "--output", "json").out)["imageStatus"])


def await_(wanted: Callable[[], bool]) -> None:
    """Returns when the worker has done it; fails the test when it takes too long."""
    tick = threading.Event()
    for _ in range(int(WITHIN / 0.1)):
        if wanted():
            return
        tick.wait(0.1)
    pytest.fail("the worker did not do it in time")


def layers_of(ecr: BaseClient, repository: str) -> list[str]:
    got = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": "v1"}])["images"][0]
    manifest = json.loads(got["imageManifest"])
    return [manifest["config"]["digest"], *(layer["digest"] for layer in manifest["layers"])]


def archived(server: Server) -> set[Path]:
    """The files of the archive that are whole."""
    return {path for path in (server.data / "archive" / "blobs").rglob("*") if path.is_file()}


@contextmanager
def filling(server: Server) -> Iterator[None]:
    """What is archived inside the block has its bytes in the archive when it ends."""
    before = archived(server)
    yield
    await_(lambda: len(archived(server)) >= len(before) + 2)  # the config and the layer that it has alone


def test_there_and_back(
    docker_in: Client, aws: Client, server: Server, ecr: BaseClient, repository: str, reference: str
) -> None:
    """An archived image is not pulled; restored, it is pulled and runs; its own bytes lie in the archive meanwhile."""
    layers = layers_of(ecr, repository)
    with filling(server):
        assert move(aws, repository, "ARCHIVE") == "ARCHIVED"
    assert "not found" in docker_in.refused("pull", reference)
    asked = ecr.batch_check_layer_availability(repositoryName=repository, layerDigests=layers)["layers"]
    assert {layer["layerAvailability"] for layer in asked} == {"ARCHIVED"}
    shown = ("--repository-name", repository, "--filter", "imageStatus=ARCHIVED", "--output", "json")
    (detail,) = json.loads(aws("ecr", "describe-images", *shown).out)["imageDetails"]
    assert (detail["imageTags"], detail["imageStatus"]) == (["v1"], "ARCHIVED")

    assert move(aws, repository, "STANDARD") == "ACTIVATING"
    await_(lambda: bool(ecr.describe_images(repositoryName=repository)["imageDetails"]))
    docker_in("pull", reference)
    assert docker_in("run", "--rm", "--network", "none", reference).out == f"kept for {repository}"


def test_pushed_again(
    docker_in: Client, aws: Client, server: Server, ecr: BaseClient, repository: str, reference: str
) -> None:
    """Pushing an archived image again uploads nothing, and it can be pulled at once."""
    docker_in("pull", reference)
    with filling(server):
        move(aws, repository, "ARCHIVE")
    pushed = docker_in("push", reference).out
    assert "Layer already exists" in pushed
    assert "Pushed" not in pushed
    docker_in("rmi", "--force", reference)
    docker_in("pull", reference)
    assert docker_in("run", "--rm", "--network", "none", reference).out == f"kept for {repository}"
