"""Statements on previews: what a policy would do, written down window by window."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, select, update

from cargohold.database.locking import insert
from cargohold.database.schema.lifecycle import lifecycle_preview, lifecycle_preview_result
from cargohold.database.schema.registry import image, tag
from cargohold.lifecycle.previewed import Preview, Result

_OF_REPOSITORY: Final = lifecycle_preview.c.repository_id == bindparam("of")
_FIND: Final = select(
    lifecycle_preview.c.policy,
    lifecycle_preview.c.status,
    lifecycle_preview.c.expiring,
    lifecycle_preview.c.transitioning,
    lifecycle_preview.c.started_at,
    lifecycle_preview.c.expires_at,
).where(_OF_REPOSITORY)
_LOCK: Final = _FIND.with_for_update()
_ADD: Final = insert(lifecycle_preview)
_SAVE: Final = _ADD.on_conflict_do_update(
    index_elements=[lifecycle_preview.c.repository_id],
    set_={
        name: getattr(_ADD.excluded, name)
        for name in ("policy", "status", "expiring", "transitioning", "started_at", "expires_at")
    },
)
_SAVE_END: Final = (
    update(lifecycle_preview)
    .where(_OF_REPOSITORY, lifecycle_preview.c.started_at == bindparam("began"))
    .values(
        status="COMPLETE",
        expiring=bindparam("all_expiring"),
        transitioning=bindparam("all_transitioning"),
        expires_at=bindparam("until"),
    )
)
_OVER: Final = (
    select(lifecycle_preview.c.repository_id, lifecycle_preview.c.started_at)
    .where(lifecycle_preview.c.expires_at <= bindparam("now"), lifecycle_preview.c.status == "COMPLETE")
    .order_by(lifecycle_preview.c.expires_at)
    .limit(1)
)
_SAVE_EXPIRED: Final = (
    update(lifecycle_preview)
    .where(_OF_REPOSITORY, lifecycle_preview.c.started_at == bindparam("began"))
    .values(status="EXPIRED")
)
_RESULT_OF: Final = lifecycle_preview_result.c.repository_id == bindparam("of")
_FIRST: Final = select(func.min(lifecycle_preview_result.c.position)).where(_RESULT_OF)
_DELETE: Final = delete(lifecycle_preview_result).where(
    _RESULT_OF, lifecycle_preview_result.c.position < bindparam("before")
)
_ADD_RESULT: Final = insert(lifecycle_preview_result)
_SAVE_RESULT: Final = _ADD_RESULT.on_conflict_do_nothing()
_RESULTS: Final = (
    select(
        lifecycle_preview_result.c.position,
        lifecycle_preview_result.c.digest,
        lifecycle_preview_result.c.tags,
        lifecycle_preview_result.c.pushed_at,
        lifecycle_preview_result.c.storage_class,
        lifecycle_preview_result.c.action,
        lifecycle_preview_result.c.rule_priority,
    )
    .where(_RESULT_OF, lifecycle_preview_result.c.position > bindparam("after"))
    .order_by(lifecycle_preview_result.c.position)
    .limit(bindparam("limit"))
)
_BY_TAG_STATUS: Final = {
    "ANY": _RESULTS,
    "TAGGED": _RESULTS.where(lifecycle_preview_result.c.tags != "[]"),
    "UNTAGGED": _RESULTS.where(lifecycle_preview_result.c.tags == "[]"),
}
_OF_DIGESTS: Final = {
    status: statement.where(lifecycle_preview_result.c.digest.in_(bindparam("digests", expanding=True)))
    for status, statement in _BY_TAG_STATUS.items()
}
_DIGESTS_OF_TAGS: Final = (
    select(tag.c.name, image.c.digest)
    .join(image, image.c.id == tag.c.image_id)
    .where(tag.c.repository_id == bindparam("of"), tag.c.name.in_(bindparam("tags", expanding=True)))
)


def find_preview(connection: Connection, repository_id: int, *, locked: bool = False) -> Preview | None:
    """`locked`: nobody begins another one until the transaction ends."""
    row = connection.execute(_LOCK if locked else _FIND, {"of": repository_id}).one_or_none()
    return None if row is None else Preview(*row)


def save_preview(connection: Connection, repository_id: int, new: Preview) -> None:
    """Puts a preview in place of the one that there is; its results are still there."""
    values = {
        "repository_id": repository_id,
        "policy": new.text,
        "status": new.status,
        "expiring": new.expiring,
        "transitioning": new.transitioning,
        "started_at": new.started_at,
        "expires_at": new.expires_at,
    }
    connection.execute(_SAVE, values)


def save_end(connection: Connection, repository_id: int, done: Preview) -> None:
    """Completes the preview that began when `done` did."""
    values = {"all_expiring": done.expiring, "all_transitioning": done.transitioning, "until": done.expires_at}
    connection.execute(_SAVE_END, {"of": repository_id, "began": done.started_at, **values})


def find_over(connection: Connection, now: int) -> tuple[int, int] | None:
    """(repository, when it began) of a completed preview whose time is over."""
    row = connection.execute(_OVER, {"now": now}).one_or_none()
    return None if row is None else (row[0], row[1])


def save_expired(connection: Connection, repository_id: int, started_at: int) -> None:
    connection.execute(_SAVE_EXPIRED, {"of": repository_id, "began": started_at})


def delete_results(connection: Connection, repository_id: int, limit: int) -> bool:
    """Deletes up to `limit` of the results, the first ones; False when there were none."""
    first: int | None = connection.execute(_FIRST, {"of": repository_id}).scalar_one()
    if first is None:
        return False
    connection.execute(_DELETE, {"of": repository_id, "before": first + limit})
    return True


def add_results(connection: Connection, repository_id: int, results: Iterable[Result]) -> None:
    """Writes results down; those that are there already stay."""
    rows = [
        {
            "repository_id": repository_id,
            "position": each.position,
            "digest": each.digest,
            "tags": json.dumps(each.tags),
            "pushed_at": each.pushed_at,
            "storage_class": each.storage_class,
            "action": each.action,
            "rule_priority": each.rule_priority,
        }
        for each in results
    ]
    if rows:
        connection.execute(_SAVE_RESULT, rows)


def list_results(connection: Connection, repository_id: int, tag_status: str, after: int, limit: int) -> list[Result]:
    """Results of images TAGGED, UNTAGGED or ANY, behind a position."""
    values = {"of": repository_id, "after": after, "limit": limit}
    return [_result(row) for row in connection.execute(_BY_TAG_STATUS[tag_status], values)]


def list_of_digests(
    connection: Connection, repository_id: int, tag_status: str, digests: Sequence[str]
) -> list[Result]:
    """Results of those images, up to 100."""
    values = {"of": repository_id, "after": -1, "limit": len(digests), "digests": digests}
    return [_result(row) for row in connection.execute(_OF_DIGESTS[tag_status], values)]


def list_digests(connection: Connection, repository_id: int, tags: Sequence[str]) -> dict[str, str]:
    """The digests of the images that tags name now, by tag."""
    rows = connection.execute(_DIGESTS_OF_TAGS, {"of": repository_id, "tags": tags})
    return {row[0]: row[1] for row in rows}


def _result(row: Sequence[Any]) -> Result:
    return Result(row[0], row[1], tuple(json.loads(row[2])), row[3], row[4], row[5], row[6])
