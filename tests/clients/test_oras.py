"""oras: artifacts that are no images, what is attached to them, and the registry's parts one by one."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.client import BaseClient

from .bed.images import OCI_INDEX, OCI_MANIFEST, digest_of, make_speaker, noise
from .bed.programs import Client
from .bed.server import ACCOUNT, Server
from .bed.wire import Wire

_KIND = "application/vnd.example.model.v1"
_SBOM = "application/spdx+json"
_SIGNATURE = "application/vnd.example.signature.v1"
_WEIGHTS = noise(300_000)


@pytest.fixture
def folder(oras: Client) -> Path:
    """The folder that oras runs in, with an artifact's two files, an SBOM of it and a signature of that."""
    assert oras.cwd is not None
    (oras.cwd / "weights.bin").write_bytes(_WEIGHTS)
    (oras.cwd / "card.md").write_text("# What it is good for\n")
    (oras.cwd / "sbom.json").write_text('{"spdxVersion": "SPDX-2.3"}\n')
    (oras.cwd / "sbom.sig").write_text("signed\n")
    return oras.cwd


def push(oras: Client, reference: str) -> str:
    """Pushes the artifact of the two files and returns its digest."""
    files = ("weights.bin:application/octet-stream", "card.md:text/markdown")
    shown = oras("push", "--format", "json", "--artifact-type", _KIND, reference, *files)
    return str(json.loads(shown.out)["digest"])


def attach(oras: Client, reference: str, artifact_type: str, file: str, *options: str) -> str:
    """Attaches a file to what is there already and returns the digest of what holds it."""
    shown = oras("attach", "--format", "json", "--artifact-type", artifact_type, *options, reference, file)
    return str(json.loads(shown.out)["digest"])


def discovered(oras: Client, reference: str, *options: str) -> set[tuple[str, str, str]]:
    """Everything that refers to an artifact, however far: the subject's digest, the artifact type, its own digest."""
    found, waiting = set(), [json.loads(oras("discover", "--format", "json", *options, reference).out)]
    while waiting:
        subject = waiting.pop()
        referrers = subject.get("referrers", [])
        found |= {(subject["digest"], each["artifactType"], each["digest"]) for each in referrers}
        waiting += referrers
    return found


def test_an_artifact_comes_back(
    oras_in: Client, folder: Path, server: Server, ecr: BaseClient, repository: str
) -> None:
    """An artifact of two files is pushed under two tags and pulled with the same names and bytes."""
    remote = f"{server.host}/{repository}"
    digest = push(oras_in, f"{remote}:v1,latest")
    for tag in ("v1", "latest"):
        assert oras_in("resolve", f"{remote}:{tag}").out.strip() == digest
        oras_in("pull", "--output", folder / tag, f"{remote}:{tag}")
        assert {path.name: path.read_bytes() for path in (folder / tag).iterdir()} == {
            name: (folder / name).read_bytes() for name in ("weights.bin", "card.md")
        }
    [detail] = ecr.describe_images(repositoryName=repository)["imageDetails"]
    assert (detail["imageDigest"], sorted(detail["imageTags"])) == (digest, ["latest", "v1"])
    assert (detail["imageManifestMediaType"], detail["artifactMediaType"]) == (OCI_MANIFEST, _KIND)


def test_what_is_attached_is_discovered(
    oras_in: Client, folder: Path, server: Server, ecr: BaseClient, repository: str
) -> None:
    """An SBOM, and a signature of the SBOM, are attached, shown as a tree and as JSON, filtered, and pulled."""
    remote = f"{server.host}/{repository}"
    subject = push(oras_in, f"{remote}:v1")
    assert discovered(oras_in, f"{remote}:v1") == set()
    sbom = attach(oras_in, f"{remote}:v1", _SBOM, "sbom.json:application/json", "--annotation", "who=builder")
    signature = attach(oras_in, f"{remote}@{sbom}", _SIGNATURE, "sbom.sig:application/octet-stream")
    note = attach(oras_in, f"{remote}@{subject}", "text/markdown", "card.md:text/markdown")

    tree = oras_in("discover", f"{remote}:v1").out.splitlines()
    assert tree[0] == f"{remote}@{subject}"
    found = [next((index for index, line in enumerate(tree) if digest in line), -1) for digest in (sbom, signature)]
    assert -1 not in found
    assert tree[found[1]].index("sha256:") > tree[found[0]].index("sha256:")  # the signature hangs below the SBOM
    assert any("who: builder" in line for line in tree)

    markdown = (subject, "text/markdown", note)
    assert discovered(oras_in, f"{remote}:v1") == {(subject, _SBOM, sbom), (sbom, _SIGNATURE, signature), markdown}
    assert discovered(oras_in, f"{remote}:v1", "--artifact-type", "text/markdown") == {markdown}
    oras_in("pull", "--output", folder / "out", f"{remote}@{sbom}")
    assert (folder / "out" / "sbom.json").read_bytes() == (folder / "sbom.json").read_bytes()

    details = {each["imageDigest"]: each for each in ecr.describe_images(repositoryName=repository)["imageDetails"]}
    assert {digest: detail.get("subjectManifestDigest") for digest, detail in details.items()} == {
        subject: None,
        sbom: subject,
        note: subject,
        signature: sbom,
    }
    assert details[sbom]["artifactMediaType"] == _SBOM
    assert "imageTags" not in details[sbom]


