"""Statements on the policies of repositories and registries."""

from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, update

from cargohold.core.arn import Registry, Target
from cargohold.core.errors import RepositoryNotFound
from cargohold.database.locking import insert
from cargohold.database.schema.registry import registry, registry_policy, repository
from cargohold.registry.store.repositories import add_registry

_LIVE: Final = (repository.c.id == bindparam("of")) & repository.c.deleted_at.is_(None)
_GET: Final = select(repository.c.policy).where(_LIVE)
_LOCK: Final = _GET.with_for_update()
_SAVE: Final = update(repository).where(_LIVE).values(policy=bindparam("new")).returning(repository.c.id)
_OF_REGISTRY: Final = (
    select(registry.c.id)
    .where(
        registry.c.account == bindparam("account"),
        registry.c.region == bindparam("region"),
        registry.c.kind == bindparam("kind"),
    )
    .scalar_subquery()
)
_GET_OF_REGISTRY: Final = select(registry_policy.c.policy).where(registry_policy.c.registry_id == _OF_REGISTRY)
_ADD_OF_REGISTRY: Final = insert(registry_policy)
_SAVE_OF_REGISTRY: Final = _ADD_OF_REGISTRY.on_conflict_do_update(
    index_elements=[registry_policy.c.registry_id], set_={"policy": _ADD_OF_REGISTRY.excluded.policy}
)
_DELETE_OF_REGISTRY: Final = (
    delete(registry_policy).where(registry_policy.c.registry_id == _OF_REGISTRY).returning(registry_policy.c.policy)
)

_FIND_REPOSITORY: Final = select(repository.c.id).where(
    repository.c.registry_id == _OF_REGISTRY,
    repository.c.name == bindparam("called"),
    repository.c.deleted_at.is_(None),
)


def find_repository_id(connection: Connection, of: Registry, name: str) -> int | None:
    """The id of the live repository of that name."""
    return connection.execute(_FIND_REPOSITORY, {**_named(of), "called": name}).scalar_one_or_none()


def get_policy(connection: Connection, target: Target, *, locked: bool = False) -> str | None:
    """The repository's policy, None when it has none; `locked`: nobody else sets one. Raises RepositoryNotFound."""
    row = connection.execute(_LOCK if locked else _GET, {"of": target.existing}).one_or_none()
    if row is None:
        raise RepositoryNotFound(target.name, target.registry.account)
    policy: str | None = row[0]
    return policy


def save_policy(connection: Connection, target: Target, policy: str | None) -> None:
    """Gives the repository this policy in place of its own, or none. Raises RepositoryNotFound."""
    if connection.execute(_SAVE, {"of": target.existing, "new": policy}).one_or_none() is None:
        raise RepositoryNotFound(target.name, target.registry.account)


def find_registry_policy(connection: Connection, of: Registry) -> str | None:
    return connection.execute(_GET_OF_REGISTRY, _named(of)).scalar_one_or_none()


def save_registry_policy(connection: Connection, of: Registry, policy: str) -> None:
    """Gives the registry, which gets a row when it has none yet, this policy in place of its own."""
    connection.execute(_SAVE_OF_REGISTRY, {"registry_id": add_registry(connection, of), "policy": policy})


def delete_registry_policy(connection: Connection, of: Registry) -> str | None:
    """The policy that the registry had until now; None when it had none."""
    return connection.execute(_DELETE_OF_REGISTRY, _named(of)).scalar_one_or_none()


def _named(of: Registry) -> dict[str, str]:
    return {"account": of.account, "region": of.region, "kind": of.kind}
