"""Statements on the lifecycle policies of repositories, as their owners put them."""

from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from cargohold.core.arn import Target
from cargohold.core.errors import RepositoryNotFound
from cargohold.database.locking import for_share, insert
from cargohold.database.schema.lifecycle import lifecycle_policy
from cargohold.database.schema.registry import repository
from cargohold.registry.lifecycle_policy import LifecyclePolicy

_LIVE: Final = for_share(
    select(repository.c.id).where(repository.c.id == bindparam("of"), repository.c.deleted_at.is_(None))
)
_COLUMNS: Final = (lifecycle_policy.c.policy, lifecycle_policy.c.evaluated_at)
_OF_REPOSITORY: Final = lifecycle_policy.c.repository_id == bindparam("of")
_FIND: Final = select(*_COLUMNS).where(_OF_REPOSITORY)
_ADD: Final = insert(lifecycle_policy)
_SAVE: Final = _ADD.on_conflict_do_update(
    index_elements=[lifecycle_policy.c.repository_id],
    set_={"policy": _ADD.excluded.policy, "due_at": _ADD.excluded.due_at},
)
_DELETE: Final = delete(lifecycle_policy).where(_OF_REPOSITORY).returning(*_COLUMNS)


def hold_repository(connection: Connection, target: Target) -> None:
    """The repository, which nobody deletes until the transaction ends. Raises RepositoryNotFound."""
    if connection.execute(_LIVE, {"of": target.existing}).one_or_none() is None:
        raise RepositoryNotFound(target.name, target.registry.account)


def find_policy(connection: Connection, repository_id: int) -> LifecyclePolicy | None:
    row = connection.execute(_FIND, {"of": repository_id}).one_or_none()
    return None if row is None else LifecyclePolicy(row[0], row[1])


def save_policy(connection: Connection, repository_id: int, text: str, due_at: int) -> None:
    """Gives the repository this policy in place of its own, to be evaluated at `due_at`."""
    values = {"repository_id": repository_id, "policy": text, "due_at": due_at}
    connection.execute(
        _SAVE, {**values, "evaluated_at": 0, "claimed_until": 0, "planned": 0, "expired": 0, "transitioned": 0}
    )


def delete_policy(connection: Connection, repository_id: int) -> LifecyclePolicy | None:
    """The policy that the repository had until now; None when it had none."""
    row = connection.execute(_DELETE, {"of": repository_id}).one_or_none()
    return None if row is None else LifecyclePolicy(row[0], row[1])
