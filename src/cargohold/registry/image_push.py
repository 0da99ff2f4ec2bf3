"""PutImage, and PUT of a manifest: every rule of pushing, decided inside one transaction.

`read` looks at the bytes alone; `store` holds them against the repository. Two pushes at once are put in order by the
unique rows that they write (an image's digest, a tag's name), never by what one of them read before.

Sources: Amazon ECR API reference, PutImage; its user guide on image tag immutability; OCI distribution-spec, "Pushing
Manifests".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection

from cargohold.core import digest as digests
from cargohold.core import manifest as manifests
from cargohold.core.arn import Target
from cargohold.core.digest import Digest
from cargohold.core.errors import (
    ImageAlreadyExists,
    ImageDigestDoesNotMatch,
    ImageTagAlreadyExists,
    InvalidParameter,
    LayersNotFound,
    LimitExceeded,
    ReferencedImagesNotFound,
)
from cargohold.core.manifest import BlobKind, Descriptor, Manifest
from cargohold.core.reference import TAG_PATTERN, is_tag
from cargohold.registry import image_archive, mutability
from cargohold.registry.blob import Blob
from cargohold.registry.image import Image, Push
from cargohold.registry.limits import Limits
from cargohold.registry.repository import Repository
from cargohold.registry.store import blobs, images, repositories, tags
from cargohold.registry.store.images import NewImage

_AT_ONCE: Final = 500
"""More pushes than ever run side by side. So many, not committed yet, could be missing from a count on PostgreSQL, so
that near a limit who counts does so alone."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A push whose bytes are in order."""

    target: Target
    push: Push
    manifest: Manifest
    digest: Digest
    now: int


def read(target: Target, push: Push, now: int) -> Incoming:
    """Raises RepositoryNotFound, InvalidParameter (tag), InvalidManifest, InvalidDigest or ImageDigestDoesNotMatch."""
    _ = target.existing
    if not all(map(is_tag, push.tags)):
        raise InvalidParameter("imageTag", f"must satisfy regular expression '{TAG_PATTERN}'")
    manifest = manifests.parse(push.payload, push.media_type)
    return Incoming(target, push, manifest, _verified_digest(push), now)


Arrived = Callable[[Connection, Repository, Image], None]
"""What is to be done about a new image, in the transaction of its push."""


def store(connection: Connection, incoming: Incoming, limits: Limits, arrived: Arrived | None = None) -> Image:
    """Keeps the image and puts the tag on it; `arrived` hears of one that was not there before.

    Raises RepositoryNotFound, LayersNotFound, ReferencedImagesNotFound, ImageAlreadyExists, ImageTagAlreadyExists and
    LimitExceeded.
    """
    repository = repositories.get_shared(connection, incoming.target)
    image = images.find_image(connection, repository.id, incoming.digest)
    made = False
    if image is None:
        image, made = _add(connection, repository, incoming, limits)
        if made and arrived is not None:
            arrived(connection, repository, image)
    changed = made
    if image.status != "ACTIVE":
        image_archive.activate(connection, image.id, incoming.now)
        image, changed = replace(image, status="ACTIVE"), True
    if touched := _put_tags(connection, repository, incoming, image):
        _check_tag_count(connection, image, limits)
        changed = True
    _note_untagged(connection, image, touched, made=made)
    if not changed and incoming.push.identical == "refuse":
        registry_id = incoming.target.registry.account
        raise ImageAlreadyExists(image.digest, incoming.push.tag, incoming.target.name, registry_id)
    return image


def _verified_digest(push: Push) -> Digest:
    """The digest under which the image is kept: the one that the client gave, in its algorithm, else sha256."""
    if push.digest is None:
        return digests.of(push.payload)
    given = digests.parse(push.digest)
    calculated = digests.of(push.payload, digests.algorithm(given))
    if not digests.same(given, calculated):
        raise ImageDigestDoesNotMatch(given, calculated)
    return given


def _add(connection: Connection, repository: Repository, incoming: Incoming, limits: Limits) -> tuple[Image, bool]:
    """The image, and whether it is this push that made it."""
    held = _held_blobs(connection, repository, incoming)
    children = _children(connection, repository, incoming)
    new = _new_image(incoming, held, children)
    id_ = images.add_image(connection, repository.id, new)
    if id_ is None:  # another push of the same image was faster
        return images.get_image(connection, repository.id, incoming.digest), False
    _check_image_count(connection, repository, limits.images_per_repository)
    if children:
        image_archive.activate_children(connection, id_, incoming.now)
    if any(blob.tier == "archive" for _, blob, _ in held):
        image_archive.fetch(connection, id_, incoming.now)
    return _made(id_, new), True


