"""Blobs as a repository holds them: looked up, mounted and read.

A blob that no image uses yet may be collected a day after it came. Whoever is told that it is there will build on that,
so a look-up shortly before lengthens its lease.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from sqlalchemy import Connection

from cargohold.blobstore.stores import Stores
from cargohold.core.arn import Registry, Target
from cargohold.core.clock import HOUR, Clock
from cargohold.core.digest import Digest
from cargohold.core.errors import (
    Corrupt,
    LayerArchived,
    LayerInaccessible,
    LayerInUse,
    LayerNotFound,
    StorageBusy,
    StorageFull,
)
from cargohold.database import Database
from cargohold.exchange import Chunks
from cargohold.registry.blob import Blob
from cargohold.registry.limits import Limits
from cargohold.registry.settings import mounts
from cargohold.registry.store import blobs, moves, repositories
from cargohold.registry.store.blobs import Held

__all__ = ["Blob", "Blobs"]

SOON: Final = HOUR
"""A lease with less than this left is lengthened by a look-up."""

CANDIDATES: Final = 20
"""Repositories that are considered as the source of a mount that names none."""


class Blobs:
    def __init__(self, database: Database, stores: Stores, clock: Clock, limits: Limits) -> None:
        self._database = database
        self._stores = stores
        self._clock = clock
        self._limits = limits

    async def get(self, target: Target, digest: Digest) -> Blob:
        """A blob that this very repository holds. Raises RepositoryNotFound and LayerNotFound."""
        found = await self.check(target, [digest])
        if digest not in found:
            raise LayerNotFound(digest, target.name, target.registry.account)
        return found[digest]

    async def check(self, target: Target, digests: Sequence[Digest]) -> dict[Digest, Blob]:
        """Those among `digests` that this very repository holds. Raises RepositoryNotFound."""
        repository_id = target.existing
        held = await self._database.read(partial(_list, repository_id=repository_id, digests=digests))
        soon = self._clock() + SOON
        if any(each.review_after is not None and each.review_after < soon for each in held):
            # Where there is no room for it, the blob is there all the same: a push that counts on it looks again.
            with suppress(StorageFull, StorageBusy):
                held = await self._database.write(partial(self._renew, repository_id=repository_id, digests=digests))
        return {each.blob.digest: each.blob for each in held}

    async def mount(self, target: Target, digest: Digest, source: Target | None) -> Blob | None:
        """The blob, which this repository holds from now on; None when `source` does not hold it or is not given.

        None as well where the registry's setting BLOB_MOUNTING is off. `source` is a repository from which the caller
        may download. Raises RepositoryNotFound for the target.
        """
        work = partial(self._mount, target=target, digest=digest, source=source)
        return await self._database.write(work)

    async def holders(self, registry: Registry, digest: Digest) -> list[str]:
        """Names of repositories of a registry that hold the blob, the oldest first and CANDIDATES at the most.

        Not to be shown: whoever asks may not be allowed to know of any of them.
        """
        return await self._database.read(partial(blobs.list_holders, of=registry, digest=digest, limit=CANDIDATES))

    async def remove(self, target: Target, digest: Digest) -> None:
        """Takes the blob out of this repository; others that hold it keep it.

        Raises RepositoryNotFound, LayerNotFound, and LayerInUse while an image of this repository uses it.
        """
        await self._database.write(partial(self._remove, target=target, digest=digest))

    async def downloadable(self, target: Target, digest: Digest) -> Blob:
        """A blob that an active image of this repository uses.

        Raises RepositoryNotFound, LayerNotFound, LayerInaccessible, and LayerArchived where all that use it are so.
        """
        wanted = partial(blobs.find_use, repository_id=target.existing, digest=digest)
        found = await self._database.read(wanted)
        if found is None:
            raise LayerNotFound(digest, target.name, target.registry.account)
        if not found.in_use:
            raise LayerInaccessible(digest, target.name, target.registry.account)
        if not found.active:
            raise LayerArchived(digest, target.name, target.registry.account)
        return found.blob

    async def archived(self, target: Target, held: Iterable[Blob]) -> set[Digest]:
        """Those among some of this repository's blobs that images of it use, but archived ones only."""
        wanted = partial(blobs.list_archived, repository_id=target.existing, ids=[blob.id for blob in held])
        return set(await self._database.read(wanted))

    async def open(self, blob: Blob, start: int = 0, stop: int | None = None) -> Chunks:
        """The bytes from `start` up to `stop` (exclusive; None: the end), as they are read.

        Raises Corrupt when fewer are stored than the blob has.
        """
        end = blob.size if stop is None else stop
        try:
            return await self._stores.of(blob.tier).open(blob.generation, start, end)
        except Corrupt:
            place = await self._database.read(partial(moves.find_place, blob_id=blob.id))
            if place is None or place == (blob.generation, blob.tier):
                raise
        generation, tier = place  # it was moved since it was looked up
        return await self._stores.of(tier).open(generation, start, end)

    def _remove(self, connection: Connection, target: Target, digest: Digest) -> None:
        repository = repositories.get_locked(connection, target)
        found = blobs.find_use(connection, repository.id, digest)
        if found is None:
            raise LayerNotFound(digest, target.name, target.registry.account)
        if found.in_use:
            raise LayerInUse(digest, target.name, target.registry.account)
        blob = found.blob
        blobs.lock_in_queue(connection, blob.id)
        still = blobs.list_shared(connection, repository.id, [digest])
        blobs.delete_right(connection, repository.id, blob.id)
        if still:
            blobs.add_to_queue(connection, blob.id, self._clock() + self._limits.collection_lease, "blob deleted")

    def _renew(self, connection: Connection, repository_id: int, digests: Sequence[Digest]) -> list[Held]:
        """Lengthens the leases, then looks again: what the collector took meanwhile is not there."""
        held = _list(connection, repository_id, digests)
        until = self._clock() + self._limits.collection_lease
        blobs.save_lease(connection, sorted(each.blob.id for each in held), until)
        return _list(connection, repository_id, digests)

    def _mount(self, connection: Connection, target: Target, digest: Digest, source: Target | None) -> Blob | None:
        repository = repositories.get_shared(connection, target)
        holder = repository.id
        held = blobs.find_held(connection, holder, digest)
        if held is None and source is not None and source.id is not None and source.registry == target.registry:
            holder = source.id
            held = blobs.find_held(connection, holder, digest) if mounts(connection, source.registry) else None
        if held is None:
            return None
        blobs.lock_in_queue(connection, held.blob.id)
        found = blobs.list_shared(connection, holder, [digest]).get(digest)
        if found is not None:
            now = self._clock()
            blobs.add_to_queue(connection, found.id, now + self._limits.collection_lease, "mounted")
            blobs.add_right(connection, repository.id, found.id, now)
        return found


def _list(connection: Connection, repository_id: int, digests: Sequence[Digest]) -> list[Held]:
    return blobs.list_held(connection, repository_id, digests)
