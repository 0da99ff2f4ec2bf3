"""Statements on verifications and on damaged blobs.

A damaged blob's state is `damaged`, so that it is there for nobody, and an upload of the same bytes brings it back to
life; `blob_damage` says which bytes are wrong.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, bindparam, delete, func, select, update

from cargohold.core.arn import Registry
from cargohold.core.digest import Digest
from cargohold.database.locking import insert
from cargohold.database.schema.keeping import blob_damage, verification
from cargohold.database.schema.registry import blob, domain, registry, repository, repository_blob
from cargohold.registry.blob import Blob
from cargohold.registry.store import blobs
from cargohold.registry.verification import Damage, Stored, Verification

HOLDERS: Final = 10
"""Repositories that are named of a damaged blob."""

_COLUMNS: Final = (
    verification.c.id,
    verification.c.started_at,
    verification.c.ended_at,
    verification.c.bytes_per_second,
    verification.c.total_blobs,
    verification.c.total_bytes,
    verification.c.end_blob_id,
    verification.c.last_blob_id,
    verification.c.blobs,
    verification.c.bytes,
    verification.c.damaged,
    verification.c.repaired,
    verification.c.claimed_until,
)
_RUNNING: Final = verification.c.ended_at.is_(None)
_ONE_AT_A_TIME: Final = select(domain.c.id).where(domain.c.id == blobs.DOMAIN).with_for_update()
_FIND_RUNNING: Final = select(*_COLUMNS).where(_RUNNING).limit(1)
_FIND_LAST: Final = select(*_COLUMNS).order_by(verification.c.id.desc()).limit(1)
_EXTENT: Final = select(
    func.count(), func.coalesce(func.sum(blob.c.size), 0), func.coalesce(func.max(blob.c.id), 0)
).where(blob.c.state.in_(("live", "damaged")))
_FROM_ZERO: Final = ("last_blob_id", "blobs", "bytes", "damaged", "repaired", "claimed_until")
_ADD: Final = insert(verification).returning(*_COLUMNS)
_CLAIM: Final = (
    update(verification)
    .where(_RUNNING, verification.c.claimed_until <= bindparam("now"))
    .values(claimed_until=bindparam("until"))
    .returning(*_COLUMNS)
)
_SAVE: Final = (
    update(verification)
    .where(verification.c.id == bindparam("of"), _RUNNING, verification.c.claimed_until == bindparam("mine"))
    .values(
        last_blob_id=bindparam("last"),
        blobs=bindparam("seen"),
        bytes=bindparam("read"),
        damaged=bindparam("bad"),
        repaired=bindparam("good"),
        ended_at=bindparam("end", type_=BigInteger),
        claimed_until=bindparam("until"),
    )
)
_END: Final = update(verification).where(_RUNNING).values(ended_at=bindparam("now"), claimed_until=0)
_LAST_ID: Final = select(func.coalesce(func.max(blob.c.id), 0))
_AFTER: Final = (
    select(blob.c.id, blob.c.digest, blob.c.size, blob.c.generation, blob.c.tier, blob.c.state)
    .where(blob.c.id > bindparam("after"), blob.c.id <= bindparam("end"), blob.c.state.in_(("live", "damaged")))
    .order_by(blob.c.id)
    .limit(bindparam("limit"))
)
_CHANGE: Final = (
    update(blob)
    .where(blob.c.id == bindparam("of"), blob.c.generation == bindparam("bytes"), blob.c.state == bindparam("old"))
    .values(state=bindparam("new"))
)
_ADD_DAMAGE: Final = insert(blob_damage).on_conflict_do_nothing()
_DELETE_DAMAGE: Final = (
    delete(blob_damage).where(blob_damage.c.blob_id == bindparam("of")).returning(blob_damage.c.generation)
)
_COUNT_DAMAGED: Final = select(func.count()).select_from(blob_damage)
_DAMAGED: Final = (
    select(
        blob.c.id,
        blob.c.digest,
        blob.c.size,
        blob.c.generation,
        blob.c.tier,
        blob_damage.c.reason,
        blob_damage.c.found_at,
    )
    .join(blob_damage, blob_damage.c.blob_id == blob.c.id)
    .where(blob_damage.c.blob_id > bindparam("after"))
    .order_by(blob_damage.c.blob_id)
    .limit(bindparam("limit"))
)
_HOLDERS: Final = (
    select(registry.c.account, registry.c.region, registry.c.kind, repository.c.name)
    .join(repository, repository.c.registry_id == registry.c.id)
    .join(repository_blob, repository_blob.c.repository_id == repository.c.id)
    .where(repository_blob.c.blob_id == bindparam("of"), repository.c.deleted_at.is_(None))
    .order_by(repository.c.id)
    .limit(HOLDERS)
)


def find_running(connection: Connection) -> Verification | None:
    return _first(connection.execute(_FIND_RUNNING).all())


def find_last(connection: Connection) -> Verification | None:
    """The one that runs, else the one that began last."""
    return _first(connection.execute(_FIND_LAST).all())


def lock_starting(connection: Connection) -> None:
    """Lets nobody else start one until the transaction ends."""
    connection.execute(_ONE_AT_A_TIME).all()


def add_verification(connection: Connection, bytes_per_second: int, now: int) -> Verification:
    """One over all blobs that are there now. It counts them, which takes a second for some millions."""
    count, size, last = connection.execute(_EXTENT).one()
    values: dict[str, int] = dict.fromkeys(_FROM_ZERO, 0)
    values |= {"started_at": now, "bytes_per_second": bytes_per_second}
    values |= {"total_blobs": count, "total_bytes": int(size), "end_blob_id": last}
    return Verification(*connection.execute(_ADD, values).one())


def find_claimed(connection: Connection, now: int, until: int) -> Verification | None:
    """The one that runs, which is the caller's until then; None when there is none or another worker does it."""
    return _first(connection.execute(_CLAIM, {"now": now, "until": until}).all())


