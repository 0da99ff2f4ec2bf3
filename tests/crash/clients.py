"""Clients that push, delete, archive and let a policy clean up, each its own repository, until the server dies."""

import http.client
import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import botocore.session
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cargohold.aws.model import OURS
from tests.clients.bed.images import Image, make_image
from tests.clients.bed.server import Server, password_of
from tests.clients.bed.wire import Unexpected, Wire

from .model import ACTIVE, ARCHIVED, DELETED, RESTORED, Known, Repository

CUT = (OSError, http.client.HTTPException, BotoCoreError)
"""How a client sees that the server has died."""
HOT = [bytes([number]) * (2_000 + number * 3_000) for number in range(10)]
"""Layers that everybody's images share, so that what one deletes another still needs."""
KEPT = 4
"""Images that the policy leaves."""
POLICY = {
    "rules": [
        {
            "rulePriority": 1,
            "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": KEPT},
            "action": {"type": "expire"},
        }
    ]
}


class Steps:
    """Counts the acknowledged requests of all clients, so that a crash comes after so many of them."""

    def __init__(self) -> None:
        self.count = 0
        self.kinds: Counter[str] = Counter()
        self._changed = threading.Condition()

    def done(self, kind: str) -> None:
        with self._changed:
            self.count += 1
            self.kinds[kind] += 1
            self._changed.notify_all()

    def wait(self, count: int) -> bool:
        """Returns when there were so many; False when half a minute passed without any."""
        with self._changed:
            while self.count < count:
                if not self._changed.wait(timeout=30):
                    return False
        return True


@dataclass(frozen=True, slots=True)
class Asked:
    """A server, as all clients of all its lives ask it: its port and the key stay, and so does the password."""

    port: int
    password: str
    ecr: BaseClient
    ours: BaseClient


