"""Statements on what is deleted and can be restored for a while, and on purging it once it cannot.

Whatever an image used is queued for review when its tombstone goes. That waits for who reviews the blob at this very
moment: he has seen the tombstone, and takes the blob out of the queue.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    Table,
    bindparam,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)

from cargohold.core.arn import Registry
from cargohold.database.locking import insert
from cargohold.database.schema.keeping import image_deletion
from cargohold.database.schema.lifecycle import lifecycle_policy, lifecycle_preview, lifecycle_preview_result
from cargohold.database.schema.public import repository_catalog
from cargohold.database.schema.registry import (
    blob,
    collection_queue,
    image,
    image_blob,
    image_reference,
    registry,
    repository,
    repository_blob,
    resource_tag,
    tag,
    untagged_image,
    upload,
)
from cargohold.registry.deleted import DeletedImage, DeletedRepository
from cargohold.registry.store.blobs import lock_in_queue

COUNTED: Final = 100_000
"""What can be restored is counted up to here."""

_IMAGES: Final[BindParameter[Any]] = bindparam("images", expanding=True)
_BLOBS: Final[BindParameter[Any]] = bindparam("blobs", expanding=True)
_OF: Final[BindParameter[Any]] = bindparam("of")
_ADD: Final = insert(image_deletion)
_EXPIRED: Final = (
    select(image_deletion.c.image_id)
    .where(image_deletion.c.expires_at <= bindparam("now"))
    .order_by(image_deletion.c.expires_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)


def _queued_from(rows: Select[Any], reason: str) -> Any:
    """Queues blobs for now; those that are queued already keep their time, but their rows are locked all the same."""
    columns = ["blob_id", "review_after", "attempts", "reason"]
    values = rows.add_columns(bindparam("now", type_=BigInteger), literal(0), literal(reason)).order_by("blob_id")
    return (
        insert(collection_queue)
        .from_select(columns, values)
        .on_conflict_do_update(
            index_elements=[collection_queue.c.blob_id], set_={"review_after": collection_queue.c.review_after}
        )
    )


_QUEUE_OF_IMAGES: Final = _queued_from(
    select(image_blob.c.blob_id).where(image_blob.c.image_id.in_(_IMAGES)).distinct(), "image purged"
)
# A blob that no image uses may be forgotten at this very moment, so it is held as the queue's foreign key holds it.
_QUEUE_BLOBS: Final = _queued_from(
    select(blob.c.id.label("blob_id")).where(blob.c.id.in_(_BLOBS)).with_for_update(read=True, key_share=True),
    "repository purged",
)


def _of_images(table: Table, column: ColumnElement[int]) -> Any:
    return delete(table).where(column.in_(_IMAGES))


_PURGE_IMAGES: Final = (
    delete(image_reference).where(
        or_(image_reference.c.parent_id.in_(_IMAGES), image_reference.c.child_id.in_(_IMAGES))
    ),
    _of_images(image_blob, image_blob.c.image_id),
    _of_images(tag, tag.c.image_id),
    _of_images(untagged_image, untagged_image.c.image_id),
    _of_images(image_deletion, image_deletion.c.image_id),
    _of_images(image, image.c.id),
)
_DELETED_BEFORE: Final = (
    select(repository.c.id)
    .where(repository.c.deleted_at <= bindparam("before"))
    .order_by(repository.c.deleted_at)
    .limit(bindparam("limit"))
)
_LOCK_REPOSITORY: Final = (
    select(repository.c.id)
    .where(repository.c.id == _OF, repository.c.deleted_at <= bindparam("before"))
    .with_for_update(skip_locked=True)
)
_DELETING: Final = (
    update(repository).where(repository.c.id == _OF, repository.c.state != "deleting").values(state="deleting")
)
_SOME_IMAGES: Final = select(image.c.id).where(image.c.repository_id == _OF).limit(bindparam("limit"))
_SOME_BLOBS: Final = (
    select(repository_blob.c.blob_id)
    .where(repository_blob.c.repository_id == _OF)
    .order_by(repository_blob.c.blob_id)
    .limit(bindparam("limit"))
)
_DELETE_RIGHTS: Final = delete(repository_blob).where(
    repository_blob.c.repository_id == _OF, repository_blob.c.blob_id.in_(_BLOBS)
)
_SOME_RESULTS: Final = (
    select(lifecycle_preview_result.c.position)
    .where(lifecycle_preview_result.c.repository_id == _OF)
    .limit(bindparam("limit"))
)
_DELETE_RESULTS: Final = delete(lifecycle_preview_result).where(
    lifecycle_preview_result.c.repository_id == _OF,
    lifecycle_preview_result.c.position.in_(bindparam("positions", expanding=True)),
)
_HAS_UPLOADS: Final = select(exists().where(upload.c.repository_id == _OF))
_PURGE_REPOSITORY: Final = (
    *(
        delete(table).where(table.c.repository_id == _OF)
        for table in (resource_tag, lifecycle_policy, lifecycle_preview, repository_catalog)
    ),
    delete(repository).where(repository.c.id == _OF),
)

_DELETED_COLUMNS: Final = (
    image.c.id,
    image.c.digest,
    image.c.media_type,
    image.c.artifact_type,
    image.c.size,
    image.c.pushed_at,
    image.c.deleted_at,
    image_deletion.c.deleted_by,
    image_deletion.c.tags,
    image_deletion.c.expires_at,
)
_RESTORABLE: Final = (image.c.deleted_at.is_not(None)) & (image_deletion.c.expires_at > bindparam("now"))
_PAGE: Final = (
    select(*_DELETED_COLUMNS)
    .join(image_deletion, image_deletion.c.image_id == image.c.id)
    .where(image.c.repository_id == _OF, image.c.id > bindparam("after"), _RESTORABLE)
    .order_by(image.c.id)
    .limit(bindparam("limit"))
)
_FIND: Final = (
    select(*_DELETED_COLUMNS, image.c.payload)
    .join(image_deletion, image_deletion.c.image_id == image.c.id)
    .where(image.c.repository_id == _OF, image.c.digest == bindparam("digest"), _RESTORABLE)
    .order_by(image.c.deleted_at.desc(), image.c.id.desc())
    .limit(1)
    .with_for_update(of=image_deletion)
)
_REVIVE: Final = update(image).where(image.c.id == _OF).values(deleted_at=None)
_FORGET: Final = delete(image_deletion).where(image_deletion.c.image_id == _OF)
_ADD_RIGHTS: Final = (
    insert(repository_blob)
    .from_select(
        ["repository_id", "blob_id", "created_at"],
        select(image.c.repository_id, image_blob.c.blob_id, bindparam("now", type_=BigInteger))
        .join(image, image.c.id == image_blob.c.image_id)
        .where(image_blob.c.image_id == _OF)
        .distinct()
        .order_by(image_blob.c.blob_id),
    )
    .on_conflict_do_nothing()
)
_DELETE_REFERENCES: Final = delete(image_reference).where(image_reference.c.parent_id == _OF)
_ADD_REFERENCE: Final = insert(image_reference)

_OF_REGISTRY: Final = (
    (registry.c.account == bindparam("account"))
    & (registry.c.region == bindparam("region"))
    & (registry.c.kind == bindparam("kind"))
)
_REPOSITORIES: Final = (
    select(repository.c.id, repository.c.name, repository.c.created_at, repository.c.deleted_at)
    .join(registry, registry.c.id == repository.c.registry_id)
    .where(_OF_REGISTRY, repository.c.state == "deleted", repository.c.deleted_at > bindparam("before"))
)
_PAGE_OF_REPOSITORIES: Final = (
    _REPOSITORIES.where(repository.c.id > bindparam("after")).order_by(repository.c.id).limit(bindparam("limit"))
)
_FIND_REPOSITORY: Final = (
    _REPOSITORIES.where(repository.c.name == bindparam("name"))
    .order_by(repository.c.deleted_at.desc(), repository.c.id.desc())
    .limit(1)
    .with_for_update(of=repository)
)
_IS_TAKEN: Final = select(
    exists()
    .where(registry.c.id == repository.c.registry_id, repository.c.deleted_at.is_(None))
    .where(_OF_REGISTRY, repository.c.name == bindparam("name"))
)
_REVIVE_REPOSITORY: Final = update(repository).where(repository.c.id == _OF).values(state="active", deleted_at=None)
_COUNT_IMAGES: Final = select(func.count()).select_from(
    select(image_deletion.c.image_id).where(image_deletion.c.expires_at > bindparam("now")).limit(COUNTED).subquery()
)
_COUNT_REPOSITORIES: Final = select(func.count()).where(
    repository.c.state == "deleted", repository.c.deleted_at > bindparam("before")
)

_COUNT_EXPIRED: Final = select(func.count()).select_from(
    select(image_deletion.c.image_id).where(image_deletion.c.expires_at <= bindparam("now")).limit(COUNTED).subquery()
)
_COUNT_DELETED_BEFORE: Final = select(func.count()).where(repository.c.deleted_at <= bindparam("before"))


def add_deletion(connection: Connection, image_id: int, deleted_by: str, tags: Sequence[str], expires_at: int) -> None:
    """Says of an image's tombstone who made it, which tags went, and until when it can be restored."""
    values = {"image_id": image_id, "deleted_by": deleted_by, "tags": json.dumps(list(tags)), "expires_at": expires_at}
    connection.execute(_ADD, values)


