"""Statements on what a request of IAM or STS is about: the path and tags of a user, group, role or policy."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, bindparam, literal, null, select

from cargohold.access.demand import Entity
from cargohold.core.arn import iam_arn
from cargohold.database.locking import ObjectOf
from cargohold.database.schema.federation import oidc_provider
from cargohold.database.schema.identity import (
    access_key,
    identity_tag,
    instance_profile,
    managed_policy,
    permissions_boundary,
    principal,
    role,
    user_group,
)
from cargohold.identity import aws_managed


class Found(NamedTuple):
    """Something of IAM that is there. `tags` are a JSON object, or None."""

    path: str
    name: str
    tags: str | None
    trust_policy: str | None
    id: str
    """AWS's unique id."""
    boundary: str | None = None
    """The ARN of the policy that bounds a user or role."""


def _tags(entity_id: ColumnElement[str]) -> Any:
    return (
        select(ObjectOf(identity_tag.c.key, identity_tag.c.value))
        .where(identity_tag.c.entity_id == entity_id)
        .scalar_subquery()
    )


def _named(table: Any, trust_policy: Any) -> Select[Any]:
    return select(table.c.path, table.c.name, _tags(table.c.id), trust_policy, table.c.id).where(
        table.c.account_id == bindparam("account"), table.c.folded_name == bindparam("name")
    )


_PRINCIPALS: Final = (
    _named(principal, role.c.trust_policy)
    .add_columns(
        permissions_boundary.c.policy_id, managed_policy.c.account_id, managed_policy.c.path, managed_policy.c.name
    )
    .outerjoin(role, role.c.principal_id == principal.c.id)
    .outerjoin(permissions_boundary, permissions_boundary.c.principal_id == principal.c.id)
    .outerjoin(managed_policy, managed_policy.c.id == permissions_boundary.c.policy_id)
)
_USERS: Final = select(principal.c.path, principal.c.name, _tags(principal.c.id), null(), principal.c.id)
_USER_OF_KEY: Final = _USERS.join(access_key, access_key.c.principal_id == principal.c.id).where(
    principal.c.account_id == bindparam("account"), access_key.c.id == bindparam("key"), principal.c.kind == "user"
)
_STATEMENTS: Final = {
    "user": _PRINCIPALS.where(principal.c.kind == "user"),
    "role": _PRINCIPALS.where(principal.c.kind == "role"),
    "group": _named(user_group, null()),
    "policy": _named(managed_policy, null()),
    "instance-profile": _named(instance_profile, null()),
    "oidc-provider": select(
        literal("/"), oidc_provider.c.url, _tags(oidc_provider.c.id), null(), oidc_provider.c.id
    ).where(oidc_provider.c.account_id == bindparam("account"), oidc_provider.c.url == bindparam("name")),
}


def find_entity(connection: Connection, account: str, entity: Entity) -> Found | None:
    """What is there under the name, whatever its letters' case; what its ARN names only under exactly that one."""
    if entity.key:
        row = connection.execute(_USER_OF_KEY, {"account": account, "key": entity.key}).one_or_none()
        return None if row is None else Found(*row)
    name = entity.name if entity.kind == "oidc-provider" else entity.name.lower()
    values = {"account": account, "name": name}
    row = connection.execute(_STATEMENTS[entity.kind], values).one_or_none()
    if row is None or (entity.kind == "policy" and row[0] != entity.path):
        return None
    if entity.exact and (row[0], row[1]) != (entity.path, entity.name):
        return None
    return Found(*row[:5])._replace(boundary=_boundary(*row[5:]) if len(row) > 5 else None)


def _boundary(policy_id: str | None, account: str | None, path: str | None, name: str | None) -> str | None:
    """The ARN of a boundary, which is a policy of the account or one of AWS's."""
    if account and path and name:
        return iam_arn(account, "policy", path, name)
    known = aws_managed.find(policy_id or "")
    return None if known is None else known.arn
