"""core.manifest: what the registry reads from manifest bytes."""

import json
from typing import Any

import pytest

from cargohold.core import manifest
from cargohold.core.errors import InvalidManifest

A, B, C = ("sha256:" + letter * 64 for letter in "abc")


def descriptor(digest: str = A, size: int = 10, **more: Any) -> dict[str, Any]:
    return {"mediaType": "application/octet-stream", "digest": digest, "size": size, **more}


def image(**more: Any) -> dict[str, Any]:
    return {
        "schemaVersion": 2,
        "mediaType": manifest.OCI_MANIFEST,
        "config": descriptor(A, 2),
        "layers": [descriptor(B, 3), descriptor(C, 5)],
        **more,
    }


def index(**more: Any) -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": manifest.OCI_INDEX, "manifests": [descriptor(A)], **more}


def parse(document: object, declared: str | None = None) -> manifest.Manifest:
    return manifest.parse(json.dumps(document).encode(), declared)


def test_an_image_names_its_blobs_and_its_size() -> None:
    """An image's config and layers are read in order, and its size is theirs."""
    read = parse(image())
    assert read.config is not None
    assert read.config.digest == A
    assert [layer.digest for layer in read.layers] == [B, C]
    assert read.size == 10
    assert read.children == ()


def test_an_index_names_its_children() -> None:
    """An index has children and neither config nor layers."""
    read = parse(index())
    assert [child.digest for child in read.children] == [A]
    assert (read.config, read.layers, read.size) == (None, (), 0)


def test_the_artifact_type_falls_back_to_the_configs() -> None:
    """The artifact type is the manifest's own, else its config's media type."""
    assert parse(image()).artifact_type == "application/octet-stream"
    assert parse(image(artifactType="application/x")).artifact_type == "application/x"


def test_the_subject_is_read() -> None:
    """A manifest's subject is kept by digest."""
    assert parse(image(subject=descriptor(C))).subject == C


def test_the_declared_type_serves_where_the_document_has_none() -> None:
    """A manifest without mediaType is what the client declared it to be."""
    bare = {key: value for key, value in image().items() if key != "mediaType"}
    assert parse(bare, manifest.OCI_MANIFEST).media_type == manifest.OCI_MANIFEST


@pytest.mark.parametrize(
    "more",
    [
        {"urls": ["http://127.0.0.1/layer"]},
        {"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"},
        {"mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar"},
    ],
)
def test_foreign_layers_are_known_as_such(more: dict[str, Any]) -> None:
    """A layer that lives elsewhere is marked, for it need not be in the registry."""
    read = parse(image(layers=[descriptor(B) | more]))
    assert read.layers[0].foreign


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "Invalid JSON syntax"),
        ({}, "schemaVersion 2"),
        (image(schemaVersion=1), "schemaVersion 2"),
        ({"mediaType": "application/vnd.oci.artifact.manifest.v1+json"}, "unsupported manifest media type"),
        (image(mediaType=7), "mediaType must be a string"),
        (image(mediaType="text/html"), "unsupported manifest media type text/html"),
        (image(manifests=[]), "may not list manifests"),
        (index(layers=[]), "may not have config or layers"),
        (index(config=descriptor()), "may not have config or layers"),
        (index(manifests={}), "must have a list of manifests"),
        ({k: v for k, v in image().items() if k != "config"}, "must have a config"),
        ({k: v for k, v in image().items() if k != "layers"}, "must have a list of layers"),
        (image(layers=[7]), "must hold descriptors"),
        (image(layers=[descriptor(size=-1)]), "size of 0 or more"),
        (image(layers=[descriptor(size=2**63)]), "size of 0 or more"),
        (image(layers=[descriptor(size=True)]), "size of 0 or more"),
        (image(layers=[descriptor("sha256:../../x")]), "sha256 or sha512 digest"),
        (image(artifactType=[]), "artifactType must be a string"),
        (image(subject="x"), "must hold descriptors"),
        (image(layers=[descriptor()] * 10_001), "10000 layers at the most"),
    ],
)
def test_what_is_not_a_manifest_says_why(document: object, reason: str) -> None:
    """A document that is not a manifest is refused with what is wrong."""
    with pytest.raises(InvalidManifest, match=reason):
        parse(document)


def test_confusion_of_types_is_refused() -> None:
    """S25: a body may not call itself another type than its Content-Type says."""
    with pytest.raises(InvalidManifest, match="is not the declared media type"):
        parse(image(), manifest.OCI_INDEX)


@pytest.mark.parametrize("payload", [b"", b"{", b"\xff", b"[" * 100_000, b"nul", b"{}" * 2])
def test_rubbish_is_refused(payload: bytes) -> None:
    """S1: broken and deeply nested JSON is refused as bad syntax."""
    with pytest.raises(InvalidManifest, match="Invalid JSON syntax"):
        manifest.parse(payload)


def test_a_manifest_over_four_mebibytes_is_refused() -> None:
    """S1: one byte over the limit is too much, before anything is parsed."""
    with pytest.raises(InvalidManifest, match="4194304"):
        manifest.parse(b" " * (manifest.MAXIMUM_BYTES + 1))