def save_progress(connection: Connection, held: Verification, until: int, ended_at: int | None = None) -> bool:
    """Keeps how far a claimed one has come; False when the claim is lost or it was stopped."""
    values = {
        "of": held.id,
        "mine": held.claimed_until,
        "last": held.last_blob_id,
        "seen": held.blobs,
        "read": held.bytes,
        "bad": held.damaged,
        "good": held.repaired,
        "end": ended_at,
        "until": 0 if ended_at is not None else until,
    }
    return connection.execute(_SAVE, values).rowcount == 1


def save_ended(connection: Connection, now: int) -> None:
    """Ends the one that runs, where it is."""
    connection.execute(_END, {"now": now})


def get_last_id(connection: Connection) -> int:
    """The id of the youngest blob, 0 when there is none."""
    return int(connection.execute(_LAST_ID).scalar_one())


def list_stored(connection: Connection, after: int, end: int, limit: int) -> list[Stored]:
    """Up to `limit` blobs with ids behind `after` and up to `end`, in their order; those in quarantine too."""
    rows = connection.execute(_AFTER, {"after": after, "end": end, "limit": limit})
    return [Stored(_built(row), row[5] == "damaged") for row in rows]


def add_damage(connection: Connection, found: Blob, reason: str, now: int) -> bool:
    """Puts a live blob into quarantine; False when it has other bytes by now, or is in it or gone."""
    blobs.lock_in_queue(connection, found.id)
    if not _change(connection, found, "live", "damaged"):
        return False
    values = {"blob_id": found.id, "generation": found.generation, "reason": reason, "found_at": now}
    connection.execute(_ADD_DAMAGE, values)
    return True


def save_sound(connection: Connection, found: Blob) -> bool:
    """Takes a blob out of quarantine whose bytes are right after all; False when it is not in it any more."""
    blobs.lock_in_queue(connection, found.id)
    if not _change(connection, found, "damaged", "live"):
        return False
    find_repaired(connection, found.id)
    return True


def find_repaired(connection: Connection, blob_id: int) -> str | None:
    """Forgets that a blob was damaged: the generation whose bytes are wrong, None when it was not."""
    generation: str | None = connection.execute(_DELETE_DAMAGE, {"of": blob_id}).scalar_one_or_none()
    return generation


def count_damaged(connection: Connection) -> int:
    return int(connection.execute(_COUNT_DAMAGED).scalar_one())


def list_damaged(connection: Connection, after: int, limit: int) -> list[Damage]:
    """Up to `limit` blobs in quarantine with ids behind `after`, in their order."""
    rows = connection.execute(_DAMAGED, {"after": after, "limit": limit}).all()
    return [Damage(_built(row), row[5], row[6], _holders(connection, row[0])) for row in rows]


def _change(connection: Connection, of: Blob, old: str, new: str) -> bool:
    values = {"of": of.id, "bytes": of.generation, "old": old, "new": new}
    return connection.execute(_CHANGE, values).rowcount == 1


def _holders(connection: Connection, blob_id: int) -> tuple[str, ...]:
    rows = connection.execute(_HOLDERS, {"of": blob_id})
    return tuple(Registry(*of).repository_arn(name) for *of, name in rows)


def _first(rows: Sequence[Any]) -> Verification | None:
    return Verification(*rows[0]) if rows else None


def _built(row: Sequence[Any]) -> Blob:
    return Blob(row[0], Digest(row[1]), row[2], row[3], row[4])
