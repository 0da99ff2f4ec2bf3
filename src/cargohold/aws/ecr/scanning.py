"""Operations on scanning: of images, of what they found, and of what registries and repositories want scanned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from cargohold.access.demand import Demand
from cargohold.aws.ecr import present_scan
from cargohold.aws.ecr.demands import on_registry, on_repository, own_registry
from cargohold.aws.ecr.paging import listing
from cargohold.aws.operation import Call, Scope, operation
from cargohold.registry.image import ImageId
from cargohold.scanning.configuration import Configuration, Frequency, Rule, ScanType, effective

if TYPE_CHECKING:
    from cargohold.aws.shapes.ecr import (
        BatchGetRepositoryScanningConfigurationRequest,
        BatchGetRepositoryScanningConfigurationResponse,
        DescribeImageScanFindingsRequest,
        DescribeImageScanFindingsResponse,
        GetRegistryScanningConfigurationRequest,
        GetRegistryScanningConfigurationResponse,
        PutImageScanningConfigurationRequest,
        PutImageScanningConfigurationResponse,
        PutRegistryScanningConfigurationRequest,
        PutRegistryScanningConfigurationResponse,
        StartImageScanRequest,
        StartImageScanResponse,
    )


@operation("StartImageScan", on_repository("ecr:StartImageScan"))
async def start_image_scan(call: Call, request: StartImageScanRequest) -> StartImageScanResponse:
    target, named = call.target(request), _named(request)
    image, scan = await call.services.scans.start(target, named)
    return {
        "registryId": target.registry.account,
        "repositoryName": target.name,
        "imageId": {"imageDigest": image.digest, "imageTag": named.tag},
        "imageScanStatus": present_scan.status(scan, image),
    }


@operation("DescribeImageScanFindings", on_repository("ecr:DescribeImageScanFindings"))
async def describe_image_scan_findings(
    call: Call, request: DescribeImageScanFindingsRequest
) -> DescribeImageScanFindingsResponse:
    """A page of findings, the worst first; status, times and counts are the whole scan's on each page."""
    target, named = call.target(request), _named(request)
    bound = (target.name, named.digest or "", named.tag or "")
    wanted = listing(call, "DescribeImageScanFindings", request, target.registry, *bound)
    report = await call.services.scans.report(target, named, int(wanted.after or -1), wanted.limit)
    return {
        "registryId": target.registry.account,
        "repositoryName": target.name,
        "imageId": {"imageDigest": report.image.digest, "imageTag": named.tag},
        "imageScanStatus": present_scan.status(report.scan, report.image),
        "imageScanFindings": present_scan.findings(target, report),
        "nextToken": wanted.next_token(report.findings.after),
    }


@operation("PutImageScanningConfiguration", on_repository("ecr:PutImageScanningConfiguration"))
async def put_image_scanning_configuration(
    call: Call, request: PutImageScanningConfigurationRequest
) -> PutImageScanningConfigurationResponse:
    """Sets a repository's own scan-on-push, which counts in basic scanning alone."""
    target = call.target(request)
    wanted = bool(request["imageScanningConfiguration"].get("scanOnPush", False))
    await call.services.repositories.set_scan_on_push(target, flag=wanted)
    return {
        "registryId": target.registry.account,
        "repositoryName": target.name,
        "imageScanningConfiguration": {"scanOnPush": wanted},
    }


@operation("PutRegistryScanningConfiguration", on_registry("ecr:PutRegistryScanningConfiguration"))
async def put_registry_scanning_configuration(
    call: Call, request: PutRegistryScanningConfigurationRequest
) -> PutRegistryScanningConfigurationResponse:
    """Replaces the registry's configuration whole; without `scanType` it is basic."""
    rules = tuple(
        Rule(cast(Frequency, each["scanFrequency"]), tuple(filter_["filter"] for filter_ in each["repositoryFilters"]))
        for each in request.get("rules") or ()
    )
    configuration = Configuration(cast(ScanType, request.get("scanType") or "BASIC"), rules)
    await call.services.scans.configure(own_registry(call), configuration)
    return {"registryScanningConfiguration": present_scan.configuration(configuration)}


@operation("GetRegistryScanningConfiguration", on_registry("ecr:GetRegistryScanningConfiguration"))
async def get_registry_scanning_configuration(
    call: Call, _request: GetRegistryScanningConfigurationRequest
) -> GetRegistryScanningConfigurationResponse:
    registry = own_registry(call)
    held = await call.services.scans.configuration(registry)
    return {"registryId": registry.account, "scanningConfiguration": present_scan.configuration(held)}


def _on_each(scope: Scope, request: BatchGetRepositoryScanningConfigurationRequest) -> Sequence[Demand]:
    registry = own_registry(scope)
    action = "ecr:BatchGetRepositoryScanningConfiguration"
    return tuple(Demand(action, registry, name) for name in dict.fromkeys(request["repositoryNames"]))


@operation("BatchGetRepositoryScanningConfiguration", _on_each)
async def batch_get_repository_scanning_configuration(
    call: Call, request: BatchGetRepositoryScanningConfigurationRequest
) -> BatchGetRepositoryScanningConfigurationResponse:
    """What the registry's rules and the repository's flag come to; a name that is not there is a failure."""
    registry = own_registry(call)
    targets = [call.admission.target(registry, name) for name in dict.fromkeys(request["repositoryNames"])]
    configuration = await call.services.scans.configuration(registry)
    held = await call.services.repositories.describe([each for each in targets if each.id is not None])
    known = {each.name for each in held}
    return {
        "scanningConfigurations": [
            present_scan.effective(each, effective(configuration, each.name, flag=each.scan_on_push)) for each in held
        ],
        "failures": [present_scan.not_found(each) for each in targets if each.name not in known],
    }


def _named(request: StartImageScanRequest | DescribeImageScanFindingsRequest) -> ImageId:
    given = request["imageId"]
    return ImageId(given.get("imageTag"), given.get("imageDigest"))