@contextmanager
def asked_of(server: Server) -> Iterator[Asked]:
    """The server has to run."""
    with closing(server.client("ecr")) as ecr:
        session = botocore.session.Session()
        session.get_component("data_loader").search_paths.append(str(OURS))
        known = server.environment()
        once = Config(retries={"total_max_attempts": 1}, ignore_configured_endpoint_urls=True)
        ours = session.create_client(
            "cargohold",
            region_name=known["AWS_DEFAULT_REGION"],
            endpoint_url=known["AWS_ENDPOINT_URL"],
            aws_access_key_id=known["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=known["AWS_SECRET_ACCESS_KEY"],
            config=once,
        )
        with closing(ours):
            yield Asked(server.port, password_of(ecr), ecr, ours)


class Client:
    """One client of one server's life; its repository outlives both."""

    def __init__(self, asked: Asked, repository: Repository, chance: random.Random, steps: Steps) -> None:
        self._repository = repository
        self._chance = chance
        self._steps = steps
        self._ecr, self._ours = asked.ecr, asked.ours
        self._wire = Wire(asked.port, asked.password)

    def run(self, act: Callable[["Client"], None]) -> None:
        """Acts again and again until the server dies."""
        with closing(self._wire):
            try:
                while True:
                    act(self)
            except CUT:
                return

    def push(self) -> Known:
        """As docker does: what is there already is not sent again. Begins anew when it went meanwhile."""
        own = self._chance.randbytes(self._chance.randint(10, 40_000))
        image = make_image([own, *self._chance.sample(HOT, 2)], [str(self._chance.random())])
        tag = f"t{self._chance.randrange(1 << 40):x}"
        known = self._repository.images.setdefault(tag, Known(image))
        while not self._push_once(tag, known):
            self._steps.done("push begun anew")
        return known

    def _push_once(self, tag: str, known: Known) -> bool:
        """False when the collector was faster, as it may be where a lease is over in a second."""
        image, name = known.image, self._repository.name
        for digest, blob in image.blobs.items():
            if self._wire.ask("HEAD", f"/v2/{name}/blobs/{digest}").status != 200:
                self._wire.push_blob(name, blob, streamed=self._chance.random() < 0.5)
                self._steps.done("blob")
        known.ask(ACTIVE)
        headers = {"Content-Type": image.media_type}
        answer = self._wire.ask("PUT", f"/v2/{name}/manifests/{tag}", image.manifest, headers)
        if answer.status == 400 and "BLOB_UNKNOWN" in {each["code"] for each in answer.errors}:
            return False
        if answer.status != 201:
            raise Unexpected(f"PUT {name}:{tag}: {answer.status} {answer.body[:300]!r}")
        known.acknowledge(ACTIVE)
        self._steps.done("push")
        return True

    def delete(self) -> None:
        """Pushes, and deletes one of the older ones, through either door."""
        self.push()
        if len(self._repository.images) < 4:
            return
        tag, known = self._chance.choice(list(self._repository.images.items()))
        known.ask(DELETED)
        if self._chance.random() < 0.5:
            self._ecr.batch_delete_image(repositoryName=self._repository.name, imageIds=[{"imageTag": tag}])
        else:
            self._wire.want(202, "DELETE", f"/v2/{self._repository.name}/manifests/{known.image.digest}")
        known.acknowledge(DELETED)
        del self._repository.images[tag]
        self._steps.done("deletion")

    def archive(self) -> None:
        """Pushes, archives one, and has one that is archived brought back."""
        if len(self._repository.images) < 12:
            self.push()
        self._learn()
        self._file(ACTIVE, "ARCHIVE", ARCHIVED)
        if self._chance.random() < 0.6:
            self._file(ARCHIVED, "STANDARD", RESTORED)

    def _learn(self) -> None:
        """Sees which images are back."""
        for tag, status in statuses(self._ecr, self._repository.name).items():
            known = self._repository.images[tag]
            if known.may_be == RESTORED and status == "ACTIVE":
                known.acknowledge(ACTIVE)

    def _file(self, now: frozenset[str], storage_class: str, then: frozenset[str]) -> None:
        chosen = [known for known in self._repository.images.values() if known.may_be == now]
        if not chosen:
            return
        known = self._chance.choice(chosen)
        known.ask(then)
        self._ecr.update_image_storage_class(
            repositoryName=self._repository.name,
            imageId={"imageDigest": known.image.digest},
            targetStorageClass=storage_class,
        )
        known.acknowledge(then)
        self._steps.done("restoration" if storage_class == "STANDARD" else "archiving")

    def clean_up(self) -> None:
        """Pushes, and has the policy carried out: what it may take is all but the newest."""
        self.push()
        self._ecr.put_lifecycle_policy(repositoryName=self._repository.name, lifecyclePolicyText=json.dumps(POLICY))
        self._ours.start_lifecycle_evaluation(repositoryName=self._repository.name)
        self._steps.done("evaluation")


def statuses(ecr: BaseClient, name: str) -> dict[str, str]:
    """The status of every image by its tag, of which each has one."""
    every = {"imageStatus": "ANY"}  # without it only active ones are told
    pages = ecr.get_paginator("describe_images").paginate(repositoryName=name, filter=every)
    images = [image for page in pages for image in page["imageDetails"]]
    assert all("imageTags" in image for image in images), f"{name} has an image that nobody pushed whole"
    return {tag: image["imageStatus"] for image in images for tag in image["imageTags"]}


class Looker:
    """Reads, after a crash, what there is."""

    def __init__(self, ecr: BaseClient, wire: Wire) -> None:
        self._ecr = ecr
        self._wire = wire

    def seen(self, name: str) -> dict[str, str]:
        """The status of every image by its tag; an image without one fails the test."""
        return statuses(self._ecr, name)

    def pull(self, name: str, tag: str, image: Image) -> bool:
        """Whether the image pulls, with the right bytes; False when the registry took it away meanwhile."""
        answer = self._wire.ask("GET", f"/v2/{name}/manifests/{tag}")
        if answer.status == 404:
            return False
        assert answer.status == 200, answer.body
        assert answer.body == image.manifest
        for digest, blob in image.blobs.items():
            found = self._wire.ask("GET", f"/v2/{name}/blobs/{digest}")
            if found.status == 404 and not self._is_there(name, tag):
                return False
            assert (found.status, found.body) == (200, blob), f"{name}:{tag}: {digest}: {found.status}"
        return True

    def _is_there(self, name: str, tag: str) -> bool:
        try:
            self._ecr.describe_images(repositoryName=name, imageIds=[{"imageTag": tag}])
        except ClientError:
            return False
        return True
