"""Statements on what a user, group or role holds, each policy with the name of the entity that it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import Connection, Select, and_, bindparam, literal, select, union_all

from cargohold.access.store.documents import Managed
from cargohold.database.schema.identity import (
    group_member,
    identity_tag,
    inline_policy,
    managed_policy,
    permissions_boundary,
    policy_attachment,
    policy_version,
    principal,
    role,
    user_group,
)

Kind = Literal["user", "group", "role"]


class Holder(NamedTuple):
    """A user, group or role."""

    id: str
    kind: Kind
    account: str
    path: str
    name: str


class Inline(NamedTuple):
    """A policy that is part of an entity."""

    owner_kind: str
    owner: str
    name: str
    document: str


_PRINCIPAL: Final = (principal.c.id, principal.c.kind, principal.c.account_id, principal.c.path, principal.c.name)
_GROUP: Final = (
    user_group.c.id,
    literal("group").label("kind"),
    user_group.c.account_id,
    user_group.c.path,
    user_group.c.name,
)
_FIND_PRINCIPAL: Final = select(*_PRINCIPAL).where(
    principal.c.account_id == bindparam("account"),
    principal.c.kind == bindparam("kind"),
    principal.c.folded_name == bindparam("name"),
)
_FIND_GROUP: Final = select(*_GROUP).where(
    user_group.c.account_id == bindparam("account"), user_group.c.folded_name == bindparam("name")
)
_OWNERS: Final = union_all(
    select(principal.c.id, principal.c.kind, principal.c.name).where(principal.c.id == bindparam("of")),
    select(user_group.c.id, literal("group"), user_group.c.name).where(user_group.c.id == bindparam("of")),
    select(user_group.c.id, literal("group"), user_group.c.name)
    .join(group_member, group_member.c.group_id == user_group.c.id)
    .where(group_member.c.principal_id == bindparam("of")),
).subquery()
_INLINE: Final = (
    select(_OWNERS.c.kind, _OWNERS.c.name, inline_policy.c.name, inline_policy.c.document)
    .join(inline_policy, inline_policy.c.entity_id == _OWNERS.c.id)
    .order_by(_OWNERS.c.id, inline_policy.c.name)
)
_DEFAULT: Final = and_(
    policy_version.c.policy_id == managed_policy.c.id, policy_version.c.version == managed_policy.c.default_version
)
_DOCUMENT: Final = (
    managed_policy.c.account_id,
    managed_policy.c.path,
    managed_policy.c.name,
    policy_version.c.document,
)


def _with_documents(of: Any, policy_id: Any) -> Select[Any]:
    return (
        select(policy_id, *_DOCUMENT)
        .select_from(of)
        .outerjoin(managed_policy, managed_policy.c.id == policy_id)
        .outerjoin(policy_version, _DEFAULT)
    )


_ATTACHED: Final = (
    _with_documents(
        _OWNERS.join(policy_attachment, policy_attachment.c.entity_id == _OWNERS.c.id), policy_attachment.c.policy_id
    )
    .distinct()
    .order_by(policy_attachment.c.policy_id)
)
_BOUNDARY: Final = _with_documents(permissions_boundary, permissions_boundary.c.policy_id).where(
    permissions_boundary.c.principal_id == bindparam("of")
)
_TAGS: Final = select(identity_tag.c.key, identity_tag.c.value).where(identity_tag.c.entity_id == bindparam("of"))


_TRUST: Final = select(role.c.trust_policy).where(role.c.principal_id == bindparam("of"))


def find_holder(connection: Connection, account: str, kind: Kind, name: str) -> Holder | None:
    """Whatever the case of the name's letters."""
    values = {"account": account, "name": name.lower()}
    if kind == "group":
        row = connection.execute(_FIND_GROUP, values).one_or_none()
    else:
        row = connection.execute(_FIND_PRINCIPAL, {**values, "kind": kind}).one_or_none()
    return None if row is None else Holder(*row)


def list_inline(connection: Connection, entity_id: str) -> Sequence[Inline]:
    """Of the entity and of the groups that it is in."""
    return [Inline(*row) for row in connection.execute(_INLINE, {"of": entity_id})]


def list_attached(connection: Connection, entity_id: str) -> Sequence[Managed]:
    """Of the entity and of the groups that it is in, each once."""
    return [Managed(*row) for row in connection.execute(_ATTACHED, {"of": entity_id})]


def find_boundary(connection: Connection, entity_id: str) -> Managed | None:
    row = connection.execute(_BOUNDARY, {"of": entity_id}).one_or_none()
    return None if row is None else Managed(*row)


def get_managed(connection: Connection, ids: Sequence[str]) -> Sequence[Managed]:
    """One for each id, in their order; one that is gone, or AWS's own, has nothing but its id."""
    asked = _with_documents(managed_policy, managed_policy.c.id).where(managed_policy.c.id.in_(ids))
    found = {row[0]: Managed(*row) for row in connection.execute(asked)} if ids else {}
    return [found.get(id_, Managed(id_)) for id_ in ids]


def list_tags(connection: Connection, entity_id: str) -> dict[str, str]:
    return {row.key: row.value for row in connection.execute(_TAGS, {"of": entity_id})}


def find_trust_policy(connection: Connection, role_id: str) -> str | None:
    """As it is stored: principals by their ids."""
    found: str | None = connection.execute(_TRUST, {"of": role_id}).scalar()
    return found