def delete_expired(connection: Connection, now: int, limit: int) -> int:
    """Purges up to `limit` images whose time is over; returns how many."""
    ids = sorted(connection.execute(_EXPIRED, {"now": now, "limit": limit}).scalars())
    if ids:
        _delete_images(connection, ids, now)
    return len(ids)


def list_deleted_before(connection: Connection, before: int, limit: int) -> list[int]:
    """Repositories that were deleted until then, the first ones first."""
    return list(connection.execute(_DELETED_BEFORE, {"before": before, "limit": limit}).scalars())


def delete_some_of_repository(connection: Connection, repository_id: int, before: int, now: int, limit: int) -> int:
    """Purges up to `limit` rows of a repository deleted until `before`, at last its own; returns how many.

    0 when it was restored meanwhile, also where it was deleted again since, or has to wait: for another worker, or for
    the reaper of its uploads. From the first row on it cannot be restored.
    """
    if connection.execute(_LOCK_REPOSITORY, {"of": repository_id, "before": before}).one_or_none() is None:
        return 0
    connection.execute(_DELETING, {"of": repository_id})
    some = {"of": repository_id, "limit": limit}
    if images := sorted(connection.execute(_SOME_IMAGES, some).scalars()):
        _delete_images(connection, images, now)
        return len(images)
    if blobs := list(connection.execute(_SOME_BLOBS, some).scalars()):
        lock_in_queue(connection, *blobs)
        connection.execute(_QUEUE_BLOBS, {"blobs": blobs, "now": now})
        connection.execute(_DELETE_RIGHTS, {"of": repository_id, "blobs": blobs})
        return len(blobs)
    if positions := list(connection.execute(_SOME_RESULTS, some).scalars()):
        connection.execute(_DELETE_RESULTS, {"of": repository_id, "positions": positions})
        return len(positions)
    if connection.execute(_HAS_UPLOADS, {"of": repository_id}).scalar_one():
        return 0
    for statement in _PURGE_REPOSITORY:
        connection.execute(statement, {"of": repository_id})
    return 1


