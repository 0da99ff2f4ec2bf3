"""Images: pushed, pulled, listed and deleted; the nouns that go in and out are named here for the doors."""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import Connection

from cargohold.core.arn import Target
from cargohold.core.clock import Clock
from cargohold.core.errors import ImageNotFound, InvalidParameter, LimitExceeded, ManifestNotFound
from cargohold.core.paging import Page
from cargohold.core.reference import Reference
from cargohold.database import Database
from cargohold.registry import image_delete, image_list, image_push
from cargohold.registry.image import Failure, Image, ImageId, Push, inaccessible, malformed
from cargohold.registry.image_delete import Moment
from cargohold.registry.image_list import Listing
from cargohold.registry.image_push import Arrived
from cargohold.registry.image_resolve import resolve
from cargohold.registry.limits import Limits
from cargohold.registry.store import images
from cargohold.registry.store.images import Held

__all__ = ["Failure", "Image", "ImageId", "Images", "Push"]

Found = tuple[list[tuple[ImageId, Image]], list[Failure]]


class Images:
    def __init__(self, database: Database, clock: Clock, limits: Limits, arrived: Arrived | None = None) -> None:
        """`arrived` hears of each new image."""
        self._database = database
        self._clock = clock
        self._limits = limits
        self._arrived = arrived

    async def put(self, target: Target, push: Push) -> Image:
        """Keeps a manifest and puts its tag on it; durable when it returns.

        Raises what is wrong with the bytes (see image_push.read) or with the repository (see image_push.store).
        """
        incoming = image_push.read(target, push, self._clock())
        work = partial(image_push.store, incoming=incoming, limits=self._limits, arrived=self._arrived)
        return await self._database.write(work)

    async def get(self, target: Target, reference: Reference) -> Image:
        """The image with its manifest, its tags not read. Raises RepositoryNotFound and ManifestNotFound."""
        wanted = partial(images.find_pullable, repository_id=target.existing, reference=reference)
        found = await self._database.read(wanted)
        if found is None:
            raise ManifestNotFound
        return found

    async def get_many(self, target: Target, ids: Sequence[ImageId]) -> Found:
        """Images with their manifests, under the names asked for with both members filled, and what was not found.

        Raises RepositoryNotFound, and LimitExceeded when the manifests are too large for one answer.
        """
        return await self._database.read(partial(self._get_many, repository_id=target.existing, ids=ids))

    async def delete(
        self, target: Target, ids: Sequence[ImageId], deleted_by: str = ""
    ) -> tuple[list[ImageId], list[Failure]]:
        """What was removed, an entry for each tag and for each image that had none, and why the rest was not.

        By tag: the tag, and the image with its last one. By digest: the image and its tags. `deleted_by` is told to
        who may undo it. Raises RepositoryNotFound.
        """
        work = partial(image_delete.delete_batch, target=target, ids=ids, moment=self._moment(deleted_by))
        return await self._database.write(work)

    async def untag(self, target: Target, tag: str) -> None:
        """Takes a tag away and keeps its image. Raises RepositoryNotFound and ManifestNotFound."""
        await self._database.write(partial(image_delete.delete_tag, target=target, tag=tag))

    async def remove(self, target: Target, digest: str, deleted_by: str = "") -> None:
        """Deletes an image with its tags. Raises RepositoryNotFound, ManifestNotFound and ImageReferenced."""
        work = partial(image_delete.delete_digest, target=target, digest=digest, moment=self._moment(deleted_by))
        await self._database.write(work)

    async def list_ids(
        self, target: Target, tag_status: str, status: str, after: str | None, limit: int
    ) -> Page[ImageId]:
        """Tags with their digests, then digests without a tag; `after` is the `after` of the page before."""
        return await Listing(self._database, target.existing, tag_status, status).ids(after, limit)

    async def describe(self, target: Target, ids: Sequence[ImageId]) -> list[Image]:
        """The images of those names, each once, whatever their status, with tags and without manifests.

        Raises RepositoryNotFound, InvalidParameter for a malformed name and ImageNotFound for the first unknown one.
        """
        for named in ids:
            if failure := malformed(named):
                raise InvalidParameter("imageIds", failure.reason)
        return await self._database.read(partial(describe_named, target=target, ids=ids))

    async def describe_page(
        self, target: Target, tag_status: str, status: str, after: str | None, limit: int
    ) -> Page[Image]:
        """Images by digest, with tags and without manifests; `after` is the `after` of the page before."""
        return await Listing(self._database, target.existing, tag_status, status).images(after, limit)

    def _moment(self, deleted_by: str) -> Moment:
        now = self._clock()
        return Moment(now, now + self._limits.collection_lease, deleted_by)

    def _get_many(self, connection: Connection, repository_id: int, ids: Sequence[ImageId]) -> Found:
        held: list[tuple[ImageId, Held]] = []
        failures: list[Failure] = []
        for named, meant in resolve(connection, repository_id, ids).items():
            if isinstance(meant, Failure):
                failures.append(meant)
            elif meant.status != "ACTIVE":
                failures.append(inaccessible(named))
            else:
                held.append((ImageId(named.tag, meant.digest), meant))
        sizes = {each.id: each.bytes for _, each in held}
        if sum(sizes.values()) > self._limits.batch_bytes:
            raise LimitExceeded(f"The images asked for have more than {self._limits.batch_bytes} bytes of manifests")
        found = images.list_images(connection, list(sizes)) if sizes else {}
        return [(named, found[each.id]) for named, each in held], failures


def describe_named(connection: Connection, target: Target, ids: Sequence[ImageId]) -> list[Image]:
    """As Images.describe of names that are well formed."""
    wanted: dict[int, None] = {}
    for named, meant in resolve(connection, target.existing, ids).items():
        if isinstance(meant, Failure):
            raise ImageNotFound(named.digest, named.tag, target.name, target.registry.account)
        wanted[meant.id] = None
    return image_list.describe(connection, list(wanted))
