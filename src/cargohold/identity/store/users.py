"""Statements on users."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import BindParameter, Connection, Integer, bindparam, delete, exists, func, select, update

from cargohold.database.locking import insert
from cargohold.database.schema.identity import (
    access_key,
    group_member,
    inline_policy,
    policy_attachment,
    principal,
)
from cargohold.identity.entity import Entity


@dataclass(frozen=True, slots=True)
class Ties:
    """What keeps a user from being deleted."""

    policies: bool
    attachments: bool
    keys: bool
    groups: bool


_OF: Final[BindParameter[str]] = bindparam("of")
_COLUMNS: Final = (
    principal.c.id,
    principal.c.account_id,
    principal.c.kind,
    principal.c.path,
    principal.c.name,
    principal.c.created_at,
)
_IS_USER: Final = (principal.c.account_id == bindparam("account")) & (principal.c.kind == "user")
_FIND_ID: Final = select(principal.c.id).where(_IS_USER, principal.c.folded_name == bindparam("called"))
_PAGE: Final = (
    select(*_COLUMNS)
    .where(
        _IS_USER,
        func.substr(principal.c.path, 1, bindparam("size", type_=Integer)) == bindparam("prefix"),
        principal.c.folded_name > bindparam("after"),
    )
    .order_by(principal.c.folded_name)
    .limit(bindparam("limit", type_=Integer))
)
_COUNT: Final = select(func.count()).where(_IS_USER)
_ADD: Final = insert(principal)
_SAVE_NAME: Final = (
    update(principal)
    .where(principal.c.id == _OF)
    .values(path=bindparam("new_path"), name=bindparam("new_name"), folded_name=bindparam("new_folded"))
)
_LOCK: Final = select(principal.c.id).where(principal.c.id == _OF).with_for_update()
_TIES: Final = select(
    exists().where(inline_policy.c.entity_id == _OF),
    exists().where(policy_attachment.c.entity_id == _OF),
    exists().where(access_key.c.principal_id == _OF),
    exists().where(group_member.c.principal_id == _OF),
)
_DELETE: Final = delete(principal).where(principal.c.id == _OF)


def find_user_id(connection: Connection, account_id: str, name: str) -> str | None:
    """The id of a user; names are the same regardless of case."""
    return connection.execute(_FIND_ID, {"account": account_id, "called": name.lower()}).scalar_one_or_none()


def list_page(connection: Connection, account_id: str, prefix: str, after: str, limit: int) -> list[Entity]:
    """Up to `limit` users below a path by name, regardless of case, behind the folded name `after`."""
    values = {"account": account_id, "prefix": prefix, "size": len(prefix), "after": after, "limit": limit}
    return [Entity(*row) for row in connection.execute(_PAGE, values)]


def count_users(connection: Connection, account_id: str) -> int:
    return int(connection.execute(_COUNT, {"account": account_id}).scalar_one())


def add_user(connection: Connection, user: Entity) -> None:
    values = {
        "id": user.id,
        "account_id": user.account,
        "kind": user.kind,
        "path": user.path,
        "name": user.name,
        "folded_name": user.name.lower(),
        "created_at": user.created_at,
    }
    connection.execute(_ADD, values)


def save_name(connection: Connection, user_id: str, path: str, name: str) -> None:
    """Another path and name; whatever is the user's stays so."""
    values = {"of": user_id, "new_path": path, "new_name": name, "new_folded": name.lower()}
    connection.execute(_SAVE_NAME, values)


def lock(connection: Connection, user_id: str) -> None:
    """Nobody adds a key, a session or a membership of the user before the transaction ends."""
    connection.execute(_LOCK, {"of": user_id}).all()


def list_ties(connection: Connection, user_id: str) -> Ties:
    """What the user still has that must go first."""
    return Ties(*map(bool, connection.execute(_TIES, {"of": user_id}).one()))


def delete_user(connection: Connection, user_id: str) -> None:
    connection.execute(_DELETE, {"of": user_id})
