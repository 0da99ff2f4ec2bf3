"""From scanning's nouns to ECR's dicts: the basic shape and the enhanced one.

Sources: Amazon ECR API reference, ImageScanFinding and EnhancedImageScanFinding; Amazon Inspector, "Findings".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from cargohold.aws.ecr import present
from cargohold.registry.repository import Repository

if TYPE_CHECKING:
    from cargohold.aws.shapes import ecr
    from cargohold.core.arn import Target
    from cargohold.registry.image import Image
    from cargohold.scanning.advisory import Vector
    from cargohold.scanning.configuration import Configuration, Effective
    from cargohold.scanning.finding import Finding
    from cargohold.scanning.scan import Observed, Scan, State
    from cargohold.scanning.scans import Report

_BASIC: Final[Mapping[State, ecr.ScanStatus]] = {
    "PENDING": "IN_PROGRESS",
    "COMPLETE": "COMPLETE",
    "FAILED": "FAILED",
    "UNSUPPORTED": "UNSUPPORTED_IMAGE",
    "TOO_LARGE": "IMAGE_SIZE_EXCEEDED",
}
_ENHANCED: Final[Mapping[State, ecr.ScanStatus]] = {**_BASIC, "PENDING": "PENDING", "COMPLETE": "ACTIVE"}
_MANAGERS: Final = {
    "deb": "OS",
    "apk": "OS",
    "rpm": "OS",
    "pypi": "PYTHONPKG",
    "npm": "NODEPKG",
    "golang": "GOBINARY",
    "maven": "JAR",
    "gem": "GEMSPEC",
    "cargo": "CARGO",
}
_LONGEST: Final = 256
"""Characters of an attribute's value."""


def detail(target: Target, image: Image, scan: Scan | None) -> ecr.ImageDetail:
    """What DescribeImages tells of an image: with its last scan, where it has one."""
    told = present.image_detail(target, image)
    if scan is not None:
        told["imageScanStatus"] = status(scan, image)
        told["imageScanFindingsSummary"] = summary(scan) if image.status == "ACTIVE" else None
    return told


def status(scan: Scan, image: Image) -> ecr.ImageScanStatus:
    """How far a scan came. An archived image has none until it is restored."""
    if image.status != "ACTIVE":
        return {"status": "IMAGE_ARCHIVED", "description": "The image is archived."}
    table = _BASIC if scan.scan_type == "BASIC" else _ENHANCED
    return {"status": table[scan.state], "description": scan.description or None}


def summary(scan: Scan) -> ecr.ImageScanFindingsSummary | None:
    """What DescribeImages tells of a completed scan."""
    if scan.completed_at is None or scan.state != "COMPLETE":
        return None
    return {
        "imageScanCompletedAt": scan.completed_at,
        "vulnerabilitySourceUpdatedAt": scan.source_updated_at,
        "findingSeverityCounts": _counts(scan),
    }


def findings(target: Target, report: Report) -> ecr.ImageScanFindings | None:
    """A page of findings in the shape of the kind of scan; none before a scan has ended well."""
    scan = report.scan
    if scan.completed_at is None or scan.state != "COMPLETE" or report.image.status != "ACTIVE":
        return None
    basic, found = scan.scan_type == "BASIC", report.findings.items
    return {
        "imageScanCompletedAt": scan.completed_at,
        "vulnerabilitySourceUpdatedAt": scan.source_updated_at,
        "findingSeverityCounts": _counts(scan),
        "findings": [_basic(each) for each in found] if basic else None,
        "enhancedFindings": None if basic else [_enhanced(target, report.image, each) for each in found],
    }


def _counts(scan: Scan) -> dict[ecr.FindingSeverity, int]:
    return {severity: count for severity, count in scan.counts.items() if count}


def configuration(held: Configuration) -> ecr.RegistryScanningConfiguration:
    return {
        "scanType": held.scan_type,
        "rules": [
            {
                "scanFrequency": rule.frequency,
                "repositoryFilters": [{"filter": each, "filterType": "WILDCARD"} for each in rule.filters],
            }
            for rule in held.rules
        ],
    }


def effective(held: Repository, found: Effective) -> ecr.RepositoryScanningConfiguration:
    return {
        "repositoryArn": held.arn,
        "repositoryName": held.name,
        "scanOnPush": found.on_push,
        "scanFrequency": found.frequency,
        "appliedScanFilters": [{"filter": each, "filterType": "WILDCARD"} for each in found.filters],
    }


def not_found(target: Target) -> ecr.RepositoryScanningConfigurationFailure:
    return {
        "repositoryName": target.name,
        "failureCode": "REPOSITORY_NOT_FOUND",
        "failureReason": f"The repository with name '{target.name}' does not exist in the registry with id "
        f"'{target.registry.account}'",
    }


