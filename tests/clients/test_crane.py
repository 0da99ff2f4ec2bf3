"""crane: what scripts and CI systems do with a registry."""

import json
from collections.abc import Callable
from pathlib import Path

from botocore.client import BaseClient

from .bed.images import HOST, digest_of, make_index, make_speaker, write_layout
from .bed.programs import Client
from .bed.server import ACCOUNT, Server
from .bed.wire import Wire


def test_a_layout_is_pushed_and_pulled(crane_in: Client, server: Server, repository: str, tmp_path: Path) -> None:
    """crane pushes an OCI layout, says its digest and manifest, and pulls the same bytes."""
    image = make_speaker("craned")
    reference = f"{server.host}/{repository}:v1"
    pushed = crane_in("push", write_layout(tmp_path / "in", image), reference).out.strip()
    assert pushed == f"{server.host}/{repository}@{image.digest}"
    assert crane_in("digest", reference).out.strip() == image.digest
    assert crane_in("manifest", reference).out.encode() == image.manifest
    assert crane_in("config", reference).out.encode() == image.config
    assert crane_in("blob", f"{server.host}/{repository}@{digest_of(image.config)}").out.encode() == image.config
    crane_in("pull", "--format", "oci", reference, tmp_path / "out")
    for data in image.blobs.values():
        assert (tmp_path / "out" / "blobs" / "sha256" / digest_of(data)[7:]).read_bytes() == data
    assert crane_in("export", reference, "-").out.count("craned") == 1


def test_remote_images_are_valid(crane_in: Client, server: Server, repository: str, tmp_path: Path) -> None:
    """`crane validate --remote` finds every layer and digest of an image as it says."""
    reference = f"{server.host}/{repository}:v1"
    crane_in("push", write_layout(tmp_path / "in", make_speaker("valid")), reference)
    assert "PASS" in crane_in("validate", "--remote", reference).text


def test_tags_are_listed_and_added(
    crane_in: Client, server: Server, ecr: BaseClient, repository: str, tmp_path: Path
) -> None:
    """`crane tag` adds a tag to the same image, `crane ls` lists the tags, `crane catalog` the repositories."""
    image = make_speaker("tagged")
    crane_in("push", write_layout(tmp_path / "in", image), f"{server.host}/{repository}:v1")
    crane_in("tag", f"{server.host}/{repository}:v1", "v2")
    assert crane_in("ls", f"{server.host}/{repository}").out.split() == ["v1", "v2"]
    detail = ecr.describe_images(repositoryName=repository)["imageDetails"]
    assert [(each["imageDigest"], sorted(each["imageTags"])) for each in detail] == [(image.digest, ["v1", "v2"])]
    assert repository in crane_in("catalog", server.host).out.split()


def test_many_tags_come_in_pages(crane_in: Client, server: Server, repository: str, wire: Wire) -> None:
    """`crane ls` follows the pages of a long list of tags, each once and in order."""
    image = make_speaker("paged")
    wire.push(repository, "t000", image)
    for number in range(1, 120):
        wire.push_manifest(repository, f"t{number:03}", image.manifest, image.media_type)
    assert crane_in("ls", f"{server.host}/{repository}").out.split() == [f"t{number:03}" for number in range(120)]


def test_a_copy_mounts_its_blobs(
    crane_in: Client, server: Server, make_repository: Callable[..., str], wire: Wire, tmp_path: Path
) -> None:
    """`crane cp` between two repositories mounts the blobs and keeps the digest."""
    image, source, target = make_speaker("copied"), make_repository(), make_repository()
    crane_in("push", write_layout(tmp_path / "in", image), f"{server.host}/{source}:v1")
    shown = crane_in("cp", "--verbose", f"{server.host}/{source}:v1", f"{server.host}/{target}:v1").err
    assert shown.count("mounted blob: ") + shown.count("existing blob: ") >= len(image.layers)
    assert "pushed blob: " not in shown
    assert crane_in("digest", f"{server.host}/{target}:v1").out.strip() == image.digest
    for digest, data in image.blobs.items():
        assert wire.blob(target, digest) == data


