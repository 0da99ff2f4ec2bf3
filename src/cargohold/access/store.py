"""The guard's statement: a credential's key and principal, and the repositories that a request names, in one read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, bindparam, or_, select

from cargohold.core.arn import Registry, user_arn
from cargohold.database.prepared import Prepared
from cargohold.database.schema.identity import access_key, principal
from cargohold.database.schema.registry import registry, repository
from cargohold.identity.principals import Principal

Name = tuple[Registry, str]
"""A repository as a demand names it."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a decision rests on. `repositories` has an id for each that was named and exists, and perhaps for others."""

    principal: Principal
    repositories: Mapping[Name, int]


_WHO: Final = (
    select(principal.c.id, principal.c.account_id, principal.c.path, principal.c.name, principal.c.administrator)
    .join(access_key, access_key.c.principal_id == principal.c.id)
    .where(access_key.c.id == bindparam("key"), access_key.c.status == "Active")
)
_LIVE: Final = and_(repository.c.registry_id == registry.c.id, repository.c.deleted_at.is_(None))
_WITH_ONE: Final = (
    _WHO.add_columns(repository.c.id)
    .outerjoin(
        registry,
        and_(
            registry.c.account == bindparam("account"),
            registry.c.region == bindparam("region"),
            registry.c.kind == bindparam("kind"),
        ),
    )
    .outerjoin(repository, and_(_LIVE, repository.c.name == bindparam("name")))
)
_ONE: Final = Prepared(_WITH_ONE)


def find_grounds(connection: Connection, key_id: str, names: Sequence[Name]) -> Grounds | None:
    """None when the key or its principal is gone or inactive."""
    if len(names) == 1:
        of, name = names[0]
        values = {"key": key_id, "account": of.account, "region": of.region, "kind": of.kind, "name": name}
        row = _ONE.first(connection, values)
        if row is None:
            return None
        return Grounds(_principal(row), {} if row[5] is None else {names[0]: row[5]})
    rows = connection.execute(_statement(names), {"key": key_id}).all()
    if not rows:
        return None
    found = {(Registry(*row[6:9]), row[9]): row[5] for row in rows if names and row[5] is not None}
    return Grounds(_principal(rows[0]), found)


def _statement(names: Sequence[Name]) -> Select[Any]:
    if not names:
        return _WHO
    registries = or_(
        *(
            and_(registry.c.account == of.account, registry.c.region == of.region, registry.c.kind == of.kind)
            for of in {of for of, _ in names}
        )
    )
    columns = (repository.c.id, registry.c.account, registry.c.region, registry.c.kind, repository.c.name)
    named = repository.c.name.in_({name for _, name in names})
    return _WHO.add_columns(*columns).outerjoin(registry, registries).outerjoin(repository, and_(_LIVE, named))


def _principal(row: Sequence[Any]) -> Principal:
    id_, account, path, name, administrator = row[:5]
    return Principal(id_, user_arn(account, path, name), account, "user", name, bool(administrator))
