"""BatchDeleteImage, and DELETE of a manifest: tags taken away, images left as tombstones, their blobs queued.

Every deletion holds the repository alone: a push that runs at the same time sees it whole or not at all, so no image
loses a blob, and no index a child, that it was just promised.

Sources: Amazon ECR API reference, BatchDeleteImage; its user guide, "Deleting an image".
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from cargohold.core.arn import Target
from cargohold.core.errors import ImageReferenced, ManifestNotFound
from cargohold.registry.image import Failure, ImageId, referenced
from cargohold.registry.image_resolve import resolve
from cargohold.registry.store import blobs, images, repositories, tags, tombstones
from cargohold.registry.store.images import Held


@dataclass(frozen=True, slots=True)
class Moment:
    """When a deletion takes place, and until when it can be undone, epoch milliseconds; and who does it.

    `deleted_by` is an ARN or the rule of a lifecycle policy, empty where nobody is known.
    """

    now: int
    review_after: int
    deleted_by: str = ""


@dataclass(slots=True)
class _Batch:
    """A deletion under way. What it removed itself is not missing when a later name of the same call asks for it."""

    connection: Connection
    repository_id: int
    moment: Moment
    removed_tags: dict[str, int] = field(default_factory=dict)
    """Each with the image that it named."""
    removed_images: list[int] = field(default_factory=list)
    deleted: list[ImageId] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def delete(self, named: ImageId, held: Held) -> None:
        if held.id in self.removed_images or named.tag in self.removed_tags:
            return
        if named.tag is not None:
            self._delete_tag(named.tag, held)
        elif indexes := images.list_parents(self.connection, held.id):
            self.failures.append(referenced(named, indexes))
        else:
            self._delete_image(held)

    def _delete_tag(self, tag: str, held: Held) -> None:
        """Takes the tag away, and the image with its last one, unless an index still lists it."""
        tags.delete_tag(self.connection, self.repository_id, tag)
        self.removed_tags[tag] = held.id
        self.deleted.append(ImageId(tag, held.digest))
        if tags.count_of_image(self.connection, held.id):
            return
        if images.list_parents(self.connection, held.id):
            images.save_untagged(self.connection, held.id)
        else:
            self._forget(held.id)

    def _delete_image(self, held: Held) -> None:
        """Takes the image away with all its tags: an entry for each, or one for an image that has none."""
        names = tags.list_of_image(self.connection, held.id)
        tags.delete_of_image(self.connection, held.id)
        self.removed_tags.update(dict.fromkeys(names, held.id))
        self.deleted.extend([ImageId(name, held.digest) for name in names] or [ImageId(None, held.digest)])
        self._forget(held.id)

    def _forget(self, image_id: int) -> None:
        _bury(self.connection, image_id, [tag for tag, of in self.removed_tags.items() if of == image_id], self.moment)
        self.removed_images.append(image_id)

    def finish(self) -> None:
        """Takes the right to read what only the deleted images used, and queues their blobs."""
        if self.removed_images:
            blobs.delete_rights(self.connection, self.repository_id, self.removed_images, self.moment.review_after)


def delete_batch(
    connection: Connection, target: Target, ids: Sequence[ImageId], moment: Moment
) -> tuple[list[ImageId], list[Failure]]:
    """What was removed, and why the rest was not; names mean what they meant before the call, and count in order.

    Raises RepositoryNotFound.
    """
    repository = repositories.get_locked(connection, target)
    batch = _Batch(connection, repository.id, moment)
    for named, meant in resolve(connection, repository.id, ids).items():
        if isinstance(meant, Failure):
            batch.failures.append(meant)
        else:
            batch.delete(named, meant)
    batch.finish()
    return batch.deleted, batch.failures


def delete_tag(connection: Connection, target: Target, tag: str) -> None:
    """Takes a tag away and keeps its image. Raises RepositoryNotFound and ManifestNotFound."""
    repository = repositories.get_locked(connection, target)
    image_id = tags.delete_tag(connection, repository.id, tag)
    if image_id is None:
        raise ManifestNotFound
    images.save_untagged(connection, image_id)


def delete_digest(connection: Connection, target: Target, digest: str, moment: Moment) -> None:
    """Deletes one image with its tags. Raises RepositoryNotFound, ManifestNotFound and ImageReferenced."""
    repository = repositories.get_locked(connection, target)
    image = images.get_image(connection, repository.id, digest)
    if indexes := images.list_parents(connection, image.id):
        raise ImageReferenced(indexes)
    _delete_with_tags(connection, image.id, moment)
    blobs.delete_rights(connection, repository.id, [image.id], moment.review_after)


def expire(connection: Connection, repository_id: int, ids: Sequence[int], moment: Moment) -> None:
    """Deletes images of one repository, with their tags: live ones that no live index lists, up to 100.

    The caller holds the repository alone (get_locked).
    """
    for image_id in ids:
        _delete_with_tags(connection, image_id, moment)
    if ids:
        blobs.delete_rights(connection, repository_id, ids, moment.review_after)


def _delete_with_tags(connection: Connection, image_id: int, moment: Moment) -> None:
    names = tags.list_of_image(connection, image_id)
    tags.delete_of_image(connection, image_id)
    _bury(connection, image_id, names, moment)


def _bury(connection: Connection, image_id: int, names: Sequence[str], moment: Moment) -> None:
    """Leaves a tombstone that says which tags went with the image."""
    images.delete_image(connection, image_id, moment.now)
    tombstones.add_deletion(connection, image_id, moment.deleted_by, names, moment.review_after)
