"""kill -9 while clients push: what was acknowledged is there and whole, and nothing else is."""

import http.client
import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field

import pytest
from botocore.client import BaseClient
from botocore.exceptions import BotoCoreError

from .bed.images import Image, digest_of, make_image
from .bed.server import Server, password_of
from .bed.wire import Wire

_CUT = (OSError, http.client.HTTPException, BotoCoreError)
_MIB = 1024 * 1024


@dataclass
class Repository:
    """What one pusher knows of its repository; only that pusher writes it while it runs."""

    name: str
    sizes: tuple[int, int]
    by_api: bool = False
    tags: dict[str, str] = field(default_factory=dict)  # acknowledged: tag to digest
    images: set[str] = field(default_factory=set)  # acknowledged, by digest
    blobs: set[str] = field(default_factory=set)  # acknowledged
    begun: str = ""  # the blob that is being pushed, by digest
    asked: dict[str, str] = field(default_factory=dict)  # asked for without an answer: tag to digest
    verified: set[str] = field(default_factory=set)  # images and blobs that were read whole after some crash

    def settle(self, tag: str, digest: str) -> None:
        self.tags[tag] = digest
        self.images.add(digest)
        self.asked.pop(tag, None)


class Steps:
    """Counts the acknowledged requests of all pushers, so that a crash comes after so many of them."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()

    def done(self) -> None:
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def wait(self, count: int) -> bool:
        """Returns when there were so many; False when a minute passed without any."""
        with self._changed:
            while self._count < count:
                if not self._changed.wait(timeout=60):
                    return False
        return True


@pytest.mark.slow
def test_what_was_acknowledged_survives_kill_9(own_server: Server, long: bool) -> None:
    """After each kill -9 every acknowledged blob, image and tag is whole, and nothing that nobody pushed is visible."""
    rounds, chance = (100 if long else 4), random.Random(20)  # noqa: S311  # no secret
    repositories = [
        Repository("small/one", (100, 4_000)),
        Repository("small/two", (2_000, 60_000)),
        Repository("large", (2 * _MIB, 24 * _MIB)),
        Repository("api", (1_000, 200_000), by_api=True),
    ]
    _create(own_server, repositories)
    for number in range(rounds):
        own_server.start("--workers", str(1 + number % 2))
        _push_until_killed(own_server, repositories, number, chance)
        own_server.start()
        _verify(own_server, repositories, chance)
        own_server.stop()
    pushed = {each.name: len(each.images) for each in repositories}
    print(f"\n{rounds} crashes; images that survived: {pushed}")
    assert all(count > 0 for count in pushed.values()), pushed


def test_an_upload_goes_on_after_kill_9(own_server: Server) -> None:
    """An upload whose first part was acknowledged is continued where it was, and its digest is right."""
    own_server.start()
    with closing(own_server.client("ecr")) as ecr:
        ecr.create_repository(repositoryName="resumed")
        password = password_of(ecr)
    blob = random.Random(7).randbytes(9 * _MIB)  # noqa: S311  # no secret
    half = 6 * _MIB
    with Wire(own_server.port, password) as wire:
        location = wire.append(wire.begin("resumed"), blob[:half])
    own_server.kill()
    own_server.start()
    with Wire(own_server.port, password) as wire:
        status = wire.want(204, "GET", location)
        assert status.headers["Range"] == f"0-{half - 1}"
        rest = {"Content_Range": f"{half}-{len(blob) - 1}"}
        wire.finish(wire.append(location, blob[half:], **rest), digest_of(blob))
        assert wire.blob("resumed", digest_of(blob)) == blob


def _create(server: Server, repositories: list[Repository]) -> None:
    server.start()
    with closing(server.client("ecr")) as ecr:
        for repository in repositories:
            ecr.create_repository(repositoryName=repository.name)
    server.stop()


# Pushing


def _push_until_killed(server: Server, repositories: list[Repository], number: int, chance: random.Random) -> None:
    steps = Steps()
    with closing(server.client("ecr")) as ecr, ThreadPoolExecutor(len(repositories)) as pool:
        password = password_of(ecr)
        pushers = []
        for repository in repositories:
            door = _Api(ecr, repository.name) if repository.by_api else _Http(server.port, password, repository.name)
            pushers.append(pool.submit(_push, door, repository, number, steps))
        went_on = steps.wait(chance.randint(30, 400))
        threading.Event().wait(chance.random() * 0.05)  # so that the kill also falls into the middle of requests
        server.kill()
        for pusher in pushers:
            pusher.result(60)  # raises what a pusher met that is no cut connection
    assert went_on, "the pushers stood still"


def _push(door: "_Http | _Api", repository: Repository, number: int, steps: Steps) -> None:
    """Pushes images, each under a tag of its own and then as `latest`, until the connection is cut."""
    chance = random.Random(f"{repository.name} {number}")  # noqa: S311  # no secret
    with closing(door):
        try:
            for count in range(10_000):
                _push_one(door, repository, f"r{number}-{count}", _image(repository, chance), steps)
        except _CUT:
            return


def _push_one(door: "_Http | _Api", repository: Repository, tag: str, image: Image, steps: Steps) -> None:
    for digest, blob in image.blobs.items():
        repository.begun = digest
        door.put_blob(digest, blob)
        repository.blobs.add(digest)
        steps.done()
    for name in (tag, "latest"):
        repository.asked[name] = image.digest
        door.put_manifest(name, image)
        repository.settle(name, image.digest)
        steps.done()


class _Http:
    """Pushes by the distribution protocol, every other blob streamed."""

    def __init__(self, port: int, password: str, repository: str) -> None:
        self._wire, self._repository, self._streamed = Wire(port, password), repository, False

    def close(self) -> None:
        self._wire.close()

    def put_blob(self, digest: str, blob: bytes) -> None:
        self._streamed = not self._streamed
        self._wire.push_blob(self._repository, blob, streamed=self._streamed)

    def put_manifest(self, tag: str, image: Image) -> None:
        self._wire.push_manifest(self._repository, tag, image.manifest, image.media_type)


class _Api:
    """Pushes by ECR's operations."""

    def __init__(self, ecr: BaseClient, repository: str) -> None:
        self._ecr, self._repository = ecr, repository

    def close(self) -> None:
        """The client is shared; who made it closes it."""

    def put_blob(self, digest: str, blob: bytes) -> None:
        name = {"repositoryName": self._repository}
        upload = name | {"uploadId": self._ecr.initiate_layer_upload(**name)["uploadId"]}
        self._ecr.upload_layer_part(**upload, partFirstByte=0, partLastByte=len(blob) - 1, layerPartBlob=blob)
        self._ecr.complete_layer_upload(**upload, layerDigests=[digest])

    def put_manifest(self, tag: str, image: Image) -> None:
        self._ecr.put_image(repositoryName=self._repository, imageManifest=image.manifest.decode(), imageTag=tag)


