"""StartVerification, StopVerification, DescribeVerification, ListDamagedBlobs: are stored bytes still right?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cargohold.access.demand import Demand
from cargohold.aws.cargohold.demands import on_storage
from cargohold.aws.ecr.paging import listing
from cargohold.aws.operation import Call, Scope, operation

if TYPE_CHECKING:
    from cargohold.aws.shapes import cargohold as shapes
    from cargohold.registry.verification import Damage, Verification


def _start_demands(scope: Scope, _: shapes.StartVerificationRequest) -> Sequence[Demand]:
    return (on_storage("cargohold:StartVerification", scope),)


@operation("StartVerification", _start_demands)
async def start_verification(call: Call, request: shapes.StartVerificationRequest) -> shapes.StartVerificationResponse:
    """The verification that runs from now on; the one that ran already goes on as it is."""
    return {"verification": _shown(await call.services.verifications.start(request.get("bytesPerSecond")))}


def _stop_demands(scope: Scope, _: shapes.StopVerificationRequest) -> Sequence[Demand]:
    return (on_storage("cargohold:StopVerification", scope),)


@operation("StopVerification", _stop_demands)
async def stop_verification(call: Call, _: shapes.StopVerificationRequest) -> shapes.StopVerificationResponse:
    """The last verification, which does not run any more; none when there never was one."""
    last = await call.services.verifications.stop()
    return {} if last is None else {"verification": _shown(last)}


def _describe_demands(scope: Scope, _: shapes.DescribeVerificationRequest) -> Sequence[Demand]:
    return (on_storage("cargohold:DescribeVerification", scope),)


@operation("DescribeVerification", _describe_demands)
async def describe_verification(
    call: Call, _: shapes.DescribeVerificationRequest
) -> shapes.DescribeVerificationResponse:
    """The last verification, and how many blobs are in quarantine now."""
    last, damaged = await call.services.verifications.last()
    answer: shapes.DescribeVerificationResponse = {"damagedBlobCount": damaged}
    return answer if last is None else {**answer, "verification": _shown(last)}


def _list_demands(scope: Scope, _: shapes.ListDamagedBlobsRequest) -> Sequence[Demand]:
    return (on_storage("cargohold:ListDamagedBlobs", scope),)


@operation("ListDamagedBlobs", _list_demands)
async def list_damaged_blobs(call: Call, request: shapes.ListDamagedBlobsRequest) -> shapes.ListDamagedBlobsResponse:
    """One page of the blobs in quarantine, the oldest blobs first."""
    wanted = listing(call, "ListDamagedBlobs", request, call.services.addresses.default)
    page = await call.services.verifications.damaged(wanted.after, wanted.limit)
    return {"damagedBlobs": [_damage(each) for each in page.items], "nextToken": wanted.next_token(page.after)}


def _shown(of: Verification) -> shapes.Verification:
    return {
        "startedAt": of.started_at,
        "endedAt": of.ended_at,
        "bytesPerSecond": of.bytes_per_second,
        "totalBlobs": of.total_blobs,
        "totalBytes": of.total_bytes,
        "verifiedBlobs": of.blobs,
        "verifiedBytes": of.bytes,
        "damagedBlobs": of.damaged,
        "repairedBlobs": of.repaired,
    }


def _damage(of: Damage) -> shapes.DamagedBlob:
    return {
        "digest": of.blob.digest,
        "size": of.blob.size,
        "reason": of.reason,
        "foundAt": of.found_at,
        "repositories": list(of.repositories),
    }
