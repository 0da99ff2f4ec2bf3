"""cosign: signatures under a tag made of the image's digest, and as referrers of OCI 1.1.

Building cosign takes longer than building all the other clients, so the shorter run pushes what cosign pushes, with its
media types, by oras; the long run signs and verifies with cosign itself.
"""

import base64
import json
from pathlib import Path

import pytest
from botocore.client import BaseClient

from .bed.images import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, Image, digest_of, make_speaker
from .bed.programs import Client, clean_environment, program
from .bed.server import Server
from .bed.wire import Wire

_CLAIM = "application/vnd.dev.cosign.simplesigning.v1+json"
_BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
_SIGNATURE = "dev.cosignproject.cosign/signature"
_NOWHERE = {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "localhost"}


@pytest.fixture
def signed(wire: Wire, repository: str) -> Image:
    """The image that is signed; it is in the repository as `v1`."""
    image = make_speaker("to be signed")
    wire.push(repository, "v1", image)
    return image


@pytest.fixture
def cosign(tmp_path: Path, long: bool, server: Server, password: str) -> Client:
    """cosign, logged in, with a key pair in its folder and no transparency log; no call leaves this machine."""
    if not long:
        pytest.skip("cosign itself signs in the long run (--long)")
    places = {"DOCKER_CONFIG": str(tmp_path / "login"), "TUF_ROOT": str(tmp_path / "tuf"), "COSIGN_PASSWORD": ""}
    client = Client([program("cosign")], clean_environment() | places | _NOWHERE, tmp_path)
    client("login", server.host, "--username", "AWS", "--password-stdin", given=password.encode())
    client("generate-key-pair")
    client("signing-config", "create", "--out", "no-services.json")
    return client


def referrers(wire: Wire, repository: str, digest: str, artifact_type: str) -> list[dict[str, object]]:
    """What the referrers API lists of one artifact type."""
    answer = wire.want(200, "GET", f"/v2/{repository}/referrers/{digest}?artifactType={artifact_type}")
    assert answer.headers["Content-Type"] == OCI_INDEX
    return list(json.loads(answer.body)["manifests"])


def details_of(ecr: BaseClient, repository: str) -> dict[str, dict[str, object]]:
    """What DescribeImages tells, by digest."""
    return {each["imageDigest"]: each for each in ecr.describe_images(repositoryName=repository)["imageDetails"]}


def test_a_signature_tag_is_a_tag(
    oras_in: Client, crane_in: Client, server: Server, ecr: BaseClient, wire: Wire, repository: str, signed: Image
) -> None:
    """What cosign puts under sha256-<hex>.sig is found by that tag, byte for byte, and says nothing of a subject."""
    assert oras_in.cwd is not None
    claim = json.dumps({"critical": {"image": {"docker-manifest-digest": signed.digest}}}).encode()
    (oras_in.cwd / "claim.json").write_bytes(claim)
    (oras_in.cwd / "config.json").write_bytes(b'{"architecture":"","os":"","config":{},"rootfs":{"type":"layers"}}')
    (oras_in.cwd / "notes.json").write_text(json.dumps({"claim.json": {_SIGNATURE: "MEQCIE=="}}))
    tag = signed.digest.replace(":", "-") + ".sig"
    oras_in(
        *("push", "--config", f"config.json:{OCI_CONFIG}", "--annotation-file", "notes.json"),
        *(f"{server.host}/{repository}:{tag}", f"claim.json:{_CLAIM}"),
    )
    found = json.loads(crane_in("manifest", f"{server.host}/{repository}:{tag}").out)
    [layer] = found["layers"]
    assert (layer["mediaType"], layer["digest"], layer["annotations"][_SIGNATURE]) == (
        _CLAIM,
        digest_of(claim),
        "MEQCIE==",
    )
    assert crane_in("blob", f"{server.host}/{repository}@{layer['digest']}").out.encode() == claim
    assert crane_in("ls", f"{server.host}/{repository}").out.split() == [tag, "v1"]
    details = details_of(ecr, repository)
    signature = details.pop(crane_in("digest", f"{server.host}/{repository}:{tag}").out.strip())
    assert (signature["imageTags"], signature["artifactMediaType"]) == ([tag], OCI_CONFIG)
    assert "subjectManifestDigest" not in signature
    assert list(details) == [signed.digest]


