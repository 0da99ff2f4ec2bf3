"""Statements on access keys and on when they were last used."""

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import BindParameter, Connection, Integer, bindparam, delete, func, select, update

from cargohold.database.locking import for_share, insert
from cargohold.database.prepared import Prepared
from cargohold.database.schema.identity import access_key, access_key_use, principal, session
from cargohold.identity.access_key import ACTIVE, DEVELOPMENT_KEY, AccessKey, Use


@dataclass(frozen=True, slots=True)
class Key:
    """An access key with its secret, for those who prove it."""

    id: str
    account: str
    sealed_secret: bytes = field(repr=False)
    active: bool


_OF: Final[BindParameter[str]] = bindparam("of")
_KEYS: Final = select(access_key.c.id, principal.c.account_id, access_key.c.sealed_secret, access_key.c.status).join(
    principal, principal.c.id == access_key.c.principal_id
)
_FIND_KEY: Final = Prepared(_KEYS.where(access_key.c.id == bindparam("id")))
_FIND_KEY_OF_ACCOUNT: Final = _KEYS.where(principal.c.account_id == bindparam("account")).limit(1)
_COLUMNS: Final = (access_key.c.id, access_key.c.principal_id, access_key.c.status, access_key.c.created_at)
_LOCK: Final = select(*_COLUMNS).where(access_key.c.id == _OF, access_key.c.principal_id == bindparam("user"))
_LOCK_ANY: Final = select(access_key.c.id).where(access_key.c.id == _OF).with_for_update()
_PAGE: Final = (
    select(*_COLUMNS)
    .where(access_key.c.principal_id == bindparam("user"), access_key.c.id > bindparam("after"))
    .order_by(access_key.c.id)
    .limit(bindparam("limit", type_=Integer))
)
_COUNT: Final = select(func.count()).where(
    access_key.c.principal_id == bindparam("user"), access_key.c.id != DEVELOPMENT_KEY
)
_ADD: Final = insert(access_key)
_SAVE_STATUS: Final = update(access_key).where(access_key.c.id == _OF).values(status=bindparam("new_status"))
_DELETE_SESSIONS: Final = delete(session).where(session.c.access_key_id == _OF)
_DELETE_USE: Final = delete(access_key_use).where(access_key_use.c.access_key_id == _OF)
_DELETE: Final = delete(access_key).where(access_key.c.id == _OF)
_USE: Final = (
    select(
        principal.c.account_id,
        principal.c.name,
        access_key_use.c.used_at,
        access_key_use.c.region,
        access_key_use.c.service,
    )
    .join(access_key, access_key.c.principal_id == principal.c.id)
    .outerjoin(access_key_use, access_key_use.c.access_key_id == access_key.c.id)
    .where(access_key.c.id == _OF, principal.c.kind == "user")
)
_SHARE: Final = for_share(select(access_key.c.id).where(access_key.c.id == _OF))
_ADD_USE: Final = insert(access_key_use)
_SAVE_USE: Final = _ADD_USE.on_conflict_do_update(
    index_elements=[access_key_use.c.access_key_id],
    set_={name: _ADD_USE.excluded[name] for name in ("used_at", "region", "service")},
    where=access_key_use.c.used_at <= bindparam("unless_after"),
)


def find_key(connection: Connection, key_id: str) -> Key | None:
    """The key, whatever its status."""
    row = _FIND_KEY.first(connection, {"id": key_id})
    return None if row is None else Key(row[0], row[1], bytes(row[2]), row[3] == ACTIVE)


def find_key_of_account(connection: Connection, account_id: str) -> Key | None:
    """One of the keys of an account's users, whatever its status."""
    row = connection.execute(_FIND_KEY_OF_ACCOUNT, {"account": account_id}).one_or_none()
    return None if row is None else Key(row[0], row[1], row[2], row[3] == ACTIVE)


def find_locked(connection: Connection, key_id: str, user_id: str) -> AccessKey | None:
    """A user's key, which nobody begins a session with before the transaction ends."""
    connection.execute(_LOCK_ANY, {"of": key_id}).all()
    row = connection.execute(_LOCK, {"of": key_id, "user": user_id}).one_or_none()
    return None if row is None else AccessKey(*row)


def list_page(connection: Connection, user_id: str, after: str, limit: int) -> list[AccessKey]:
    """Up to `limit` keys of a user by id, behind the id `after`."""
    values = {"user": user_id, "after": after, "limit": limit}
    return [AccessKey(*row) for row in connection.execute(_PAGE, values)]


def count_keys(connection: Connection, user_id: str) -> int:
    """The keys that count against the quota: all but the development key."""
    return int(connection.execute(_COUNT, {"user": user_id}).scalar_one())


def add_key(connection: Connection, key: AccessKey, sealed_secret: bytes) -> None:
    values = {
        "id": key.id,
        "principal_id": key.user_id,
        "sealed_secret": sealed_secret,
        "status": key.status,
        "created_at": key.created_at,
    }
    connection.execute(_ADD, values)


def save_status(connection: Connection, key_id: str, status: str) -> None:
    connection.execute(_SAVE_STATUS, {"of": key_id, "new_status": status})


def delete_key(connection: Connection, key_id: str) -> None:
    """Deletes a key, with the sessions that were issued to it; there need not be one."""
    connection.execute(_LOCK_ANY, {"of": key_id}).all()
    connection.execute(_DELETE_SESSIONS, {"of": key_id})
    connection.execute(_DELETE_USE, {"of": key_id})
    connection.execute(_DELETE, {"of": key_id})


def find_use(connection: Connection, key_id: str) -> Use | None:
    """Whose key it is and when it was last used; None when there is no such key."""
    row = connection.execute(_USE, {"of": key_id}).one_or_none()
    return None if row is None else Use(*row)


def save_use(connection: Connection, key_id: str, use: Use, unless_after: int) -> None:
    """Writes down that a key was used, where it is there and its last use is no later than `unless_after`."""
    if connection.execute(_SHARE, {"of": key_id}).first() is None:
        return
    values = {
        "access_key_id": key_id,
        "used_at": use.used_at,
        "region": use.region,
        "service": use.service,
        "unless_after": unless_after,
    }
    connection.execute(_SAVE_USE, values)
