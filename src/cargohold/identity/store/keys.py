"""Statements on access keys."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from cargohold.database.locking import insert
from cargohold.database.schema.identity import access_key, principal

ACTIVE: Final = "Active"


@dataclass(frozen=True, slots=True)
class Key:
    """An access key as it is stored."""

    id: str
    account: str
    sealed_secret: bytes
    active: bool


_KEYS: Final = select(access_key.c.id, principal.c.account_id, access_key.c.sealed_secret, access_key.c.status).join(
    principal, principal.c.id == access_key.c.principal_id
)
_FIND_KEY: Final = _KEYS.where(access_key.c.id == bindparam("id"))
_FIND_KEY_OF_USER: Final = _KEYS.where(principal.c.id == bindparam("user")).limit(1)


def find_key(connection: Connection, key_id: str) -> Key | None:
    """The key, whatever its status."""
    row = connection.execute(_FIND_KEY, {"id": key_id}).one_or_none()
    return None if row is None else Key(row[0], row[1], row[2], row[3] == ACTIVE)


def find_key_of_user(connection: Connection, user_id: str) -> Key | None:
    """One of a user's keys, whatever its status."""
    row = connection.execute(_FIND_KEY_OF_USER, {"user": user_id}).one_or_none()
    return None if row is None else Key(row[0], row[1], row[2], row[3] == ACTIVE)


def save_key(connection: Connection, key_id: str, principal_id: str, sealed_secret: bytes, now: int) -> None:
    """Adds an active key; one of that id that is there already becomes this one."""
    values = {"principal_id": principal_id, "sealed_secret": sealed_secret, "status": ACTIVE, "created_at": now}
    connection.execute(
        insert(access_key).values(id=key_id, **values).on_conflict_do_update(index_elements=["id"], set_=values)
    )


def delete_key(connection: Connection, key_id: str) -> None:
    connection.execute(delete(access_key).where(access_key.c.id == key_id))
