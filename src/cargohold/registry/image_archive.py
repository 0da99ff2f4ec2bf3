"""UpdateImageStorageClass: images that nobody needs now go into the archive, and come back when somebody does.

An image is archived at once, and its bytes follow (registry.archive_tasks). It is back when its bytes are: until then
it is ACTIVATING. What an image that can be pulled needs is not archived: neither the children of an index nor the
referrers of a subject before these are. Referrers follow their subject both ways, children follow their index back.

Sources: Amazon ECR API reference, UpdateImageStorageClass; its user guide, "Archive storage class".
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from cargohold.core.arn import Target
from cargohold.core.clock import DAY, Clock
from cargohold.core.errors import ImageNotFound, ImageStorageClassUpdateNotSupported, InvalidParameter
from cargohold.database import Database
from cargohold.jobs.queue import add_job
from cargohold.registry import events
from cargohold.registry.image import Failure, ImageId, malformed
from cargohold.registry.image_resolve import resolve
from cargohold.registry.store import archive as store
from cargohold.registry.store import repositories
from cargohold.registry.store.archive import Filed, Place
from cargohold.registry.store.images import Held

ARCHIVE_TASK: Final = "archive image"
ACTIVATE_TASK: Final = "activate image"

_ACTION: Final = "UPDATE_STORAGE_CLASS"


class ImageArchive:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def archive(self, target: Target, named: ImageId) -> tuple[ImageId, str]:
        """The image, with both members of its name as far as they are known, and its status: ARCHIVED.

        Raises RepositoryNotFound, ImageNotFound, InvalidParameter and ImageStorageClassUpdateNotSupported.
        """
        return await self._database.write(partial(_archive, target=target, named=named, now=self._clock()))

    async def restore(self, target: Target, named: ImageId) -> tuple[ImageId, str]:
        """The image and its status, ACTIVATING. Raises as `archive` does."""
        return await self._database.write(partial(_restore, target=target, named=named, now=self._clock()))


def archive(connection: Connection, target: Target, image_ids: Collection[int], now: int) -> list[int]:
    """Archives those active images among `image_ids` that may be, and returns their ids.

    Up to 100 images, in no order: an image may be archived together with the index that lists it, or with its subject.
    Raises RepositoryNotFound.
    """
    repository_id = repositories.get_locked(connection, target).id
    filed = {each.id: each for each in store.list_images(connection, repository_id, image_ids)}
    chosen = _free(connection, {each.id for each in filed.values() if each.status == "ACTIVE"})
    if chosen:
        store.save_archived(connection, chosen, now)
        place = store.get_place(connection, repository_id)
        for image_id in chosen:
            publish(connection, place, filed[image_id], "ARCHIVE", now)
            add_job(connection, ARCHIVE_TASK, {"image": image_id}, now)
    return chosen


def restore(connection: Connection, target: Target, image_ids: Collection[int], now: int) -> list[int]:
    """Has those archived images among `image_ids`, up to 100, brought back, and returns their ids.

    What an index lists comes back with it. Raises RepositoryNotFound.
    """
    repository_id = repositories.get_locked(connection, target).id
    chosen = [each.id for each in store.list_images(connection, repository_id, image_ids) if each.status == "ARCHIVED"]
    if chosen:
        store.save_activating(connection, chosen)
    for image_id in chosen:
        _restore_children(connection, image_id)
        fetch(connection, image_id, now)
    return chosen


def activate(connection: Connection, image_id: int, now: int) -> None:
    """At the push of an image that is not active: it can be pulled from now on, with what it lists."""
    filed = store.find_image(connection, image_id)
    if filed is None or not store.save_activated(connection, image_id, now):
        return
    publish(connection, store.get_place(connection, filed.repository_id), filed, "STANDARD", now)
    fetch(connection, image_id, now)
    activate_children(connection, image_id, now)


def activate_children(connection: Connection, index_id: int, now: int) -> None:
    """At the push of an index: what it lists can be pulled from now on."""
    for child in store.list_inactive_children(connection, index_id):
        activate(connection, child, now)


def resume(connection: Connection, image_id: int, now: int) -> None:
    """At the return of a deleted image: unless it is archived, what it lists and what refers to it is not so either.

    While it was not there these could be archived alone, and nobody fetched its blobs if it was on its way back.
    """
    filed = store.find_image(connection, image_id)
    if filed is None or filed.status == "ARCHIVED":
        return
    if filed.status == "ACTIVE":
        activate_children(connection, image_id, now)
    else:
        _restore_children(connection, image_id)
    fetch(connection, image_id, now)


def fetch(connection: Connection, image_id: int, now: int) -> None:
    """Has an image's blobs brought back from the archive, where they can be read from until then.

    Somebody waits for them, and nobody for bytes that go there: so they go before whatever was archived today.
    """
    add_job(connection, ACTIVATE_TASK, {"image": image_id}, now - DAY)


def publish(connection: Connection, place: Place, filed: Filed, storage_class: str, now: int) -> None:
    """Keeps the event that an image has that storage class from now on, ARCHIVE or STANDARD."""
    detail: dict[str, Any] = {
        "result": "SUCCESS",
        "repository-name": place.target.name,
        "image-digest": filed.digest,
        "action-type": _ACTION,
        "target-storage-class": storage_class,
        "manifest-media-type": filed.media_type,
    }
    if filed.artifact_type is not None:
        detail["artifact-media-type"] = filed.artifact_type
    if storage_class == "STANDARD":
        detail["last-activated-at"] = datetime.fromtimestamp(now // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    kind = events.IMAGE_ACTION if filed.subject_digest is None else events.REFERRER_ACTION
    events.publish(connection, place.registry_id, kind, detail, now)


def _free(connection: Connection, ids: Collection[int]) -> list[int]:
    """Those of the active images that nothing which stays active holds."""
    free = set(ids)
    holders: Sequence[tuple[int, int]] = store.list_holders(connection, free) if free else ()
    while held := {image_id for image_id, holder in holders if holder not in free} & free:
        free -= held
    return sorted(free)


def _restore_children(connection: Connection, index_id: int) -> None:
    children = store.list_inactive_children(connection, index_id)
    if children:
        store.save_activating(connection, children)
    for child in children:
        _restore_children(connection, child)


def _archive(connection: Connection, target: Target, named: ImageId, now: int) -> tuple[ImageId, str]:
    repositories.get_locked(connection, target)  # held before it is looked at
    held = _get(connection, target, named)
    if held.status != "ACTIVE":
        raise ImageStorageClassUpdateNotSupported(held.digest, target.name, f"it is {held.status}")
    if not archive(connection, target, [held.id], now):
        reason = "an image index that lists it, or the image that it refers to, is not archived"
        raise ImageStorageClassUpdateNotSupported(held.digest, target.name, reason)
    return ImageId(named.tag, held.digest), "ARCHIVED"


def _restore(connection: Connection, target: Target, named: ImageId, now: int) -> tuple[ImageId, str]:
    repositories.get_locked(connection, target)  # held before it is looked at
    held = _get(connection, target, named)
    if held.status == "ACTIVE":
        raise ImageStorageClassUpdateNotSupported(held.digest, target.name, "it is ACTIVE")
    if held.status == "ACTIVATING":  # its job is tried again at once, should it have been given up
        fetch(connection, held.id, now)
    restore(connection, target, [held.id], now)
    return ImageId(named.tag, held.digest), "ACTIVATING"


def _get(connection: Connection, target: Target, named: ImageId) -> Held:
    if failure := malformed(named):
        raise InvalidParameter("imageId", failure.reason)
    meant: Mapping[ImageId, Held | Failure] = resolve(connection, target.existing, [named])
    held = meant[named]
    if isinstance(held, Failure):
        raise ImageNotFound(named.digest, named.tag, target.name, target.registry.account)
    return held
