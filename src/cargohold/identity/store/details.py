"""Statements that read, for many users, groups, roles or policies at once, what hangs on each."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, bindparam, select

from cargohold.database.schema.identity import (
    group_member,
    identity_tag,
    inline_policy,
    managed_policy,
    permissions_boundary,
    policy_attachment,
    policy_version,
    user_group,
)
from cargohold.identity.policy import PolicyVersion

V = TypeVar("V")

_IDS: Final = "ids"


def _among(column: Any) -> Any:
    return column.in_(bindparam(_IDS, expanding=True))


_INLINE: Final = (
    select(inline_policy.c.entity_id, inline_policy.c.name, inline_policy.c.document)
    .where(_among(inline_policy.c.entity_id))
    .order_by(inline_policy.c.name)
)
_ATTACHED: Final = select(policy_attachment.c.entity_id, policy_attachment.c.policy_id).where(
    _among(policy_attachment.c.entity_id)
)
_BOUNDARIES: Final = select(permissions_boundary.c.principal_id, permissions_boundary.c.policy_id).where(
    _among(permissions_boundary.c.principal_id)
)
_TAGS: Final = (
    select(identity_tag.c.entity_id, identity_tag.c.key, identity_tag.c.value)
    .where(_among(identity_tag.c.entity_id))
    .order_by(identity_tag.c.folded_key)
)
_GROUPS: Final = (
    select(group_member.c.principal_id, user_group.c.name)
    .join(user_group, user_group.c.id == group_member.c.group_id)
    .where(_among(group_member.c.principal_id))
    .order_by(user_group.c.folded_name)
)
_VERSIONS: Final = (
    select(
        policy_version.c.policy_id,
        policy_version.c.version,
        policy_version.c.document,
        policy_version.c.version == managed_policy.c.default_version,
        policy_version.c.created_at,
    )
    .join(managed_policy, managed_policy.c.id == policy_version.c.policy_id)
    .where(_among(policy_version.c.policy_id))
    .order_by(policy_version.c.version.desc())
)


def list_inline(connection: Connection, entity_ids: Collection[str]) -> Mapping[str, list[tuple[str, str]]]:
    """Names and documents of inline policies, by whose they are."""
    return _by_first((row[0], (row[1], row[2])) for row in _rows(connection, _INLINE, entity_ids))


def list_attached(connection: Connection, entity_ids: Collection[str]) -> Mapping[str, list[str]]:
    """Ids of attached policies, by whom they are attached to."""
    return _by_first((row[0], row[1]) for row in _rows(connection, _ATTACHED, entity_ids))


def list_boundaries(connection: Connection, principal_ids: Collection[str]) -> Mapping[str, str]:
    """Ids of the policies that bound users and roles, by theirs."""
    return {row[0]: row[1] for row in _rows(connection, _BOUNDARIES, principal_ids)}


def list_tags(connection: Connection, entity_ids: Collection[str]) -> Mapping[str, list[tuple[str, str]]]:
    """Keys and values of tags, by what they are on."""
    return _by_first((row[0], (row[1], row[2])) for row in _rows(connection, _TAGS, entity_ids))


def list_groups(connection: Connection, user_ids: Collection[str]) -> Mapping[str, list[str]]:
    """Names of groups, by the users that are in them."""
    return _by_first((row[0], row[1]) for row in _rows(connection, _GROUPS, user_ids))


def list_versions(connection: Connection, policy_ids: Collection[str]) -> Mapping[str, list[PolicyVersion]]:
    """Versions of policies, the newest first, by the policies."""
    rows = _rows(connection, _VERSIONS, policy_ids)
    return _by_first((row[0], PolicyVersion(row[1], row[2], bool(row[3]), row[4])) for row in rows)


def _rows(connection: Connection, statement: Any, ids: Collection[str]) -> Iterable[Any]:
    return connection.execute(statement, {_IDS: list(ids)}) if ids else ()


def _by_first(pairs: Iterable[tuple[str, V]]) -> Mapping[str, list[V]]:
    found: dict[str, list[V]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return found
