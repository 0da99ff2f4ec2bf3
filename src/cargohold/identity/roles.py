"""Roles: who may take them is said by their trust policies, which name principals as they were when it was written.

Source: IAM API reference, "CreateRole", "UpdateRole", "UpdateAssumeRolePolicy", "DeleteRole"; IAM user guide, "AWS JSON
policy elements: Principal": a principal is kept by its unique id.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from cargohold.core.clock import Clock
from cargohold.core.errors import (
    DeleteConflict,
    EntityAlreadyExists,
    LimitExceeded,
    MalformedPolicyDocument,
    NoSuchEntity,
    PrincipalNotFound,
)
from cargohold.core.paging import Page, cut
from cargohold.database import Database
from cargohold.identity import boundaries, policy, principal_names, store, tags
from cargohold.identity.entity import Entity
from cargohold.identity.policy import Validator
from cargohold.identity.quotas import Quotas
from cargohold.identity.role import NewRole, Role
from cargohold.identity.store import entities, inline, instance_profiles, roles, sessions, usage
from cargohold.identity.store import tags as tag_store
from cargohold.identity.unique_id import new_id

_KIND: Final = "role"


class Roles:
    def __init__(self, database: Database, clock: Clock, check: Validator, quotas: Quotas) -> None:
        self._database = database
        self._clock = clock
        self._check = check
        self._quotas = quotas

    async def create(self, account: str, new: NewRole) -> Role:
        """A role that may do nothing yet.

        Raises EntityAlreadyExists, LimitExceeded, MalformedPolicyDocument, and what its boundary breaks.
        """
        self._check_trust(new.trust_policy)
        made = Role(
            id=new_id("AROA"),
            account=account,
            path=new.path,
            name=new.name,
            created_at=self._clock(),
            trust_policy=new.trust_policy,
            description=new.description,
            longest_session=new.longest_session,
        )
        return await self._database.write(partial(self._add, made=made, new=new))

    async def get(self, account: str, name: str) -> Role:
        """The role with its boundary and tags; raises NoSuchEntity."""

        def work(connection: Connection) -> Role:
            return _whole(connection, _get(connection, account, name))

        return await self._database.read(work)

    async def page(self, account: str, prefix: str, after: str | None, limit: int) -> Page[Role]:
        """Up to `limit` roles below a path by name, behind the folded name `after`; no boundaries and tags are read."""

        def work(connection: Connection) -> list[Role]:
            found = roles.list_page(connection, account, prefix, after or "", limit + 1)
            return [each.shown(partial(principal_names.show, connection)) for each in found]

        return cut(await self._database.read(work), limit, lambda each: each.name.lower())

    async def require(self, account: str, name: str) -> None:
        """Raises NoSuchEntity where there is no such role."""
        await self._database.read(partial(_get, account=account, name=name))

    async def update(self, account: str, name: str, **details: Any) -> Role:
        """The role with another `description`, `longest_session` (seconds) or both; raises NoSuchEntity."""

        def work(connection: Connection) -> Role:
            store.bump(connection, account)
            roles.save_details(connection, _get(connection, account, name).id, **details)
            return _whole(connection, _get(connection, account, name))

        return await self._database.write(work)

    async def set_trust(self, account: str, name: str, document: str) -> None:
        """Puts another trust policy in force; raises LimitExceeded, MalformedPolicyDocument and NoSuchEntity."""
        self._check_trust(document)

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            found = _get(connection, account, name)
            roles.save_details(connection, found.id, trust_policy=_resolved(connection, document))

        await self._database.write(work)

    async def delete(self, account: str, name: str) -> None:
        """Ends the role and every session of it; raises NoSuchEntity and DeleteConflict while something hangs on it."""

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            found = _get(connection, account, name)
            roles.lock_role(connection, found.id)
            if inline.list_names(connection, found.id):
                raise DeleteConflict.until("delete policies")
            if usage.count_attached(connection, found.id):
                raise DeleteConflict.until("detach all policies")
            if instance_profiles.count_of_role(connection, found.id):
                raise DeleteConflict.until("remove roles from instance profile")
            sessions.delete_of_principal(connection, found.id)
            roles.delete_role(connection, found.id)

        await self._database.write(work)

    async def tag(self, account: str, name: str, given: Mapping[str, str]) -> None:
        """Adds tags; a key that the role has, regardless of case, is replaced. Raises NoSuchEntity, LimitExceeded."""

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            tags.add(connection, _get(connection, account, name).id, given, self._quotas.tags)

        await self._database.write(work)

    async def untag(self, account: str, name: str, keys: Collection[str]) -> None:
        """Takes tags away; a key that the role does not have is left out. Raises NoSuchEntity and InvalidInput."""
        tags.check_keys(keys)

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            tags.remove(connection, _get(connection, account, name).id, keys)

        await self._database.write(work)

    async def list_tags(self, account: str, name: str, after: str | None, limit: int) -> Page[tuple[str, str]]:
        """Keys and values by key. Raises NoSuchEntity."""

        def work(connection: Connection) -> Page[tuple[str, str]]:
            return tags.page(connection, _get(connection, account, name).id, after, limit)

        return await self._database.read(work)

    def _add(self, connection: Connection, made: Role, new: NewRole) -> Role:
        store.bump(connection, made.account)
        if entities.count_principals(connection, made.account, _KIND) >= self._quotas.roles:
            raise LimitExceeded.quota("RolesPerAccount", self._quotas.roles)
        if not roles.add_role(connection, replace(made, trust_policy=_resolved(connection, new.trust_policy))):
            raise EntityAlreadyExists.named("Role", made.name)
        tags.add(connection, made.id, new.tags, self._quotas.tags)
        if new.boundary is not None:
            entity = Entity(made.id, made.account, _KIND, made.path, made.name, made.created_at)
            boundaries.attach(connection, entity, new.boundary)
        return _whole(connection, _get(connection, made.account, made.name))

    def _check_trust(self, document: str) -> None:
        most = self._quotas.trust_policy_characters
        if policy.size(document) > most:
            raise LimitExceeded.quota("ACLSizePerRole", most)
        self._check(document, "trust")


def _get(connection: Connection, account: str, name: str) -> Role:
    found = roles.find_role(connection, account, name)
    if found is None:
        raise NoSuchEntity.named(_KIND, name)
    return found


def _whole(connection: Connection, stored: Role) -> Role:
    boundary, held = boundaries.find_arn(connection, stored.id), tag_store.list_tags(connection, stored.id)
    shown = stored.shown(partial(principal_names.show, connection))
    return replace(shown, boundary=boundary, tags=held)


def _resolved(connection: Connection, document: str) -> str:
    """A trust policy with principals by their ids; raises MalformedPolicyDocument for one that does not exist."""
    try:
        return principal_names.resolve(connection, document)
    except PrincipalNotFound as missing:
        raise MalformedPolicyDocument(f'Invalid principal in policy: "AWS":"{missing.principal}"') from None