def test_a_referrer_of_an_older_client_is_found_by_its_tag(
    oras_in: Client, folder: Path, server: Server, wire: Wire, repository: str
) -> None:
    """The tag sha256-<hex>, which clients before OCI 1.1 keep referrers under, is a tag like any other."""
    remote = f"{server.host}/{repository}"
    subject = push(oras_in, f"{remote}:v1")
    old = ("--distribution-spec", "v1.1-referrers-tag")
    sbom = attach(oras_in, f"{remote}:v1", _SBOM, "sbom.json:application/json", *old)
    tag = subject.replace(":", "-")
    assert oras_in("repo", "tags", remote).out.split() == [tag, "v1"]
    index = json.loads(wire.manifest(repository, tag))
    assert index["mediaType"] == OCI_INDEX
    assert [each["digest"] for each in index["manifests"]] == [sbom]
    for options in (old, ()):
        assert discovered(oras_in, f"{remote}:v1", *options) == {(subject, _SBOM, sbom)}


def test_a_recursive_copy_takes_everything_along(
    oras_in: Client, folder: Path, server: Server, wire: Wire, make_repository: Callable[..., str]
) -> None:
    """`oras copy -r` brings an artifact and all that refers to it to another repository, mounting every blob."""
    source, target = make_repository(), make_repository()
    subject = push(oras_in, f"{server.host}/{source}:v1")
    sbom = attach(oras_in, f"{server.host}/{source}:v1", _SBOM, "sbom.json:application/json")
    signature = attach(oras_in, f"{server.host}/{source}@{sbom}", _SIGNATURE, "sbom.sig:application/octet-stream")
    shown = oras_in("copy", "--recursive", f"{server.host}/{source}:v1", f"{server.host}/{target}:copied").text
    for name in ("weights.bin", "card.md", "sbom.json", "sbom.sig"):
        assert any(line.startswith(("Mounted", "Exists")) and name in line for line in shown.splitlines()), shown
    found = discovered(oras_in, f"{server.host}/{target}:copied")
    assert found == {(subject, _SBOM, sbom), (sbom, _SIGNATURE, signature)}
    for digest in (subject, sbom, signature):
        manifest = wire.manifest(target, digest)
        assert manifest == wire.manifest(source, digest)
        for layer in json.loads(manifest)["layers"]:
            assert digest_of(wire.blob(target, layer["digest"])) == layer["digest"]


def test_a_copy_goes_through_a_layout(
    oras_in: Client, folder: Path, server: Server, wire: Wire, make_repository: Callable[..., str]
) -> None:
    """An index with what refers to it is copied into an OCI layout, and from there into another repository."""
    source, target = make_repository(), make_repository()
    images = [make_speaker(architecture, architecture=architecture) for architecture in ("amd64", "arm64")]
    for image in images:
        wire.push(source, image.architecture, image)
    remote = f"{server.host}/{source}"
    oras_in("manifest", "index", "create", f"{remote}:both", "amd64", "arm64")
    index = oras_in("resolve", f"{remote}:both").out.strip()
    sbom = attach(oras_in, f"{remote}:both", _SBOM, "sbom.json:application/json")
    oras_in("copy", "--recursive", "--to-oci-layout", f"{remote}:both", "layout:both")
    oras_in("copy", "--recursive", "--from-oci-layout", "layout:both", f"{server.host}/{target}:both")
    assert oras_in("resolve", f"{server.host}/{target}:both").out.strip() == index
    assert discovered(oras_in, f"{server.host}/{target}:both") == {(index, _SBOM, sbom)}
    for image in images:
        assert wire.manifest(target, image.digest) == image.manifest
        assert {digest: wire.blob(target, digest) for digest in image.blobs} == image.blobs


