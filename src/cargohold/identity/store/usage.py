"""Statements on where policies are used: attached to users, groups and roles, or as a permissions boundary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Integer, Select, bindparam, delete, func, select, tuple_, union_all

from cargohold.database.locking import insert
from cargohold.database.schema.identity import permissions_boundary, policy_attachment, principal, user_group
from cargohold.database.schema.types import Text
from cargohold.identity.entity import Entity
from cargohold.identity.policy import Usage, UsedBy, Way
from cargohold.identity.store.entities import GROUPS, PRINCIPALS, entity

_ATTACHED_TO: Final = select(policy_attachment.c.policy_id).where(policy_attachment.c.entity_id == bindparam("entity"))
_COUNT_ATTACHED: Final = select(func.count()).where(policy_attachment.c.entity_id == bindparam("entity"))
_ATTACH: Final = insert(policy_attachment).on_conflict_do_nothing()
_DETACH: Final = (
    delete(policy_attachment)
    .where(policy_attachment.c.entity_id == bindparam("entity"), policy_attachment.c.policy_id == bindparam("policy"))
    .returning(policy_attachment.c.policy_id)
)
_SET_BOUNDARY: Final = insert(permissions_boundary)
_FIND_BOUNDARY: Final = select(permissions_boundary.c.policy_id).where(
    permissions_boundary.c.principal_id == bindparam("principal")
)
_DELETE_BOUNDARY: Final = delete(permissions_boundary).where(
    permissions_boundary.c.principal_id == bindparam("principal")
)

_COUNT_ATTACHMENTS: Final = (
    select(policy_attachment.c.policy_id, func.count())
    .outerjoin(principal, principal.c.id == policy_attachment.c.entity_id)
    .outerjoin(user_group, user_group.c.id == policy_attachment.c.entity_id)
    .where(
        policy_attachment.c.policy_id.in_(bindparam("policies", expanding=True)),
        func.coalesce(principal.c.account_id, user_group.c.account_id) == bindparam("of"),
    )
    .group_by(policy_attachment.c.policy_id)
)
_COUNT_BOUNDARIES: Final = (
    select(permissions_boundary.c.policy_id, func.count())
    .join(principal, principal.c.id == permissions_boundary.c.principal_id)
    .where(
        permissions_boundary.c.policy_id.in_(bindparam("policies", expanding=True)),
        principal.c.account_id == bindparam("of"),
    )
    .group_by(permissions_boundary.c.policy_id)
)

_BY_ATTACHMENT: Final = select(policy_attachment.c.entity_id).where(
    policy_attachment.c.policy_id == bindparam("policy")
)
_BY_BOUNDARY: Final = select(permissions_boundary.c.principal_id).where(
    permissions_boundary.c.policy_id == bindparam("policy")
)


def _using(users: Any) -> Select[Any]:
    """Users, groups and roles whose ids `users` selects."""
    principals = PRINCIPALS.where(principal.c.account_id == bindparam("of"), principal.c.id.in_(users))
    groups = GROUPS.where(user_group.c.account_id == bindparam("of"), user_group.c.id.in_(users))
    every = union_all(principals, groups).subquery()
    place = tuple_(every.c.kind, every.c.folded_name)
    return (
        select(every)
        .where(
            every.c.kind.in_(bindparam("kinds", expanding=True)),
            func.substr(every.c.path, 1, bindparam("size", type_=Integer)) == bindparam("prefix"),
            place > tuple_(bindparam("after_kind", type_=Text), bindparam("after_name", type_=Text)),
        )
        .order_by(every.c.kind, every.c.folded_name)
        .limit(bindparam("limit", type_=Integer))
    )


_USING: Final[Mapping[Way, Select[Any]]] = {
    "attached": _using(_BY_ATTACHMENT),
    "boundary": _using(_BY_BOUNDARY),
    "either": _using(_BY_ATTACHMENT.union(_BY_BOUNDARY)),
}


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a list of users, groups and roles: up to `limit` behind a kind and a folded name."""

    limit: int
    after: tuple[str, str] = ("", "")


def list_attached(connection: Connection, entity_id: str) -> Sequence[str]:
    """The ids of the managed policies that are attached to a user, group or role."""
    return connection.execute(_ATTACHED_TO, {"entity": entity_id}).scalars().all()


def count_attached(connection: Connection, entity_id: str) -> int:
    return connection.execute(_COUNT_ATTACHED, {"entity": entity_id}).scalar_one()


def add_attachment(connection: Connection, entity_id: str, policy_id: str, now: int) -> None:
    """One that is there already stays as it is."""
    connection.execute(_ATTACH, {"entity_id": entity_id, "policy_id": policy_id, "created_at": now})


def delete_attachment(connection: Connection, entity_id: str, policy_id: str) -> bool:
    """Whether it was attached."""
    return connection.execute(_DETACH, {"entity": entity_id, "policy": policy_id}).first() is not None


def find_boundary(connection: Connection, principal_id: str) -> str | None:
    """The id of the policy that is a user's or role's permissions boundary."""
    return connection.execute(_FIND_BOUNDARY, {"principal": principal_id}).scalar_one_or_none()


def save_boundary(connection: Connection, principal_id: str, policy_id: str) -> None:
    """In place of the one that there was."""
    saving = _SET_BOUNDARY.values(principal_id=principal_id, policy_id=policy_id)
    connection.execute(saving.on_conflict_do_update(index_elements=["principal_id"], set_={"policy_id": policy_id}))


def delete_boundary(connection: Connection, principal_id: str) -> None:
    connection.execute(_DELETE_BOUNDARY, {"principal": principal_id})


def count_usage(connection: Connection, account: str, policy_ids: Sequence[str]) -> Mapping[str, Usage]:
    """How often policies are used in the account, by their ids; what is not used has no entry."""
    values = {"of": account, "policies": list(policy_ids)}
    attached = {row[0]: row[1] for row in connection.execute(_COUNT_ATTACHMENTS, values)}
    limiting = {row[0]: row[1] for row in connection.execute(_COUNT_BOUNDARIES, values)}
    return {
        policy_id: Usage(attached.get(policy_id, 0), limiting.get(policy_id, 0)) for policy_id in attached | limiting
    }


def list_users_of(connection: Connection, policy_id: str, account: str, wanted: UsedBy, page: Slice) -> list[Entity]:
    """Users, groups and roles of the account that use a policy, by their kinds, then by name regardless of case."""
    values = {
        "policy": policy_id,
        "of": account,
        "kinds": list(wanted.kinds),
        "prefix": wanted.path,
        "size": len(wanted.path),
        "after_kind": page.after[0],
        "after_name": page.after[1],
        "limit": page.limit,
    }
    return [entity(row) for row in connection.execute(_USING[wanted.way], values)]
