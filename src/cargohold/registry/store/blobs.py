"""Statements on blobs, on the repositories that may read them, and on the queue of what might be collected.

A blob is read only through `repository_blob` of the repository that was asked: another repository's blob is not there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, bindparam, delete, exists, literal, select, update

from cargohold.blobstore.stores import Tier
from cargohold.core.arn import Registry
from cargohold.core.digest import Digest
from cargohold.database.locking import Insert, for_share, insert
from cargohold.database.prepared import Prepared
from cargohold.database.schema.registry import (
    blob,
    collection_queue,
    image,
    image_blob,
    registry,
    repository,
    repository_blob,
)
from cargohold.registry.blob import Blob

DOMAIN: Final = 1
"""The one encryption domain that there is; the first migration makes it."""


@dataclass(frozen=True, slots=True)
class Held:
    """A blob of a repository; `review_after` is when it may be collected if nothing uses it, None: not queued."""

    blob: Blob
    review_after: int | None


@dataclass(frozen=True, slots=True)
class Use:
    """A blob of a repository, and whether an image of it uses the blob, and an active one."""

    blob: Blob
    in_use: bool
    active: bool


_COLUMNS: Final = (blob.c.id, blob.c.digest, blob.c.size, blob.c.generation, blob.c.tier)
_OF_REPOSITORY: Final = (
    (repository_blob.c.blob_id == blob.c.id)
    & (repository_blob.c.repository_id == bindparam("repository_id"))
    & (blob.c.domain_id == DOMAIN)
    & (blob.c.state == "live")
)
_NAMED: Final = blob.c.digest == bindparam("digest")
_HELD: Final = (
    select(*_COLUMNS, collection_queue.c.review_after)
    .join(repository_blob, _OF_REPOSITORY)
    .outerjoin(collection_queue, collection_queue.c.blob_id == blob.c.id)
)
_FIND: Final = _HELD.where(_NAMED)
_FOUND: Final = Prepared(_FIND)
_LIST: Final = _HELD.where(blob.c.digest.in_(bindparam("digests", expanding=True)))
_IN_USE: Final = (
    exists()
    .where(image_blob.c.blob_id == blob.c.id)
    .where(image.c.id == image_blob.c.image_id)
    .where(image.c.repository_id == bindparam("repository_id"), image.c.deleted_at.is_(None))
)
_ACTIVE: Final = _IN_USE.where(image.c.status == "ACTIVE")
_FIND_USE: Final = select(*_COLUMNS, _IN_USE, _ACTIVE).join(repository_blob, _OF_REPOSITORY).where(_NAMED)
_ARCHIVED: Final = select(blob.c.digest).where(blob.c.id.in_(bindparam("ids", expanding=True)), _IN_USE, ~_ACTIVE)
_SHARE: Final = for_share(
    select(*_COLUMNS)
    .join(repository_blob, _OF_REPOSITORY)
    .where(blob.c.digest.in_(bindparam("digests", expanding=True)))
    .order_by(blob.c.id)
)
_BY_DIGEST: Final = Prepared(select(*_COLUMNS).where(blob.c.domain_id == DOMAIN, _NAMED))
_ADD: Final = insert(blob)
_ADD_NEW: Final = Prepared(_ADD.on_conflict_do_nothing().returning(*_COLUMNS))
_ADD_OR_REVIVE: Final = _ADD.on_conflict_do_update(
    index_elements=[blob.c.domain_id, blob.c.digest],
    set_={
        name: _ADD.excluded[name]
        for name in ("size", "stored_size", "generation", "format", "wrapped_key", "tier", "state", "created_at")
    },
    where=blob.c.state != "live",
).returning(*_COLUMNS)
_DOOMED: Final = (
    select(blob.c.generation).where(blob.c.id == bindparam("of"), blob.c.state == "deleting").with_for_update()
)
_REPLACE: Final = (
    update(blob)
    .where(blob.c.id == bindparam("of"), blob.c.generation == bindparam("old"), blob.c.state == "live")
    .values(generation=bindparam("new"), tier=bindparam("where"))
)
_ADD_RIGHT: Final = Prepared(insert(repository_blob).on_conflict_do_nothing().returning(repository_blob.c.blob_id))
_DELETE_RIGHTS: Final = delete(repository_blob).where(
    repository_blob.c.repository_id == bindparam("of"),
    repository_blob.c.blob_id.in_(
        select(image_blob.c.blob_id).where(image_blob.c.image_id.in_(bindparam("images", expanding=True)))
    ),
    ~exists()
    .where(image_blob.c.blob_id == repository_blob.c.blob_id)
    .where(image.c.id == image_blob.c.image_id)
    .where(image.c.repository_id == bindparam("of"), image.c.deleted_at.is_(None)),
)


_DELETE_RIGHT: Final = delete(repository_blob).where(
    repository_blob.c.repository_id == bindparam("of"), repository_blob.c.blob_id == bindparam("blob")
)
# The oldest first: what is mounted from one is younger.
_HOLDERS: Final = (
    select(repository.c.name)
    .join(repository_blob, repository_blob.c.repository_id == repository.c.id)
    .join(blob, blob.c.id == repository_blob.c.blob_id)
    .join(registry, registry.c.id == repository.c.registry_id)
    .where(
        _NAMED,
        blob.c.domain_id == DOMAIN,
        blob.c.state == "live",
        registry.c.account == bindparam("account"),
        registry.c.region == bindparam("region"),
        registry.c.kind == bindparam("kind"),
        repository.c.deleted_at.is_(None),
    )
    .order_by(repository.c.id)
    .limit(bindparam("limit"))
)


def _queue(statement: Insert) -> Insert:
    """A blob that is queued again waits from then on; what was tried before no longer counts."""
    return statement.on_conflict_do_update(
        index_elements=[collection_queue.c.blob_id],
        set_={"review_after": statement.excluded.review_after, "attempts": 0, "reason": statement.excluded.reason},
    )


def _queued_from(rows: Any, reason: str) -> Insert:
    columns = ["blob_id", "review_after", "attempts", "reason"]
    values = rows.add_columns(bindparam("review_after", type_=BigInteger), literal(0), literal(reason))
    return _queue(insert(collection_queue).from_select(columns, values.order_by("blob_id")))


_QUEUE: Final = Prepared(_queue(insert(collection_queue)))
_QUEUE_IMAGES: Final = _queued_from(
    select(image_blob.c.blob_id).where(image_blob.c.image_id.in_(bindparam("images", expanding=True))).distinct(),
    "image deleted",
)
_QUEUED: Final = select(collection_queue.c.blob_id).order_by(collection_queue.c.blob_id)
_LOCK_QUEUED: Final = _QUEUED.where(
    collection_queue.c.blob_id.in_(bindparam("blobs", expanding=True))
).with_for_update()
_LOCK_QUEUED_OF_IMAGES: Final = _QUEUED.where(
    collection_queue.c.blob_id.in_(
        select(image_blob.c.blob_id).where(image_blob.c.image_id.in_(bindparam("images", expanding=True)))
    )
).with_for_update()
_KEEP: Final = (
    update(collection_queue)
    .where(
        collection_queue.c.blob_id.in_(bindparam("blobs", expanding=True)),
        collection_queue.c.review_after < bindparam("until"),
    )
    .values(review_after=bindparam("until"))
)


def find_held(connection: Connection, repository_id: int, digest: Digest) -> Held | None:
    row = _FOUND.first(connection, {"repository_id": repository_id, "digest": digest})
    return None if row is None else Held(_built(row), row[5])


def list_held(connection: Connection, repository_id: int, digests: Sequence[Digest]) -> list[Held]:
    """Those among `digests` that the repository holds, in no order."""
    if len(digests) == 1:
        found = find_held(connection, repository_id, digests[0])
        return [] if found is None else [found]
    rows = connection.execute(_LIST, {"repository_id": repository_id, "digests": digests})
    return [Held(_built(row), row[5]) for row in rows]


def find_use(connection: Connection, repository_id: int, digest: Digest) -> Use | None:
    row = connection.execute(_FIND_USE, {"repository_id": repository_id, "digest": digest}).one_or_none()
    return None if row is None else Use(_built(row), bool(row[5]), bool(row[6]))


def list_archived(connection: Connection, repository_id: int, ids: Sequence[int]) -> list[Digest]:
    """The digests of those among `ids` that images of the repository use, but no active one."""
    rows = connection.execute(_ARCHIVED, {"repository_id": repository_id, "ids": ids})
    return [Digest(row[0]) for row in rows]


def list_shared(connection: Connection, repository_id: int, digests: Iterable[str]) -> dict[str, Blob]:
    """Those among `digests` that the repository holds; they stay live until the transaction ends."""
    rows = connection.execute(_SHARE, {"repository_id": repository_id, "digests": sorted(set(digests))})
    return {row[1]: _built(row) for row in rows}


def list_holders(connection: Connection, of: Registry, digest: Digest, limit: int) -> list[str]:
    """The names of up to `limit` repositories of a registry that hold the blob, the oldest first."""
    values = {"account": of.account, "region": of.region, "kind": of.kind, "digest": digest, "limit": limit}
    return list(connection.execute(_HOLDERS, values).scalars())


def find_blob(connection: Connection, digest: Digest) -> Blob | None:
    """The blob whatever its state and whoever may read it: for locking, never to be shown."""
    row = _BY_DIGEST.first(connection, {"digest": digest})
    return None if row is None else _built(row)


def get_blob(connection: Connection, digest: Digest) -> Blob:
    """As find_blob, where add_blob has just locked it."""
    found = find_blob(connection, digest)
    if found is None:
        raise LookupError(digest)
    return found


def add_new_blob(connection: Connection, new: Blob, now: int) -> Blob | None:
    """Makes a blob of a digest that has none; None when it has one, which is not locked. `new.id` is not looked at."""
    row = _ADD_NEW.first(connection, _columns(new, now))
    return None if row is None else _built(row)


def add_blob(connection: Connection, new: Blob, now: int) -> Blob | None:
    """Makes a blob live with `new`'s generation; None when it is live with another. `new.id` is not looked at.

    The blob's row is locked either way.
    """
    row = connection.execute(_ADD_OR_REVIVE, _columns(new, now)).one_or_none()
    return None if row is None else _built(row)


def _columns(new: Blob, now: int) -> dict[str, object]:
    return {
        "domain_id": DOMAIN,
        "digest": new.digest,
        "size": new.size,
        "stored_size": new.size,
        "generation": new.generation,
        "format": "plain",
        "wrapped_key": None,
        "tier": new.tier,
        "state": "live",
        "created_at": now,
    }


def find_doomed(connection: Connection, blob_id: int) -> str | None:
    """The generation of a blob that is being collected; its row is locked."""
    generation: str | None = connection.execute(_DOOMED, {"of": blob_id}).scalar_one_or_none()
    return generation


def save_generation(connection: Connection, damaged: Blob, generation: str, tier: Tier) -> bool:
    """Gives a live blob the bytes of another generation; False when it has other ones by now."""
    values = {"of": damaged.id, "old": damaged.generation, "new": generation, "where": tier}
    return connection.execute(_REPLACE, values).rowcount == 1


def add_right(connection: Connection, repository_id: int, blob_id: int, now: int) -> bool:
    """Lets the repository read the blob; False when it could already."""
    values = {"repository_id": repository_id, "blob_id": blob_id, "created_at": now}
    return _ADD_RIGHT.first(connection, values) is not None


def delete_right(connection: Connection, repository_id: int, blob_id: int) -> None:
    """Takes the right to read one blob."""
    connection.execute(_DELETE_RIGHT, {"of": repository_id, "blob": blob_id})


def delete_rights(connection: Connection, repository_id: int, images: Sequence[int], review_after: int) -> None:
    """Takes the right to read those blobs of `images`, deleted ones, that no live image of the repository uses.

    All blobs of theirs are queued, as by add_to_queue.
    """
    connection.execute(_LOCK_QUEUED_OF_IMAGES, {"images": images}).all()
    connection.execute(_DELETE_RIGHTS, {"of": repository_id, "images": images})
    connection.execute(_QUEUE_IMAGES, {"images": images, "review_after": review_after})


def lock_in_queue(connection: Connection, *blob_ids: int) -> None:
    """Locks blobs' places in the queue, where they have one: to be done before a blob is locked, as the collector does.

    Only a locked blob may then be queued: one that is just being forgotten cannot be, and is there no more.
    """
    connection.execute(_LOCK_QUEUED, {"blobs": blob_ids}).all()


def add_to_queue(connection: Connection, blob_id: int, review_after: int, reason: str) -> None:
    """Has the blob looked at by the collector, at `review_after` at the earliest."""
    values = {"blob_id": blob_id, "review_after": review_after, "attempts": 0, "reason": reason}
    _QUEUE.change(connection, values)


def save_lease(connection: Connection, blob_ids: Sequence[int], until: int) -> None:
    """Keeps queued blobs from being collected before `until`."""
    lock_in_queue(connection, *blob_ids)
    connection.execute(_KEEP, {"blobs": blob_ids, "until": until})


def _built(row: Sequence[Any]) -> Blob:
    return Blob(row[0], Digest(row[1]), row[2], row[3], row[4])
