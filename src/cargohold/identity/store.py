"""Statements of the identity room: accounts, users and their access keys."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from cargohold.database.locking import insert
from cargohold.database.schema.identity import access_key, account, principal

ACTIVE: Final = "Active"


@dataclass(frozen=True, slots=True)
class Key:
    """An access key as it is stored."""

    id: str
    account: str
    sealed_secret: bytes
    active: bool


@dataclass(frozen=True, slots=True)
class User:
    """A user as it is stored; times are epoch milliseconds."""

    id: str
    account: str
    path: str
    name: str
    administrator: bool
    created_at: int


_KEYS = select(access_key.c.id, principal.c.account_id, access_key.c.sealed_secret, access_key.c.status).join(
    principal, principal.c.id == access_key.c.principal_id
)
_FIND_KEY = _KEYS.where(access_key.c.id == bindparam("id"))
_FIND_KEY_OF_USER = _KEYS.where(principal.c.id == bindparam("user")).limit(1)
_FIND_USER_ID = select(principal.c.id).where(
    principal.c.account_id == bindparam("account"),
    principal.c.kind == "user",
    principal.c.folded_name == bindparam("name"),
)


def find_key(connection: Connection, key_id: str) -> Key | None:
    """The key, whatever its status."""
    row = connection.execute(_FIND_KEY, {"id": key_id}).one_or_none()
    return None if row is None else Key(row[0], row[1], row[2], row[3] == ACTIVE)


def find_user_id(connection: Connection, account_id: str, name: str) -> str | None:
    """The id of a user; names are the same regardless of case."""
    return connection.execute(_FIND_USER_ID, {"account": account_id, "name": name.lower()}).scalar_one_or_none()


def add_account(connection: Connection, account_id: str, now: int) -> bool:
    """Whether the account was not there yet; of two that add it at once, one does."""
    adding = insert(account).values(id=account_id, created_at=now, access_version=0).on_conflict_do_nothing()
    return connection.execute(adding.returning(account.c.id)).first() is not None


def add_user(connection: Connection, user: User) -> None:
    connection.execute(
        insert(principal).values(
            id=user.id,
            account_id=user.account,
            kind="user",
            path=user.path,
            name=user.name,
            folded_name=user.name.lower(),
            administrator=user.administrator,
            created_at=user.created_at,
        )
    )


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
