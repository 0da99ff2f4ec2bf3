"""Scanning at the AWS door: configurations, scans, and what they found, in both of ECR's shapes."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from cargohold.core.clock import DAY
from cargohold.jobs.queue import Queue
from cargohold.scanning.advisories.build import Fetched, build
from cargohold.scanning.advisories.source import Source
from cargohold.scanning.limits import Limits
from cargohold.scanning.scanner import Scanner
from cargohold.scanning.scans import SCAN_IMAGE
from tests.unit.scanning.bed import OS_RELEASE, archive, stanza

from .conftest import Wire

ACCOUNT = "123456789012"
ARN = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/demo"
NOON = 1_772_366_400.0
VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
IMAGE = {"repositoryName": "demo", "imageId": {"imageTag": "latest"}}
FILES = {
    "var/lib/dpkg/status": stanza("libssl3", "1:3.0-1", Source="openssl"),
    "etc/os-release": OS_RELEASE,
    "app/six-1.0.dist-info/METADATA": b"Name: six\nVersion: 1.0\n",
}


def advisory(id_: str, ecosystem: str, name: str, fixed: str | None, **more: Any) -> dict[str, Any]:
    events = [{"introduced": "0"}, *([] if fixed is None else [{"fixed": fixed}])]
    package = {"package": {"ecosystem": ecosystem, "name": name}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    return {"id": id_, "modified": "2026-01-01T00:00:00Z", "affected": [package], **more}


KNOWN = [
    advisory(
        "CVE-2024-1",
        "Debian:12",
        "openssl",
        "1:3.0-2",
        details="Bad",
        references=[{"url": "https://one.example"}],
        severity=[{"type": "CVSS_V3", "score": VECTOR}],
    ),
    advisory("CVE-2024-2", "Debian:12", "openssl", None, database_specific={"severity": "LOW"}),
    advisory("PYSEC-1", "PyPI", "six", "2.0", aliases=["CVE-2024-3"], summary="Short"),
]


class Scanning:
    """A registry at the wire, its worker's scans, and what they are held against."""

    def __init__(self, wire: Wire, folder: Path) -> None:
        self.wire = wire
        source = folder / "osv.json"
        (folder / "osv").mkdir()
        for each in KNOWN:
            (folder / "osv" / f"{each['id']}.json").write_text(json.dumps(each))
        source.touch()
        part = Fetched(Source("osv", str(folder / "osv")), folder / "osv", "0" * 64, 1)
        build([part], folder / "advisories", 1, lambda *_: None)
        blobs = wire.services.blobs
        self._scanner = Scanner(wire.database, blobs, folder / "advisories", wire.clock, Limits())

    def push(self, *tags: str, repository: str = "demo") -> str:
        wire = self.wire
        text = wire.manifest(repository, gzip.compress(archive(FILES), mtime=0))
        for tag in tags:
            wire("PutImage", repositoryName=repository, imageManifest=text, imageTag=tag)
        found = wire("DescribeImages", repositoryName=repository, imageIds=[{"imageTag": tags[0]}])["imageDetails"]
        return str(found[0]["imageDigest"])

    def work(self) -> None:
        self.wire.runner.run(Queue(self.wire.database, {SCAN_IMAGE: self._scanner.scan}, self.wire.clock).run())


@pytest.fixture
def scanning(wire: Wire, tmp_path: Path) -> Scanning:
    folder = tmp_path / "scanning"
    folder.mkdir()
    return Scanning(wire, folder)


def invalid(member: str, reason: str) -> tuple[int, str, str]:
    sentence = f"Invalid parameter at '{member}' failed to satisfy constraint: '{reason}'"
    return 400, "InvalidParameterException", sentence


def test_basic_findings(scanning: Scanning) -> None:
    """A scan on push is in progress, then complete; packages of languages are not looked at."""
    wire = scanning.wire
    wire("CreateRepository", repositoryName="demo", imageScanningConfiguration={"scanOnPush": True})
    digest = scanning.push("latest")
    begun = wire("DescribeImageScanFindings", **IMAGE)
    assert begun == {
        "registryId": ACCOUNT,
        "repositoryName": "demo",
        "imageId": {"imageDigest": digest, "imageTag": "latest"},
        "imageScanStatus": {"status": "IN_PROGRESS"},
    }
    scanning.work()
    ended = wire("DescribeImageScanFindings", **IMAGE)
    assert ended["imageScanStatus"]["status"] == "COMPLETE"
    assert ended["imageScanFindings"] == {
        "imageScanCompletedAt": NOON,
        "vulnerabilitySourceUpdatedAt": 1_767_225_600.0,
        "findingSeverityCounts": {"CRITICAL": 1, "LOW": 1},
        "findings": [
            {
                "name": "CVE-2024-1",
                "description": "Bad",
                "uri": "https://security-tracker.debian.org/tracker/CVE-2024-1",
                "severity": "CRITICAL",
                "attributes": [
                    {"key": "package_version", "value": "1:3.0-1"},
                    {"key": "package_name", "value": "libssl3"},
                    {"key": "CVSS3_VECTOR", "value": VECTOR},
                    {"key": "CVSS3_SCORE", "value": "9.8"},
                    {"key": "fixed_in_version", "value": "1:3.0-2"},
                ],
            },
            {
                "name": "CVE-2024-2",
                "uri": "https://security-tracker.debian.org/tracker/CVE-2024-2",
                "severity": "LOW",
                "attributes": [
                    {"key": "package_version", "value": "1:3.0-1"},
                    {"key": "package_name", "value": "libssl3"},
                ],
            },
        ],
    }
    (detail,) = wire("DescribeImages", repositoryName="demo")["imageDetails"]
    assert detail["imageScanStatus"]["status"] == "COMPLETE"
    assert detail["imageScanFindingsSummary"] == {
        "imageScanCompletedAt": NOON,
        "vulnerabilitySourceUpdatedAt": 1_767_225_600.0,
        "findingSeverityCounts": {"CRITICAL": 1, "LOW": 1},
    }


