"""skopeo: copying between archives, folders and the registry."""

import json
import tarfile
from collections.abc import Callable
from pathlib import Path

from botocore.client import BaseClient

from .bed.images import DOCKER_MANIFEST, digest_of, make_speaker, write_layout
from .bed.programs import Client
from .bed.server import ACCOUNT, Server

_PLAIN = ("--src-tls-verify=false", "--dest-tls-verify=false")


def test_a_layout_goes_there_and_back(skopeo_in: Client, server: Server, repository: str, tmp_path: Path) -> None:
    """An OCI layout is copied to the registry and back, and every byte is the same."""
    image = make_speaker("there and back")
    layout = write_layout(tmp_path / "there", image)
    remote = f"docker://{server.host}/{repository}:v1"
    skopeo_in("copy", *_PLAIN, f"oci:{layout}", remote)
    skopeo_in("copy", *_PLAIN, remote, f"oci:{tmp_path / 'back'}:v1")
    for data in (image.manifest, *image.blobs.values()):
        name = digest_of(data).removeprefix("sha256:")
        assert (tmp_path / "back" / "blobs" / "sha256" / name).read_bytes() == data


def test_a_docker_archive_is_copied(
    skopeo_in: Client, server: Server, ecr: BaseClient, repository: str, tmp_path: Path
) -> None:
    """What `docker save` writes is copied to the registry, and comes out as such an archive again."""
    layout, archive = write_layout(tmp_path / "oci", make_speaker("archived", kind="docker")), tmp_path / "in.tar"
    skopeo_in("copy", f"oci:{layout}", f"docker-archive:{archive}:archived:v1")
    remote = f"docker://{server.host}/{repository}:v1"
    skopeo_in("copy", *_PLAIN, f"docker-archive:{archive}", remote)
    detail = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": "v1"}])["imageDetails"][0]
    assert detail["imageManifestMediaType"] == DOCKER_MANIFEST
    skopeo_in("copy", *_PLAIN, remote, f"docker-archive:{tmp_path / 'out.tar'}:archived:v1")
    assert _layers(tmp_path / "out.tar") == _layers(archive)


def test_inspect_shows_the_image(skopeo_in: Client, server: Server, repository: str, tmp_path: Path) -> None:
    """`skopeo inspect` reads digest, layers, architecture and tags from the registry."""
    image = make_speaker("inspected")
    layout = write_layout(tmp_path / "oci", image)
    for tag in ("one", "two"):
        skopeo_in("copy", *_PLAIN, f"oci:{layout}", f"docker://{server.host}/{repository}:{tag}")
    shown = json.loads(skopeo_in("inspect", "--tls-verify=false", f"docker://{server.host}/{repository}:one").out)
    assert shown["Digest"] == image.digest
    assert shown["Layers"] == [digest_of(layer) for layer in image.layers]
    assert shown["Architecture"] == image.architecture
    assert sorted(shown["RepoTags"]) == ["one", "two"]
    raw = skopeo_in("inspect", "--tls-verify=false", "--raw", f"docker://{server.host}/{repository}@{image.digest}")
    assert raw.out.encode() == image.manifest


def test_tags_are_listed(skopeo_in: Client, server: Server, repository: str, tmp_path: Path) -> None:
    """`skopeo list-tags` prints every tag of more than one page."""
    layout = write_layout(tmp_path / "oci", make_speaker("tagged"))
    remote = f"docker://{server.host}/{repository}"
    skopeo_in("copy", *_PLAIN, f"oci:{layout}", f"{remote}:first")
    skopeo_in("copy", *_PLAIN, f"{remote}:first", f"{remote}:second")
    assert sorted(json.loads(skopeo_in("list-tags", "--tls-verify=false", remote).out)["Tags"]) == ["first", "second"]


def test_a_deleted_image_is_gone(skopeo_in: Client, server: Server, repository: str, tmp_path: Path) -> None:
    """`skopeo delete` deletes the image that a tag names, as its digest and every tag of it say afterwards."""
    image = make_speaker("deleted")
    layout, remote = write_layout(tmp_path / "oci", image), f"docker://{server.host}/{repository}"
    skopeo_in("copy", *_PLAIN, f"oci:{layout}", f"{remote}:gone")
    skopeo_in("delete", "--tls-verify=false", f"{remote}:gone")
    for reference in (f"{remote}:gone", f"{remote}@{image.digest}"):
        assert "manifest unknown" in skopeo_in.refused("inspect", "--tls-verify=false", "--raw", reference)


def test_a_copy_between_repositories_is_the_same_image(
    skopeo_in: Client, server: Server, make_repository: Callable[..., str], tmp_path: Path
) -> None:
    """`skopeo copy` from one repository to another keeps the digest."""
    image, source, target = make_speaker("moved house"), make_repository(), make_repository()
    layout = write_layout(tmp_path / "oci", image)
    skopeo_in("copy", *_PLAIN, f"oci:{layout}", f"docker://{server.host}/{source}:v1")
    skopeo_in("copy", *_PLAIN, f"docker://{server.host}/{source}:v1", f"docker://{server.host}/{target}:v2")
    shown = json.loads(skopeo_in("inspect", "--tls-verify=false", f"docker://{server.host}/{target}:v2").out)
    assert shown["Digest"] == image.digest


def test_a_missing_repository_is_named(skopeo_in: Client, server: Server, tmp_path: Path) -> None:
    """A copy to a repository that does not exist fails in ECR's sentence."""
    layout = write_layout(tmp_path / "oci", make_speaker("nowhere"))
    shown = skopeo_in.refused("copy", *_PLAIN, f"oci:{layout}", f"docker://{server.host}/no/such:v1")
    assert f"The repository with name 'no/such' does not exist in the registry with id '{ACCOUNT}'" in shown


def test_without_a_login_nothing_is_read(skopeo: Client, server: Server, repository: str) -> None:
    """skopeo without a login is told to authenticate."""
    shown = skopeo.refused("list-tags", "--tls-verify=false", f"docker://{server.host}/{repository}")
    assert "authentication required" in shown or "unauthorized" in shown


def _layers(archive: Path) -> list[str]:
    """The digests of the layers of a docker archive."""
    with tarfile.open(archive) as opened:
        manifest = opened.extractfile("manifest.json")
        assert manifest is not None
        names = json.load(manifest)[0]["Layers"]
        return [digest_of(opened.extractfile(_followed(opened, name)).read()) for name in names]


def _followed(archive: tarfile.TarFile, name: str) -> tarfile.TarInfo:
    member = archive.getmember(name)
    return archive.getmember(str(Path(member.linkname).name)) if member.issym() else member
