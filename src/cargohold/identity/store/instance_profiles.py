"""Statements on instance profiles and the roles in them."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import Connection, Integer, bindparam, delete, func, select

from cargohold.database.locking import insert
from cargohold.database.schema.identity import instance_profile, instance_profile_role
from cargohold.identity.instance_profile import InstanceProfile

_PROFILES: Final = select(
    instance_profile.c.id,
    instance_profile.c.account_id,
    instance_profile.c.path,
    instance_profile.c.name,
    instance_profile.c.created_at,
)
_FIND: Final = _PROFILES.where(
    instance_profile.c.account_id == bindparam("of"), instance_profile.c.folded_name == bindparam("folded")
)
_BY_NAME: Final = (
    _PROFILES.where(instance_profile.c.folded_name > bindparam("after"))
    .order_by(instance_profile.c.folded_name)
    .limit(bindparam("limit", type_=Integer))
)
_PAGE: Final = _BY_NAME.where(
    instance_profile.c.account_id == bindparam("of"),
    func.substr(instance_profile.c.path, 1, bindparam("size", type_=Integer)) == bindparam("prefix"),
)
_OF_ROLE: Final = _BY_NAME.join(
    instance_profile_role, instance_profile_role.c.instance_profile_id == instance_profile.c.id
).where(instance_profile_role.c.principal_id == bindparam("role"))
_COUNT: Final = select(func.count()).where(instance_profile.c.account_id == bindparam("of"))
_COUNT_OF_ROLE: Final = select(func.count()).where(instance_profile_role.c.principal_id == bindparam("role"))
_ROLES: Final = select(instance_profile_role.c.instance_profile_id, instance_profile_role.c.principal_id).where(
    instance_profile_role.c.instance_profile_id.in_(bindparam("ids", expanding=True))
)
_OF_ROLES: Final = (
    select(instance_profile_role.c.principal_id, *_PROFILES.selected_columns)
    .join(instance_profile, instance_profile.c.id == instance_profile_role.c.instance_profile_id)
    .where(instance_profile_role.c.principal_id.in_(bindparam("ids", expanding=True)))
    .order_by(instance_profile.c.folded_name)
)
_ADD: Final = insert(instance_profile).on_conflict_do_nothing().returning(instance_profile.c.id)
_ADD_ROLE: Final = (
    insert(instance_profile_role).on_conflict_do_nothing().returning(instance_profile_role.c.instance_profile_id)
)
_DELETE: Final = delete(instance_profile).where(instance_profile.c.id == bindparam("profile"))
_DELETE_ROLE: Final = (
    delete(instance_profile_role)
    .where(
        instance_profile_role.c.instance_profile_id == bindparam("profile"),
        instance_profile_role.c.principal_id == bindparam("role"),
    )
    .returning(instance_profile_role.c.principal_id)
)


def find_profile(connection: Connection, account: str, name: str) -> InstanceProfile | None:
    """The profile of that name, which is the same regardless of case, without its role and tags."""
    row = connection.execute(_FIND, {"of": account, "folded": name.lower()}).one_or_none()
    return None if row is None else InstanceProfile(*row)


def list_page(connection: Connection, account: str, prefix: str, after: str, limit: int) -> list[InstanceProfile]:
    """Up to `limit` profiles below a path by name, regardless of case, behind the folded name `after`."""
    values = {"of": account, "prefix": prefix, "size": len(prefix), "after": after, "limit": limit}
    return [InstanceProfile(*row) for row in connection.execute(_PAGE, values)]


def list_of_role(connection: Connection, role_id: str, after: str, limit: int) -> list[InstanceProfile]:
    """Up to `limit` profiles that hold the role, in the same order."""
    values = {"role": role_id, "after": after, "limit": limit}
    return [InstanceProfile(*row) for row in connection.execute(_OF_ROLE, values)]


def list_roles(connection: Connection, profile_ids: Collection[str]) -> dict[str, str]:
    """The ids of the roles in the profiles, by the profiles'; a profile without one is left out."""
    return {row[0]: row[1] for row in connection.execute(_ROLES, {"ids": list(profile_ids)})} if profile_ids else {}


def list_of_roles(connection: Connection, role_ids: Collection[str]) -> list[tuple[str, InstanceProfile]]:
    """The profiles that hold any of the roles, each with its role's id, by name."""
    rows = connection.execute(_OF_ROLES, {"ids": list(role_ids)}) if role_ids else ()
    return [(row[0], InstanceProfile(*row[1:])) for row in rows]


def count_profiles(connection: Connection, account: str) -> int:
    return int(connection.execute(_COUNT, {"of": account}).scalar_one())


def count_of_role(connection: Connection, role_id: str) -> int:
    """How many profiles hold the role."""
    return int(connection.execute(_COUNT_OF_ROLE, {"role": role_id}).scalar_one())


def add_profile(connection: Connection, new: InstanceProfile) -> bool:
    """Adds a profile without its role and tags; False when its name is taken, in whichever case."""
    values = {
        "id": new.id,
        "account_id": new.account,
        "path": new.path,
        "name": new.name,
        "folded_name": new.name.lower(),
        "created_at": new.created_at,
    }
    return connection.execute(_ADD, values).first() is not None


def add_role(connection: Connection, profile_id: str, role_id: str) -> bool:
    """Whether the profile had no role yet."""
    values = {"instance_profile_id": profile_id, "principal_id": role_id}
    return connection.execute(_ADD_ROLE, values).first() is not None


def delete_role(connection: Connection, profile_id: str, role_id: str) -> bool:
    """Whether the profile held the role."""
    return connection.execute(_DELETE_ROLE, {"profile": profile_id, "role": role_id}).first() is not None


def delete_profile(connection: Connection, profile_id: str) -> None:
    """The profile; it has no role, no invitations and no tags any more."""
    connection.execute(_DELETE, {"profile": profile_id})
