"""Statements that read a repository's live images as rules see them; a manifest is never read."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, select

from cargohold.database.schema.registry import image, image_reference, tag
from cargohold.lifecycle.select import Candidate

_PARENT: Final = image.alias("parent")
_IMAGES: Final = select(
    image.c.id,
    image.c.digest,
    image.c.status,
    image.c.pushed_at,
    image.c.last_pull_at,
    image.c.archived_at,
    image.c.activated_at,
    image.c.subject_digest,
).where(image.c.deleted_at.is_(None))
_TAGS: Final = select(tag.c.image_id, tag.c.name).order_by(tag.c.name)
_PARENTS: Final = (
    select(image_reference.c.child_id, image_reference.c.parent_id)
    .join(_PARENT, _PARENT.c.id == image_reference.c.parent_id)
    .where(_PARENT.c.deleted_at.is_(None))
)
_EVERY: Final = (
    _TAGS.where(tag.c.repository_id == bindparam("of")),
    _PARENTS.where(_PARENT.c.repository_id == bindparam("of")),
    _IMAGES.where(image.c.repository_id == bindparam("of")),
)
# By the images' ids alone: where the repository is named too, an engine may read the whole of it.
_SOME: Final = (
    _TAGS.where(tag.c.image_id.in_(bindparam("ids", expanding=True))),
    _PARENTS.where(image_reference.c.child_id.in_(bindparam("ids", expanding=True))),
    _IMAGES.where(image.c.id.in_(bindparam("ids", expanding=True))),
)


def iterate(connection: Connection, repository_id: int) -> Iterator[Candidate]:
    """Every live image of the repository, in no order; to be read by a scan."""
    return _read(connection, _EVERY, {"of": repository_id})


def list_candidates(connection: Connection, ids: Sequence[int]) -> dict[int, Candidate]:
    """Those among `ids` (up to 100) that are live, as they are now, by id."""
    return {each.id: each for each in _read(connection, _SOME, {"ids": ids})}


def _read(
    connection: Connection, statements: Sequence[Select[Any]], values: Mapping[str, object]
) -> Iterator[Candidate]:
    tags, parents = (_by_image(connection.execute(statement, values)) for statement in statements[:2])
    for row in connection.execute(statements[2], values):
        yield _candidate(row, tags.pop(row[0], ()), parents.pop(row[0], ()))


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
