"""Statements on events."""

from typing import Final

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, select

from cargohold.database.schema.jobs import event, job

_ADD: Final = insert(event)
_NEWEST: Final = select(func.max(event.c.id))
# Numbers are given in order, so that as many as are to be kept lie behind the newest.
_OLD: Final = (
    select(event.c.id)
    .where(
        (event.c.created_at < bindparam("before")) | (event.c.id <= bindparam("last")),
        ~exists().where(job.c.event_id == event.c.id),
    )
    .order_by(event.c.id)
    .limit(bindparam("limit"))
)
_DELETE: Final = delete(event).where(event.c.id.in_(bindparam("ids", expanding=True)))


def add_event(connection: Connection, registry_id: int, kind: str, payload: str, now: int) -> None:
    connection.execute(_ADD, {"registry_id": registry_id, "kind": kind, "payload": payload, "created_at": now})


def delete_old(connection: Connection, before: int, most: int, limit: int) -> int:
    """Forgets up to `limit` events of before then, or beyond the newest `most`; returns how many.

    An event that a job still works on stays.
    """
    newest = connection.execute(_NEWEST).scalar_one() or 0
    values = {"before": before, "last": newest - most, "limit": limit}
    ids = connection.execute(_OLD, values).scalars().all()
    if ids:
        connection.execute(_DELETE, {"ids": ids})
    return len(ids)
