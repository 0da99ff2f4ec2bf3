"""Managed policies attached to users, groups and roles.

Source: IAM API reference, "AttachRolePolicy", "DetachRolePolicy", "ListAttachedRolePolicies".
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection

from cargohold.core.clock import Clock
from cargohold.core.errors import LimitExceeded
from cargohold.core.paging import Page, cut
from cargohold.database import Database
from cargohold.identity import policy, policy_names, store
from cargohold.identity.entity import Kind, Named
from cargohold.identity.policy import PolicyName
from cargohold.identity.quotas import Quotas
from cargohold.identity.store import entities, usage

_QUOTAS: Final[Mapping[Kind, str]] = {"user": "PoliciesPerUser", "group": "PoliciesPerGroup", "role": "PoliciesPerRole"}
"""AWS's names of what is limited."""


class Attachments:
    def __init__(self, database: Database, clock: Clock, quotas: Quotas) -> None:
        self._database = database
        self._clock = clock
        self._quotas = quotas

    async def attach(self, named: Named, arn: str) -> None:
        """Attaches a policy; one that is attached already stays so.

        Raises NoSuchEntity for either, LimitExceeded, and ValidationError for what is no policy's ARN.
        """
        now, most = self._clock(), self._quotas.attached_policies

        def work(connection: Connection) -> None:
            store.bump(connection, named.account)
            entity = entities.get_entity(connection, named)
            policy_id = policy_names.get_attachable(connection, named.account, arn)
            usage.add_attachment(connection, entity.id, policy_id, now)
            if usage.count_attached(connection, entity.id) > most:
                raise LimitExceeded.quota(_QUOTAS[named.kind], most)

        await self._database.write(work)

    async def detach(self, named: Named, arn: str) -> None:
        """Raises NoSuchEntity for either and when it is not attached, and ValidationError for no policy's ARN."""
        name = policy.parse(arn)

        def work(connection: Connection) -> None:
            store.bump(connection, named.account)
            entity = entities.get_entity(connection, named)
            policy_id = policy_names.find_id(connection, named.account, name)
            if policy_id is None or not usage.delete_attachment(connection, entity.id, policy_id):
                raise name.missing

        await self._database.write(work)

    async def page(self, named: Named, prefix: str, after: str | None, limit: int) -> Page[PolicyName]:
        """Up to `limit` of those that are attached, below a path, by name; raises NoSuchEntity."""

        def work(connection: Connection) -> list[PolicyName]:
            entity = entities.get_entity(connection, named)
            return list(policy_names.list_names(connection, usage.list_attached(connection, entity.id)).values())

        found = sorted(await self._database.read(work), key=_key)
        behind = [each for each in found if each.path.startswith(prefix) and _key(each) > (after or "")]
        return cut(behind, limit, _key)


def _key(name: PolicyName) -> str:
    """By name; the account's own and one of AWS's may have the same."""
    return f"{name.name.lower()}/{name.account}"