def _image(repository: Repository, chance: random.Random) -> Image:
    """An image like no other; the server does not look into layers, so they need not be archives."""
    return make_image([chance.randbytes(chance.randint(*repository.sizes))], [str(chance.random())])


# Verifying


def _verify(server: Server, repositories: list[Repository], chance: random.Random) -> None:
    with closing(server.client("ecr")) as ecr, Wire(server.port, password_of(ecr)) as wire:
        listed = ecr.describe_repositories()["repositories"]
        assert sorted(each["repositoryName"] for each in listed) == sorted(each.name for each in repositories)
        for repository in repositories:
            _verify_tags(repository, _visible(ecr, repository.name))
            _verify_images(wire, repository, chance)
            _verify_blobs(wire, repository)


def _visible(ecr: BaseClient, name: str) -> tuple[dict[str, str], set[str]]:
    """The tags with their digests and the digests without a tag, as ListImages has them."""
    pages = ecr.get_paginator("list_images").paginate(repositoryName=name)
    images = [image for page in pages for image in page["imageIds"]]
    tags = {image["imageTag"]: image["imageDigest"] for image in images if "imageTag" in image}
    return tags, {image["imageDigest"] for image in images if "imageTag" not in image}


def _verify_tags(repository: Repository, visible: tuple[dict[str, str], set[str]]) -> None:
    """Every acknowledged tag is there; what was asked for without an answer happened whole or not at all."""
    tags, untagged = visible
    for tag, digest in repository.asked.copy().items():
        if tags.get(tag) == digest:
            repository.settle(tag, digest)
    repository.asked.clear()
    assert tags == repository.tags
    assert untagged == set()
    assert set(tags.values()) == repository.images


def _verify_images(wire: Wire, repository: Repository, chance: random.Random) -> None:
    """Every new image pulls, and some of the old ones: manifest and blobs have the digests that they are named by."""
    answer = wire.want(200, "GET", f"/v2/{repository.name}/tags/list?n=1000")
    assert set(json.loads(answer.body)["tags"]) <= set(repository.tags)
    old = sorted(repository.images & repository.verified)
    for digest in [*(repository.images - repository.verified), *chance.sample(old, min(10, len(old)))]:
        manifest = wire.manifest(repository.name, digest)
        assert digest_of(manifest) == digest
        named = json.loads(manifest)
        for blob in [named["config"], *named["layers"]]:
            assert digest_of(wire.blob(repository.name, blob["digest"])) == blob["digest"]
            repository.verified.add(blob["digest"])
        repository.verified.add(digest)


def _verify_blobs(wire: Wire, repository: Repository) -> None:
    """Acknowledged blobs are there, also those whose image was never finished; a half-pushed one is not."""
    for digest in repository.blobs - repository.verified:
        assert digest_of(wire.blob(repository.name, digest)) == digest
        repository.verified.add(digest)
    if repository.begun not in repository.blobs:
        answer = wire.ask("GET", f"/v2/{repository.name}/blobs/{repository.begun}")
        assert answer.status == 404 or (answer.status, digest_of(answer.body)) == (200, repository.begun)
