"""Statements of collection: blobs that wait for review, what is doomed, and what has been reclaimed so far.

A blob waits in `collection_queue` with the time before which nobody looks at it. Whatever a row of `image_blob` names
is in use, by an image or by the tombstone of one that may come back. The order of locks is the room's: queue, blobs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, BindParameter, Connection, bindparam, delete, exists, func, select, update

from cargohold.blobstore.stores import Tier
from cargohold.database.locking import insert
from cargohold.database.schema.keeping import blob_damage, blob_move, collection_total
from cargohold.database.schema.registry import blob, collection_queue, image_blob, repository_blob
from cargohold.registry.collected import Backlog, Totals

COUNTED: Final = 100_000
"""The backlog is counted up to here: a count that must be quick says no more than "at least so many"."""


@dataclass(frozen=True, slots=True)
class Doomed:
    """A blob that is there for nobody any more, whose bytes are to be deleted."""

    id: int
    generation: str
    tier: Tier
    size: int
    attempts: int


_BLOBS: Final[BindParameter[Any]] = bindparam("blobs", expanding=True)
_DUE: Final = (
    select(collection_queue.c.blob_id, collection_queue.c.attempts)
    .where(collection_queue.c.review_after <= bindparam("now"))
    .order_by(collection_queue.c.review_after)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_LOCK: Final = (
    select(blob.c.id, blob.c.generation, blob.c.tier, blob.c.stored_size)
    .where(blob.c.id.in_(_BLOBS))
    .order_by(blob.c.id)
    .with_for_update()
)
_USED: Final = select(blob.c.id).where(blob.c.id.in_(_BLOBS), exists().where(image_blob.c.blob_id == blob.c.id))
_MOVED: Final = select(blob_move.c.blob_id).where(blob_move.c.blob_id.in_(_BLOBS))
_DOOM: Final = update(blob).where(blob.c.id.in_(_BLOBS)).values(state="deleting")
_LATER: Final = (
    update(collection_queue).where(collection_queue.c.blob_id.in_(_BLOBS)).values(review_after=bindparam("at"))
)
_RETRY: Final = (
    update(collection_queue)
    .where(
        collection_queue.c.blob_id == bindparam("of"),
        exists().where(blob.c.id == bindparam("of"), blob.c.state == "deleting"),
    )
    .values(review_after=bindparam("at"), attempts=bindparam("tried"))
)
_LOCK_QUEUED: Final = (
    select(collection_queue.c.blob_id)
    .where(collection_queue.c.blob_id.in_(_BLOBS))
    .order_by(collection_queue.c.blob_id)
    .with_for_update()
)
_STILL_DOOMED: Final = (
    select(blob.c.id, blob.c.generation)
    .where(blob.c.id.in_(_BLOBS), blob.c.state == "deleting")
    .order_by(blob.c.id)
    .with_for_update()
)
_DELETE_QUEUED: Final = delete(collection_queue).where(collection_queue.c.blob_id.in_(_BLOBS))
_DELETE_RIGHTS: Final = delete(repository_blob).where(repository_blob.c.blob_id.in_(_BLOBS))
_DELETE_DAMAGE: Final = delete(blob_damage).where(blob_damage.c.blob_id.in_(_BLOBS))
_DELETE: Final = delete(blob).where(blob.c.id.in_(_BLOBS))

_ALL: Final = 1
"""The one row of the totals."""
_ADD_TOTAL: Final = insert(collection_total)
_COUNT: Final = _ADD_TOTAL.on_conflict_do_update(
    index_elements=[collection_total.c.id],
    set_={
        "blobs": collection_total.c.blobs + _ADD_TOTAL.excluded.blobs,
        "bytes": collection_total.c.bytes + _ADD_TOTAL.excluded.bytes,
        "failures": collection_total.c.failures + _ADD_TOTAL.excluded.failures,
        "last_at": _ADD_TOTAL.excluded.last_at,
    },
)
_TOTALS: Final = select(collection_total.c.blobs, collection_total.c.bytes, collection_total.c.failures)
_QUEUED_UP_TO: Final = select(collection_queue.c.blob_id).limit(COUNTED)
_DUE_UP_TO: Final = (
    select(collection_queue.c.blob_id)
    .where(collection_queue.c.review_after <= bindparam("now", type_=BigInteger))
    .limit(COUNTED)
)
_COUNT_QUEUED: Final = select(func.count()).select_from(_QUEUED_UP_TO.subquery())
_COUNT_DUE: Final = select(func.count()).select_from(_DUE_UP_TO.subquery())
_OLDEST: Final = select(func.min(collection_queue.c.review_after))


def list_doomed(connection: Connection, now: int, again: int, limit: int) -> tuple[list[Doomed], int]:
    """Looks at up to `limit` blobs whose time has come; those that nothing uses are there for nobody from now on.

    With them comes how many are in use.

    They stay in the queue until `again`, when somebody else may finish what this worker could not. What an image uses
    leaves the queue; what is on its way between the stores waits until then.
    """
    attempts = {row[0]: row[1] for row in connection.execute(_DUE, {"now": now, "limit": limit})}
    if not attempts:
        return [], 0
    looked = sorted(attempts)
    rows = connection.execute(_LOCK, {"blobs": looked}).all()
    # Only now that they are locked: a push that held one meanwhile has been committed.
    used = set(connection.execute(_USED, {"blobs": looked}).scalars())
    moved = set(connection.execute(_MOVED, {"blobs": looked}).scalars()) - used
    if used:
        connection.execute(_DELETE_QUEUED, {"blobs": sorted(used)})
    if waiting := [each for each in looked if each not in used]:
        connection.execute(_LATER, {"blobs": waiting, "at": again})
    doomed = [Doomed(*row, attempts[row[0]]) for row in rows if row[0] not in used | moved]
    if doomed:
        connection.execute(_DOOM, {"blobs": [each.id for each in doomed]})
    return doomed, len(used)


def count_due(connection: Connection, now: int) -> int:
    """Blobs whose time has come, up to COUNTED."""
    return int(connection.execute(_COUNT_DUE, {"now": now}).scalar_one())


def delete_doomed(connection: Connection, gone: Sequence[Doomed], now: int) -> list[Doomed]:
    """Forgets blobs whose bytes are gone, and counts them; not those that a push has brought back meanwhile."""
    ids = sorted(each.id for each in gone)
    connection.execute(_LOCK_QUEUED, {"blobs": ids}).all()
    still = dict(tuple(row) for row in connection.execute(_STILL_DOOMED, {"blobs": ids}))
    deleted = [each for each in gone if still.get(each.id) == each.generation]
    if deleted:
        named = {"blobs": sorted(each.id for each in deleted)}
        for statement in (_DELETE_RIGHTS, _DELETE_DAMAGE, _DELETE_QUEUED, _DELETE):
            connection.execute(statement, named)
        _count(connection, len(deleted), sum(each.size for each in deleted), 0, now)
    return deleted


def save_failed(connection: Connection, failed: Doomed, retry_at: int, now: int) -> None:
    """Has a blob whose bytes could not be deleted tried again then."""
    connection.execute(_RETRY, {"of": failed.id, "at": retry_at, "tried": failed.attempts + 1})
    _count(connection, 0, 0, 1, now)


def get_backlog(connection: Connection, now: int) -> Backlog:
    """What waits."""
    return Backlog(
        queued=int(connection.execute(_COUNT_QUEUED).scalar_one()),
        due=count_due(connection, now),
        oldest=connection.execute(_OLDEST).scalar_one(),
    )


def get_totals(connection: Connection) -> Totals:
    """What was reclaimed since the database was made."""
    row = connection.execute(_TOTALS).one_or_none()
    return Totals(0, 0, 0) if row is None else Totals(*row)


def _count(connection: Connection, blobs: int, size: int, failures: int, now: int) -> None:
    values = {"id": _ALL, "blobs": blobs, "bytes": size, "failures": failures, "last_at": now}
    connection.execute(_COUNT, values)
