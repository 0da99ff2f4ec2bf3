"""Statements on referrers: images whose manifest names a subject, which need not be there itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, func, select

from cargohold.core.digest import Digest
from cargohold.database.schema.registry import image


@dataclass(frozen=True, slots=True)
class Entry:
    """A referrer without its manifest, of which `bytes` is the length."""

    id: int
    digest: Digest
    media_type: str
    artifact_type: str | None
    status: str
    bytes: int


# In the order of the ids, in which the index on repository and subject has them: no page sorts what others hold.
_WINDOW: Final = (
    select(
        image.c.id,
        image.c.digest,
        image.c.media_type,
        image.c.artifact_type,
        image.c.status,
        func.length(image.c.payload),
    )
    .where(
        image.c.repository_id == bindparam("repository_id"),
        image.c.subject_digest == bindparam("subject"),
        image.c.deleted_at.is_(None),
        image.c.id > bindparam("after"),
    )
    .order_by(image.c.id)
    .limit(bindparam("limit"))
)
_PAYLOADS: Final = select(image.c.id, image.c.payload).where(
    image.c.id.in_(bindparam("ids", expanding=True)), image.c.deleted_at.is_(None)
)


def list_window(connection: Connection, repository_id: int, subject: Digest, after: int, limit: int) -> list[Entry]:
    """The next referrers of a subject behind the image with the id `after`, in the order they were pushed."""
    values = {"repository_id": repository_id, "subject": subject, "after": after, "limit": limit}
    return [Entry(*row) for row in connection.execute(_WINDOW, values)]


def list_payloads(connection: Connection, ids: Sequence[int]) -> dict[int, bytes]:
    """The manifests of those images that are still there, by id."""
    return {row[0]: row[1] for row in connection.execute(_PAYLOADS, {"ids": ids})}
