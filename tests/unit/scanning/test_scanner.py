"""Scans of real images in a real registry room: every way in which one can end."""

import asyncio
import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cargohold.core.arn import Target
from cargohold.core.errors import ImageNotFound, LimitExceeded, ScanningDisabled, ScanNotFound, UnsupportedImageType
from cargohold.database import Database
from cargohold.jobs.queue import Queue
from cargohold.registry.collection import Collector
from cargohold.registry.image import Image, ImageId
from cargohold.registry.images import Images
from cargohold.scanning import scans, store
from cargohold.scanning.advisories.build import Fetched, build
from cargohold.scanning.advisories.source import Source
from cargohold.scanning.configuration import Configuration, Rule
from cargohold.scanning.ignore import IgnoreRule
from cargohold.scanning.limits import Limits
from cargohold.scanning.scanner import Scanner
from cargohold.scanning.scans import Report, Scans
from tests.unit.registry.bed import Room
from tests.unit.scanning.bed import OS_RELEASE, archive, stanza

STATUS = "var/lib/dpkg/status"
SIX = {"app/six-1.0.dist-info/METADATA": b"Name: six\nVersion: 1.0\n"}


def entry(ecosystem: str, name: str, fixed: str, id_: str, severity: str = "HIGH") -> dict[str, Any]:
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]
    affected = [{"package": {"ecosystem": ecosystem, "name": name}, "ranges": ranges}]
    return {"id": id_, "affected": affected, "database_specific": {"severity": severity}}


class Bed:
    """A registry room with scanning over it; the queue is run by hand."""

    def __init__(self, room: Room, folder: Path) -> None:
        self.room = room
        self.folder = folder
        self.scans = Scans(room.database, room.clock)
        self.limits = Limits()
        room.images = Images(room.database, room.clock, room.limits, arrived=scans.pushed)

    @property
    def database(self) -> Database:
        return self.room.database

    @property
    def scanner(self) -> Scanner:
        return Scanner(self.database, self.room.blobs, self.folder / "advisories", self.room.clock, self.limits)

    def know(self, *documents: dict[str, Any]) -> None:
        """Builds the file of advisories of those documents."""
        file = self.folder / "known.json"
        for place, each in enumerate(documents):
            (self.folder / "osv").mkdir(exist_ok=True)
            (self.folder / "osv" / f"{place}.json").write_text(json.dumps(each))
        spelled = Source("osv", str(self.folder / "osv"))
        file.write_text("")
        sha256 = f"{abs(hash(json.dumps(documents))):064x}"
        build([Fetched(spelled, self.folder / "osv", sha256, 1)], self.folder / "advisories", 1, lambda *_: None)

    async def configure(self, configuration: Configuration, target: Target) -> None:
        def work(connection: Any) -> None:
            from cargohold.registry.store import repositories

            store.save_configuration(connection, repositories.add_registry(connection, target.registry), configuration)

        await self.database.write(work)

    async def push(self, target: Target, files: Mapping[str, bytes], tag: str = "latest") -> Image:
        return await self.room.image(target, gzip.compress(archive(files), mtime=0), tag=tag)

    async def run(self) -> None:
        queue = Queue(self.database, {scans.SCAN_IMAGE: self.scanner.scan}, self.room.clock)
        await queue.run()

    async def report(self, target: Target, tag: str = "latest") -> Report:
        return await self.scans.report(target, ImageId(tag), -1, 100)


@pytest.fixture
def bed(room: Room, tmp_path: Path) -> Bed:
    folder = tmp_path / "scanning"
    folder.mkdir()
    return Bed(room, folder)


def found(report: Report) -> list[str]:
    return [f"{each.finding.vulnerability} {each.finding.package.name}" for each in report.findings.items]


