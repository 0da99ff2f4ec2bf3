"""buildah: images built, pushed, pulled and run without an engine, by the code that podman does it with."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.client import BaseClient

from .bed.images import DOCKER_MANIFEST, HOST, OCI_INDEX, OCI_MANIFEST, digest_of, make_speaker, static_busybox
from .bed.programs import Client
from .bed.server import ACCOUNT, Server
from .bed.wire import Wire

_PLAIN = "--tls-verify=false"


@pytest.fixture
def kitchen(tmp_path: Path) -> Path:
    """A folder with a Containerfile of two layers, whose image prints what a step of the build wrote."""
    folder = tmp_path / "kitchen"
    folder.mkdir()
    (folder / "busybox").write_bytes(static_busybox().read_bytes())
    (folder / "busybox").chmod(0o755)
    (folder / "Containerfile").write_text(
        "FROM scratch\n"
        "COPY busybox /bin/busybox\n"
        'RUN ["/bin/busybox", "sh", "-c", "echo built without an engine > /note"]\n'
        'CMD ["/bin/busybox", "cat", "/note"]\n'
    )
    return folder


def build(buildah: Client, kitchen: Path, *options: str) -> str:
    """Builds the image of a kitchen and returns its id."""
    shown = buildah("build", "--isolation", "chroot", "--layers", "--quiet", *options, kitchen)
    return shown.out.split()[-1]


def note_in(buildah: Client, image: str) -> str:
    """What a container of the image prints of the note that its build wrote."""
    container = buildah("from", "--pull-never", image).out.strip()
    shown = buildah("run", "--isolation", "chroot", container, "--", "/bin/busybox", "cat", "/note").out
    buildah("rm", container)
    return shown


@pytest.mark.parametrize(("form", "media_type"), [("oci", OCI_MANIFEST), ("v2s2", DOCKER_MANIFEST)])
def test_an_image_is_built_pushed_removed_and_pulled(
    buildah_in: Client, server: Server, wire: Wire, repository: str, kitchen: Path, form: str, media_type: str
) -> None:
    """An image that buildah pushed, in either form, comes back after its removal as the same image, and runs."""
    name, digest_file = f"{server.host}/{repository}:built", kitchen / "digest"
    made = build(buildah_in, kitchen, "--tag", name)
    buildah_in("push", _PLAIN, "--format", form, "--digestfile", digest_file, name)
    manifest = wire.manifest(repository, "built")
    assert digest_of(manifest) == digest_file.read_text()
    read = json.loads(manifest)
    assert read["mediaType"] == media_type
    for blob in (read["config"], *read["layers"]):
        data = wire.blob(repository, blob["digest"])
        assert (digest_of(data), len(data)) == (blob["digest"], blob["size"])
    buildah_in("rmi", "--all", "--force")
    assert buildah_in("images", "--quiet").out == ""
    pulled = buildah_in("pull", _PLAIN, "--quiet", name).out.strip()
    assert f"sha256:{pulled}" == read["config"]["digest"]
    if form == "oci":
        assert pulled == made
    inspected = json.loads(buildah_in("inspect", "--type", "image", name).out)
    assert inspected["FromImageDigest"] == digest_of(manifest)
    assert inspected["Manifest"].encode() == manifest
    assert note_in(buildah_in, name) == "built without an engine\n"


def test_a_pull_by_digest_gives_that_image(
    buildah_in: Client, server: Server, wire: Wire, repository: str, kitchen: Path
) -> None:
    """A digest still names the image that was pushed after its tag was moved to another."""
    name, digest_file = f"{server.host}/{repository}:moves", kitchen / "digest"
    made = build(buildah_in, kitchen, "--tag", name)
    buildah_in("push", _PLAIN, "--digestfile", digest_file, name)
    wire.push(repository, "moves", make_speaker("moved"))
    buildah_in("rmi", "--all", "--force")
    pulled = buildah_in("pull", _PLAIN, "--quiet", f"{server.host}/{repository}@{digest_file.read_text()}")
    assert pulled.out.strip() == made


def test_a_build_begins_from_a_pushed_image(
    buildah_in: Client, server: Server, wire: Wire, repository: str, kitchen: Path
) -> None:
    """A Containerfile begins FROM an image that only the registry holds, whose layers are not sent again."""
    base = make_speaker("the base")
    wire.push(repository, "base", base)
    (kitchen / "Containerfile").write_text(
        f"FROM {server.host}/{repository}:base\n"
        'RUN ["/bin/busybox", "sh", "-c", "/bin/busybox cat /sentence > /note && echo >> /note"]\n'
    )
    name = f"{server.host}/{repository}:more"
    build(buildah_in, kitchen, _PLAIN, "--tag", name)
    assert note_in(buildah_in, name) == "the base\n"
    buildah_in("push", _PLAIN, name)
    layers = [layer["digest"] for layer in json.loads(wire.manifest(repository, "more"))["layers"]]
    assert layers[:2] == [digest_of(layer) for layer in base.layers]
    assert len(layers) == 3


def test_a_manifest_list_is_pushed_with_its_images(
    buildah_in: Client, server: Server, wire: Wire, ecr: BaseClient, make_repository: Callable[..., str]
) -> None:
    """`buildah manifest push --all` makes an index of images of another repository and copies them beside it."""
    source, target = make_repository(), make_repository()
    images = [make_speaker(architecture, architecture=architecture) for architecture in ("amd64", "arm64")]
    buildah_in("manifest", "create", "both")
    for image in images:
        wire.push(source, image.architecture, image)
        reference = f"docker://{server.host}/{source}:{image.architecture}"
        buildah_in("manifest", "add", _PLAIN, "both", reference)
    buildah_in("manifest", "push", _PLAIN, "--all", "--format", "oci", "both", f"docker://{server.host}/{target}:both")
    index = json.loads(wire.manifest(target, "both"))
    assert index["mediaType"] == OCI_INDEX
    assert sorted((each["platform"]["architecture"], each["digest"]) for each in index["manifests"]) == [
        (image.architecture, image.digest) for image in images
    ]
    for image in images:
        assert wire.manifest(target, image.digest) == image.manifest
        assert {digest: wire.blob(target, digest) for digest in image.blobs} == image.blobs
    described = ecr.describe_images(repositoryName=target, imageIds=[{"imageTag": "both"}])["imageDetails"][0]
    assert described["imageSizeInBytes"] == max(image.size for image in images)
    pulled = buildah_in("pull", _PLAIN, "--quiet", f"{server.host}/{target}:both").out.strip()
    mine = next(image for image in images if image.architecture == HOST)
    assert f"sha256:{pulled}" == digest_of(mine.config)


def test_refusals_read_as_on_ecr(
    buildah_in: Client, server: Server, make_repository: Callable[..., str], kitchen: Path
) -> None:
    """buildah prints ECR's sentence about a missing repository, a missing tag and an immutable one."""
    repository = make_repository(imageTagMutability="IMMUTABLE")
    name = f"{server.host}/{repository}:fixed"
    build(buildah_in, kitchen, "--tag", name)
    buildah_in("push", _PLAIN, name)
    (kitchen / "Containerfile").write_text("FROM scratch\nCOPY busybox /other\n")
    build(buildah_in, kitchen, "--tag", name)
    shown = buildah_in.refused("push", _PLAIN, name)
    assert f"The image tag 'fixed' already exists in the '{repository}' repository" in shown
    assert "cannot be overwritten because the" in shown
    shown = buildah_in.refused("push", _PLAIN, name, f"docker://{server.host}/no/such:v1")
    assert f"The repository with name 'no/such' does not exist in the registry with id '{ACCOUNT}'" in shown
    shown = buildah_in.refused("pull", _PLAIN, f"{server.host}/{repository}:missing")
    assert "manifest unknown: Requested image not found" in shown


def test_a_logout_takes_the_right_away(buildah_in: Client, server: Server, repository: str, kitchen: Path) -> None:
    """After `buildah logout` nothing is pushed, and a login with a made-up password is refused."""
    name = f"{server.host}/{repository}:v1"
    build(buildah_in, kitchen, "--tag", name)
    buildah_in("logout", server.host)
    shown = buildah_in.refused("push", _PLAIN, name)
    assert "authentication required" in shown or "unauthorized" in shown
    wrong = ("login", _PLAIN, "--username", "AWS", "--password-stdin", server.host)
    assert "invalid username/password" in buildah_in.refused(*wrong, given=b"made up")
