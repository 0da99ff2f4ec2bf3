"""The policies of repositories and of registries: kept here, checked and judged by those who know what they mean.

They are in force from the next request on, in every process: whoever decides reads them each time.
Source: Amazon ECR API reference, SetRepositoryPolicy and PutRegistryPolicy; user guide, "Private repository policies"
and "Private registry permissions".
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Connection

from cargohold.core.arn import Registry, Target
from cargohold.core.errors import (
    InvalidParameter,
    MalformedPolicyDocument,
    PrincipalNotFound,
    RegistryPolicyNotFound,
    RepositoryPolicyNotFound,
)
from cargohold.database import Database
from cargohold.registry.store import policies

_MEMBER: Final = "PolicyText"
_LOCKED_OUT: Final = "The new {0} policy will not allow you to update the {0} policy in the future"


@dataclass(frozen=True, slots=True)
class Language:
    """What is known elsewhere of policies; wiring passes it in."""

    check: Callable[[str], None]
    """Raises MalformedPolicyDocument unless a text is a policy of a resource of ECR."""
    resolve: Callable[[Connection, str], str]
    """The policy as it is kept, its principals by their ids; raises PrincipalNotFound."""
    show: Callable[[Connection, str], str]
    """A kept policy as it is read, with names in place of the ids of those who live."""


class ResourcePolicies:
    def __init__(self, database: Database, language: Language) -> None:
        self._database = database
        self._language = language

    async def set_repository_policy(
        self, target: Target, text: str, stays_open: Callable[[str], bool] | None = None
    ) -> None:
        """Gives the repository a policy in place of its own.

        `stays_open` says of the policy, as it is kept, whether who sets it could set another one afterwards. Raises
        RepositoryNotFound, and InvalidParameter for what is no policy, names nobody or would lock its writer out.
        """
        _ = target.existing
        if not _is_json(text):
            raise InvalidParameter(_MEMBER, "Invalid JSON syntax")
        self._check(text, "repository")

        def work(connection: Connection) -> None:
            kept = self._kept(connection, text)
            if stays_open is not None and not stays_open(kept):
                raise InvalidParameter(_MEMBER, _LOCKED_OUT.format("repository"))
            policies.save_policy(connection, target, kept)

        await self._database.write(work)

    async def get_repository_policy(self, target: Target) -> str:
        """The policy with its principals' names. Raises RepositoryNotFound and RepositoryPolicyNotFound."""

        def work(connection: Connection) -> str:
            kept = policies.get_policy(connection, target)
            if kept is None:
                raise RepositoryPolicyNotFound(target.name, target.registry.account)
            return self._language.show(connection, kept)

        return await self._database.read(work)

    async def delete_repository_policy(self, target: Target) -> str:
        """The policy that the repository had until now. Raises RepositoryNotFound and RepositoryPolicyNotFound."""

        def work(connection: Connection) -> str:
            kept = policies.get_policy(connection, target, locked=True)
            if kept is None:
                raise RepositoryPolicyNotFound(target.name, target.registry.account)
            policies.save_policy(connection, target, None)
            return self._language.show(connection, kept)

        return await self._database.write(work)

    async def find_target(self, registry: Registry, name: str) -> Target:
        """The repository of that name, for who comes through no guard."""
        return Target(
            registry,
            name,
            await self._database.read(partial(policies.find_repository_id, of=registry, name=name)),
        )

    async def put_registry_policy(self, registry: Registry, text: str, stays_open: Callable[[str], bool]) -> None:
        """Gives the registry a policy in place of its own.

        Raises InvalidParameter for what is no policy, names nobody or would lock its writer out: who is shut
        out of a registry comes back only beside the server (`accounts recover --registry`).
        """
        self._check(text, "registry")

        def work(connection: Connection) -> None:
            kept = self._kept(connection, text)
            if not stays_open(kept):
                raise InvalidParameter(_MEMBER, _LOCKED_OUT.format("registry"))
            policies.save_registry_policy(connection, registry, kept)

        await self._database.write(work)

    async def get_registry_policy(self, registry: Registry) -> str:
        """The policy with its principals' names. Raises RegistryPolicyNotFound."""
        return await self._database.read(partial(self._shown, registry=registry, find=policies.find_registry_policy))

    async def delete_registry_policy(self, registry: Registry) -> str:
        """The policy that the registry had until now. Raises RegistryPolicyNotFound."""
        return await self._database.write(partial(self._shown, registry=registry, find=policies.delete_registry_policy))

    def _shown(
        self, connection: Connection, registry: Registry, find: Callable[[Connection, Registry], str | None]
    ) -> str:
        kept = find(connection, registry)
        if kept is None:
            raise RegistryPolicyNotFound(registry.account)
        return self._language.show(connection, kept)

    def _check(self, text: str, of: str) -> None:
        try:
            self._language.check(text)
        except MalformedPolicyDocument:
            raise InvalidParameter(_MEMBER, f"Invalid {of} policy provided") from None

    def _kept(self, connection: Connection, text: str) -> str:
        try:
            return self._language.resolve(connection, text)
        except PrincipalNotFound:
            raise InvalidParameter(_MEMBER, "Principal not found") from None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
