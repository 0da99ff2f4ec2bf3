"""A real Docker engine: pushing, pulling, running, and the sentences that people read when it is refused."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.client import BaseClient

from .bed.engine import OTHER_ACCOUNT, OTHER_REGISTRY
from .bed.images import digest_of
from .bed.programs import Client
from .bed.server import ACCOUNT, Server
from .bed.wire import Wire

Build = Callable[[str], str]


@pytest.fixture
def build(docker: Client, hello: str, tmp_path: Path) -> Build:
    """Builds an image that prints a sentence, and returns its id."""

    def make(sentence: str) -> str:
        folder = tmp_path / f"build-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (folder / "sentence").write_text(sentence)
        (folder / "Dockerfile").write_text(
            f'FROM {hello}\nCOPY sentence /sentence\nENTRYPOINT ["/busybox", "cat", "/sentence"]\n'
        )
        return docker("build", "--quiet", str(folder)).out.strip()

    return make


def pushed_digest(output: str) -> str:
    found = re.search(r"digest: (sha256:[0-9a-f]{64}) size: \d+", output)
    assert found, output
    return found[1]


def test_an_image_of_many_layers_comes_back_byte_for_byte(
    docker_in: Client, server: Server, ecr: BaseClient, wire: Wire, debian: str, repository: str
) -> None:
    """A Debian system of several layers is pushed, forgotten, pulled and run, and is the same image."""
    reference = f"{server.host}/{repository}:system"
    docker_in("tag", debian, reference)
    before = json.loads(docker_in("image", "inspect", debian).out)[0]
    digest = pushed_digest(docker_in("push", reference).out)
    assert docker_in("push", reference).out.count("Layer already exists") == len(before["RootFS"]["Layers"])

    docker_in("rmi", "--force", reference, debian, "debian:plain")
    pulled = docker_in("pull", reference).out
    assert pulled.count("Pull complete") == len(before["RootFS"]["Layers"])
    after = json.loads(docker_in("image", "inspect", reference).out)[0]
    assert (after["Id"], after["RootFS"], after["RepoDigests"]) == (
        before["Id"],
        before["RootFS"],
        [f"{server.host}/{repository}@{digest}"],
    )
    assert docker_in("run", "--rm", reference).out.split() == ["/noise:", "OK", "carried", "by", "COPY", "debian"]

    manifest = wire.manifest(repository, "system")
    assert digest_of(manifest) == digest
    blobs = [json.loads(manifest)["config"], *json.loads(manifest)["layers"]]
    detail = ecr.describe_images(repositoryName=repository)["imageDetails"][0]
    assert detail["imageSizeInBytes"] == sum(blob["size"] for blob in blobs)
    for blob in blobs:
        assert digest_of(wire.blob(repository, blob["digest"])) == blob["digest"]
    docker_in("rmi", "--force", after["Id"])


def test_a_pull_by_digest_gives_that_image(docker_in: Client, server: Server, repository: str, build: Build) -> None:
    """An image is pulled by its digest after its tag was moved to another."""
    reference = f"{server.host}/{repository}"
    digests = []
    for sentence in ("the first", "the second"):
        image = build(sentence)
        docker_in("tag", image, f"{reference}:moving")
        digests.append(pushed_digest(docker_in("push", f"{reference}:moving").out))
        docker_in("rmi", "--force", image)
    assert docker_in("run", "--rm", f"{reference}@{digests[0]}").out == "the first"
    assert docker_in("run", "--rm", f"{reference}:moving").out == "the second"


def test_every_tag_is_pushed_and_pulled_at_once(
    docker_in: Client, server: Server, ecr: BaseClient, repository: str, build: Build
) -> None:
    """`--all-tags` pushes and pulls all tags of a repository."""
    reference = f"{server.host}/{repository}"
    for tag in ("one", "two", "three"):
        docker_in("tag", build(tag), f"{reference}:{tag}")
    docker_in("push", "--all-tags", reference)
    listed = ecr.list_images(repositoryName=repository)["imageIds"]
    assert sorted(image["imageTag"] for image in listed) == ["one", "three", "two"]
    docker_in("rmi", *(f"{reference}:{tag}" for tag in ("one", "two", "three")))
    docker_in("pull", "--all-tags", reference)
    assert docker_in("run", "--rm", f"{reference}:three").out == "three"


def test_layers_are_mounted_from_another_repository(
    docker_in: Client, server: Server, make_repository: Callable[..., str], build: Build
) -> None:
    """Pushing an image to a second repository sends no layer that the first one holds."""
    image, first, second = build("shared"), make_repository(), make_repository()
    docker_in("tag", image, f"{server.host}/{first}:a")
    docker_in("tag", image, f"{server.host}/{second}:a")
    docker_in("push", f"{server.host}/{first}:a")
    assert docker_in("push", f"{server.host}/{second}:a").out.count(f"Mounted from {first}") == 2
    docker_in("rmi", "--force", image)
    assert docker_in("run", "--rm", f"{server.host}/{second}:a").out == "shared"


def test_an_image_is_built_on_one_that_was_pushed(
    docker_in: Client, server: Server, repository: str, build: Build, tmp_path: Path
) -> None:
    """A Dockerfile begins FROM an image that only the registry holds."""
    reference, image = f"{server.host}/{repository}:base", build("the base")
    docker_in("tag", image, reference)
    docker_in("push", reference)
    docker_in("rmi", "--force", image)
    (tmp_path / "Dockerfile").write_text(
        f'FROM {reference}\nENTRYPOINT ["/busybox", "sed", "s/base/top/", "/sentence"]\n'
    )
    built = docker_in("build", "--quiet", "--pull", str(tmp_path)).out.strip()
    assert docker_in("run", "--rm", built).out.strip() == "the top"


def test_without_a_login_nothing_is_pushed(docker: Client, server: Server, repository: str, hello: str) -> None:
    """A push and a pull without `docker login` are answered "no basic auth credentials"."""
    reference = f"{server.host}/{repository}:latest"
    docker("tag", hello, reference)
    assert "no basic auth credentials" in docker.refused("push", reference)
    assert "no basic auth credentials" in docker.refused("pull", reference)


def test_a_login_with_a_wrong_password_fails(docker: Client, server: Server) -> None:
    """`docker login` with a password that no registry issued is refused at once."""
    shown = docker.refused("login", "--username", "AWS", "--password-stdin", server.host, given=b"not-a-token")
    assert "Login Succeeded" not in shown
    assert "failed with status: 4" in shown or "denied: Your Authorization Token is invalid" in shown


def test_after_a_logout_nothing_is_pulled(docker_in: Client, server: Server, repository: str, build: Build) -> None:
    """`docker logout` takes the right to pull away."""
    reference = f"{server.host}/{repository}:mine"
    docker_in("tag", build("mine"), reference)
    docker_in("push", reference)
    docker_in("logout", server.host)
    assert "no basic auth credentials" in docker_in.refused("pull", reference)


def test_a_push_to_a_missing_repository_names_it(docker_in: Client, server: Server, hello: str) -> None:
    """ECR's sentence about a repository that does not exist reaches the person who pushes, and who pulls."""
    reference = f"{server.host}/no/such:latest"
    docker_in("tag", hello, reference)
    sentence = f"name unknown: The repository with name 'no/such' does not exist in the registry with id '{ACCOUNT}'"
    assert sentence in docker_in.refused("push", reference)
    assert sentence in docker_in.refused("pull", reference)


