"""Inline policies: documents that belong to one user, group or role, and go with it.

Source: IAM API reference, "PutRolePolicy"; IAM user guide, "IAM and AWS STS quotas": the size of all of them together.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from cargohold.core.clock import Clock
from cargohold.core.errors import LimitExceeded, NoSuchEntity
from cargohold.core.paging import Page, cut
from cargohold.database import Database
from cargohold.identity import policy, store
from cargohold.identity.entity import Kind, Named
from cargohold.identity.policy import Validator
from cargohold.identity.quotas import Quotas
from cargohold.identity.store import entities, inline


class InlinePolicies:
    def __init__(self, database: Database, clock: Clock, check: Validator, quotas: Quotas) -> None:
        self._database = database
        self._clock = clock
        self._check = check
        self._quotas = quotas

    async def put(self, named: Named, name: str, document: str) -> None:
        """Gives a user, group or role a policy, in place of the one of that name.

        Raises MalformedPolicyDocument, NoSuchEntity and LimitExceeded.
        """
        self._check(document, "identity")
        now, most = self._clock(), self._most(named.kind)

        def work(connection: Connection) -> None:
            store.bump(connection, named.account)
            entity = entities.get_entity(connection, named)
            others = inline.list_other_documents(connection, entity.id, name)
            if sum(map(policy.size, (document, *others))) > most:
                raise LimitExceeded(f"Maximum policy size of {most} bytes exceeded for {named.kind} {entity.name}")
            inline.save_inline(connection, entity.id, name, document, now)

        await self._database.write(work)

    async def get(self, named: Named, name: str) -> str:
        """The document as it was written; raises NoSuchEntity."""

        def work(connection: Connection) -> str:
            document = inline.find_inline(connection, entities.get_entity(connection, named).id, name)
            if document is None:
                raise NoSuchEntity.named(f"{named.kind} policy", name)
            return document

        return await self._database.read(work)

    async def delete(self, named: Named, name: str) -> None:
        """Raises NoSuchEntity."""

        def work(connection: Connection) -> None:
            store.bump(connection, named.account)
            if not inline.delete_inline(connection, entities.get_entity(connection, named).id, name):
                raise NoSuchEntity.named(f"{named.kind} policy", name)

        await self._database.write(work)

    async def page(self, named: Named, after: str | None, limit: int) -> Page[str]:
        """Up to `limit` names in order, behind the name `after`; raises NoSuchEntity for whose they are."""

        def work(connection: Connection) -> Sequence[str]:
            return inline.list_names(connection, entities.get_entity(connection, named).id)

        names = [name for name in await self._database.read(work) if name > (after or "")]
        return cut(names, limit, str)

    def _most(self, kind: Kind) -> int:
        """Characters of all inline policies together."""
        quotas = self._quotas
        if kind == "user":
            return quotas.user_policy_characters
        return quotas.group_policy_characters if kind == "group" else quotas.role_policy_characters
