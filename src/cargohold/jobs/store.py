"""Statements on jobs.

A claim is fenced by `attempts`, which only grows: every statement of who works on a job names the number that he knows,
so that one who was taken for dead, and whose job another has by now, changes nothing any more.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from cargohold.database.schema.jobs import job


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that this worker has; `attempts` counts this one."""

    id: int
    task: str
    payload: Mapping[str, Any]
    attempts: int


_ADD: Final = insert(job)
_DUE: Final = (
    select(job.c.id, job.c.task, job.c.payload, job.c.attempts)
    .where(
        job.c.state.in_(("waiting", "running")),
        job.c.run_at <= bindparam("now"),
        job.c.claimed_until <= bindparam("now"),
        job.c.task.in_(bindparam("tasks", expanding=True)),
    )
    .order_by(job.c.run_at, job.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_UNDONE: Final = select(job.c.payload).where(
    job.c.task == bindparam("named"),
    job.c.state != "failed",
    job.c.payload.in_(bindparam("payloads", expanding=True)),
)
_TAKE: Final = (
    update(job)
    .where(job.c.id == bindparam("of"))
    .values(state="running", claimed_until=bindparam("until"), attempts=job.c.attempts + 1)
)
_MINE: Final = (job.c.id == bindparam("of")) & (job.c.attempts == bindparam("attempt")) & (job.c.state == "running")
_RENEW: Final = update(job).where(_MINE).values(claimed_until=bindparam("until"))
_LATER: Final = update(job).where(_MINE).values(state="waiting", claimed_until=0, run_at=bindparam("at"))
_GIVE_UP: Final = update(job).where(_MINE).values(state="failed", claimed_until=0, run_at=bindparam("at"))
_DELETE: Final = delete(job).where(_MINE)
_OLD: Final = (
    select(job.c.id).where(job.c.state == "failed", job.c.run_at < bindparam("before")).limit(bindparam("limit"))
)
_DELETE_OLD: Final = delete(job).where(job.c.id.in_(bindparam("ids", expanding=True)))


def add_job(connection: Connection, task: str, payload: Mapping[str, Any], run_at: int) -> None:
    """Has a worker do the task with this payload (names and ids) at `run_at`, epoch milliseconds, or soon after.

    To be called in the transaction that made it necessary.
    """
    values = {
        "task": task,
        "payload": json.dumps(payload),
        "state": "waiting",
        "run_at": run_at,
        "claimed_until": 0,
        "attempts": 0,
        "created_at": run_at,
    }
    connection.execute(_ADD, values)


def list_undone(connection: Connection, task: str, payloads: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those among `payloads` with which a job of that task waits or runs. Reads every job."""
    texts = [json.dumps(payload) for payload in payloads]
    return [json.loads(text) for text in connection.execute(_UNDONE, {"named": task, "payloads": texts}).scalars()]


def find_claimed(connection: Connection, tasks: Sequence[str], now: int, until: int) -> Claimed | None:
    """The job of those tasks that is due for the longest, this worker's until then; None when there is none."""
    row = connection.execute(_DUE, {"now": now, "tasks": tasks}).one_or_none()
    if row is None:
        return None
    connection.execute(_TAKE, {"of": row.id, "until": until})
    return Claimed(row.id, row.task, json.loads(row.payload), row.attempts + 1)


def save_claim(connection: Connection, held: Claimed, until: int) -> bool:
    """Lengthens a claim; False when it is lost."""
    return connection.execute(_RENEW, _named(held) | {"until": until}).rowcount == 1


def save_later(connection: Connection, held: Claimed, run_at: int) -> None:
    """Gives a job back, to be tried again."""
    connection.execute(_LATER, _named(held) | {"at": run_at})


def save_failed(connection: Connection, held: Claimed, now: int) -> None:
    """Leaves a job for people to look at."""
    connection.execute(_GIVE_UP, _named(held) | {"at": now})


def delete_claimed(connection: Connection, held: Claimed) -> None:
    connection.execute(_DELETE, _named(held))


def delete_failed(connection: Connection, before: int, limit: int) -> int:
    """Forgets up to `limit` jobs that were given up before then; returns how many."""
    ids = connection.execute(_OLD, {"before": before, "limit": limit}).scalars().all()
    if ids:
        connection.execute(_DELETE_OLD, {"ids": ids})
    return len(ids)


def _named(held: Claimed) -> dict[str, int]:
    return {"of": held.id, "attempt": held.attempts}
