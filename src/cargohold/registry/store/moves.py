"""Statements on blobs that change their store.

`blob_move` names bytes that are not the blob's: the ones on their way, until the blob has them; the ones that it had,
from then on until they are dropped. So whatever it names may be dropped, once who works on it is dead. Its `run_at` is
until when somebody works on it, and his claim: every statement of his names the value that he knows.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, exists, select, update

from cargohold.blobstore.stores import Tier
from cargohold.core.digest import Digest
from cargohold.database.locking import insert
from cargohold.database.schema.keeping import blob_move
from cargohold.database.schema.registry import blob, image, image_blob
from cargohold.registry.blob import Blob
from cargohold.registry.store.blobs import lock_in_queue


@dataclass(frozen=True, slots=True)
class Move:
    """Bytes that are not the blob's: `generation`, in the store of `tier`; this worker's until `until`."""

    blob_id: int
    tier: Tier
    generation: str
    until: int


_NAMED: Final = blob.c.id == bindparam("of")
_LOCK: Final = (
    select(blob.c.id, blob.c.digest, blob.c.size, blob.c.generation, blob.c.tier)
    .where(_NAMED, blob.c.state == "live")
    .with_for_update()
)
_BLOB: Final = select(blob.c.generation, blob.c.tier).where(_NAMED, blob.c.state == "live")
_NEEDED: Final = select(
    exists()
    .where(image_blob.c.blob_id == bindparam("of"))
    .where(image.c.id == image_blob.c.image_id)
    .where(image.c.status != "ARCHIVED")
)
_COLUMNS: Final = (blob_move.c.blob_id, blob_move.c.tier, blob_move.c.generation, blob_move.c.run_at)
_ADD: Final = insert(blob_move).on_conflict_do_nothing().returning(blob_move.c.blob_id)
_OF_BLOB: Final = select(*_COLUMNS).where(blob_move.c.blob_id == bindparam("of")).with_for_update()
_DUE: Final = (
    select(*_COLUMNS)
    .where(blob_move.c.run_at <= bindparam("now"))
    .order_by(blob_move.c.run_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_MINE: Final = (
    (blob_move.c.blob_id == bindparam("of"))
    & (blob_move.c.generation == bindparam("known"))
    & (blob_move.c.run_at == bindparam("claim"))
)
_CLAIM: Final = update(blob_move).where(_MINE).values(run_at=bindparam("until"), attempts=blob_move.c.attempts + 1)
_RENEW: Final = update(blob_move).where(_MINE).values(run_at=bindparam("until"))
_TURN: Final = update(blob_move).where(_MINE).values(tier=bindparam("into"), generation=bindparam("other"))
_DELETE: Final = delete(blob_move).where(_MINE)
_SWITCH: Final = update(blob).where(_NAMED).values(generation=bindparam("new"), tier=bindparam("into"))


def find_locked(connection: Connection, blob_id: int) -> Blob | None:
    """The live blob, which nobody changes or begins to use until the transaction ends."""
    lock_in_queue(connection, blob_id)
    row = connection.execute(_LOCK, {"of": blob_id}).one_or_none()
    return None if row is None else Blob(row[0], Digest(row[1]), row[2], row[3], row[4])


def find_place(connection: Connection, blob_id: int) -> tuple[str, Tier] | None:
    """The generation of a live blob, and its tier."""
    row = connection.execute(_BLOB, {"of": blob_id}).one_or_none()
    return None if row is None else (row[0], row[1])


def is_needed(connection: Connection, blob_id: int) -> bool:
    """Whether an image uses the blob that is not archived, a deleted one included, for it may come back."""
    return bool(connection.execute(_NEEDED, {"of": blob_id}).scalar_one())


def add_move(connection: Connection, new: Move) -> bool:
    """Names bytes before they exist; False when the blob has others that are still to be dropped."""
    values = {
        "blob_id": new.blob_id,
        "tier": new.tier,
        "generation": new.generation,
        "run_at": new.until,
        "attempts": 0,
    }
    return connection.execute(_ADD, values).one_or_none() is not None


def find_move(connection: Connection, blob_id: int) -> Move | None:
    row = connection.execute(_OF_BLOB, {"of": blob_id}).one_or_none()
    return None if row is None else Move(*row)


def list_due(connection: Connection, now: int, until: int, limit: int) -> list[Move]:
    """Up to `limit` of what nobody works on, this worker's from now on."""
    due = [Move(*row) for row in connection.execute(_DUE, {"now": now, "limit": limit}).all()]
    return [claimed for move in due if (claimed := save_claim(connection, move, until)) is not None]


def save_claim(connection: Connection, move: Move, until: int) -> Move | None:
    """Takes over what nobody works on; None when somebody was faster."""
    claimed = connection.execute(_CLAIM, _named(move) | {"until": until}).rowcount == 1
    return replace(move, until=until) if claimed else None


def save_renewed(connection: Connection, move: Move, until: int) -> Move | None:
    """Lengthens a claim; None when it is lost."""
    renewed = connection.execute(_RENEW, _named(move) | {"until": until}).rowcount == 1
    return replace(move, until=until) if renewed else None


def save_switched(connection: Connection, move: Move, locked: Blob) -> Move | None:
    """Gives a locked blob the bytes that were on their way, and names the ones that it had; None: the claim is lost."""
    values = _named(move) | {"into": locked.tier, "other": locked.generation}
    if connection.execute(_TURN, values).rowcount != 1:
        return None
    connection.execute(_SWITCH, {"of": locked.id, "new": move.generation, "into": move.tier})
    return replace(move, tier=locked.tier, generation=locked.generation)


def delete_move(connection: Connection, move: Move) -> None:
    """Forgets bytes that are dropped."""
    connection.execute(_DELETE, _named(move))


def _named(move: Move) -> dict[str, Any]:
    return {"of": move.blob_id, "known": move.generation, "claim": move.until}
