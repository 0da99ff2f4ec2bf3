"""Statements on images that go into the archive and come back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, bindparam, exists, select, text, update

from cargohold.core.arn import Registry, Target
from cargohold.database.schema.registry import blob, image, image_blob, image_reference, registry, repository

WINDOW: Final = 100
"""Images of one statement."""


@dataclass(frozen=True, slots=True)
class Filed:
    """What has to be known of an image to archive or restore it."""

    id: int
    repository_id: int
    digest: str
    media_type: str
    artifact_type: str | None
    subject_digest: str | None
    status: str


@dataclass(frozen=True, slots=True)
class Place:
    """A repository, and the row of its registry."""

    registry_id: int
    target: Target


_COLUMNS: Final = (
    image.c.id,
    image.c.repository_id,
    image.c.digest,
    image.c.media_type,
    image.c.artifact_type,
    image.c.subject_digest,
    image.c.status,
)
_IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
_LIVE: Final = image.c.deleted_at.is_(None)
_FILED: Final = (
    select(*_COLUMNS)
    .join(repository, repository.c.id == image.c.repository_id)
    .where(image.c.id.in_(_IDS), _LIVE, repository.c.deleted_at.is_(None))
    .order_by(image.c.id)
)
_ACTIVATING: Final = _FILED.with_only_columns(image.c.id).where(image.c.status == "ACTIVATING")
_OF_REPOSITORY: Final = _FILED.where(image.c.repository_id == bindparam("repository_id"))
_PLACE: Final = (
    select(registry.c.id, registry.c.account, registry.c.region, registry.c.kind, repository.c.name)
    .join(repository, repository.c.registry_id == registry.c.id)
    .where(repository.c.id == bindparam("of"))
)
_parent, _subject = image.alias("parent"), image.alias("subject")
_PARENTS: Final = (
    select(image_reference.c.child_id, _parent.c.id)
    .join(_parent, _parent.c.id == image_reference.c.parent_id)
    .where(image_reference.c.child_id.in_(_IDS), _parent.c.deleted_at.is_(None), _parent.c.status != "ARCHIVED")
)
_SUBJECTS: Final = (
    select(image.c.id, _subject.c.id)
    .join(
        _subject,
        (_subject.c.repository_id == image.c.repository_id) & (_subject.c.digest == image.c.subject_digest),
    )
    .where(image.c.id.in_(_IDS), _subject.c.deleted_at.is_(None), _subject.c.status != "ARCHIVED")
)
_CHILDREN: Final = (
    select(image.c.id)
    .join(image_reference, image_reference.c.child_id == image.c.id)
    .where(image_reference.c.parent_id == bindparam("of"), _LIVE, image.c.status != "ACTIVE")
    .order_by(image.c.id)
)
_REFERRERS: Final = (
    select(image.c.id)
    .where(
        image.c.repository_id == bindparam("repository_id"),
        image.c.subject_digest == bindparam("subject"),
        image.c.status == bindparam("with_status"),
        image.c.id > bindparam("after"),
        _LIVE,
    )
    .order_by(image.c.id)
    .limit(WINDOW)
)
_INACTIVE: Final = (
    select(image.c.id)
    .where(text("status <> 'ACTIVE'"), image.c.id > bindparam("after"))
    .order_by(image.c.id)
    .limit(WINDOW)
)
_other, _used = image.alias("other"), image_blob.alias("used")
_OUTSIDE: Final = (
    (blob.c.tier == "standard")
    & (blob.c.state == "live")
    & ~exists().where(_used.c.blob_id == blob.c.id, _other.c.id == _used.c.image_id, _other.c.status != "ARCHIVED")
)
_WITH_OUTSIDE: Final = (
    select(image.c.id)
    .join(image_blob, image_blob.c.image_id == image.c.id)
    .join(blob, blob.c.id == image_blob.c.blob_id)
    .where(image.c.id.in_(_IDS), _LIVE, image.c.status == "ARCHIVED", _OUTSIDE)
    .distinct()
    .order_by(image.c.id)
)
_BLOBS: Final = (
    select(image_blob.c.blob_id).where(image_blob.c.image_id == bindparam("of")).distinct().order_by("blob_id")
)
_UNNEEDED: Final = _BLOBS.join(blob, blob.c.id == image_blob.c.blob_id).where(_OUTSIDE)
_TO_STATUS: Final = update(image).where(image.c.id.in_(_IDS), _LIVE, image.c.status == bindparam("old"))
_ARCHIVE: Final = _TO_STATUS.values(status="ARCHIVED", archived_at=bindparam("now"))
_ACTIVATE: Final = _TO_STATUS.values(status="ACTIVATING")
_ARRIVED: Final = _TO_STATUS.values(status="ACTIVE", activated_at=bindparam("now"))
_ACTIVATED: Final = (
    update(image)
    .where(image.c.id == bindparam("of"), _LIVE, image.c.status != "ACTIVE")
    .values(status="ACTIVE", activated_at=bindparam("now"))
)


def find_image(connection: Connection, image_id: int) -> Filed | None:
    """The live image of a live repository."""
    row = connection.execute(_FILED, {"ids": [image_id]}).one_or_none()
    return None if row is None else Filed(*row)


def list_images(connection: Connection, repository_id: int, ids: Collection[int]) -> list[Filed]:
    """The live images of the repository among `ids`."""
    rows = connection.execute(_OF_REPOSITORY, {"repository_id": repository_id, "ids": ids})
    return [Filed(*row) for row in rows]


def get_place(connection: Connection, repository_id: int) -> Place:
    registry_id, account, region, kind, name = connection.execute(_PLACE, {"of": repository_id}).one()
    return Place(registry_id, Target(Registry(account, region, kind), name, repository_id))


def list_holders(connection: Connection, ids: Collection[int]) -> list[tuple[int, int]]:
    """(image, holder) for each of `ids` that an index lists, or that refers to a subject, which is not archived."""
    parents = connection.execute(_PARENTS, {"ids": ids})
    subjects = connection.execute(_SUBJECTS, {"ids": ids})
    return [(row[0], row[1]) for rows in (parents, subjects) for row in rows]


def list_inactive_children(connection: Connection, index_id: int) -> list[int]:
    """The ids of the images that an index lists, and that are archived or on their way back."""
    return list(connection.execute(_CHILDREN, {"of": index_id}).scalars())


def list_referrers(connection: Connection, of: Filed, status: str, after: int) -> list[int]:
    """Up to WINDOW ids, behind the id `after`, of images of that status which refer to the image."""
    values = {"repository_id": of.repository_id, "subject": of.digest, "with_status": status, "after": after}
    return list(connection.execute(_REFERRERS, values).scalars())


def list_blobs(connection: Connection, image_id: int) -> list[int]:
    """The ids of the blobs that an image uses, each once."""
    return list(connection.execute(_BLOBS, {"of": image_id}).scalars())


def list_unneeded(connection: Connection, image_id: int) -> list[int]:
    """The ids of the blobs of an archived image that lie in the standard store, and that nothing else needs."""
    return list(connection.execute(_UNNEEDED, {"of": image_id}).scalars())


def list_inactive(connection: Connection, after: int) -> list[int]:
    """Up to WINDOW ids, behind the id `after`, of images that are not active, deleted ones among them."""
    return list(connection.execute(_INACTIVE, {"after": after}).scalars())


def list_outside(connection: Connection, ids: Sequence[int]) -> list[int]:
    """Those of the archived images among `ids` that have a blob in the standard store which nothing else needs."""
    return list(connection.execute(_WITH_OUTSIDE, {"ids": ids}).scalars())


def list_activating(connection: Connection, ids: Sequence[int]) -> list[int]:
    """Those among `ids` that are on their way back, and live images of live repositories."""
    return list(connection.execute(_ACTIVATING, {"ids": ids}).scalars())


def save_archived(connection: Connection, ids: Sequence[int], now: int) -> None:
    """Active images are archived from now on."""
    connection.execute(_ARCHIVE, {"ids": ids, "old": "ACTIVE", "now": now})


def save_activating(connection: Connection, ids: Sequence[int]) -> None:
    """Archived images are on their way back."""
    connection.execute(_ACTIVATE, {"ids": ids, "old": "ARCHIVED"})


def save_activated(connection: Connection, image_id: int, now: int) -> bool:
    """An image is active from now on; False when it was before."""
    return connection.execute(_ACTIVATED, {"of": image_id, "now": now}).rowcount == 1


def save_arrived(connection: Connection, image_id: int, now: int) -> bool:
    """An image that was on its way back is active from now on; False when it was not."""
    return connection.execute(_ARRIVED, {"ids": [image_id], "old": "ACTIVATING", "now": now}).rowcount == 1
