"""Statements on what a caller holds, read once for each access version: its policies and its tags, as stored."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, bindparam, or_, select

from cargohold.access.store.grounds import Who
from cargohold.database.schema.federation import oidc_provider, web_session
from cargohold.database.schema.identity import (
    group_member,
    identity_tag,
    inline_policy,
    managed_policy,
    permissions_boundary,
    policy_attachment,
    policy_version,
)
from cargohold.identity.oidc_provider import arn_of
from cargohold.identity.principals import Federation


class Managed(NamedTuple):
    """A managed policy that is named; one of AWS's own, and one that is gone, has nothing but its id."""

    id: str
    account: str | None = None
    path: str = ""
    name: str = ""
    document: str | None = None


@dataclass(frozen=True, slots=True)
class Documents:
    """What a caller holds."""

    inline: Sequence[tuple[str, str]]
    """Names and documents."""
    attached: Sequence[Managed]
    boundary: Managed | None
    session: Sequence[Managed]
    """The managed policies that limit its session."""
    tags: Mapping[str, str]
    """Of the user or role."""
    federation: Federation | None = None
    """On whose word its session rests."""


def _held_by(entity_id: ColumnElement[str]) -> ColumnElement[bool]:
    """What belongs to the entity itself or to a group that it is in."""
    groups = select(group_member.c.group_id).where(group_member.c.principal_id == bindparam("of"))
    return or_(entity_id == bindparam("of"), entity_id.in_(groups))


_DEFAULT: Final = and_(
    policy_version.c.policy_id == managed_policy.c.id, policy_version.c.version == managed_policy.c.default_version
)
_OWN: Final = (managed_policy.c.account_id, managed_policy.c.path, managed_policy.c.name, policy_version.c.document)


def _managed(source: FromClause, policy_id: ColumnElement[str]) -> Select[Any]:
    """The policies that a table names, with their default versions."""
    return (
        select(policy_id, *_OWN)
        .select_from(source)
        .outerjoin(managed_policy, managed_policy.c.id == policy_id)
        .outerjoin(policy_version, _DEFAULT)
    )


_INLINE: Final = select(inline_policy.c.name, inline_policy.c.document).where(_held_by(inline_policy.c.entity_id))
_ATTACHED: Final = (
    _managed(policy_attachment, policy_attachment.c.policy_id).where(_held_by(policy_attachment.c.entity_id)).distinct()
)
_BOUNDARY: Final = _managed(permissions_boundary, permissions_boundary.c.policy_id).where(
    permissions_boundary.c.principal_id == bindparam("of")
)
_BY_ID: Final = (
    select(managed_policy.c.id, *_OWN)
    .join_from(managed_policy, policy_version, _DEFAULT)
    .where(managed_policy.c.id.in_(bindparam("ids", expanding=True)))
)
_TAGS: Final = select(identity_tag.c.key, identity_tag.c.value).where(identity_tag.c.entity_id == bindparam("of"))


_FEDERATION: Final = (
    select(oidc_provider.c.account_id, oidc_provider.c.url, web_session.c.subject, web_session.c.audience)
    .join_from(web_session, oidc_provider, oidc_provider.c.id == web_session.c.provider_id)
    .where(web_session.c.session_id == bindparam("session"))
)


def get_documents(connection: Connection, who: Who) -> Documents:
    """What the credential's entity holds, with the managed policies that its session names."""
    of = {"of": who.entity_id}
    boundary = connection.execute(_BOUNDARY, of).one_or_none()
    return Documents(
        inline=[(name, document) for name, document in connection.execute(_INLINE, of)],
        attached=[Managed(*row) for row in connection.execute(_ATTACHED, of)],
        boundary=None if boundary is None else Managed(*boundary),
        session=_of_session(connection, json.loads(who.session_policy_ids or "[]")),
        tags=dict(map(tuple, connection.execute(_TAGS, of))),
        federation=None if who.session_id is None else _federation(connection, who.session_id),
    )


def _federation(connection: Connection, session_id: str) -> Federation | None:
    row = connection.execute(_FEDERATION, {"session": session_id}).one_or_none()
    return None if row is None else Federation(arn_of(row[0], row[1]), *row[1:])


def _of_session(connection: Connection, ids: Sequence[str]) -> list[Managed]:
    """One for each id, in their order, for what is gone allows nothing."""
    if not ids:
        return []
    found = {row[0]: Managed(*row) for row in connection.execute(_BY_ID, {"ids": ids})}
    return [found.get(id_, Managed(id_)) for id_ in ids]