def test_scan_on_push(bed: Bed) -> None:
    """A push to a repository with the flag is scanned; what is found is counted by severity."""

    async def story() -> None:
        bed.know(
            entry("Debian:12", "openssl", "3.0-2", "CVE-1-1"), entry("Debian:12", "zlib", "1.0-1", "CVE-1-2", "LOW")
        )
        target = await bed.room.repository(scan_on_push=True)
        status = stanza("libssl3", "3.0-1", Source="openssl") + stanza("zlib1g", "1.0-1", Source="zlib")
        await bed.push(target, {STATUS: status, "etc/os-release": OS_RELEASE, **SIX})
        assert (await bed.report(target)).scan.state == "PENDING"
        await bed.run()
        report = await bed.report(target)
        assert (report.scan.state, report.scan.counts, found(report)) == ("COMPLETE", {"HIGH": 1}, ["CVE-1-1 libssl3"])
        assert report.scan.completed_at == bed.room.now
        assert report.findings.items[0].finding.package.layer == (await bed.room.blobs.check(target, [])).get(
            "x", report.findings.items[0].finding.package.layer
        )

    asyncio.run(story())


def test_without_advisories_a_scan_fails(bed: Bed) -> None:
    """S34: nothing is called clean that could not be looked up, without a file or without that distribution."""

    async def story() -> None:
        target = await bed.room.repository(scan_on_push=True)
        await bed.push(target, {STATUS: stanza("a", "1"), "etc/os-release": OS_RELEASE})
        await bed.run()
        scan = (await bed.report(target)).scan
        assert (scan.state, scan.description[:35]) == ("FAILED", "No advisories have been imported: t")
        bed.know(entry("Alpine:v3.18", "zlib", "1", "CVE-1-1"))
        await bed.push(target, {STATUS: stanza("b", "1"), "etc/os-release": OS_RELEASE}, tag="other")
        await bed.run()
        scan = (await bed.report(target, "other")).scan
        assert (scan.state, scan.description[:47]) == ("FAILED", "No advisories have been imported for Debian:12:")

    asyncio.run(story())


@pytest.mark.parametrize(
    ("layer", "limits", "state", "words"),
    [
        (gzip.compress(archive({"bin/sh": b"x"})), Limits(), "UNSUPPORTED", "UnsupportedImageError"),
        (gzip.compress(archive(SIX)), Limits(), "UNSUPPORTED", "UnsupportedImageError"),
        (gzip.compress(archive({"a": b"\0" * 5000})), Limits(unpacked=3000), "TOO_LARGE", "more than 3000 bytes"),
        (gzip.compress(archive({"a": b"x" * 5000}))[:-20], Limits(), "FAILED", "cannot be decompressed"),
        (b"no tar at all" * 60, Limits(), "FAILED", "broken tar header"),
    ],
)
def test_other_ends(bed: Bed, layer: bytes, limits: Limits, state: str, words: str) -> None:
    """An image without packages, a bomb, and a broken layer each end in their state with a sentence."""

    async def story() -> None:
        bed.know(entry("Debian:12", "a", "1", "CVE-1-1"))
        bed.limits = limits
        target = await bed.room.repository()
        await bed.room.image(target, layer, tag="latest")
        await bed.scans.start(target, ImageId("latest"))
        await bed.run()
        scan = (await bed.report(target)).scan
        assert scan.state == state
        assert words in scan.description

    asyncio.run(story())


def test_a_layer_is_read_once(bed: Bed) -> None:
    """Two images that share a layer have it read for the first of them."""

    async def story() -> None:
        bed.know(entry("Debian:12", "a", "2", "CVE-1-1"))
        target = await bed.room.repository(scan_on_push=True)
        await bed.push(target, {STATUS: stanza("a", "1"), "etc/os-release": OS_RELEASE})
        await bed.run()
        opened = []
        plain = bed.room.blobs.open

        async def counted(blob: Any, *place: Any) -> Any:
            opened.append(blob.digest)
            return await plain(blob, *place)

        bed.room.blobs.open = counted  # type: ignore[method-assign]
        other = await bed.room.repository("other", scan_on_push=True)
        await bed.push(other, {STATUS: stanza("a", "1"), "etc/os-release": OS_RELEASE})
        await bed.run()
        assert (found(await bed.report(other)), opened) == (["CVE-1-1 a"], [])

    asyncio.run(story())


