"""Who asks in these tables: one service's client that makes what a request needs, under names of its own."""

import itertools
import json
from base64 import b64encode
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from tests.bed.place import ACCOUNT, REGION, Answer, Caller
from tests.fuzz.population import CONFIG, INDEX, MANIFEST, digest, manifest

__all__ = ["ABSENT", "CONFIG", "INDEX", "MANIFEST", "Desk", "digest", "manifest"]

ABSENT: Final = "sha256:" + "0" * 64
_numbers = itertools.count(1)


class Sender(Protocol):
    """What carries a request there and the answer back: a place in this process, or a connection to a server."""

    def send(self, service: str, operation: str, body: bytes, caller: Caller) -> Answer: ...


@dataclass(frozen=True)
class Desk:
    """Calling it sends an operation that must succeed; bytes go as base64."""

    place: Sender
    service: str
    caller: Caller = field(default=Caller(ACCOUNT))

    def __call__(self, operation: str, **members: Any) -> dict[str, Any]:
        answer = self.send(operation, members)
        assert answer.status == 200, answer.body
        return answer.document

    def send(self, operation: str, members: dict[str, Any]) -> Answer:
        body = json.dumps(members, default=lambda raw: b64encode(raw).decode()).encode()
        return self.place.send(self.service, operation, body, self.caller)

    def refused(self, operation: str, members: dict[str, Any]) -> tuple[str, str]:
        """Code and sentence of what must fail."""
        answer = self.send(operation, members)
        assert answer.status == 400, answer.body
        return answer.document["__type"], answer.document["message"]

    def elsewhere(self, region: str) -> "Desk":
        return replace(self, caller=Caller(self.caller.account, region))

    def name(self) -> str:
        """A name that nothing has."""
        return f"r{next(_numbers):05}"

    def repository(self, **members: Any) -> str:
        name = self.name()
        self("CreateRepository", repositoryName=name, **members)
        return name

    def arn(self, name: str) -> str:
        region = "" if self.service == "ecr-public" else REGION
        return f"arn:aws:{self.service}:{region}:{ACCOUNT}:repository/{name}"

    def layer(self, repository: str, data: bytes) -> str:
        """Uploads a layer as one part and gives its digest."""
        name = digest(data)
        upload = self.part(repository, data)
        self("CompleteLayerUpload", repositoryName=repository, uploadId=upload, layerDigests=[name])
        return name

    def part(self, repository: str, *parts: bytes) -> str:
        """An upload that has these parts and is not ended."""
        upload: str = self("InitiateLayerUpload", repositoryName=repository)["uploadId"]
        first = 0
        for data in parts:
            placed = {"partFirstByte": first, "partLastByte": first + len(data) - 1, "layerPartBlob": data}
            self("UploadLayerPart", repositoryName=repository, uploadId=upload, **placed)
            first += len(data)
        return upload

    def unput(self, repository: str, content: bytes = b"layer", **members: Any) -> str:
        """The text of a manifest whose layers are there; it is not put."""
        asked = {"repositoryName": repository, "layerDigests": [digest(content), digest(CONFIG)]}
        for data, layer in zip((content, CONFIG), self("BatchCheckLayerAvailability", **asked)["layers"], strict=True):
            if layer["layerAvailability"] != "AVAILABLE":
                self.layer(repository, data)
        return manifest(content, **members)

    def image(self, repository: str, *tags: str, content: bytes = b"layer", **members: Any) -> str:
        """Puts an image under each tag, or under none; gives its digest."""
        text = self.unput(repository, content, **members)
        for tag in tags:
            self("PutImage", repositoryName=repository, imageManifest=text, imageTag=tag)
        if not tags:
            self("PutImage", repositoryName=repository, imageManifest=text)
        return digest(text.encode())

    def images(self, count: int) -> str:
        """A repository with so many images, each with a tag."""
        repository = self.repository()
        for number in range(count):
            self.image(repository, f"t{number}", content=b"layer %d" % number)
        return repository
