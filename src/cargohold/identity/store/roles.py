"""Statements on roles."""

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import Connection, Integer, bindparam, delete, func, select, update

from cargohold.database.locking import insert
from cargohold.database.schema.identity import identity_tag, permissions_boundary, principal, role
from cargohold.identity.role import Role

_ROLES: Final = (
    select(
        principal.c.id,
        principal.c.account_id,
        principal.c.path,
        principal.c.name,
        principal.c.created_at,
        role.c.trust_policy,
        role.c.description,
        role.c.longest_session,
        role.c.used_at,
        role.c.used_in_region,
    )
    .join(role, role.c.principal_id == principal.c.id)
    .where(principal.c.account_id == bindparam("of"), principal.c.kind == "role")
)
_FIND: Final = _ROLES.where(principal.c.folded_name == bindparam("folded"))
_PAGE: Final = (
    _ROLES.where(
        principal.c.folded_name > bindparam("after"),
        func.substr(principal.c.path, 1, bindparam("size", type_=Integer)) == bindparam("prefix"),
    )
    .order_by(principal.c.folded_name)
    .limit(bindparam("limit", type_=Integer))
)
_OF_IDS: Final = _ROLES.where(principal.c.id.in_(bindparam("roles", expanding=True)))
_LOCK: Final = select(principal.c.id).where(principal.c.id == bindparam("role")).with_for_update()
_ADD_PRINCIPAL: Final = insert(principal).on_conflict_do_nothing().returning(principal.c.id)
_ADD: Final = insert(role)
_DELETE_PARTS: Final = (
    delete(role).where(role.c.principal_id == bindparam("role")),
    delete(permissions_boundary).where(permissions_boundary.c.principal_id == bindparam("role")),
    delete(identity_tag).where(identity_tag.c.entity_id == bindparam("role")),
    delete(principal).where(principal.c.id == bindparam("role")),
)


def find_role(connection: Connection, account: str, name: str) -> Role | None:
    """The role of that name, which is the same regardless of case, without its boundary and tags."""
    row = connection.execute(_FIND, {"of": account, "folded": name.lower()}).one_or_none()
    return None if row is None else Role(*row)


def list_page(connection: Connection, account: str, prefix: str, after: str, limit: int) -> list[Role]:
    """Up to `limit` roles below a path by name, regardless of case, behind the folded name `after`."""
    values = {"of": account, "prefix": prefix, "size": len(prefix), "after": after, "limit": limit}
    return [Role(*row) for row in connection.execute(_PAGE, values)]


def list_of_ids(connection: Connection, account: str, role_ids: Collection[str]) -> list[Role]:
    """The account's roles of those ids."""
    return [Role(*row) for row in connection.execute(_OF_IDS, {"of": account, "roles": list(role_ids)})]


def add_role(connection: Connection, new: Role) -> bool:
    """Adds a role without its boundary and tags; False when its name is taken, in whichever case."""
    values: dict[str, Any] = {
        "id": new.id,
        "account_id": new.account,
        "kind": "role",
        "path": new.path,
        "name": new.name,
        "folded_name": new.name.lower(),
        "administrator": False,
        "created_at": new.created_at,
    }
    if connection.execute(_ADD_PRINCIPAL, values).first() is None:
        return False
    details = {
        "principal_id": new.id,
        "trust_policy": new.trust_policy,
        "description": new.description,
        "longest_session": new.longest_session,
    }
    connection.execute(_ADD, details)
    return True


def save_details(connection: Connection, role_id: str, **details: Any) -> None:
    """Changes columns of a role: trust_policy, description, longest_session."""
    if details:
        connection.execute(update(role).where(role.c.principal_id == role_id).values(details))


def lock_role(connection: Connection, role_id: str) -> None:
    """Holds a role that is to be deleted: no session of it begins before the transaction ends."""
    connection.execute(_LOCK, {"role": role_id})


def delete_role(connection: Connection, role_id: str) -> None:
    """The role with its boundary and tags; it has no sessions and no policies any more."""
    for statement in _DELETE_PARTS:
        connection.execute(statement, {"role": role_id})
