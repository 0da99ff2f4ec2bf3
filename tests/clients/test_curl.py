"""curl: what the registry answers, header by header, where clients show only a part of it."""

import json
from collections.abc import Callable

import pytest

from .bed.engine import OTHER_ACCOUNT, OTHER_REGISTRY
from .bed.images import Image, digest_of, make_speaker
from .bed.programs import Client, clean_environment, program
from .bed.server import ACCOUNT, Server
from .bed.wire import Wire

Curl = Callable[..., tuple[int, dict[str, str], bytes]]


@pytest.fixture
def curl(server: Server) -> Curl:
    """Runs curl with a path of the server; returns status, headers (lower case) and body."""
    client = Client([program("curl"), "--silent", "--show-error", "--max-time", "60"], clean_environment())

    def ask(path: str, *options: str, host: str = "localhost") -> tuple[int, dict[str, str], bytes]:
        resolve = f"{host}:{server.port}:127.0.0.1"
        shown = client("--include", "--resolve", resolve, *options, f"http://{host}:{server.port}{path}").out
        head, _, body = shown.partition("\r\n\r\n")
        status, *lines = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return int(status.split()[1]), headers, body.encode()

    return ask


@pytest.fixture
def image(wire: Wire, repository: str) -> Image:
    """An image with the tag v1."""
    image = make_speaker("curled")
    wire.push(repository, "v1", image)
    return image


def test_the_challenge_is_ecrs(curl: Curl) -> None:
    """Without a login /v2/ answers 401 with ECR's Basic challenge, which makes docker send its password."""
    status, headers, _ = curl("/v2/")
    assert status == 401
    assert headers["www-authenticate"].startswith("Basic realm=")
    assert headers["docker-distribution-api-version"] == "registry/2.0"


def test_another_accounts_registry_denies(curl: Curl, password: str) -> None:
    """The host name chooses the account: another account's repository is 403 DENIED, existing or not."""
    login = ("--user", f"AWS:{password}")
    status, _, body = curl("/v2/theirs/manifests/latest", *login, host=OTHER_REGISTRY)
    assert status == 403
    (error,) = json.loads(body)["errors"]
    assert error["code"] == "DENIED"
    assert error["message"].partition(". Encoded authorization failure message: ")[0] == (
        f"User: arn:aws:iam::{ACCOUNT}:user/administrator is not authorized to perform: "
        f"ecr:BatchGetImage on resource: arn:aws:ecr:us-east-1:{OTHER_ACCOUNT}:repository/theirs "
        "because no resource-based policy allows the ecr:BatchGetImage action"
    )


def test_a_strange_host_is_refused(curl: Curl, password: str) -> None:
    """A host name that is no registry of this server is refused by name."""
    status, _, body = curl("/v2/", "--user", f"AWS:{password}", host="registry.example.org")
    assert status >= 400
    assert "Could not resolve registry id from host registry.example.org" in json.loads(body)["errors"][0]["message"]


def test_every_manifest_answer_has_its_digest(curl: Curl, password: str, repository: str, image: Image) -> None:
    """GET and HEAD of a manifest give the same headers, Docker-Content-Digest among them."""
    login, path = ("--user", f"AWS:{password}"), f"/v2/{repository}/manifests/v1"
    status, headers, body = curl(path, *login)
    assert (status, body) == (200, image.manifest)
    head_status, head, nothing = curl(path, *login, "--head")
    assert (head_status, nothing) == (200, b"")
    for name, value in {
        "docker-content-digest": image.digest,
        "content-type": image.media_type,
        "content-length": str(len(image.manifest)),
    }.items():
        assert headers[name] == head[name] == value


def test_a_part_of_a_blob_is_served(curl: Curl, password: str, repository: str, image: Image) -> None:
    """A Range of a blob is 206 with those bytes, one beyond its end is 416."""
    login, size = ("--user", f"AWS:{password}"), len(image.config)
    path = f"/v2/{repository}/blobs/{digest_of(image.config)}"
    status, headers, body = curl(path, *login, "--range", "3-9")
    assert (status, body) == (206, image.config[3:10])
    assert headers["content-range"] == f"bytes 3-9/{size}"
    assert curl(path, *login, "--range", "-5")[2] == image.config[-5:]
    status, headers, _ = curl(path, *login, "--range", f"{size}-")
    assert (status, headers["content-range"]) == (416, f"bytes */{size}")
