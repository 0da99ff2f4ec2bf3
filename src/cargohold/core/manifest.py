"""Manifests: JSON bytes, read into what the registry needs to know of them. The bytes themselves are never changed.

Sources: OCI image-spec 1.1 (manifest.md, image-index.md), Docker "Image Manifest Version 2, Schema 2".
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from cargohold.core import digest as digests
from cargohold.core.digest import Digest
from cargohold.core.errors import InvalidDigest, InvalidManifest
from cargohold.core.text import is_sound

MAXIMUM_BYTES: Final = 4 * 1024 * 1024

OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST: Final = "application/vnd.docker.distribution.manifest.list.v2+json"

IMAGES: Final = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
INDEXES: Final = frozenset({OCI_INDEX, DOCKER_LIST})
MEDIA_TYPES: Final = IMAGES | INDEXES

_MAXIMUM_DESCRIPTORS = 10_000

BlobKind = Literal["config", "layer"]


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What a manifest says of content that it refers to."""

    media_type: str
    digest: Digest
    size: int
    foreign: bool = False
    """The content is at `urls` elsewhere and need not be in the registry."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest's facts: an image has a config and layers, an index has children."""

    media_type: str
    artifact_type: str | None
    """`artifactType`, else the config's media type (what ECR shows as artifactMediaType); None for a plain index."""
    config: Descriptor | None
    layers: tuple[Descriptor, ...]
    children: tuple[Descriptor, ...]
    subject: Digest | None

    @property
    def size(self) -> int:
        """Bytes of config and layers, as ECR counts an image's size; 0 for an index (its children count)."""
        own = self.config.size if self.config else 0
        return own + sum(layer.size for layer in self.layers)


def parse(payload: bytes, declared_type: str | None = None) -> Manifest:
    """Reads manifest bytes; `declared_type` is the Content-Type or imageManifestMediaType, where one was given.

    Raises InvalidManifest with what is wrong.
    """
    document = _document(payload)
    media_type = _media_type(document, declared_type)
    if media_type in INDEXES:
        return _index(document, media_type)
    return _image(document, media_type)


def _document(payload: bytes) -> Mapping[str, Any]:
    if len(payload) > MAXIMUM_BYTES:
        raise InvalidManifest(f"Member must have length less than or equal to {MAXIMUM_BYTES}")
    try:
        # Decoded here, because json.loads takes bytes for UTF-16 or UTF-32 too, which no answer could carry verbatim.
        document = json.loads(payload.decode())
    except (ValueError, RecursionError):
        raise InvalidManifest("Invalid JSON syntax") from None
    if not isinstance(document, dict):
        raise InvalidManifest("Invalid JSON syntax")
    return document


def _media_type(document: Mapping[str, Any], declared: str | None) -> str:
    own = _text(document, "mediaType")
    if own and declared and own != declared:
        raise InvalidManifest(f"mediaType {own[:200]} is not the declared media type {declared[:200]}")
    media_type = own or declared
    if media_type and media_type not in MEDIA_TYPES:  # before the version, which other kinds of manifests do without
        raise InvalidManifest(f"unsupported manifest media type {media_type[:200]}")
    if document.get("schemaVersion") != 2:
        raise InvalidManifest("must have schemaVersion 2")
    if not media_type:
        raise InvalidManifest("must have a mediaType, or be pushed with one")
    return media_type


def _index(document: Mapping[str, Any], media_type: str) -> Manifest:
    if "layers" in document or "config" in document:
        raise InvalidManifest("an index may not have config or layers")
    return Manifest(
        media_type=media_type,
        artifact_type=_text(document, "artifactType"),
        config=None,
        layers=(),
        children=_descriptors(document, "manifests"),
        subject=_subject(document),
    )


def _image(document: Mapping[str, Any], media_type: str) -> Manifest:
    if "manifests" in document:
        raise InvalidManifest("an image manifest may not list manifests")
    if "config" not in document:
        raise InvalidManifest("must have a config")
    config = _descriptor(document["config"], "config")
    return Manifest(
        media_type=media_type,
        artifact_type=_text(document, "artifactType") or config.media_type or None,
        config=config,
        layers=_descriptors(document, "layers"),
        children=(),
        subject=_subject(document),
    )


def _subject(document: Mapping[str, Any]) -> Digest | None:
    subject = document.get("subject")
    return None if subject is None else _descriptor(subject, "subject").digest


def _descriptors(document: Mapping[str, Any], member: str) -> tuple[Descriptor, ...]:
    entries = document.get(member)
    if not isinstance(entries, list):
        raise InvalidManifest(f"must have a list of {member}")
    if len(entries) > _MAXIMUM_DESCRIPTORS:
        raise InvalidManifest(f"may list {_MAXIMUM_DESCRIPTORS} {member} at the most")
    return tuple(_descriptor(entry, member) for entry in entries)


def _descriptor(entry: object, member: str) -> Descriptor:
    if not isinstance(entry, dict):
        raise InvalidManifest(f"{member} must hold descriptors")
    size = entry.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size < 2**63:
        raise InvalidManifest(f"a descriptor in {member} must have a size of 0 or more")
    media_type = _text(entry, "mediaType") or ""
    try:
        digest = digests.parse(_text(entry, "digest") or "")
    except InvalidDigest:
        raise InvalidManifest(f"a descriptor in {member} must have a sha256 or sha512 digest") from None
    return Descriptor(media_type, digest, size, foreign=_is_foreign(entry, media_type))


def _is_foreign(entry: Mapping[str, Any], media_type: str) -> bool:
    urls = entry.get("urls")
    elsewhere = isinstance(urls, Sequence) and not isinstance(urls, str) and len(urls) > 0
    return elsewhere or ".foreign." in media_type or ".nondistributable." in media_type


def _text(document: Mapping[str, Any], member: str) -> str | None:
    value = document.get(member)
    if value is not None and not (isinstance(value, str) and is_sound(value)):
        raise InvalidManifest(f"{member} must be a string")
    return value
