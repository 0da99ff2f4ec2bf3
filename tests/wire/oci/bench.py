"""A client of the OCI door that speaks no more than HTTP, and what it stores: small images that are always the same."""

import asyncio
import json
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from cargohold.core.arn import Registry
from cargohold.core.digest import of
from cargohold.exchange import Message, Request
from cargohold.identity import registry_token
from cargohold.identity.principals import Credential
from cargohold.oci.door import OciDoor
from cargohold.oci.public_door import PublicDoor
from cargohold.registry.repository import NewRepository
from cargohold.services import Services

ACCOUNT = "123456789012"
OTHER = "210987654321"
REGION = "us-east-1"
HERE = Registry(ACCOUNT, REGION)
HOST = "localhost:5050"
ADMINISTRATOR = f"arn:aws:iam::{ACCOUNT}:user/administrator"

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"


def descriptor(media_type: str, data: bytes, **members: Any) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": of(data), "size": len(data), **members}


def manifest(config: bytes, *layers: bytes, **members: Any) -> bytes:
    """An OCI image manifest."""
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", config),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer) for layer in layers],
    }
    return json.dumps(document | members).encode()


def index(**platforms: bytes) -> bytes:
    """An OCI index of manifests, each for linux on the architecture it is named by."""
    children = [
        descriptor(OCI_MANIFEST, child, platform={"os": "linux", "architecture": architecture})
        for architecture, child in platforms.items()
    ]
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children}).encode()


CONFIG = b'{"architecture":"amd64","os":"linux"}'
LAYER = b"hello, layer"
IMAGE = manifest(CONFIG, LAYER)
ARM_CONFIG = b'{"architecture":"arm64","os":"linux"}'
ARM_IMAGE = manifest(ARM_CONFIG, LAYER)
INDEX = index(arm64=ARM_IMAGE, amd64=IMAGE)
ABSENT = of(b"nobody has this")


@dataclass(frozen=True)
class Answer:
    """A reply, read to its end. Header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes
    code: str
    operation: str
    request: Request

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def refusal(self) -> tuple[int, str, str]:
        """Status, code and sentence of an error."""
        (error,) = self.json["errors"]
        assert error["code"] == self.code
        return self.status, error["code"], error["message"]


@dataclass
class Bench:
    """Calling it sends one request to the door as the account's administrator."""

    services: Services
    runner: asyncio.Runner
    clock: Any
    keys: dict[str, str]
    """Access key ids by account."""
    password: str | None = field(default=None, repr=False)
    host: str = HOST

    def __call__(
        self, method: str, url: str, body: bytes | Iterable[bytes] = b"", headers: dict[str, str] | None = None
    ) -> Answer:
        """A body in pieces is sent without a length, as `Transfer-Encoding: chunked`."""
        return self.runner.run(self.exchange(self.request(method, url, body, headers or {})))

    def as_(self, password: str | None, host: str = HOST) -> "Bench":
        """The same client with another password, or none, at another host."""
        return replace(self, password=password, host=host)

    def with_services(self, **replaced: Any) -> "Bench":
        """The same client before a door in which some rooms are others."""
        return replace(self, services=replace(self.services, **replaced))

    def token(self, account: str = ACCOUNT, region: str = REGION) -> str:
        """What `aws ecr get-login-password` prints."""
        credential = Credential(self.keys[account])
        return registry_token.issue(self.services.tokens, credential, region, self.clock()).password

    def create(self, name: str, registry: Registry = HERE, **options: Any) -> None:
        self.runner.run(self.services.repositories.create(registry, NewRepository(name, **options)))

    def upload(self, name: str, data: bytes | None = None) -> str:
        """Begins an upload, with some bytes in it, and gives its id."""
        location = self("POST", f"/v2/{name}/blobs/uploads/").headers["location"]
        if data is not None:
            assert self("PATCH", location, data).status == 202
        return location.rpartition("/")[2]

    def blob(self, name: str, data: bytes) -> str:
        """Pushes a blob and gives its digest."""
        answer = self("POST", f"/v2/{name}/blobs/uploads/?digest={of(data)}", data)
        assert answer.status == 201, answer.body
        return of(data)

    def push(self, name: str, reference: str, payload: bytes) -> str:
        """Pushes a manifest, with the blobs that this module knows, and gives its digest."""
        document = json.loads(payload)
        for data in (CONFIG, ARM_CONFIG, LAYER):
            if of(data).encode() in payload and "layers" in document:
                self.blob(name, data)
        answer = self("PUT", f"/v2/{name}/manifests/{reference}", payload, {"content-type": document["mediaType"]})
        assert answer.status == 201, answer.body
        return of(payload)

    def push_index(self, name: str, tag: str) -> str:
        """Pushes the index and its two images."""
        for child in (IMAGE, ARM_IMAGE):
            self.push(name, of(child), child)
        return self.push(name, tag, INDEX)

    def request(self, method: str, url: str, body: bytes | Iterable[bytes], headers: dict[str, str]) -> Request:
        """The request, not yet sent."""
        parts = urlsplit(url)
        sent = {"host": self.host} | headers
        if self.password is not None and "authorization" not in headers:
            sent["authorization"] = "Basic " + b64encode(f"AWS:{self.password}".encode()).decode()
        if isinstance(body, bytes):
            if body or method in ("POST", "PUT", "PATCH"):
                sent.setdefault("content-length", str(len(body)))
            pieces = [body]
        else:
            sent.setdefault("transfer-encoding", "chunked")
            pieces = list(body)
        return Request(method, parts.path, parts.query, sent, "http", "127.0.0.1", "request-1", _receiver(pieces))

    async def exchange(self, request: Request) -> Answer:
        """Sends a request and reads the reply to its end."""
        reply = await OciDoor(self.services, PublicDoor(self.services))(request)
        if isinstance(reply.body, bytes):
            body = reply.body
        else:
            body = b"".join([chunk async for chunk in reply.body])
            await reply.body.aclose()
            assert reply.length == len(body)
        headers = {name.lower(): value for name, value in reply.headers}
        assert len(headers) == len(reply.headers), "a header was sent twice"
        assert headers["docker-distribution-api-version"] == "registry/2.0"
        length = reply.length if reply.length is not None else len(body)
        headers["content-length"] = str(length)
        return Answer(reply.status, headers, body, reply.code, reply.operation, request)


def _receiver(pieces: list[bytes]) -> Any:
    waiting: list[Message] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    waiting[-1]["more_body"] = False

    async def receive() -> Message:
        if not waiting:
            return {"type": "http.disconnect"}
        return waiting.pop(0)

    return receive