def test_enhanced_scanning_knows_languages(bed: Bed) -> None:
    """Under an enhanced rule packages of languages count too, and nobody may ask for a scan."""

    async def story() -> None:
        bed.know(entry("PyPI", "six", "2.0", "CVE-1-1"))
        target = await bed.room.repository("prod/app")
        await bed.configure(Configuration("ENHANCED", (Rule("CONTINUOUS_SCAN", ("prod",)),)), target)
        await bed.push(target, SIX)
        await bed.run()
        report = await bed.report(target)
        assert (report.scan.scan_type, report.scan.continuous, found(report)) == ("ENHANCED", True, ["CVE-1-1 six"])
        with pytest.raises(ScanningDisabled):
            await bed.scans.start(target, ImageId("latest"))

    asyncio.run(story())


def test_new_advisories_are_matched_against_what_is_kept(bed: Bed) -> None:
    """A continuous scan is matched anew; first observations stay, and events tell what is new and what closed."""

    async def story() -> None:
        bed.know(entry("PyPI", "six", "2.0", "CVE-1-1"))
        target = await bed.room.repository("prod/app")
        await bed.configure(Configuration("ENHANCED", (Rule("CONTINUOUS_SCAN", ("*",)),)), target)
        await bed.push(target, SIX)
        await bed.run()
        first = bed.room.now
        bed.room.now += 1000
        assert await bed.scanner.rematch() == 0
        bed.know(entry("PyPI", "six", "2.0", "CVE-1-1"), entry("PyPI", "six", "3.0", "CVE-1-2"))
        assert await bed.scanner.rematch() == 1
        report = await bed.report(target)
        seen = {
            each.finding.vulnerability: (each.first_observed_at, each.last_observed_at)
            for each in report.findings.items
        }
        assert seen == {"CVE-1-1": (first, first + 1000), "CVE-1-2": (first + 1000, first + 1000)}
        bed.know(entry("PyPI", "six", "2.0", "CVE-1-3"), entry("PyPI", "six", "3.0", "CVE-1-2"))
        await bed.scanner.rematch()
        rows = await bed.database.read(
            lambda connection: connection.exec_driver_sql("SELECT payload FROM event ORDER BY id").all()
        )
        told = [(each["new-findings"], each["closed-findings"]) for each in (json.loads(row[0]) for row in rows)]
        assert told == [(["CVE-1-1"], []), (["CVE-1-2"], []), (["CVE-1-3"], ["CVE-1-1"])]

    asyncio.run(story())


def test_ignored_findings_are_shown_and_not_counted(bed: Bed) -> None:
    """A rule in force marks a finding with its id; one that is over does nothing."""

    async def story() -> None:
        bed.know(entry("Debian:12", "a", "2", "CVE-1-1"), entry("Debian:12", "a", "2", "CVE-1-2"))
        target = await bed.room.repository(scan_on_push=True)
        ours = {
            "package": "a",
            "path": "*",
            "repository": "*",
            "reason": "not reachable",
            "created_by": "arn",
            "created_at": 1,
        }

        def work(connection: Any) -> None:
            from cargohold.registry.store import repositories

            registry_id = repositories.add_registry(connection, target.registry)
            store.add_ignore_rule(
                connection, registry_id, IgnoreRule(id="one", vulnerability="CVE-1-1", expires_at=None, **ours)
            )
            store.add_ignore_rule(
                connection, registry_id, IgnoreRule(id="over", vulnerability="*", expires_at=5, **ours)
            )

        await bed.database.write(work)
        await bed.push(target, {STATUS: stanza("a", "1"), "etc/os-release": OS_RELEASE})
        await bed.run()
        report = await bed.report(target)
        assert report.scan.counts == {"HIGH": 1}
        assert {each.finding.vulnerability: each.ignored_by for each in report.findings.items} == {
            "CVE-1-1": "one",
            "CVE-1-2": None,
        }

    asyncio.run(story())