def list_deleted_images(
    connection: Connection, repository_id: int, after: int, now: int, limit: int
) -> list[DeletedImage]:
    """Up to `limit` images that can be restored, with ids behind `after`, in their order."""
    rows = connection.execute(_PAGE, {"of": repository_id, "after": after, "now": now, "limit": limit})
    return [_image(row) for row in rows]


def find_deleted_image(connection: Connection, repository_id: int, digest: str, now: int) -> DeletedImage | None:
    """The image of that digest that was deleted last, with its manifest; nobody purges it meanwhile."""
    row = connection.execute(_FIND, {"of": repository_id, "digest": digest, "now": now}).one_or_none()
    return None if row is None else _image(row, bytes(row[10]))


def save_restored(connection: Connection, image_id: int, children: Sequence[int], now: int) -> None:
    """Takes a tombstone away: the image is there again, with the right to read its blobs, and lists those children."""
    connection.execute(_REVIVE, {"of": image_id})
    connection.execute(_FORGET, {"of": image_id})
    connection.execute(_ADD_RIGHTS, {"of": image_id, "now": now})
    connection.execute(_DELETE_REFERENCES, {"of": image_id})
    if children:
        rows = [{"parent_id": image_id, "child_id": child} for child in sorted(set(children))]
        connection.execute(_ADD_REFERENCE, rows)


