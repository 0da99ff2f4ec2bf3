"""What may be asked of scanning: scans of an image, what they found, and what a registry wants scanned.

Sources: Amazon ECR API reference, StartImageScan, DescribeImageScanFindings; its user guide on image scanning.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Connection

from cargohold.core.arn import Registry, Target
from cargohold.core.clock import DAY, Clock
from cargohold.core.errors import (
    ImageArchived,
    InvalidParameter,
    LimitExceeded,
    ScanningDisabled,
    ScanNotFound,
    UnsupportedImageType,
)
from cargohold.core.manifest import IMAGES
from cargohold.core.paging import Page
from cargohold.database import Database
from cargohold.jobs.queue import add_job
from cargohold.registry.image import Image, ImageId, malformed
from cargohold.registry.image_list import WINDOW
from cargohold.registry.images import describe_named
from cargohold.registry.registries import registry_id
from cargohold.registry.repository import Repository
from cargohold.scanning import store
from cargohold.scanning.configuration import Configuration, Effective, Rule, effective
from cargohold.scanning.package import Inventory
from cargohold.scanning.scan import Observed, Scan

SCAN_IMAGE: Final = "scan image"
"""The job's name; its payload is {"image": id}."""
QUOTA: Final = DAY
"""How long after one basic scan of an image the next may be asked for."""


@dataclass(frozen=True, slots=True)
class Report:
    """The last scan of an image, and a page of what it found."""

    image: Image
    scan: Scan
    findings: Page[Observed]


class Scans:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def start(self, target: Target, named: ImageId) -> tuple[Image, Scan]:
        """Asks for a scan of one image.

        Raises RepositoryNotFound, ImageNotFound, InvalidParameter, ImageArchived, UnsupportedImageType,
        ScanningDisabled and LimitExceeded.
        """
        return await self._database.write(partial(_start, target=target, named=named, now=self._clock()))

    async def report(self, target: Target, named: ImageId, after: int, limit: int) -> Report:
        """What the last scan of an image found, from the finding behind the position `after` on; -1 is the beginning.

        Raises RepositoryNotFound, ImageNotFound, InvalidParameter and ScanNotFound.
        """
        return await self._database.read(partial(_report, target=target, named=named, after=after, limit=limit))

    async def summaries(self, images: Sequence[Image]) -> dict[int, Scan]:
        """The last scans of those images that have one, by image id."""
        found: dict[int, Scan] = {}
        for start in range(0, len(images), WINDOW):
            ids = [each.id for each in images[start : start + WINDOW]]
            found |= await self._database.read(partial(store.list_scans, image_ids=ids))
        return found

    async def inventory(self, target: Target, named: ImageId) -> tuple[Image, Scan, Inventory]:
        """What an image was found to hold; raises as `report` does, ScanNotFound too where nothing could be read."""
        return await self._database.read(partial(_inventory, target=target, named=named))

    async def configuration(self, of: Registry) -> Configuration:
        """What a registry wants scanned; basic scanning by hand where it never said anything."""
        return await self._database.read(partial(store.find_configuration, of=of))

    async def configure(self, of: Registry, configuration: Configuration) -> None:
        """Replaces what a registry wants scanned, from the next push on. Raises InvalidParameter."""
        for rule in configuration.rules:
            _check(configuration, rule)
        await self._database.write(partial(_configure, of=of, configuration=configuration))


def _check(configuration: Configuration, rule: Rule) -> None:
    """Basic scanning has no frequency but SCAN_ON_PUSH, enhanced scanning two; one rule for each."""
    allowed = ("SCAN_ON_PUSH",) if configuration.scan_type == "BASIC" else ("SCAN_ON_PUSH", "CONTINUOUS_SCAN")
    if rule.frequency not in allowed:
        reason = f"{configuration.scan_type} scanning does not support the scan frequency {rule.frequency}"
        raise InvalidParameter("scanFrequency", reason)
    if [each.frequency for each in configuration.rules].count(rule.frequency) > 1:
        raise InvalidParameter("rules", f"Only one rule may have the scan frequency {rule.frequency}")


def _configure(connection: Connection, of: Registry, configuration: Configuration) -> None:
    store.save_configuration(connection, registry_id(connection, of), configuration)


def pushed(connection: Connection, repository: Repository, image: Image) -> None:
    """Asks for a scan of a new image where its repository or its registry wants one; in the push's own transaction."""
    if image.media_type not in IMAGES or repository.registry.kind != "private":
        return
    wanted = _wanted(connection, repository)
    if wanted.on_push:
        _request(connection, image, wanted, image.pushed_at)


def _wanted(connection: Connection, repository: Repository) -> Effective:
    configuration = store.find_configuration(connection, repository.registry)
    return effective(configuration, repository.name, flag=repository.scan_on_push)


def _request(connection: Connection, image: Image, wanted: Effective, now: int) -> None:
    store.begin_scan(connection, image.id, wanted.scan_type, now, continuous=wanted.is_continuous)
    add_job(connection, SCAN_IMAGE, {"image": image.id}, now)


def _start(connection: Connection, target: Target, named: ImageId, now: int) -> tuple[Image, Scan]:
    image = _image(connection, target, named)
    if image.status != "ACTIVE":
        raise ImageArchived(image.digest, target.name, target.registry.account)
    if image.media_type not in IMAGES:
        raise UnsupportedImageType(image.media_type, target.name, target.registry.account)
    configuration = store.find_configuration(connection, target.registry)
    if configuration.scan_type == "ENHANCED":
        raise ScanningDisabled
    last = store.find_scan(connection, image.id)
    if last is not None and last.requested_at > now - QUOTA:
        raise LimitExceeded("The scan quota per image has been exceeded. Wait and try again.")
    wanted = effective(configuration, target.name, flag=False)
    _request(connection, image, wanted, now)
    return image, _scan(connection, image, named, target)


def _report(connection: Connection, target: Target, named: ImageId, after: int, limit: int) -> Report:
    image = _image(connection, target, named)
    scan = _scan(connection, image, named, target)
    rows = store.list_findings(connection, image.id, after, limit + 1)
    more = str(rows[limit - 1][0]) if len(rows) > limit else None
    return Report(image, scan, Page(tuple(each for _, each in rows[:limit]), more))


def _inventory(connection: Connection, target: Target, named: ImageId) -> tuple[Image, Scan, Inventory]:
    image = _image(connection, target, named)
    scan = _scan(connection, image, named, target)
    found = store.find_inventory(connection, image.id)
    if found is None:
        raise ScanNotFound(image.digest, named.tag, target.name, target.registry.account)
    return image, scan, found


def _scan(connection: Connection, image: Image, named: ImageId, target: Target) -> Scan:
    scan = store.find_scan(connection, image.id)
    if scan is None:
        raise ScanNotFound(image.digest, named.tag, target.name, target.registry.account)
    return scan


def _image(connection: Connection, target: Target, named: ImageId) -> Image:
    if failure := malformed(named):
        raise InvalidParameter("imageId", failure.reason)
    found = describe_named(connection, target, [named])
    return found[0]
