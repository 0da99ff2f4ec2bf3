"""The guard's statement: what each request rests on, in one read: the credential, who holds it, and what it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Select, and_, bindparam, null, or_, select

from cargohold.core.arn import Registry
from cargohold.database.locking import ObjectOf
from cargohold.database.prepared import Prepared
from cargohold.database.schema.identity import access_key, account, principal, session
from cargohold.database.schema.registry import registry, registry_policy, repository, resource_tag
from cargohold.identity.principals import SessionKind

Name = tuple[Registry, str]
"""A repository as a demand names it; with an empty name the registry alone."""


class Who(NamedTuple):
    """The credential's row: whatever it leads to changes with one of these, the access version last of all."""

    entity_id: str
    kind: str
    account: str
    path: str
    name: str
    access_version: int
    session_id: str | None
    session_kind: SessionKind | None
    session_name: str
    session_policy: str | None
    session_policy_ids: str
    session_tags: str
    transitive_tags: str
    source_identity: str | None
    issued_at: int
    expires_at: int


class Repository(NamedTuple):
    """A repository that is there. `tags` are its resource tags, a JSON object or None."""

    id: int
    policy: str | None
    tags: str | None


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a decision rests on: of what was named that which exists, and perhaps others."""

    who: Who
    repositories: Mapping[Name, Repository]
    registry_policies: Mapping[Registry, str | None]


_ENTITY: Final = (
    principal.c.id,
    principal.c.kind,
    principal.c.account_id,
    principal.c.path,
    principal.c.name,
    account.c.access_version,
)
_SESSION: Final = (
    session.c.id,
    session.c.kind,
    session.c.name,
    session.c.policy,
    session.c.policy_ids,
    session.c.tags,
    session.c.transitive_tags,
    session.c.source_identity,
    session.c.issued_at,
    session.c.expires_at,
)
_BY_KEY: Final = (
    select(*_ENTITY, *(null().label(f"session_{column.name}") for column in _SESSION))
    .join_from(access_key, principal, principal.c.id == access_key.c.principal_id)
    .join(account, account.c.id == principal.c.account_id)
    .where(access_key.c.id == bindparam("key"), access_key.c.status == "Active")
)
_BY_SESSION: Final = (
    select(*_ENTITY, *(column.label(f"session_{column.name}") for column in _SESSION))
    .join_from(session, principal, principal.c.id == session.c.principal_id)
    .join(account, account.c.id == principal.c.account_id)
    .outerjoin(access_key, access_key.c.id == session.c.access_key_id)
    .where(session.c.id == bindparam("key"), or_(session.c.access_key_id.is_(None), access_key.c.status == "Active"))
)
_SESSION_PREFIX: Final = "ASIA"
_WIDTH: Final = len(Who._fields)

_TAGS: Final = (
    select(ObjectOf(resource_tag.c.key, resource_tag.c.value))
    .where(resource_tag.c.repository_id == repository.c.id)
    .correlate(repository)
    .scalar_subquery()
)
_WHAT: Final = (repository.c.id, repository.c.policy, _TAGS, registry_policy.c.policy)
_LIVE: Final = and_(repository.c.registry_id == registry.c.id, repository.c.deleted_at.is_(None))


def _with_one(who: Select[Any]) -> Prepared:
    """One repository at the most, as nearly every request names it."""
    here = and_(
        registry.c.account == bindparam("account"),
        registry.c.region == bindparam("region"),
        registry.c.kind == bindparam("kind"),
    )
    return Prepared(
        who.add_columns(*_WHAT)
        .outerjoin(registry, here)
        .outerjoin(registry_policy, registry_policy.c.registry_id == registry.c.id)
        .outerjoin(repository, and_(_LIVE, repository.c.name == bindparam("name")))
    )


_ONE_BY_KEY: Final = _with_one(_BY_KEY)
_ONE_BY_SESSION: Final = _with_one(_BY_SESSION)
_NOWHERE: Final = {"account": "", "region": "", "kind": "", "name": ""}


def find_grounds(connection: Connection, key_id: str, names: Sequence[Name]) -> Grounds | None:
    """None when the key or session, its key or its principal is gone or inactive; a session that expired is not."""
    of_session = key_id.startswith(_SESSION_PREFIX)
    if len(names) > 1:
        return _find_many(connection, _BY_SESSION if of_session else _BY_KEY, key_id, names)
    values = {**_NOWHERE, "key": key_id}
    if names:
        of, name = names[0]
        values = {"key": key_id, "account": of.account, "region": of.region, "kind": of.kind, "name": name}
    row = (_ONE_BY_SESSION if of_session else _ONE_BY_KEY).first(connection, values)
    if row is None:
        return None
    id_, policy, tags, of_registry = row[_WIDTH:]
    found = {} if id_ is None else {names[0]: Repository(id_, policy, tags)}
    return Grounds(Who(*row[:_WIDTH]), found, {of: of_registry} if names else {})


def _find_many(connection: Connection, who: Select[Any], key_id: str, names: Sequence[Name]) -> Grounds | None:
    rows = connection.execute(_with_many(who, names), {"key": key_id}).all()
    if not rows:
        return None
    repositories: dict[Name, Repository] = {}
    policies: dict[Registry, str | None] = {}
    for row in rows:
        id_, policy, tags, of_registry, account_id, region, kind, name = row[_WIDTH:]
        if account_id is not None:
            of = Registry(account_id, region, kind)
            policies[of] = of_registry
            if id_ is not None:
                repositories[of, name] = Repository(id_, policy, tags)
    return Grounds(Who(*rows[0][:_WIDTH]), repositories, policies)


def _with_many(who: Select[Any], names: Sequence[Name]) -> Select[Any]:
    registries = or_(
        *(
            and_(registry.c.account == of.account, registry.c.region == of.region, registry.c.kind == of.kind)
            for of in {of for of, _ in names}
        )
    )
    named = repository.c.name.in_({name for _, name in names})
    return (
        who.add_columns(*_WHAT, registry.c.account, registry.c.region, registry.c.kind, repository.c.name)
        .outerjoin(registry, registries)
        .outerjoin(registry_policy, registry_policy.c.registry_id == registry.c.id)
        .outerjoin(repository, and_(_LIVE, named))
    )