def test_findings_page_by_page(scanning: Scanning) -> None:
    """Each page repeats the scan's counts, and the token ends with the last."""
    wire = scanning.wire
    wire("CreateRepository", repositoryName="demo", imageScanningConfiguration={"scanOnPush": True})
    scanning.push("latest")
    scanning.work()
    first = wire("DescribeImageScanFindings", **IMAGE, maxResults=1)
    second = wire("DescribeImageScanFindings", **IMAGE, maxResults=1, nextToken=first["nextToken"])
    found = [each["imageScanFindings"] for each in (first, second)]
    assert [each["findings"][0]["name"] for each in found] == ["CVE-2024-1", "CVE-2024-2"]
    assert found[0]["findingSeverityCounts"] == found[1]["findingSeverityCounts"]
    assert "nextToken" not in second
    other = {"repositoryName": "demo", "imageId": {"imageDigest": first["imageId"]["imageDigest"]}}
    assert wire.refused("DescribeImageScanFindings", **other, nextToken=first["nextToken"]) == invalid(
        "nextToken", "Invalid token"
    )


def test_enhanced_findings(scanning: Scanning) -> None:
    """Under an enhanced rule every package counts, findings have Inspector's shape, and nobody asks for a scan."""
    wire = scanning.wire
    wire("CreateRepository", repositoryName="demo")
    rule = {"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [{"filter": "demo", "filterType": "WILDCARD"}]}
    wire("PutRegistryScanningConfiguration", scanType="ENHANCED", rules=[rule])
    digest = scanning.push("latest")
    assert wire("DescribeImageScanFindings", **IMAGE)["imageScanStatus"] == {"status": "PENDING"}
    scanning.work()
    answer = wire("DescribeImageScanFindings", **IMAGE)
    assert answer["imageScanStatus"]["status"] == "ACTIVE"
    found = answer["imageScanFindings"]
    assert found["findingSeverityCounts"] == {"CRITICAL": 1, "LOW": 1, "UNDEFINED": 1}
    assert [each["title"] for each in found["enhancedFindings"]] == [
        "CVE-2024-1 - libssl3",
        "CVE-2024-2 - libssl3",
        "CVE-2024-3 - six",
    ]
    first = found["enhancedFindings"][0]
    assert first["resources"] == [
        {
            "id": f"{ARN}/{digest}",
            "type": "AWS_ECR_CONTAINER_IMAGE",
            "tags": {},
            "details": {
                "awsEcrContainerImage": {
                    "imageHash": digest,
                    "imageTags": ["latest"],
                    "pushedAt": NOON,
                    "registry": ACCOUNT,
                    "repositoryName": "demo",
                }
            },
        }
    ]
    package = first["packageVulnerabilityDetails"]["vulnerablePackages"][0]
    assert package.pop("sourceLayerHash").startswith("sha256:")
    assert package == {
        "arch": "amd64",
        "epoch": 1,
        "filePath": "var/lib/dpkg/status",
        "name": "libssl3",
        "packageManager": "OS",
        "version": "1:3.0-1",
        "fixedInVersion": "1:3.0-2",
    }
    assert (first["severity"], first["score"], first["fixAvailable"], first["status"]) == (
        "CRITICAL",
        9.8,
        "YES",
        "ACTIVE",
    )
    assert first["scoreDetails"]["cvss"]["scoringVector"] == VECTOR
    last = found["enhancedFindings"][2]
    assert (last["severity"], last["packageVulnerabilityDetails"]["relatedVulnerabilities"]) == (
        "UNTRIAGED",
        ["PYSEC-1"],
    )
    assert wire.refused("StartImageScan", **IMAGE) == (400, "ValidationException", "This feature is disabled")


def test_asking_for_a_scan(scanning: Scanning) -> None:
    """Once in 24 hours; the answer names the image by digest, and by tag where it was asked by tag."""
    wire = scanning.wire
    wire("CreateRepository", repositoryName="demo")
    digest = scanning.push("latest")
    named = f"{{imageDigest:'{digest}', imageTag:'latest'}}"
    sentence = f"Image scan does not exist for the image with '{named}' in the repository with name 'demo' "
    sentence += f"in the registry with id '{ACCOUNT}'"
    assert wire.refused("DescribeImageScanFindings", **IMAGE) == (400, "ScanNotFoundException", sentence)
    assert wire("StartImageScan", **IMAGE) == {
        "registryId": ACCOUNT,
        "repositoryName": "demo",
        "imageId": {"imageDigest": digest, "imageTag": "latest"},
        "imageScanStatus": {"status": "IN_PROGRESS"},
    }
    quota = (400, "LimitExceededException", "The scan quota per image has been exceeded. Wait and try again.")
    assert wire.refused("StartImageScan", **IMAGE) == quota
    wire.clock.now += DAY + 1
    wire("StartImageScan", **IMAGE)


def test_archived_images_have_no_findings(scanning: Scanning) -> None:
    """Their scan says that they are archived, until they are restored."""
    wire = scanning.wire
    wire("CreateRepository", repositoryName="demo", imageScanningConfiguration={"scanOnPush": True})
    scanning.push("latest")
    scanning.work()
    wire("UpdateImageStorageClass", **IMAGE, targetStorageClass="ARCHIVE")
    found = wire("DescribeImageScanFindings", **IMAGE)
    assert found["imageScanStatus"]["status"] == "IMAGE_ARCHIVED"
    assert "imageScanFindings" not in found
    assert wire.refused("StartImageScan", **IMAGE)[1] == "ImageArchivedException"


def test_configurations(scanning: Scanning) -> None:
    """What a registry wants comes back as it was put, and is told for each repository, failures beside it."""
    wire = scanning.wire
    assert wire("GetRegistryScanningConfiguration") == {
        "registryId": ACCOUNT,
        "scanningConfiguration": {"scanType": "BASIC", "rules": []},
    }
    wire("CreateRepository", repositoryName="demo")
    rule = {"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "de*", "filterType": "WILDCARD"}]}
    wanted = {"scanType": "BASIC", "rules": [rule]}
    assert wire("PutRegistryScanningConfiguration", **wanted) == {"registryScanningConfiguration": wanted}
    assert wire("GetRegistryScanningConfiguration")["scanningConfiguration"] == wanted
    assert wire("BatchGetRepositoryScanningConfiguration", repositoryNames=["demo", "none"]) == {
        "scanningConfigurations": [
            {
                "repositoryArn": ARN,
                "repositoryName": "demo",
                "scanOnPush": True,
                "scanFrequency": "SCAN_ON_PUSH",
                "appliedScanFilters": rule["repositoryFilters"],
            }
        ],
        "failures": [
            {
                "repositoryName": "none",
                "failureCode": "REPOSITORY_NOT_FOUND",
                "failureReason": f"The repository with name 'none' does not exist in the registry with id '{ACCOUNT}'",
            }
        ],
    }


def test_the_repositorys_own_flag(scanning: Scanning) -> None:
    """It is shown where it was set, and counts in basic scanning."""
    wire = scanning.wire
    wire("CreateRepository", repositoryName="demo")
    assert wire(
        "PutImageScanningConfiguration", repositoryName="demo", imageScanningConfiguration={"scanOnPush": True}
    ) == {"registryId": ACCOUNT, "repositoryName": "demo", "imageScanningConfiguration": {"scanOnPush": True}}
    (shown,) = wire("DescribeRepositories", repositoryNames=["demo"])["repositories"]
    assert shown["imageScanningConfiguration"] == {"scanOnPush": True}
    found = wire("BatchGetRepositoryScanningConfiguration", repositoryNames=["demo"])["scanningConfigurations"]
    assert (found[0]["scanOnPush"], found[0]["scanFrequency"]) == (True, "SCAN_ON_PUSH")


@pytest.mark.parametrize(
    ("scan_type", "frequencies", "refusal"),
    [
        (
            "BASIC",
            ["CONTINUOUS_SCAN"],
            invalid("scanFrequency", "BASIC scanning does not support the scan frequency CONTINUOUS_SCAN"),
        ),
        (
            "ENHANCED",
            ["MANUAL"],
            invalid("scanFrequency", "ENHANCED scanning does not support the scan frequency MANUAL"),
        ),
        (
            "ENHANCED",
            ["SCAN_ON_PUSH", "SCAN_ON_PUSH"],
            invalid("rules", "Only one rule may have the scan frequency SCAN_ON_PUSH"),
        ),
    ],
)
def test_configurations_that_are_refused(
    wire: Wire, scan_type: str, frequencies: list[str], refusal: tuple[int, str, str]
) -> None:
    """A frequency that the kind of scanning does not have, and two rules for one."""
    rules = [{"scanFrequency": each, "repositoryFilters": []} for each in frequencies]
    assert wire.refused("PutRegistryScanningConfiguration", scanType=scan_type, rules=rules) == refusal
