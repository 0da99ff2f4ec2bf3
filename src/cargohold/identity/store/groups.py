"""Statements on groups and their members."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import BindParameter, Connection, Integer, bindparam, delete, exists, func, select, update

from cargohold.database.locking import insert
from cargohold.database.schema.identity import group_member, inline_policy, policy_attachment, principal, user_group
from cargohold.identity.entity import Entity


@dataclass(frozen=True, slots=True)
class Ties:
    """What keeps a group from being deleted."""

    members: bool
    policies: bool
    attachments: bool


_OF: Final[BindParameter[str]] = bindparam("of")
_LIMIT: Final = bindparam("limit", type_=Integer)
_COLUMNS: Final = (
    user_group.c.id,
    user_group.c.account_id,
    user_group.c.path,
    user_group.c.name,
    user_group.c.created_at,
)
_OF_ACCOUNT: Final = user_group.c.account_id == bindparam("account")
_FIND_ID: Final = select(user_group.c.id).where(_OF_ACCOUNT, user_group.c.folded_name == bindparam("called"))
_PAGE: Final = (
    select(*_COLUMNS)
    .where(
        _OF_ACCOUNT,
        func.substr(user_group.c.path, 1, bindparam("size", type_=Integer)) == bindparam("prefix"),
        user_group.c.folded_name > bindparam("after"),
    )
    .order_by(user_group.c.folded_name)
    .limit(_LIMIT)
)
_PAGE_OF_USER: Final = (
    select(*_COLUMNS)
    .join(group_member, group_member.c.group_id == user_group.c.id)
    .where(group_member.c.principal_id == _OF, user_group.c.folded_name > bindparam("after"))
    .order_by(user_group.c.folded_name)
    .limit(_LIMIT)
)
_MEMBERS: Final = (
    select(
        principal.c.id,
        principal.c.account_id,
        principal.c.kind,
        principal.c.path,
        principal.c.name,
        principal.c.created_at,
    )
    .join(group_member, group_member.c.principal_id == principal.c.id)
    .where(group_member.c.group_id == _OF, principal.c.folded_name > bindparam("after"))
    .order_by(principal.c.folded_name)
    .limit(_LIMIT)
)
_COUNT: Final = select(func.count()).where(_OF_ACCOUNT)
_COUNT_OF_USER: Final = select(func.count()).where(group_member.c.principal_id == _OF)
_ADD: Final = insert(user_group)
_SAVE_NAME: Final = (
    update(user_group)
    .where(user_group.c.id == _OF)
    .values(path=bindparam("new_path"), name=bindparam("new_name"), folded_name=bindparam("new_folded"))
)
_TIES: Final = select(
    exists().where(group_member.c.group_id == _OF),
    exists().where(inline_policy.c.entity_id == _OF),
    exists().where(policy_attachment.c.entity_id == _OF),
)
_DELETE: Final = delete(user_group).where(user_group.c.id == _OF)
_ADD_MEMBER: Final = insert(group_member).on_conflict_do_nothing()
_DELETE_MEMBER: Final = (
    delete(group_member)
    .where(group_member.c.group_id == _OF, group_member.c.principal_id == bindparam("user"))
    .returning(group_member.c.group_id)
)


def find_group_id(connection: Connection, account_id: str, name: str) -> str | None:
    """The id of a group; names are the same regardless of case."""
    return connection.execute(_FIND_ID, {"account": account_id, "called": name.lower()}).scalar_one_or_none()


def list_page(connection: Connection, account_id: str, prefix: str, after: str, limit: int) -> list[Entity]:
    """Up to `limit` groups below a path by name, regardless of case, behind the folded name `after`."""
    values = {"account": account_id, "prefix": prefix, "size": len(prefix), "after": after, "limit": limit}
    return [_group(*row) for row in connection.execute(_PAGE, values)]


def list_of_user(connection: Connection, user_id: str, after: str, limit: int) -> list[Entity]:
    """Up to `limit` groups of a user, in the same order."""
    values = {"of": user_id, "after": after, "limit": limit}
    return [_group(*row) for row in connection.execute(_PAGE_OF_USER, values)]


def list_members(connection: Connection, group_id: str, after: str, limit: int) -> list[Entity]:
    """Up to `limit` users of a group, in the same order."""
    values = {"of": group_id, "after": after, "limit": limit}
    return [Entity(*row) for row in connection.execute(_MEMBERS, values)]


def count_groups(connection: Connection, account_id: str) -> int:
    return int(connection.execute(_COUNT, {"account": account_id}).scalar_one())


def count_of_user(connection: Connection, user_id: str) -> int:
    """How many groups a user is in."""
    return int(connection.execute(_COUNT_OF_USER, {"of": user_id}).scalar_one())


def add_group(connection: Connection, group: Entity) -> None:
    values = {
        "id": group.id,
        "account_id": group.account,
        "path": group.path,
        "name": group.name,
        "folded_name": group.name.lower(),
        "created_at": group.created_at,
    }
    connection.execute(_ADD, values)


def save_name(connection: Connection, group_id: str, path: str, name: str) -> None:
    """Another path and name; members and policies stay."""
    values = {"of": group_id, "new_path": path, "new_name": name, "new_folded": name.lower()}
    connection.execute(_SAVE_NAME, values)


def list_ties(connection: Connection, group_id: str) -> Ties:
    """What the group still has that must go first."""
    return Ties(*map(bool, connection.execute(_TIES, {"of": group_id}).one()))


def delete_group(connection: Connection, group_id: str) -> None:
    connection.execute(_DELETE, {"of": group_id})


def add_member(connection: Connection, group_id: str, user_id: str) -> None:
    """Puts a user into a group; one that is in it stays."""
    connection.execute(_ADD_MEMBER, {"group_id": group_id, "principal_id": user_id})


def delete_member(connection: Connection, group_id: str, user_id: str) -> bool:
    """Takes a user out of a group; False when it was not there."""
    return connection.execute(_DELETE_MEMBER, {"of": group_id, "user": user_id}).first() is not None


def _group(id_: str, account_id: str, path: str, name: str, created_at: int) -> Entity:
    return Entity(id_, account_id, "group", path, name, created_at)