def list_deleted_repositories(
    connection: Connection, of: Registry, after: int, before: int, limit: int
) -> list[DeletedRepository]:
    """Up to `limit` repositories deleted after the time `before`, with ids behind `after`, in their order."""
    rows = connection.execute(_PAGE_OF_REPOSITORIES, {**_named(of), "after": after, "before": before, "limit": limit})
    return [DeletedRepository(*row) for row in rows]


def find_deleted_repository(connection: Connection, of: Registry, name: str, before: int) -> DeletedRepository | None:
    """The one of that name that was deleted last; nobody purges it until the transaction ends."""
    row = connection.execute(_FIND_REPOSITORY, {**_named(of), "name": name, "before": before}).one_or_none()
    return None if row is None else DeletedRepository(*row)


def has_live_namesake(connection: Connection, of: Registry, name: str) -> bool:
    return bool(connection.execute(_IS_TAKEN, {**_named(of), "name": name}).scalar_one())


def save_restored_repository(connection: Connection, repository_id: int) -> None:
    """Takes a repository's tombstone away. Its name is free, and stays so: the caller holds the registry."""
    connection.execute(_REVIVE_REPOSITORY, {"of": repository_id})


def count_restorable(connection: Connection, now: int, lease: int) -> tuple[int, int]:
    """Images, up to COUNTED, and repositories that can be restored."""
    images = connection.execute(_COUNT_IMAGES, {"now": now}).scalar_one()
    return int(images), int(connection.execute(_COUNT_REPOSITORIES, {"before": now - lease}).scalar_one())


def count_purgeable(connection: Connection, now: int, lease: int) -> int:
    """Images, up to COUNTED, and repositories that can be restored no more."""
    images = connection.execute(_COUNT_EXPIRED, {"now": now}).scalar_one()
    return int(images) + int(connection.execute(_COUNT_DELETED_BEFORE, {"before": now - lease}).scalar_one())


def _delete_images(connection: Connection, ids: Sequence[int], now: int) -> None:
    connection.execute(_QUEUE_OF_IMAGES, {"images": ids, "now": now})
    for statement in _PURGE_IMAGES:
        connection.execute(statement, {"images": ids})


def _image(row: Sequence[Any], payload: bytes = b"") -> DeletedImage:
    id_, digest, media_type, artifact_type, size, pushed_at, deleted_at, deleted_by, tags, expires_at = row[:10]
    return DeletedImage(
        id=id_,
        digest=digest,
        media_type=media_type,
        artifact_type=artifact_type,
        size=size,
        pushed_at=pushed_at,
        deleted_at=deleted_at,
        deleted_by=deleted_by,
        tags=tuple(json.loads(tags)),
        expires_at=expires_at,
        payload=payload,
    )


def _named(of: Registry) -> dict[str, str]:
    return {"account": of.account, "region": of.region, "kind": of.kind}
