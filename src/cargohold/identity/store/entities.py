"""Statements on users, groups and roles alike: who a policy is attached to."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Integer, bindparam, func, literal, select

from cargohold.core.errors import NoSuchEntity
from cargohold.database.schema.identity import principal, user_group
from cargohold.database.schema.types import Text
from cargohold.identity.entity import Entity, Kind, Named

PRINCIPALS: Final = select(
    principal.c.id,
    principal.c.account_id,
    principal.c.kind,
    principal.c.path,
    principal.c.name,
    principal.c.created_at,
    principal.c.folded_name,
)
GROUPS: Final = select(
    user_group.c.id,
    user_group.c.account_id,
    literal("group").label("kind"),
    user_group.c.path,
    user_group.c.name,
    user_group.c.created_at,
    user_group.c.folded_name,
)
"""Rows of both are read by `entity`."""

_PRINCIPALS_OF: Final = PRINCIPALS.where(
    principal.c.account_id == bindparam("of"), principal.c.kind == bindparam("which")
)
_GROUPS_OF: Final = GROUPS.where(user_group.c.account_id == bindparam("of"))
_FIND_PRINCIPAL: Final = _PRINCIPALS_OF.where(principal.c.folded_name == bindparam("folded"))
_FIND_GROUP: Final = _GROUPS_OF.where(user_group.c.folded_name == bindparam("folded"))
_BEHIND: Final[BindParameter[str]] = bindparam("after", type_=Text)
_LIMIT: Final[BindParameter[int]] = bindparam("limit", type_=Integer)
_PRINCIPAL_PAGE: Final = (
    _PRINCIPALS_OF.where(principal.c.folded_name > _BEHIND).order_by(principal.c.folded_name).limit(_LIMIT)
)
_GROUP_PAGE: Final = (
    _GROUPS_OF.where(user_group.c.folded_name > _BEHIND).order_by(user_group.c.folded_name).limit(_LIMIT)
)
_COUNT: Final = select(func.count()).where(
    principal.c.account_id == bindparam("of"), principal.c.kind == bindparam("which")
)


def entity(row: Sequence[Any]) -> Entity:
    return Entity(*row[:6])


def get_entity(connection: Connection, named: Named) -> Entity:
    """The user, group or role of that name, which is the same regardless of case; raises NoSuchEntity."""
    values = {"of": named.account, "folded": named.name.lower()}
    if named.kind == "group":
        row = connection.execute(_FIND_GROUP, values).one_or_none()
    else:
        row = connection.execute(_FIND_PRINCIPAL, values | {"which": named.kind}).one_or_none()
    if row is None:
        raise NoSuchEntity.named(named.kind, named.name)
    return entity(row)


def list_entities(connection: Connection, account: str, kind: Kind, after: str, limit: int) -> Sequence[Entity]:
    """Up to `limit` users, groups or roles by their names in lower case, behind the name `after`."""
    values = {"of": account, "after": after, "limit": limit}
    if kind == "group":
        rows = connection.execute(_GROUP_PAGE, values)
    else:
        rows = connection.execute(_PRINCIPAL_PAGE, values | {"which": kind})
    return [entity(row) for row in rows]


def count_principals(connection: Connection, account: str, kind: Kind) -> int:
    return int(connection.execute(_COUNT, {"of": account, "which": kind}).scalar_one())