def test_a_pull_of_a_missing_tag_says_so(docker_in: Client, server: Server, repository: str) -> None:
    """A tag that does not exist is "manifest unknown: Requested image not found"."""
    shown = docker_in.refused("pull", f"{server.host}/{repository}:absent")
    assert "manifest unknown: Requested image not found" in shown


def test_another_account_denies_push_and_pull(docker: Client, server: Server, hello: str, password: str) -> None:
    """The registry of another account, reached by its host name, says who may not do what to which repository."""
    host = f"{OTHER_REGISTRY}:{server.port}"
    docker("login", "--username", "AWS", "--password-stdin", host, given=password.encode())
    docker("tag", hello, f"{host}/theirs:latest")
    who = f"denied: User: arn:aws:iam::{ACCOUNT}:user/administrator is not authorized to perform: "
    which = f" on resource: arn:aws:ecr:us-east-1:{OTHER_ACCOUNT}:repository/theirs because no resource-based policy"
    pushed = docker.refused("push", f"{host}/theirs:latest")
    assert re.search(re.escape(who) + r"ecr:\w+" + re.escape(which), pushed), pushed
    pulled = docker.refused("pull", f"{host}/theirs:latest")
    assert f"{who}ecr:BatchGetImage{which} allows the ecr:BatchGetImage action" in pulled


def test_an_immutable_tag_keeps_its_image(
    docker_in: Client, server: Server, make_repository: Callable[..., str], build: Build
) -> None:
    """Pushing another image to an immutable tag is refused in ECR's sentence, the identical one succeeds."""
    name = make_repository(imageTagMutability="IMMUTABLE")
    reference, first, second = f"{server.host}/{name}:v1", build("version 1"), build("not version 1")
    docker_in("tag", first, reference)
    digest = pushed_digest(docker_in("push", reference).out)
    assert pushed_digest(docker_in("push", reference).out) == digest
    docker_in("tag", second, reference)
    assert (
        f"tag invalid: The image tag 'v1' already exists in the '{name}' repository "
        "and cannot be overwritten because the tag is immutable."
    ) in docker_in.refused("push", reference)
    docker_in("rmi", "--force", first, second)
    assert docker_in("run", "--rm", reference).out == "version 1"
