"""Statements on uploads.

A claim is the row's `claimed_until`, a time that only grows: every statement that needs the claim names the value it
knows, so a request that was taken for dead, and whose claim another has by now, changes nothing any more.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, case, delete, func, insert, null, select, update

from cargohold.core.digest import Digest
from cargohold.database.prepared import Prepared
from cargohold.database.schema.registry import upload
from cargohold.registry.upload import Upload

_COLUMNS: Final = (
    upload.c.id,
    upload.c.repository_id,
    upload.c.generation,
    upload.c.offset,
    upload.c.claimed_until,
    upload.c.stored,
    upload.c.digest,
    upload.c.hash_state,
    upload.c.parts,
    upload.c.last_part_size,
    upload.c.undersized,
    upload.c.expires_at,
)
_UNKNOWN: Final = ""
"""A digest that is not known, in a column that takes no NULL."""

_OPEN: Final = (upload.c.state == "open") & (upload.c.expires_at > bindparam("now"))
_NAMED: Final = (upload.c.id == bindparam("of")) & (upload.c.repository_id == bindparam("repository"))
_MINE: Final = (
    (upload.c.id == bindparam("of")) & (upload.c.claimed_until == bindparam("claim")) & (upload.c.state == "open")
)
_FREE: Final = upload.c.claimed_until <= bindparam("now")
_ABANDONED: Final = upload.c.claimed_until > 0

_ADD: Final = Prepared(insert(upload))
_FIND: Final = Prepared(select(*_COLUMNS).where(_NAMED, _OPEN))
_COUNT: Final = select(func.count()).where(_OPEN)
# Who takes over a claim that was not given back cannot know whether its holder still writes: the bytes are hashed anew.
_CLAIM: Final = Prepared(
    update(upload)
    .where(_NAMED, _OPEN, _FREE)
    .values(
        claimed_until=bindparam("until"),
        expires_at=bindparam("expires"),
        digest=case((_ABANDONED, _UNKNOWN), else_=upload.c.digest),
        hash_state=case((_ABANDONED, null()), else_=upload.c.hash_state),
    )
    .returning(*_COLUMNS)
)
_NOTE: Final = update(upload).where(upload.c.id == bindparam("of")).values(stored=bindparam("notes"))
_RENEW: Final = update(upload).where(_MINE).values(claimed_until=bindparam("until"), expires_at=bindparam("expires"))
_SAVE: Final = Prepared(
    update(upload)
    .where(_MINE)
    .values(
        claimed_until=0,
        expires_at=bindparam("expires"),
        offset=bindparam("size"),
        stored=bindparam("notes"),
        digest=bindparam("hashed"),
        hash_state=bindparam("hashing"),
        parts=bindparam("part_count"),
        last_part_size=bindparam("last_size"),
        undersized=bindparam("small"),
    )
)
_RELEASE: Final = update(upload).where(_MINE).values(claimed_until=0)
_END_MINE: Final = update(upload).where(_MINE).values(state="ended", claimed_until=0, expires_at=bindparam("now"))
_DELETE_MINE: Final = Prepared(delete(upload).where(_MINE))
_END: Final = (
    update(upload).where(_NAMED, _OPEN).values(state="ended", expires_at=bindparam("now")).returning(*_COLUMNS)
)
_END_ALL: Final = (
    update(upload)
    .where(upload.c.repository_id == bindparam("repository"))
    .values(state="ended", expires_at=bindparam("now"))
)
_END_EVERY: Final = update(upload).values(state="ended", claimed_until=0, expires_at=bindparam("now"))
_DUE: Final = (
    select(upload.c.id)
    .where(upload.c.expires_at <= bindparam("now"), _FREE)
    .order_by(upload.c.expires_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_TAKE: Final = (
    update(upload)
    .where(upload.c.id.in_(bindparam("ids", expanding=True)))
    .values(state="ended", claimed_until=bindparam("until"))
    .returning(*_COLUMNS)
)
_SWAP: Final = (
    update(upload)
    .where(upload.c.id == bindparam("of"), upload.c.state == "ended", upload.c.claimed_until == 0)
    .values(generation=bindparam("other"), stored="")
)
_DELETE_ENDED: Final = delete(upload).where(upload.c.id == bindparam("of"), upload.c.state == "ended")


def add_upload(connection: Connection, new: Upload, now: int) -> None:
    """Before any byte exists, so that whatever is left of it can be found."""
    _ADD.change(
        connection,
        {
            "id": new.id,
            "repository_id": new.repository_id,
            "generation": new.generation,
            "offset": new.offset,
            "state": "open",
            "claimed_until": 0,
            "stored": new.stored,
            "digest": new.digest or _UNKNOWN,
            "hash_state": new.hash_state,
            "parts": new.parts,
            "last_part_size": new.last_part_size,
            "undersized": new.undersized,
            "created_at": now,
            "expires_at": new.expires_at,
        },
    )


def save_notes(connection: Connection, begun: Upload) -> None:
    """Keeps what the blob store has to know of an upload that nobody else knows yet."""
    connection.execute(_NOTE, {"of": begun.id, "notes": begun.stored})


def find_upload(connection: Connection, repository_id: int, upload_id: str, now: int) -> Upload | None:
    """An upload of this very repository that is open and has not expired."""
    row = _FIND.first(connection, {"of": upload_id, "repository": repository_id, "now": now})
    return None if row is None else _built(row)


def count_open(connection: Connection, now: int) -> int:
    return int(connection.execute(_COUNT, {"now": now}).scalar_one())


def find_claimed(
    connection: Connection, repository_id: int, upload_id: str, times: tuple[int, int, int]
) -> Upload | None:
    """The upload, claimed from now on; None when it is not there or another request's. `times`: now, until, expiry."""
    now, until, expires = times
    values = {"of": upload_id, "repository": repository_id, "now": now, "until": until, "expires": expires}
    row = _CLAIM.first(connection, values)
    return None if row is None else _built(row)