def test_manifests_are_fetched_pushed_and_deleted(
    oras_in: Client, folder: Path, server: Server, ecr: BaseClient, repository: str
) -> None:
    """`oras manifest` fetches, describes, pushes under a new tag and deletes, byte for byte."""
    remote = f"{server.host}/{repository}"
    digest = push(oras_in, f"{remote}:v1")
    oras_in("manifest", "fetch", "--output", "manifest.json", f"{remote}:v1")
    manifest = (folder / "manifest.json").read_bytes()
    assert digest_of(manifest) == digest
    assert json.loads(oras_in("manifest", "fetch", "--descriptor", f"{remote}:v1").out) == {
        "mediaType": OCI_MANIFEST,
        "digest": digest,
        "size": len(manifest),
    }
    assert oras_in("manifest", "fetch-config", f"{remote}:v1").out == "{}"
    changed = manifest.replace(b'"schemaVersion":2', b'"schemaVersion": 2')
    (folder / "manifest.json").write_bytes(changed)
    oras_in("manifest", "push", f"{remote}:v2", "manifest.json")
    assert oras_in("resolve", f"{remote}:v2").out.strip() == digest_of(changed)
    oras_in("tag", f"{remote}:v1", "v3", "v4")
    assert oras_in("repo", "tags", remote).out.split() == ["v1", "v2", "v3", "v4"]
    assert oras_in("repo", "tags", "--last", "v2", remote).out.split() == ["v3", "v4"]
    oras_in("manifest", "delete", "--force", f"{remote}@{digest}")
    assert oras_in("repo", "tags", remote).out.split() == ["v2"]
    assert "not found" in oras_in.refused("manifest", "fetch", f"{remote}@{digest}")
    details = ecr.describe_images(repositoryName=repository)["imageDetails"]
    assert [each["imageDigest"] for each in details] == [digest_of(changed)]


def test_blobs_are_pushed_fetched_and_deleted(
    oras_in: Client, folder: Path, server: Server, make_repository: Callable[..., str]
) -> None:
    """`oras blob` pushes a blob, fetches it whole, and deletes it from its repository alone."""
    one, other = (f"{server.host}/{make_repository()}" for _ in range(2))
    digest = digest_of(_WEIGHTS)
    for remote in (one, other):
        assert digest in oras_in("blob", "push", remote, "weights.bin").out
    told = json.loads(oras_in("blob", "fetch", "--descriptor", "--output", "back.bin", f"{one}@{digest}").out)
    assert (told["digest"], told["size"]) == (digest, len(_WEIGHTS))
    assert (folder / "back.bin").read_bytes() == _WEIGHTS
    oras_in("blob", "delete", "--force", f"{one}@{digest}")
    assert "not found" in oras_in.refused("blob", "fetch", "--output", "gone.bin", f"{one}@{digest}")
    oras_in("blob", "fetch", "--output", "kept.bin", f"{other}@{digest}")
    assert (folder / "kept.bin").read_bytes() == _WEIGHTS


def test_a_blob_that_an_artifact_holds_is_not_deleted(
    oras_in: Client, folder: Path, server: Server, repository: str
) -> None:
    """`oras blob delete` of an artifact's file is refused, and the artifact still pulls."""
    remote = f"{server.host}/{repository}"
    push(oras_in, f"{remote}:v1")
    oras_in.refused("blob", "delete", "--force", f"{remote}@{digest_of(_WEIGHTS)}")
    oras_in("pull", "--output", folder / "out", f"{remote}:v1")
    assert (folder / "out" / "weights.bin").read_bytes() == _WEIGHTS


def test_repositories_are_listed_and_a_missing_one_is_named(
    oras_in: Client, folder: Path, server: Server, repository: str
) -> None:
    """`oras repo ls` lists repositories, and a missing one is named in ECR's sentence."""
    assert repository in oras_in("repo", "ls", server.host).out.split()
    sentence = f"The repository with name 'no/such' does not exist in the registry with id '{ACCOUNT}'"
    assert sentence in oras_in.refused("repo", "tags", f"{server.host}/no/such")
    assert sentence in oras_in.refused("push", "--artifact-type", _KIND, f"{server.host}/no/such:v1", "card.md")
    oras_in("logout", server.host)
    shown = oras_in.refused("repo", "tags", f"{server.host}/no/such")
    assert sentence not in shown
    assert "credential" in shown
