"""An image for several platforms: pushed in three ways, pulled by platform."""

import json
from pathlib import Path

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from .bed.images import (
    DOCKER_INDEX,
    FOREIGN,
    HOST,
    OCI_INDEX,
    Image,
    digest_of,
    make_index,
    make_speaker,
    write_layout,
)
from .bed.programs import Client
from .bed.server import Server
from .bed.wire import Wire

_PLAIN = ("--src-tls-verify=false", "--dest-tls-verify=false")


@pytest.fixture
def images(request: pytest.FixtureRequest) -> list[Image]:
    """One image for this machine's platform and one for another; each says which it is."""
    return [
        make_speaker(f"{request.node.name} for {architecture}", architecture=architecture)
        for architecture in (HOST, FOREIGN)
    ]


def _pulled_architecture(docker: Client, reference: str, platform: str) -> str:
    docker("pull", "--quiet", "--platform", f"linux/{platform}", reference)
    return docker("image", "inspect", "--format", "{{.Architecture}}", reference).out.strip()


def test_docker_pulls_the_platform_it_asks_for(
    skopeo_in: Client, docker_in: Client, server: Server, repository: str, images: list[Image], tmp_path: Path
) -> None:
    """skopeo pushes an index with all its images, and docker pulls its own platform, or another by name."""
    layout = write_layout(tmp_path / "oci", make_index(images), images)
    reference = f"{server.host}/{repository}:all"
    skopeo_in("copy", "--all", *_PLAIN, f"oci:{layout}", f"docker://{reference}")
    assert _pulled_architecture(docker_in, reference, FOREIGN) == FOREIGN
    docker_in("rmi", "--force", reference)
    assert _pulled_architecture(docker_in, reference, HOST) == HOST
    assert docker_in("run", "--rm", reference).out.endswith(f"for {HOST}")


def test_skopeo_copies_every_platform_back(
    skopeo_in: Client, server: Server, repository: str, images: list[Image], tmp_path: Path
) -> None:
    """`skopeo copy --all` brings the index and every image back byte for byte."""
    index = make_index(images)
    remote = f"docker://{server.host}/{repository}:all"
    skopeo_in("copy", "--all", *_PLAIN, f"oci:{write_layout(tmp_path / 'in', index, images)}", remote)
    skopeo_in("copy", "--all", *_PLAIN, remote, f"dir:{tmp_path / 'out'}")
    assert (tmp_path / "out" / "manifest.json").read_bytes() == index
    for image in images:
        hexadecimal = image.digest.removeprefix("sha256:")
        assert (tmp_path / "out" / f"{hexadecimal}.manifest.json").read_bytes() == image.manifest
        for digest, data in image.blobs.items():
            assert (tmp_path / "out" / digest.removeprefix("sha256:")).read_bytes() == data


def test_docker_makes_a_manifest_list(
    docker_in: Client, server: Server, ecr: BaseClient, wire: Wire, repository: str
) -> None:
    """`docker manifest create` and `push` make a manifest list of images that the registry holds."""
    images = [make_speaker(f"listed {name}", architecture=name, kind="docker") for name in (HOST, FOREIGN)]
    remote = f"{server.host}/{repository}"
    for image in images:
        wire.push(repository, image.architecture, image)
    docker_in("manifest", "create", "--insecure", f"{remote}:all", f"{remote}:{HOST}", f"{remote}:{FOREIGN}")
    digest = docker_in("manifest", "push", "--insecure", f"{remote}:all").out.split()[-1]
    stored = wire.manifest(repository, "all")
    assert digest_of(stored) == digest
    assert sorted(entry["digest"] for entry in json.loads(stored)["manifests"]) == sorted(i.digest for i in images)
    detail = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": "all"}])["imageDetails"][0]
    assert detail["imageManifestMediaType"] == DOCKER_INDEX
    assert _pulled_architecture(docker_in, f"{remote}:all", FOREIGN) == FOREIGN


def test_an_index_is_described_and_kept_whole(
    ecr: BaseClient, wire: Wire, repository: str, images: list[Image]
) -> None:
    """An index has the size of its largest image, and its images cannot be deleted before it."""
    index = make_index(images)
    with pytest.raises(ClientError, match=r"Images with digests '\[sha256:\w+(, sha256:\w+)?\]' required for pushing"):
        ecr.put_image(repositoryName=repository, imageManifest=index.decode(), imageTag="all")
    for image in images:
        wire.push(repository, image.digest, image)
    put = ecr.put_image(repositoryName=repository, imageManifest=index.decode(), imageTag="all")["image"]
    assert put["imageId"] == {"imageDigest": digest_of(index), "imageTag": "all"}
    details = {each["imageDigest"]: each for each in ecr.describe_images(repositoryName=repository)["imageDetails"]}
    assert set(details) == {digest_of(index), *(image.digest for image in images)}
    assert details[digest_of(index)]["imageManifestMediaType"] == OCI_INDEX
    assert details[digest_of(index)]["imageSizeInBytes"] == max(image.size for image in images)
    _deletes_only_from_the_top(ecr, repository, digest_of(index), images)


def _deletes_only_from_the_top(ecr: BaseClient, repository: str, index: str, images: list[Image]) -> None:
    children = [{"imageDigest": image.digest} for image in images]
    refused = ecr.batch_delete_image(repositoryName=repository, imageIds=children)
    assert [failure["failureCode"] for failure in refused["failures"]] == ["ImageReferencedByManifestList"] * 2
    assert f"Requested image referenced by manifest list: [{index}]" in refused["failures"][0]["failureReason"]
    done = ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageDigest": index}, *children])
    assert done["failures"] == []
    assert ecr.list_images(repositoryName=repository)["imageIds"] == []