def _basic(observed: Observed) -> ecr.ImageScanFinding:
    finding = observed.finding
    return {
        "name": finding.vulnerability,
        "description": finding.description or finding.title or None,
        "uri": finding.uri,
        "severity": finding.severity,
        "attributes": [{"key": key, "value": value[:_LONGEST]} for key, value in _attributes(observed) if value],
    }


def _attributes(observed: Observed) -> list[tuple[str, str]]:
    package = observed.finding.package
    found = [("package_version", package.version), ("package_name", package.name)]
    for vector in observed.finding.vectors[:1]:
        number = {"2": "2", "3": "3", "4": "4"}.get(_version(vector)[:1], "3")
        score = observed.finding.score
        found += [(f"CVSS{number}_VECTOR", vector.vector), (f"CVSS{number}_SCORE", "" if score is None else str(score))]
    found += [("fixed_in_version", observed.finding.fixed_in or ""), ("ignored_by", observed.ignored_by or "")]
    return found


def _enhanced(target: Target, image: Image, observed: Observed) -> ecr.EnhancedImageScanFinding:
    finding, account = observed.finding, target.registry.account
    fix, id_ = finding.fixed_in, _finding_id(target, image, finding)
    return {
        "awsAccountId": account,
        "description": finding.description or finding.title or None,
        "findingArn": f"arn:aws:inspector2:{target.registry.region}:{account}:finding/{id_}",
        "firstObservedAt": observed.first_observed_at,
        "lastObservedAt": observed.last_observed_at,
        "packageVulnerabilityDetails": _details(finding),
        "remediation": {"recommendation": {"text": f"Upgrade to {fix}" if fix else "None Provided"}},
        "resources": [_resource(target, image)],
        "score": finding.score,
        "scoreDetails": _score(finding),
        "severity": "UNTRIAGED" if finding.severity == "UNDEFINED" else finding.severity,
        "status": "ACTIVE" if observed.ignored_by is None else "SUPPRESSED",
        "title": f"{finding.vulnerability} - {finding.package.name}",
        "type": "PACKAGE_VULNERABILITY",
        "updatedAt": observed.last_observed_at,
        "fixAvailable": "YES" if fix else "NO",
        "exploitAvailable": "YES" if finding.exploited else "NO",
    }


def _details(finding: Finding) -> ecr.PackageVulnerabilityDetails:
    package = finding.package
    return {
        "cvss": [
            {
                "baseScore": vector.score,
                "scoringVector": vector.vector,
                "source": vector.source,
                "version": _version(vector),
            }
            for vector in finding.vectors
        ],
        "referenceUrls": list(finding.references),
        "relatedVulnerabilities": list(finding.related),
        "source": finding.source,
        "sourceUrl": finding.uri,
        "vendorCreatedAt": finding.published,
        "vendorSeverity": finding.severity,
        "vendorUpdatedAt": finding.modified,
        "vulnerabilityId": finding.vulnerability,
        "vulnerablePackages": [
            {
                "arch": package.arch or None,
                "epoch": _epoch(package.version) if package.kind in ("deb", "rpm") else None,
                "filePath": package.path or None,
                "name": package.name,
                "packageManager": _MANAGERS[package.kind],
                "sourceLayerHash": package.layer or None,
                "version": package.version,
                "fixedInVersion": finding.fixed_in,
            }
        ],
    }


def _resource(target: Target, image: Image) -> ecr.Resource:
    return {
        "id": f"{target.registry.repository_arn(target.name)}/{image.digest}",
        "type": "AWS_ECR_CONTAINER_IMAGE",
        "tags": {},
        "details": {
            "awsEcrContainerImage": {
                "imageHash": image.digest,
                "imageTags": list(image.tags) or None,
                "pushedAt": image.pushed_at,
                "registry": target.registry.account,
                "repositoryName": target.name,
            }
        },
    }


def _score(finding: Finding) -> ecr.ScoreDetails | None:
    if finding.score is None:
        return None
    vector = finding.vectors[0]
    return {
        "cvss": {
            "score": finding.score,
            "scoreSource": vector.source,
            "scoringVector": vector.vector,
            "version": _version(vector),
        }
    }


def _finding_id(target: Target, image: Image, finding: Finding) -> str:
    """The same for the same finding in each scan."""
    named = "\n".join((target.registry.repository_arn(target.name), image.digest, *finding.key))
    return hashlib.sha256(named.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _version(vector: Vector) -> str:
    head = vector.vector.partition("/")[0]
    return head.removeprefix("CVSS:") if head.startswith("CVSS:") else "2.0"


def _epoch(version: str) -> int | None:
    epoch, colon, _ = version.partition(":")
    return int(epoch) if colon and epoch.isdigit() else None
