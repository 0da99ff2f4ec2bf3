"""Repositories: created, described, changed and deleted, with their resource tags.

Deleting leaves a tombstone, however much the repository holds; collection walks through that when it is purged.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from sqlalchemy import Connection

from cargohold.core.arn import Registry, Target
from cargohold.core.clock import Clock
from cargohold.core.errors import (
    LimitExceeded,
    RepositoryAlreadyExists,
    RepositoryNotEmpty,
    RepositoryNotFound,
    TooManyTags,
)
from cargohold.core.paging import Page
from cargohold.database import Database
from cargohold.registry import mutability, resource_tags
from cargohold.registry.lifecycle_policies import set_policy
from cargohold.registry.limits import Limits
from cargohold.registry.repository import NewRepository, Repository, check
from cargohold.registry.store import repositories, uploads

__all__ = ["NewRepository", "Repositories", "Repository"]


class Repositories:
    def __init__(self, database: Database, clock: Clock, limits: Limits) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits

    async def create(self, registry: Registry, new: NewRepository) -> Repository:
        """A new, empty repository, whole with its tags and policies or not at all.

        Raises what its options break (see repository.check), RepositoryAlreadyExists and LimitExceeded.
        """
        check(new, self._limits)
        return await self._database.write(partial(self.add, registry=registry, new=new, now=self._clock()))

    async def ensure(self, registry: Registry, new: NewRepository) -> bool:
        """Makes the repository where there is none of its name; whether it did. Of several at once one makes it.

        Raises what `create` raises, but for RepositoryAlreadyExists.
        """
        try:
            await self.create(registry, new)
        except RepositoryAlreadyExists:
            return False
        return True

    async def describe(self, targets: Sequence[Target]) -> list[Repository]:
        """The repositories in the order of `targets`, all of one registry; RepositoryNotFound for the first absent."""
        if not targets:
            return []
        registry = targets[0].registry
        ids = [target.existing for target in targets]
        found = await self._database.read(lambda connection: repositories.list_repositories(connection, registry, ids))
        for target in targets:
            if target.id not in found:
                raise RepositoryNotFound(target.name, registry.account)
        return [found[id_] for id_ in ids]

    async def page(self, registry: Registry, after: str | None, limit: int) -> Page[Repository]:
        """Up to `limit` repositories by name, behind the name `after`."""
        wanted = partial(repositories.list_page, of=registry, after=after or "", limit=limit + 1)
        found = await self._database.read(wanted)
        items = tuple(found[:limit])
        return Page(items, items[-1].name if items and len(found) > limit else None)

    async def delete(self, target: Target, force: bool) -> Repository:
        """The repository as it was. Raises RepositoryNotFound, and RepositoryNotEmpty unless `force`."""
        return await self._database.write(partial(self._delete, target=target, force=force, now=self._clock()))

    async def set_tag_mutability(self, target: Target, mode: str, filters: Sequence[str]) -> Repository:
        """The repository with this mode and these filters in place of its own; every tag stays where it is.

        In force for each push that begins after it returns. Raises RepositoryNotFound and InvalidParameter.
        """
        _ = target.existing
        mutability.check(mode, filters)
        save = partial(repositories.save_tag_mutability, target=target, mode=mode, filters=filters)
        return await self._database.write(save)

    async def set_scan_on_push(self, target: Target, flag: bool) -> Repository:
        """The repository with this flag, in force for each push that begins after it. Raises RepositoryNotFound."""
        _ = target.existing
        return await self._database.write(partial(repositories.save_scan_on_push, target=target, flag=flag))

    async def add_resource_tags(self, target: Target, tags: Mapping[str, str]) -> None:
        """Gives the repository these tags beside those that it has; a key that it has gets the new value.

        Raises RepositoryNotFound, InvalidTagParameter and TooManyTags.
        """
        _ = target.existing
        resource_tags.check(tags, self._limits)
        await self._database.write(partial(self._add_tags, target=target, tags=tags))

    async def remove_resource_tags(self, target: Target, keys: Collection[str]) -> None:
        """Takes tags away; a key that the repository does not have is left out.

        Raises RepositoryNotFound, InvalidTagParameter and TooManyTags.
        """
        _ = target.existing
        distinct = dict.fromkeys(keys)
        resource_tags.check_keys(distinct, self._limits)
        await self._database.write(partial(_remove_tags, target=target, keys=distinct))

    async def list_resource_tags(self, target: Target) -> dict[str, str]:
        """Every tag's value, by key in the order of the keys' characters. Raises RepositoryNotFound."""
        return await self._database.read(partial(_list_tags, target=target))

    def add(self, connection: Connection, registry: Registry, new: NewRepository, now: int) -> Repository:
        """As `create`, of what was checked, for who makes more with it in one transaction; holds the registry's row."""
        registry_id = repositories.add_registry(connection, registry)
        id_ = repositories.add_repository(connection, registry_id, new, now)
        if id_ is None:
            raise RepositoryAlreadyExists(new.name, registry.account)
        repositories.hold_quota(connection, id_)
        if repositories.count_repositories(connection, registry_id) > self._limits.repositories:
            raise LimitExceeded(
                f"The registry with id '{registry.account}' already has the maximum allowed number of repositories "
                f"which is '{self._limits.repositories}'"
            )
        repositories.save_resource_tags(connection, id_, new.tags)
        if new.lifecycle_policy is not None:
            set_policy(connection, id_, new.lifecycle_policy, now)
        return _made(id_, registry, new, now)

    def _add_tags(self, connection: Connection, target: Target, tags: Mapping[str, str]) -> None:
        repository = repositories.get_locked(connection, target)
        repositories.save_resource_tags(connection, repository.id, tags)
        if repositories.count_resource_tags(connection, repository.id) > self._limits.resource_tags:
            raise TooManyTags

    def _delete(self, connection: Connection, target: Target, force: bool, now: int) -> Repository:
        repository = repositories.get_locked(connection, target)
        if not force and repositories.has_images(connection, repository.id):
            raise RepositoryNotEmpty(target.name, target.registry.account)
        repositories.delete_repository(connection, repository.id, now)
        uploads.end_all(connection, repository.id, now)
        return repository


def _remove_tags(connection: Connection, target: Target, keys: Collection[str]) -> None:
    repository = repositories.get_locked(connection, target)
    repositories.delete_resource_tags(connection, repository.id, keys)


def _list_tags(connection: Connection, target: Target) -> dict[str, str]:
    repository = repositories.get_repository(connection, target)
    return repositories.list_resource_tags(connection, repository.id)


def _made(id_: int, registry: Registry, new: NewRepository, now: int) -> Repository:
    return Repository(
        id=id_,
        registry=registry,
        name=new.name,
        created_at=now,
        tag_mutability=new.tag_mutability,
        tag_mutability_filters=new.tag_mutability_filters,
        scan_on_push=new.scan_on_push,
        encryption_type=new.encryption_type,
        kms_key=new.kms_key,
    )
