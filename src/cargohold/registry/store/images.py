"""Statements on images: read by reference, listed, added and deleted. A deleted image is a tombstone, never shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, LargeBinary, bindparam, exists, func, literal, select, update

from cargohold.core.digest import Digest
from cargohold.core.errors import ManifestNotFound
from cargohold.core.manifest import BlobKind
from cargohold.core.reference import Reference
from cargohold.database.locking import insert
from cargohold.database.prepared import Prepared
from cargohold.database.schema.registry import image, image_blob, image_reference, tag
from cargohold.registry.image import Image


@dataclass(frozen=True, slots=True)
class Held:
    """What has to be known of an image before its manifest is read."""

    id: int
    digest: str
    status: str
    bytes: int
    """The manifest's length."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a listing: a tag with its image's digest, or an image. `key` orders the listing."""

    key: str
    id: int
    digest: str
    status: str
    tagged: bool


@dataclass(frozen=True, slots=True)
class NewImage:
    """The columns of a new image; `blobs` are (position, blob id, kind), 0 being the config's position."""

    digest: Digest
    media_type: str
    artifact_type: str | None
    subject_digest: Digest | None
    payload: bytes
    size: int
    pushed_at: int
    pushed_by: str
    blobs: Sequence[tuple[int, int, BlobKind]]
    children: Iterable[int]


_OF_REPOSITORY: Final = image.c.repository_id == bindparam("repository_id")
_LIVE: Final = image.c.deleted_at.is_(None)
_TAG_OF_REPOSITORY: Final = tag.c.repository_id == bindparam("repository_id")
_COLUMNS: Final = (
    image.c.id,
    image.c.digest,
    image.c.media_type,
    image.c.artifact_type,
    image.c.subject_digest,
    image.c.payload,
    image.c.size,
    image.c.status,
    image.c.pushed_at,
    image.c.last_pull_at,
    image.c.archived_at,
    image.c.activated_at,
)
_HELD: Final = (image.c.id, image.c.digest, image.c.status, func.length(image.c.payload))

_PULL_BY_TAG: Final = (
    select(*_COLUMNS)
    .join(tag, tag.c.image_id == image.c.id)
    .where(_TAG_OF_REPOSITORY, tag.c.name == bindparam("tag"), image.c.status == "ACTIVE")
)
_BY_DIGEST: Final = select(*_COLUMNS).where(_OF_REPOSITORY, image.c.digest == bindparam("digest"), _LIVE)
_PULL_BY_DIGEST: Final = _BY_DIGEST.where(image.c.status == "ACTIVE")
_PULLED_BY_TAG: Final = Prepared(_PULL_BY_TAG)
_PULLED_BY_DIGEST: Final = Prepared(_PULL_BY_DIGEST)
_FOUND_BY_DIGEST: Final = Prepared(_BY_DIGEST)
_BY_IDS: Final = select(*_COLUMNS).where(image.c.id.in_(bindparam("ids", expanding=True)), _LIVE)
_DESCRIBED: Final = _BY_IDS.with_only_columns(
    *(literal(b"", LargeBinary) if column is image.c.payload else column for column in _COLUMNS)
)
_HELD_BY_TAGS: Final = (
    select(*_HELD, tag.c.name)
    .join(tag, tag.c.image_id == image.c.id)
    .where(_TAG_OF_REPOSITORY, tag.c.name.in_(bindparam("tags", expanding=True)))
)
_HELD_BY_DIGESTS: Final = select(*_HELD).where(
    _OF_REPOSITORY, image.c.digest.in_(bindparam("digests", expanding=True)), _LIVE
)
_SIZES: Final = select(image.c.digest, image.c.id, image.c.size).where(
    _OF_REPOSITORY, image.c.digest.in_(bindparam("digests", expanding=True)), _LIVE
)
_PARENTS: Final = (
    select(image.c.digest)
    .join(image_reference, image_reference.c.parent_id == image.c.id)
    .where(image_reference.c.child_id == bindparam("child"), _LIVE)
    .order_by(image.c.digest)
)
_WINDOW_OF_TAGS: Final = (
    select(tag.c.name, image.c.id, image.c.digest, image.c.status)
    .join(image, image.c.id == tag.c.image_id)
    .where(_TAG_OF_REPOSITORY, tag.c.name > bindparam("after"))
    .order_by(tag.c.name)
    .limit(bindparam("limit"))
)
_WINDOW: Final = (
    select(image.c.digest, image.c.id, image.c.status, exists().where(tag.c.image_id == image.c.id))
    .where(_OF_REPOSITORY, _LIVE, image.c.digest > bindparam("after"))
    .order_by(image.c.digest)
    .limit(bindparam("limit"))
)
# Counting the live ones reads every row, counting all of them only an index: 35 ms and 3 ms at 100,000 images.
_COUNT_ALL: Final = select(func.count()).where(_OF_REPOSITORY)
_COUNTED: Final = Prepared(_COUNT_ALL)
_COUNT_LIVE: Final = _COUNT_ALL.where(_LIVE)
_ADD: Final = Prepared(
    insert(image)
    .on_conflict_do_nothing(index_elements=[image.c.repository_id, image.c.digest], index_where=_LIVE)
    .returning(image.c.id)
)
_ADD_BLOB: Final = Prepared(insert(image_blob))
_ADD_REFERENCE: Final = insert(image_reference)
_HOLD: Final = select(image.c.id).where(image.c.id == bindparam("of")).with_for_update(key_share=True)
_DELETE: Final = update(image).where(image.c.id == bindparam("of")).values(deleted_at=bindparam("now"))


