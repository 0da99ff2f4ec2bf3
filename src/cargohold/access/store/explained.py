"""Statements on what an explanation rests on: a session as it is kept, and what a resource's policies and tags say."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, select

from cargohold.database.locking import ObjectOf
from cargohold.database.schema.identity import principal, session
from cargohold.database.schema.registry import registry, registry_policy, repository, resource_tag


class SessionRow(NamedTuple):
    """What limits a session, and its tags; lists and objects are JSON."""

    policy: str | None
    policy_ids: str
    tags: str
    issued_at: int


class RepositoryRow(NamedTuple):
    """Policies as they are stored; `tags` are a JSON object or None. None of a repository that is not there."""

    there: bool
    policy: str | None
    tags: str | None
    registry_policy: str | None


_COLUMNS: Final = (session.c.policy, session.c.policy_ids, session.c.tags, session.c.issued_at)
_LATEST: Final = (session.c.issued_at.desc(), session.c.id)
_SESSION: Final = (
    select(*_COLUMNS)
    .where(
        session.c.principal_id == bindparam("of"),
        session.c.kind == "assumed-role",
        session.c.name == bindparam("name"),
    )
    .order_by(*_LATEST)
    .limit(1)
)
_FEDERATED: Final = (
    select(principal.c.name, *_COLUMNS)
    .join(principal, principal.c.id == session.c.principal_id)
    .where(
        principal.c.account_id == bindparam("account"),
        session.c.kind == "federated-user",
        session.c.name == bindparam("name"),
    )
    .order_by(*_LATEST)
    .limit(1)
)
_TAGS: Final = (
    select(ObjectOf(resource_tag.c.key, resource_tag.c.value))
    .where(resource_tag.c.repository_id == repository.c.id)
    .correlate(repository)
    .scalar_subquery()
)
_REPOSITORY: Final = (
    select(repository.c.id, repository.c.policy, _TAGS, registry_policy.c.policy)
    .select_from(registry)
    .outerjoin(registry_policy, registry_policy.c.registry_id == registry.c.id)
    .outerjoin(
        repository,
        (repository.c.registry_id == registry.c.id)
        & repository.c.deleted_at.is_(None)
        & (repository.c.name == bindparam("name")),
    )
    .where(
        registry.c.account == bindparam("account"),
        registry.c.region == bindparam("region"),
        registry.c.kind == bindparam("kind"),
    )
)


def find_session(connection: Connection, role_id: str, name: str) -> SessionRow | None:
    """The latest session of the role under that name."""
    row = connection.execute(_SESSION, {"of": role_id, "name": name}).one_or_none()
    return None if row is None else SessionRow(*row)


def find_federated(connection: Connection, account: str, name: str) -> tuple[str, SessionRow] | None:
    """The latest session that a user of the account got for somebody of that name, after the name of the user."""
    row = connection.execute(_FEDERATED, {"account": account, "name": name}).one_or_none()
    return None if row is None else (row[0], SessionRow(*row[1:]))


def find_repository(connection: Connection, account: str, region: str, kind: str, name: str) -> RepositoryRow:
    """What is there of the repository and of its registry."""
    values = {"account": account, "region": region, "kind": kind, "name": name}
    row = connection.execute(_REPOSITORY, values).one_or_none()
    if row is None:
        return RepositoryRow(there=False, policy=None, tags=None, registry_policy=None)
    id_, policy, tags, of_registry = row
    return RepositoryRow(id_ is not None, policy, tags, of_registry)
