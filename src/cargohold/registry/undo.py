"""Undo: what was deleted, and how it comes back, as long as its lease runs.

A tombstone keeps an image's manifest and blobs; restoring takes it away. Tags come back where they are free: one that
names another image by now stays with it, whatever the repository's rules on moving tags.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from sqlalchemy import Connection

from cargohold.core import manifest as manifests
from cargohold.core.arn import Registry, Target
from cargohold.core.clock import Clock
from cargohold.core.errors import (
    ImageNotFound,
    LimitExceeded,
    ReferencedImagesNotFound,
    RepositoryAlreadyExists,
    RepositoryNotFound,
)
from cargohold.core.paging import Page
from cargohold.database import Database
from cargohold.registry import image_archive
from cargohold.registry.deleted import DeletedImage, DeletedRepository, Restored
from cargohold.registry.limits import Limits
from cargohold.registry.repository import Repository
from cargohold.registry.store import images, repositories, tags
from cargohold.registry.store import tombstones as store

__all__ = ["DeletedImage", "DeletedRepository", "Restored", "Undo"]

_FIRST: Final = "0"


class Undo:
    def __init__(self, database: Database, clock: Clock, limits: Limits) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits

    @property
    def lease(self) -> int:
        """For how long a deletion can be undone, in milliseconds."""
        return self._limits.collection_lease

    async def deleted_images(self, target: Target, after: str | None, limit: int) -> Page[DeletedImage]:
        """Images of a repository that can be restored, the first pushed first. Raises RepositoryNotFound."""
        wanted = partial(
            store.list_deleted_images,
            repository_id=target.existing,
            after=int(after or _FIRST),
            now=self._clock(),
            limit=limit + 1,
        )
        found = await self._database.read(wanted)
        items = tuple(found[:limit])
        return Page(items, str(items[-1].id) if len(found) > limit else None)

    async def deleted_repositories(self, registry: Registry, after: str | None, limit: int) -> Page[DeletedRepository]:
        """Repositories of a registry that can be restored, the first made first."""
        wanted = partial(
            store.list_deleted_repositories,
            of=registry,
            after=int(after or _FIRST),
            before=self._clock() - self.lease,
            limit=limit + 1,
        )
        found = await self._database.read(wanted)
        items = tuple(found[:limit])
        return Page(items, str(items[-1].id) if len(found) > limit else None)

    async def restore_image(self, target: Target, digest: str) -> Restored:
        """Brings back the image of that digest that was deleted last, and of an index what it lists.

        One that is there is left as it is. Raises RepositoryNotFound, ImageNotFound, ReferencedImagesNotFound where
        what an index lists is gone for good, and LimitExceeded.
        """
        return await self._database.write(partial(self._restore, target=target, digest=digest, now=self._clock()))

    async def restore_repository(self, registry: Registry, name: str) -> Repository:
        """Brings back the repository of that name that was deleted last, with all that it had but its open uploads.

        Raises RepositoryNotFound, RepositoryAlreadyExists where another has the name by now, and LimitExceeded.
        """
        return await self._database.write(partial(self._restore_repository, of=registry, name=name, now=self._clock()))

    def _restore(self, connection: Connection, target: Target, digest: str, now: int) -> Restored:
        repository = repositories.get_locked(connection, target)
        there = images.find_image(connection, repository.id, digest)
        if there is not None:
            return Restored(there.digest, tuple(tags.list_of_image(connection, there.id)), (), came=False)
        restored = _Restoring(connection, target, repository.id, now).restore(digest)
        if restored is None:
            raise ImageNotFound(digest, None, target.name, target.registry.account)
        limit = self._limits.images_per_repository
        if images.count_images(connection, repository.id, limit) > limit:
            raise LimitExceeded(
                f"The repository with name '{target.name}' in registry with id '{target.registry.account}' already "
                f"has the maximum allowed number of images which is '{limit}'"
            )
        return restored

    def _restore_repository(self, connection: Connection, of: Registry, name: str, now: int) -> Repository:
        found = store.find_deleted_repository(connection, of, name, now - self.lease)
        if found is None:
            raise RepositoryNotFound(name, of.account)
        repositories.hold_quota(connection, found.id)  # who makes one of that name waits, or has made it
        if store.has_live_namesake(connection, of, name):
            raise RepositoryAlreadyExists(name, of.account)
        store.save_restored_repository(connection, found.id)
        if repositories.count_repositories(connection, repositories.add_registry(connection, of)) > (
            self._limits.repositories
        ):
            raise LimitExceeded(
                f"The registry with id '{of.account}' already has the maximum allowed number of repositories "
                f"which is '{self._limits.repositories}'"
            )
        return repositories.get_repository(connection, Target(of, name, found.id))


class _Restoring:
    """Restores one image and what it lists, within a transaction that holds the repository."""

    def __init__(self, connection: Connection, target: Target, repository_id: int, now: int) -> None:
        self._connection = connection
        self._target = target
        self._repository_id = repository_id
        self._now = now

    def restore(self, digest: str) -> Restored | None:
        """None where it is not deleted. Raises ReferencedImagesNotFound.

        Indexes list indexes to any depth, so those that wait for what they list stand in a list, not on the stack.
        """
        restored: Restored | None = None
        came: tuple[str, ...] = ()
        done, waiting = set[str](), [digest]
        while waiting:
            found = None if waiting[-1] in done else self._find(waiting[-1])
            if found is None:
                waiting.pop()
                continue
            listed = [child.digest for child in manifests.parse(found.payload, found.media_type).children]
            held = images.list_children(self._connection, self._repository_id, listed) if listed else {}
            missing = tuple(each for each in dict.fromkeys(listed) if each not in held)
            if missing:
                came = came or missing
                waiting += self._deleted(missing)
                continue
            restored = self._save(found, [id_ for id_, _ in held.values()])
            done.add(waiting.pop())
        return None if restored is None else replace(restored, children=came)

    def _find(self, digest: str) -> DeletedImage | None:
        return store.find_deleted_image(self._connection, self._repository_id, digest, self._now)

    def _deleted(self, digests: Sequence[str]) -> Sequence[str]:
        """The digests, all of which can be restored. Raises ReferencedImagesNotFound."""
        gone = [digest for digest in digests if self._find(digest) is None]
        if gone:
            raise ReferencedImagesNotFound(gone, self._target.name, self._target.registry.account)
        return digests

    def _save(self, found: DeletedImage, children: Sequence[int]) -> Restored:
        """Restores an image whose children are there."""
        store.save_restored(self._connection, found.id, children, self._now)
        added = tuple(name for name in found.tags if self._put(name, found.id))
        images.save_untagged(self._connection, found.id)
        image_archive.resume(self._connection, found.id, self._now)
        return Restored(found.digest, added, tuple(name for name in found.tags if name not in added))

    def _put(self, name: str, image_id: int) -> bool:
        return tags.add_tag(self._connection, self._repository_id, name, image_id, self._now)
