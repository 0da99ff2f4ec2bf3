"""Statements on images: read by reference, listed, added and deleted. A deleted image is a tombstone, never shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, LargeBinary, bindparam, delete, exists, func, literal, or_, select, update

from cargohold.core.digest import Digest
from cargohold.core.errors import ManifestNotFound
from cargohold.core.manifest import BlobKind
from cargohold.core.reference import Reference
from cargohold.database.locking import insert
from cargohold.database.prepared import Prepared
from cargohold.database.schema.registry import image, image_blob, image_reference, tag, untagged_image
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
    tag: str | None = None
    """Where the line is a tag's."""


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
    select(image.c.digest, image.c.id, image.c.status, ~exists().where(untagged_image.c.image_id == image.c.id))
    .where(_OF_REPOSITORY, _LIVE, image.c.digest > bindparam("after"))
    .order_by(image.c.digest)
    .limit(bindparam("limit"))
)
_WINDOW_OF_STATUS: Final = _WINDOW.where(image.c.status == bindparam("status"))
_WINDOW_OF_UNTAGGED: Final = (
    select(untagged_image.c.digest, image.c.id, image.c.status)
    .join(image, image.c.id == untagged_image.c.image_id)
    .where(
        untagged_image.c.repository_id == bindparam("repository_id"),
        untagged_image.c.digest > bindparam("after"),
        _LIVE,
    )
    .order_by(untagged_image.c.digest)
    .limit(bindparam("limit"))
)
_WINDOW_OF_STATUS_TAGS: Final = (
    select(tag.c.name, image.c.id, image.c.digest, image.c.status)
    .join(image, image.c.id == tag.c.image_id)
    .where(
        _OF_REPOSITORY,
        _LIVE,
        image.c.status == bindparam("status"),
        image.c.digest >= bindparam("digest"),
        or_(image.c.digest > bindparam("digest"), tag.c.name > bindparam("name")),
    )
    .order_by(image.c.digest, tag.c.name)
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
_ADD_UNTAGGED: Final = Prepared(
    insert(untagged_image)
    .from_select(
        ["image_id", "repository_id", "digest"],
        select(image.c.id, image.c.repository_id, image.c.digest).where(
            image.c.id == bindparam("of"), _LIVE, ~exists().where(tag.c.image_id == image.c.id)
        ),
    )
    .on_conflict_do_nothing()
)
_DELETE_UNTAGGED: Final = Prepared(delete(untagged_image).where(untagged_image.c.image_id == bindparam("of")))
_DELETE_TAGGED: Final = Prepared(
    delete(untagged_image).where(
        untagged_image.c.image_id == bindparam("of"),
        exists().where(tag.c.image_id == untagged_image.c.image_id),
    )
)


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
    return [Entry(row[0], row[1], row[2], row[3], tagged=True, tag=row[0]) for row in rows]


def list_tag_window_of(
    connection: Connection, repository_id: int, after: str, limit: int, *, status: str
) -> list[Entry]:
    """The next tags of the images of a status, by digest and name, behind the key `after`."""
    digest, _, name = after.partition(" ")
    values = {"repository_id": repository_id, "status": status, "digest": digest, "name": name, "limit": limit}
    rows = connection.execute(_WINDOW_OF_STATUS_TAGS, values)
    return [Entry(f"{row[2]} {row[0]}", row[1], row[2], row[3], tagged=True, tag=row[0]) for row in rows]


def list_window(
    connection: Connection, repository_id: int, after: str, limit: int, *, status: str | None = None
) -> list[Entry]:
    """The next images behind the digest `after`, of one status or of any."""
    values = {"repository_id": repository_id, "after": after, "limit": limit}
    given = (_WINDOW, values) if status is None else (_WINDOW_OF_STATUS, values | {"status": status})
    return [Entry(row[0], row[1], row[0], row[2], tagged=bool(row[3])) for row in connection.execute(*given)]


def list_untagged_window(connection: Connection, repository_id: int, after: str, limit: int) -> list[Entry]:
    """The next images without a tag behind the digest `after`."""
    rows = connection.execute(_WINDOW_OF_UNTAGGED, {"repository_id": repository_id, "after": after, "limit": limit})
    return [Entry(row[0], row[1], row[0], row[2], tagged=False) for row in rows]


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
    _DELETE_UNTAGGED.change(connection, {"of": image_id})


def save_untagged(connection: Connection, image_id: int) -> None:
    """Whether a tag names the image is known again, after tags were put on it or taken away, or it was restored.

    The image is held first: of two transactions that take its last two tags away, the second sees what the first did.
    """
    hold_image(connection, image_id)
    _DELETE_TAGGED.change(connection, {"of": image_id})
    _ADD_UNTAGGED.change(connection, {"of": image_id})


def add_untagged(connection: Connection, image_id: int) -> None:
    """A new image has no tag."""
    _ADD_UNTAGGED.change(connection, {"of": image_id})


def _held(row: Sequence[Any]) -> Held:
    return Held(row[0], row[1], row[2], row[3])