def test_asking_for_a_scan(bed: Bed) -> None:
    """Once in 24 hours, of an image that is there and has layers."""

    async def story() -> None:
        bed.know(entry("Debian:12", "a", "2", "CVE-1-1"))
        target = await bed.room.repository()
        image = await bed.push(target, {STATUS: stanza("a", "1"), "etc/os-release": OS_RELEASE})
        with pytest.raises(ScanNotFound, match="Image scan does not exist for the image with"):
            await bed.report(target)
        await bed.scans.start(target, ImageId("latest"))
        with pytest.raises(LimitExceeded, match=r"^The scan quota per image has been exceeded\. Wait and try again\.$"):
            await bed.scans.start(target, ImageId(None, image.digest))
        with pytest.raises(ImageNotFound):
            await bed.scans.start(target, ImageId("none"))
        await bed.room.index(target, image, tag="index")
        with pytest.raises(UnsupportedImageType):
            await bed.scans.start(target, ImageId("index"))
        bed.room.now += 24 * 3600 * 1000 + 1
        await bed.scans.start(target, ImageId("latest"))

    asyncio.run(story())


def test_an_image_that_goes_meanwhile(bed: Bed) -> None:
    """A scan whose image was deleted ends without a result and without an error."""

    async def story() -> None:
        bed.know(entry("Debian:12", "a", "2", "CVE-1-1"))
        target = await bed.room.repository(scan_on_push=True)
        await bed.push(target, {STATUS: stanza("a", "1"), "etc/os-release": OS_RELEASE})
        await bed.room.images.delete(target, [ImageId("latest")])
        await bed.run()
        left = await bed.database.read(
            lambda connection: connection.exec_driver_sql("SELECT COUNT(*) FROM job").scalar_one()
        )
        assert left == 0

    asyncio.run(story())


def test_two_workers(bed: Bed) -> None:
    """A scan that two workers do at once has one result."""

    async def story() -> None:
        bed.know(entry("Debian:12", "a", "2", "CVE-1-1"))
        target = await bed.room.repository(scan_on_push=True)
        image = await bed.push(target, {STATUS: stanza("a", "1"), "etc/os-release": OS_RELEASE})
        await asyncio.gather(*(bed.scanner.scan({"image": image.id}) for _ in range(2)))
        assert found(await bed.report(target)) == ["CVE-1-1 a"]

    asyncio.run(story())


def test_a_scan_goes_with_its_image_and_an_inventory_with_its_blob(bed: Bed) -> None:
    """After the lease nothing is left of what was known of a deleted image."""

    async def story() -> None:
        bed.know(entry("Debian:12", "a", "2", "CVE-1-1"))
        target = await bed.room.repository(scan_on_push=True)
        await bed.push(target, {STATUS: stanza("a", "1"), "etc/os-release": OS_RELEASE})
        await bed.run()
        assert await rows(bed) == [1, 1, 1]
        await bed.room.images.delete(target, [ImageId("latest")], "arn:aws:iam::123456789012:user/ann")
        bed.room.now += 3 * 24 * 3600 * 1000
        collector = Collector(bed.database, bed.room.stores, bed.room.clock, bed.room.limits.collection_lease)
        while await collector.run():
            bed.room.now += 24 * 3600 * 1000
        assert await rows(bed) == [0, 0, 0]

    asyncio.run(story())


async def rows(bed: Bed) -> list[int]:
    """How many scans, findings and inventories are kept."""

    def count(connection: Any) -> list[int]:
        tables = ("image_scan", "scan_finding", "layer_inventory")
        return [connection.exec_driver_sql(f"SELECT COUNT(*) FROM {name}").scalar_one() for name in tables]  # noqa: S608

    return await bed.database.read(count)