def test_an_index_is_appended(crane_in: Client, server: Server, repository: str, tmp_path: Path) -> None:
    """`crane index append` makes an index of pushed images, and its images are reached by platform."""
    images = [make_speaker("first", architecture="amd64"), make_speaker("second", architecture="arm64")]
    names = [f"{server.host}/{repository}:{image.architecture}" for image in images]
    for image, name in zip(images, names, strict=True):
        crane_in("push", write_layout(tmp_path / image.architecture, image), name)
    index = f"{server.host}/{repository}:all"
    crane_in("index", "append", "--manifest", names[0], "--manifest", names[1], "--tag", index)
    listed = json.loads(crane_in("manifest", index).out)["manifests"]
    assert [(entry["platform"]["architecture"], entry["digest"]) for entry in listed] == [
        (image.architecture, image.digest) for image in images
    ]
    assert crane_in("digest", "--platform", "linux/arm64", index).out.strip() == images[1].digest
    assert "PASS" in crane_in("validate", "--remote", index).text


def test_an_index_comes_back_whole(crane_in: Client, server: Server, repository: str, tmp_path: Path) -> None:
    """An OCI layout of two platforms is pushed as an index and pulled byte for byte."""
    images = [make_speaker("one", architecture="amd64"), make_speaker("two", architecture="arm64")]
    index = make_index(images)
    reference = f"{server.host}/{repository}:both"
    layout = write_layout(tmp_path / "in", index, images)
    (layout / "index.json").write_bytes(index)  # crane pushes the layout's own index
    crane_in("push", "--index", layout, reference)
    assert crane_in("manifest", reference).out.encode() == index
    assert crane_in("manifest", "--platform", f"linux/{HOST}", reference).out.encode() in [i.manifest for i in images]
    crane_in("pull", "--format", "oci", reference, tmp_path / "out")
    for data in (index, *(text for image in images for text in (image.manifest, *image.blobs.values()))):
        assert (tmp_path / "out" / "blobs" / "sha256" / digest_of(data)[7:]).read_bytes() == data


def test_a_deleted_image_is_gone(crane_in: Client, server: Server, repository: str, tmp_path: Path) -> None:
    """`crane delete` by digest deletes the image, and another of the same layers still pulls."""
    first, second = make_speaker("goes"), make_speaker("stays")
    remote = f"{server.host}/{repository}"
    crane_in("push", write_layout(tmp_path / "first", first), f"{remote}:first")
    crane_in("push", write_layout(tmp_path / "second", second), f"{remote}:second")
    crane_in("delete", f"{remote}@{first.digest}")
    assert "MANIFEST_UNKNOWN: Requested image not found" in crane_in.refused("manifest", f"{remote}:first")
    assert crane_in("ls", remote).out.split() == ["second"]
    assert "PASS" in crane_in("validate", "--remote", f"{remote}:second").text


def test_an_image_is_changed_in_the_registry(crane_in: Client, server: Server, repository: str, tmp_path: Path) -> None:
    """`crane append` and `crane mutate` push a new image on layers that are there already."""
    remote = f"{server.host}/{repository}"
    crane_in("push", write_layout(tmp_path / "in", make_speaker("base")), f"{remote}:base")
    layer = tmp_path / "layer.tar"
    crane_in("export", f"{remote}:base", layer)
    crane_in("append", "--base", f"{remote}:base", "--new_layer", layer, "--new_tag", f"{remote}:more")
    crane_in("mutate", f"{remote}:more", "--label", "who=crane", "--tag", f"{remote}:labelled")
    assert json.loads(crane_in("config", f"{remote}:labelled").out)["config"]["Labels"] == {"who": "crane"}
    assert len(json.loads(crane_in("manifest", f"{remote}:labelled").out)["layers"]) == 3


def test_refusals_read_as_on_ecr(crane: Client, crane_in: Client, server: Server, tmp_path: Path) -> None:
    """A missing repository is named in ECR's sentence, and nobody who is not logged in learns of it."""
    layout = write_layout(tmp_path / "in", make_speaker("refused"))
    sentence = f"NAME_UNKNOWN: The repository with name 'no/such' does not exist in the registry with id '{ACCOUNT}'"
    assert sentence in crane_in.refused("push", layout, f"{server.host}/no/such:v1")
    crane_in("auth", "logout", server.host)
    shown = crane_in.refused("ls", f"{server.host}/no/such")
    assert "no/such' does not exist" not in shown
    assert "401" in shown or "UNAUTHORIZED" in shown