def save_claim(connection: Connection, held: Upload, until: int, expires: int) -> bool:
    """Lengthens a claim; False when it is lost."""
    values = {"of": held.id, "claim": held.claimed_until, "until": until, "expires": expires}
    return connection.execute(_RENEW, values).rowcount == 1


def save_progress(connection: Connection, claim: int, grown: Upload) -> bool:
    """Keeps what was written and gives the claim back; False when it was lost before."""
    values = {
        "of": grown.id,
        "claim": claim,
        "expires": grown.expires_at,
        "size": grown.offset,
        "notes": grown.stored,
        "hashed": grown.digest or _UNKNOWN,
        "hashing": grown.hash_state,
        "part_count": grown.parts,
        "last_size": grown.last_part_size,
        "small": grown.undersized,
    }
    return _SAVE.change(connection, values) == 1


def save_released(connection: Connection, held: Upload) -> None:
    """Gives a claim back and changes nothing else."""
    connection.execute(_RELEASE, {"of": held.id, "claim": held.claimed_until})


def save_ended(connection: Connection, held: Upload, now: int) -> bool:
    """Ends a claimed upload, whose bytes are then nobody's; False when the claim is lost."""
    return connection.execute(_END_MINE, {"of": held.id, "claim": held.claimed_until, "now": now}).rowcount == 1


def delete_claimed(connection: Connection, held: Upload) -> bool:
    """Forgets a claimed upload, whose bytes have become a blob; False when the claim is lost."""
    return _DELETE_MINE.change(connection, {"of": held.id, "claim": held.claimed_until}) == 1


def find_ended(connection: Connection, repository_id: int, upload_id: str, now: int) -> Upload | None:
    """Ends an upload, whether a request writes to it or not; None when it is not there."""
    row = connection.execute(_END, {"of": upload_id, "repository": repository_id, "now": now}).one_or_none()
    return None if row is None else _built(row)


def end_all(connection: Connection, repository_id: int, now: int) -> None:
    """Ends every upload of a repository."""
    connection.execute(_END_ALL, {"repository": repository_id, "now": now})


def end_every(connection: Connection, now: int) -> None:
    """Ends every upload that there is, whoever wrote to it."""
    connection.execute(_END_EVERY, {"now": now})


def list_reapable(connection: Connection, limit: int, now: int, until: int) -> list[Upload]:
    """Expired and ended uploads that nobody writes to, ended and claimed from now on."""
    ids = connection.execute(_DUE, {"now": now, "limit": limit}).scalars().all()
    if not ids:
        return []
    return [_built(row) for row in connection.execute(_TAKE, {"ids": ids, "until": until})]


def save_generation(connection: Connection, ended: Upload, generation: str) -> bool:
    """Has an ended upload drop another generation than its own; False when the reaper has it already."""
    return connection.execute(_SWAP, {"of": ended.id, "other": generation}).rowcount == 1


def delete_ended(connection: Connection, upload_id: str) -> None:
    connection.execute(_DELETE_ENDED, {"of": upload_id})


def _built(row: Sequence[Any]) -> Upload:
    id_, repository_id, generation, offset, claimed_until, stored, digest, hash_state, *parts, expires_at = row
    return Upload(
        id=id_,
        repository_id=repository_id,
        generation=generation,
        offset=offset,
        claimed_until=claimed_until,
        stored=stored,
        digest=Digest(digest) if digest != _UNKNOWN else None,
        hash_state=hash_state,
        parts=parts[0],
        last_part_size=parts[1],
        undersized=bool(parts[2]),
        expires_at=expires_at,
    )
