"""The lifecycle policies of repositories: kept here, checked and judged by the room that knows what they mean.

Source: Amazon ECR API reference, PutLifecyclePolicy, GetLifecyclePolicy and DeleteLifecyclePolicy.
"""

from collections.abc import Callable

from sqlalchemy import Connection

from cargohold.core.arn import Target
from cargohold.core.clock import Clock
from cargohold.core.errors import LifecyclePolicyNotFound
from cargohold.database import Database
from cargohold.registry.lifecycle_policy import LifecyclePolicy
from cargohold.registry.store import lifecycle_policies as store
from cargohold.registry.store import repositories

Check = Callable[[str], None]
"""Raises InvalidParameter unless a text is a lifecycle policy; wiring passes it in."""


class LifecyclePolicies:
    def __init__(self, database: Database, check: Check, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.check = check

    async def put(self, target: Target, text: str) -> None:
        """Gives the repository a policy in place of its own; it is evaluated soon, within a minute as a rule.

        Raises InvalidParameter for what is no policy, and RepositoryNotFound.
        """
        self.check(text)

        def work(connection: Connection) -> None:
            hold(connection, target)
            set_policy(connection, target.existing, text, self._clock())

        await self._database.write(work)

    async def get(self, target: Target) -> LifecyclePolicy:
        """Raises RepositoryNotFound and LifecyclePolicyNotFound."""
        return await self._database.read(lambda connection: get_policy(connection, target))

    async def delete(self, target: Target) -> LifecyclePolicy:
        """The policy that the repository had until now. Raises RepositoryNotFound and LifecyclePolicyNotFound."""

        def work(connection: Connection) -> LifecyclePolicy:
            hold(connection, target)
            return _present(store.delete_policy(connection, target.existing), target)

        return await self._database.write(work)


def hold(connection: Connection, target: Target) -> None:
    """The repository, which nobody deletes until the transaction ends. Raises RepositoryNotFound."""
    store.hold_repository(connection, target)


def hold_alone(connection: Connection, target: Target) -> None:
    """The repository, which nobody adds to or deletes from until the transaction ends. Raises RepositoryNotFound."""
    repositories.get_locked(connection, target)


def set_policy(connection: Connection, repository_id: int, text: str, now: int) -> None:
    """Gives a live repository, maybe a new one, a policy that was checked; due at once."""
    store.save_policy(connection, repository_id, text, now)


def get_policy(connection: Connection, target: Target) -> LifecyclePolicy:
    """The policy as this read sees it. Raises LifecyclePolicyNotFound."""
    return _present(store.find_policy(connection, target.existing), target)


def _present(found: LifecyclePolicy | None, target: Target) -> LifecyclePolicy:
    if found is None:
        raise LifecyclePolicyNotFound(target.name, target.registry.account)
    return found
