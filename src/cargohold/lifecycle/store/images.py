"""Statements that read a repository's live images as rules see them; a manifest is never read."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from cargohold.database.schema.registry import image, image_reference, tag
from cargohold.lifecycle.select import Candidate

_PARENT: Final = image.alias("parent")
_OF_REPOSITORY: Final = image.c.repository_id == bindparam("of")
_LIVE: Final = image.c.deleted_at.is_(None)
_IMAGES: Final = select(
    image.c.id,
    image.c.digest,
    image.c.status,
    image.c.pushed_at,
    image.c.last_pull_at,
    image.c.archived_at,
    image.c.activated_at,
    image.c.subject_digest,
).where(_OF_REPOSITORY, _LIVE)
_SOME: Final = _IMAGES.where(image.c.id.in_(bindparam("ids", expanding=True)))
_TAGS: Final = select(tag.c.image_id, tag.c.name).where(tag.c.repository_id == bindparam("of")).order_by(tag.c.name)
_TAGS_OF_SOME: Final = _TAGS.where(tag.c.image_id.in_(bindparam("ids", expanding=True)))
_PARENTS: Final = (
    select(image_reference.c.child_id, image_reference.c.parent_id)
    .join(_PARENT, _PARENT.c.id == image_reference.c.parent_id)
    .where(_PARENT.c.repository_id == bindparam("of"), _PARENT.c.deleted_at.is_(None))
)
_PARENTS_OF_SOME: Final = _PARENTS.where(image_reference.c.child_id.in_(bindparam("ids", expanding=True)))


def iterate(connection: Connection, repository_id: int) -> Iterator[Candidate]:
    """Every live image of the repository, in no order; to be read by a scan."""
    of = {"of": repository_id}
    tags = _by_image(connection.execute(_TAGS, of))
    parents = _by_image(connection.execute(_PARENTS, of))
    for row in connection.execute(_IMAGES, of):
        yield _candidate(row, tags.pop(row[0], ()), parents.pop(row[0], ()))


def list_candidates(connection: Connection, repository_id: int, ids: Sequence[int]) -> dict[int, Candidate]:
    """Those among `ids` (up to 100) that are live, as they are now, by id."""
    of = {"of": repository_id, "ids": ids}
    tags = _by_image(connection.execute(_TAGS_OF_SOME, of))
    parents = _by_image(connection.execute(_PARENTS_OF_SOME, of))
    rows = connection.execute(_SOME, of)
    return {row[0]: _candidate(row, tags.get(row[0], ()), parents.get(row[0], ())) for row in rows}


def _by_image(rows: Iterable[Sequence[Any]]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for image_id, value in rows:
        found[image_id].append(value)
    return dict(found)


def _candidate(row: Sequence[Any], tags: Iterable[str], parents: Iterable[int]) -> Candidate:
    id_, digest, status, pushed_at, last_pull_at, archived_at, activated_at, subject_digest = row
    return Candidate(
        id=id_,
        digest=digest,
        status=status,
        pushed_at=pushed_at,
        tags=tuple(tags),
        last_pull_at=last_pull_at,
        archived_at=archived_at,
        activated_at=activated_at,
        subject_digest=subject_digest,
        parents=tuple(sorted(parents)),
    )