def find_pullable(connection: Connection, repository_id: int, reference: Reference) -> Image | None:
    """The active image with its manifest, in one statement; its tags are not read."""
    if reference.digest is not None:
        row = _PULLED_BY_DIGEST.first(connection, {"repository_id": repository_id, "digest": reference.digest})
    else:
        row = _PULLED_BY_TAG.first(connection, {"repository_id": repository_id, "tag": reference.tag})
    return None if row is None else Image(*row)


def find_image(connection: Connection, repository_id: int, digest: str) -> Image | None:
    """The image of whatever status."""
    row = _FOUND_BY_DIGEST.first(connection, {"repository_id": repository_id, "digest": digest})
    return None if row is None else Image(*row)


def get_image(connection: Connection, repository_id: int, digest: str) -> Image:
    """As find_image; raises ManifestNotFound."""
    found = find_image(connection, repository_id, digest)
    if found is None:
        raise ManifestNotFound
    return found


def list_images(connection: Connection, ids: Sequence[int]) -> dict[int, Image]:
    """Images with their manifests, by id."""
    return {row[0]: Image(*row) for row in connection.execute(_BY_IDS, {"ids": ids})}


def list_described(connection: Connection, ids: Sequence[int]) -> dict[int, Image]:
    """Images without their manifests, by id."""
    return {row[0]: Image(*row) for row in connection.execute(_DESCRIBED, {"ids": ids})}


def list_by_tags(connection: Connection, repository_id: int, tags: Sequence[str]) -> dict[str, Held]:
    rows = connection.execute(_HELD_BY_TAGS, {"repository_id": repository_id, "tags": tags})
    return {row[4]: _held(row) for row in rows}


def list_by_digests(connection: Connection, repository_id: int, digests: Sequence[str]) -> dict[str, Held]:
    rows = connection.execute(_HELD_BY_DIGESTS, {"repository_id": repository_id, "digests": digests})
    return {row[1]: _held(row) for row in rows}


def list_children(connection: Connection, repository_id: int, digests: Sequence[str]) -> dict[str, tuple[int, int]]:
    """(id, size in bytes) of those among `digests` that the repository holds."""
    rows = connection.execute(_SIZES, {"repository_id": repository_id, "digests": digests})
    return {row[0]: (row[1], row[2]) for row in rows}


def list_parents(connection: Connection, image_id: int) -> list[str]:
    """The digests of the live indexes that list the image."""
    return list(connection.execute(_PARENTS, {"child": image_id}).scalars())


def list_tag_window(connection: Connection, repository_id: int, after: str, limit: int) -> list[Entry]:
    """The next tags behind the tag `after`, with their images."""
    rows = connection.execute(_WINDOW_OF_TAGS, {"repository_id": repository_id, "after": after, "limit": limit})
    return [Entry(row[0], row[1], row[2], row[3], tagged=True) for row in rows]


def list_window(connection: Connection, repository_id: int, after: str, limit: int) -> list[Entry]:
    """The next images behind the digest `after`."""
    rows = connection.execute(_WINDOW, {"repository_id": repository_id, "after": after, "limit": limit})
    return [Entry(row[0], row[1], row[0], row[2], tagged=bool(row[3])) for row in rows]


def count_images(connection: Connection, repository_id: int, limit: int) -> int:
    """How many live images there are; when even the deleted ones make it no more than `limit`, all of them."""
    row = _COUNTED.first(connection, {"repository_id": repository_id})
    every = 0 if row is None else int(row[0])
    if every <= limit:
        return every
    return int(connection.execute(_COUNT_LIVE, {"repository_id": repository_id}).scalar_one())


def hold_image(connection: Connection, image_id: int) -> None:
    """Who else holds this image, to count its tags, waits until the transaction ends."""
    connection.execute(_HOLD, {"of": image_id}).all()


def add_image(connection: Connection, repository_id: int, new: NewImage) -> int | None:
    """The new image's id, None when the repository holds that digest already."""
    values = {
        "repository_id": repository_id,
        "digest": new.digest,
        "media_type": new.media_type,
        "artifact_type": new.artifact_type,
        "subject_digest": new.subject_digest,
        "payload": new.payload,
        "payload_format": "plain",
        "size": new.size,
        "status": "ACTIVE",
        "pushed_at": new.pushed_at,
        "pushed_by": new.pushed_by,
    }
    row = _ADD.first(connection, values)
    if row is None:
        return None
    id_ = int(row[0])
    for position, blob_id, kind in new.blobs:
        _ADD_BLOB.change(connection, {"image_id": id_, "position": position, "blob_id": blob_id, "kind": kind})
    if children := sorted(set(new.children)):
        connection.execute(_ADD_REFERENCE, [{"parent_id": id_, "child_id": child} for child in children])
    return id_


def delete_image(connection: Connection, image_id: int, now: int) -> None:
    """Leaves a tombstone; its blobs and children stay known, so that this could be undone."""
    connection.execute(_DELETE, {"of": image_id, "now": now})


def _held(row: Sequence[Any]) -> Held:
    return Held(row[0], row[1], row[2], row[3])
