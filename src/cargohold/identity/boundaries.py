"""Permissions boundaries: the managed policy that says what a user or role may do at most.

Source: IAM user guide, "Permissions boundaries for IAM entities".
"""

from sqlalchemy import Connection

from cargohold.database import Database
from cargohold.identity import policy_names, store
from cargohold.identity.entity import Entity, Named
from cargohold.identity.store import entities, usage


class Boundaries:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, named: Named, arn: str) -> None:
        """Bounds a user or role by a policy, in place of the one that did.

        Raises NoSuchEntity for either, and ValidationError for what is no policy's ARN.
        """

        def work(connection: Connection) -> None:
            store.bump(connection, named.account)
            attach(connection, entities.get_entity(connection, named), arn)

        await self._database.write(work)

    async def delete(self, named: Named) -> None:
        """Lifts the boundary, where there is one; raises NoSuchEntity for the user or role."""

        def work(connection: Connection) -> None:
            store.bump(connection, named.account)
            usage.delete_boundary(connection, entities.get_entity(connection, named).id)

        await self._database.write(work)


def attach(connection: Connection, entity: Entity, arn: str) -> None:
    """Bounds a user or role, in a transaction that has the account's version raised; raises as `put` does."""
    usage.save_boundary(connection, entity.id, policy_names.get_attachable(connection, entity.account, arn))


def find_arn(connection: Connection, principal_id: str) -> str | None:
    """The ARN of the policy that bounds a user or role."""
    policy_id = usage.find_boundary(connection, principal_id)
    return None if policy_id is None else policy_names.list_names(connection, [policy_id])[policy_id].arn