def _check_image_count(connection: Connection, repository: Repository, limit: int) -> None:
    count = images.count_images(connection, repository.id, limit)
    if count > limit - _AT_ONCE:
        repositories.hold_quota(connection, repository.id)
        count = images.count_images(connection, repository.id, limit)
    if count > limit:
        raise LimitExceeded(
            f"The repository with name '{repository.name}' in registry with id '{repository.registry.account}' already "
            f"has the maximum allowed number of images which is '{limit}'"
        )


def _held_blobs(connection: Connection, repository: Repository, incoming: Incoming) -> list[tuple[int, Blob, BlobKind]]:
    """The blobs of the manifest by position, the config's being 0; a foreign layer that is not here has none."""
    wanted = _blobs_of(incoming.manifest)
    if not wanted:
        return []
    held = blobs.list_shared(connection, repository.id, [each.digest for _, each, _ in wanted])
    missing = dict.fromkeys(each.digest for _, each, _ in wanted if each.digest not in held and not each.foreign)
    if missing:
        raise LayersNotFound(tuple(missing), repository.name, repository.registry.account)
    return [(position, held[each.digest], kind) for position, each, kind in wanted if each.digest in held]


def _blobs_of(manifest: Manifest) -> list[tuple[int, Descriptor, BlobKind]]:
    layers: list[tuple[int, Descriptor, BlobKind]] = [
        (position, layer, "layer") for position, layer in enumerate(manifest.layers, start=1)
    ]
    return layers if manifest.config is None else [(0, manifest.config, "config"), *layers]


def _children(connection: Connection, repository: Repository, incoming: Incoming) -> list[tuple[int, int]]:
    """(id, size) of every image that an index lists."""
    wanted = list(dict.fromkeys(child.digest for child in incoming.manifest.children))
    if not wanted:
        return []
    held = images.list_children(connection, repository.id, wanted)
    missing = [digest for digest in wanted if digest not in held]
    if missing:
        raise ReferencedImagesNotFound(missing, repository.name, repository.registry.account)
    return list(held.values())


def _new_image(
    incoming: Incoming, held: Sequence[tuple[int, Blob, BlobKind]], children: Sequence[tuple[int, int]]
) -> NewImage:
    """The size counts what is stored, whatever sizes the manifest gives; an index has its largest child's."""
    manifest = incoming.manifest
    return NewImage(
        digest=incoming.digest,
        media_type=manifest.media_type,
        artifact_type=manifest.artifact_type,
        subject_digest=manifest.subject,
        payload=incoming.push.payload,
        size=max((size for _, size in children), default=0) + sum(blob.size for _, blob, _ in held),
        pushed_at=incoming.now,
        pushed_by=incoming.push.pushed_by,
        blobs=[(position, blob.id, kind) for position, blob, kind in held],
        children=[child for child, _ in children],
    )


def _made(id_: int, new: NewImage) -> Image:
    return Image(
        id=id_,
        digest=new.digest,
        media_type=new.media_type,
        artifact_type=new.artifact_type,
        subject_digest=new.subject_digest,
        payload=new.payload,
        size=new.size,
        status="ACTIVE",
        pushed_at=new.pushed_at,
        last_pull_at=None,
    )


def _put_tags(connection: Connection, repository: Repository, incoming: Incoming, image: Image) -> set[int]:
    """The ids of the images whose tags changed; raises ImageTagAlreadyExists where one may not be moved."""
    touched: set[int] = set()
    for name in sorted(incoming.push.tags):
        touched |= _put_tag(connection, repository, name, image, incoming.now)
    return touched


def _put_tag(connection: Connection, repository: Repository, name: str, image: Image, now: int) -> set[int]:
    if tags.add_tag(connection, repository.id, name, image.id, now):
        return {image.id}
    before = tags.get_locked(connection, repository.id, name)
    if before == image.id:
        return set()
    if not mutability.may_overwrite(repository.tag_mutability, repository.tag_mutability_filters, name):
        raise ImageTagAlreadyExists(name, repository.name)
    tags.save_tag(connection, repository.id, name, image.id, now)
    return {image.id, before}


def _note_untagged(connection: Connection, image: Image, touched: set[int], *, made: bool) -> None:
    """Which of the images have no tag; nothing has to be said of a new one that has."""
    if made and not touched:
        images.add_untagged(connection, image.id)
    for image_id in sorted(touched - {image.id} if made else touched):
        images.save_untagged(connection, image_id)


def _check_tag_count(connection: Connection, image: Image, limits: Limits) -> None:
    count = tags.count_of_image(connection, image.id)
    if count > limits.tags_per_image - _AT_ONCE:
        images.hold_image(connection, image.id)
        count = tags.count_of_image(connection, image.id)
    if count > limits.tags_per_image:
        raise LimitExceeded(
            f"The image with digest '{image.digest}' already has the maximum allowed number of tags "
            f"which is '{limits.tags_per_image}'"
        )
