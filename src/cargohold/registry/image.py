"""The nouns of images: how a request names one, what is pushed, what is held, and why something was not done.

Source of codes and reasons: Amazon ECR API reference, ImageFailure, and the sentences that ECR answers with.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from cargohold.core.digest import Digest
from cargohold.core.errors import ImageReferenced, ManifestNotFound
from cargohold.core.reference import TAG_PATTERN, is_tag

_DIGEST_PATTERN: Final = r"[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+"
_DIGEST: Final = re.compile(_DIGEST_PATTERN)


@dataclass(frozen=True, slots=True)
class ImageId:
    """How a request names an image, in ECR's way: by tag, by digest, or by a tag that has to be on that digest."""

    tag: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """A manifest as one repository holds it. Times are epoch milliseconds, the size is in bytes."""

    id: int
    digest: Digest
    media_type: str
    artifact_type: str | None
    subject_digest: Digest | None
    payload: bytes
    """The manifest as it was pushed; empty where an image is only described."""
    size: int
    """Config and layers as stored; an index has its largest child's."""
    status: str
    pushed_at: int
    last_pull_at: int | None
    archived_at: int | None = None
    activated_at: int | None = None
    """When it came back from the archive."""
    tags: tuple[str, ...] = ()
    """In lexical order, where an image is described; elsewhere they are not read."""


@dataclass(frozen=True, slots=True)
class Push:
    """A manifest on its way in. `digest` is what the client says it has, `media_type` what it says it is."""

    payload: bytes
    media_type: str | None
    tag: str | None
    digest: str | None
    pushed_by: str
    """The principal's ARN."""
    identical: Literal["accept", "refuse"]
    """What to do when image and tag are there already: nothing (OCI), or ImageAlreadyExists (PutImage)."""
    further_tags: tuple[str, ...] = ()

    @property
    def tags(self) -> tuple[str, ...]:
        """Every tag to be put on the image."""
        return self.further_tags if self.tag is None else (self.tag, *self.further_tags)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one of the images of a batch was not answered or deleted."""

    image_id: ImageId
    code: str
    reason: str


def malformed(named: ImageId) -> Failure | None:
    """What is wrong with an image's name as such; None when it can be looked up."""
    if named.tag is None and named.digest is None:
        return _failure(named, "MissingDigestAndTag", "both tag and digest cannot be null")
    if named.digest is not None and _DIGEST.fullmatch(named.digest) is None:
        return _failure(named, "InvalidImageDigest", f"image digest should satisfy the regex '{_DIGEST_PATTERN}'")
    if named.tag is not None and not is_tag(named.tag):
        return _failure(named, "InvalidImageTag", f"image tag should satisfy the regex '{TAG_PATTERN}'")
    return None


def not_found(named: ImageId) -> Failure:
    return Failure(named, "ImageNotFound", str(ManifestNotFound()))


def mismatched(named: ImageId) -> Failure:
    return _failure(named, "ImageTagDoesNotMatchDigest", "given tag does not map to the given digest")


def inaccessible(named: ImageId) -> Failure:
    return Failure(named, "ImageInaccessible", "Requested image is archived")


def referenced(named: ImageId, indexes: Sequence[str]) -> Failure:
    return Failure(named, "ImageReferencedByManifestList", str(ImageReferenced(indexes)))


def _failure(named: ImageId, code: str, reason: str) -> Failure:
    return Failure(named, code, f"Invalid request parameters: {reason}")