def test_a_bundle_refers_to_its_image(
    oras_in: Client, server: Server, ecr: BaseClient, wire: Wire, repository: str, signed: Image
) -> None:
    """A signature bundle with a subject is found by the referrers API and by DescribeImages, and outlives its image."""
    assert oras_in.cwd is not None
    bundle = json.dumps({"mediaType": _BUNDLE, "dsseEnvelope": {"payload": base64.b64encode(b"x").decode()}}).encode()
    (oras_in.cwd / "bundle.json").write_bytes(bundle)
    note = ("--annotation", "dev.sigstore.bundle.content=dsse-envelope")
    attach = ("attach", "--artifact-type", _BUNDLE, *note, "--export-manifest", "manifest.json")
    oras_in(*attach, f"{server.host}/{repository}:v1", f"bundle.json:{_BUNDLE}")
    manifest = (oras_in.cwd / "manifest.json").read_bytes()
    [entry] = referrers(wire, repository, signed.digest, _BUNDLE)
    assert entry == {
        "mediaType": OCI_MANIFEST,
        "digest": digest_of(manifest),
        "size": len(manifest),
        "artifactType": _BUNDLE,
        "annotations": json.loads(manifest)["annotations"],
    }
    assert referrers(wire, repository, signed.digest, "application/vnd.other") == []
    assert wire.manifest(repository, digest_of(manifest)) == manifest
    assert wire.blob(repository, digest_of(bundle)) == bundle
    detail = details_of(ecr, repository)[digest_of(manifest)]
    assert (detail["artifactMediaType"], detail["subjectManifestDigest"]) == (_BUNDLE, signed.digest)
    assert "imageTags" not in detail
    ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageDigest": signed.digest}])
    assert [each["digest"] for each in referrers(wire, repository, signed.digest, _BUNDLE)] == [digest_of(manifest)]


def test_cosign_signs_with_a_referrer(
    cosign: Client, server: Server, ecr: BaseClient, wire: Wire, repository: str, signed: Image
) -> None:
    """cosign signs an image with a bundle that refers to it, verifies it, and does not verify another image."""
    reference = f"{server.host}/{repository}@{signed.digest}"
    plain = ("--allow-http-registry",)
    verify = ("verify", "--key", "cosign.pub", "--insecure-ignore-tlog", *plain)
    assert "no signatures found" in cosign.refused(*verify, reference)
    cosign("sign", "--yes", "--key", "cosign.key", "--signing-config", "no-services.json", *plain, reference)
    [claim] = json.loads(cosign(*verify, reference).out)
    assert claim["critical"]["image"]["docker-manifest-digest"] == signed.digest
    [entry] = referrers(wire, repository, signed.digest, _BUNDLE)
    detail = details_of(ecr, repository)[str(entry["digest"])]
    assert (detail["artifactMediaType"], detail["subjectManifestDigest"]) == (_BUNDLE, signed.digest)
    assert str(entry["digest"]) in cosign("tree", *plain, reference).text
    other = make_speaker("not signed")
    wire.push(repository, "other", other)
    assert "no signatures found" in cosign.refused(*verify, f"{server.host}/{repository}@{other.digest}")


def test_cosign_signs_with_a_tag(cosign: Client, server: Server, wire: Wire, repository: str, signed: Image) -> None:
    """cosign's older signature lies under a tag made of the image's digest, is verified, and is cleaned up."""
    reference = f"{server.host}/{repository}@{signed.digest}"
    plain = ("--new-bundle-format=false", "--allow-http-registry")
    quiet = ("--use-signing-config=false", "--tlog-upload=false")
    cosign("sign", "--yes", "--key", "cosign.key", *quiet, *plain, reference)
    tag = signed.digest.replace(":", "-") + ".sig"
    [layer] = json.loads(wire.manifest(repository, tag))["layers"]
    assert layer["mediaType"] == _CLAIM
    claim = json.loads(wire.blob(repository, layer["digest"]))
    assert claim["critical"]["image"]["docker-manifest-digest"] == signed.digest
    verify = ("verify", "--key", "cosign.pub", "--insecure-ignore-tlog", *plain, reference)
    assert json.loads(cosign(*verify).out) == [claim]
    cosign("clean", "--force", "--type", "signature", "--allow-http-registry", reference)
    assert "no signatures found" in cosign.refused(*verify)
    assert wire.manifest(repository, "v1") == signed.manifest
