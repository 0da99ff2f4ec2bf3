"""DescribeCollection and StartCollection: what waits to be given back, and what was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cargohold.access.demand import Demand
from cargohold.aws.cargohold.demands import on_storage
from cargohold.aws.operation import Call, Scope, operation

if TYPE_CHECKING:
    from cargohold.aws.shapes import cargohold as shapes
    from cargohold.registry.collected import Standing


def _describe_demands(scope: Scope, _: shapes.DescribeCollectionRequest) -> Sequence[Demand]:
    return (on_storage("cargohold:DescribeCollection", scope),)


@operation("DescribeCollection", _describe_demands)
async def describe_collection(call: Call, _: shapes.DescribeCollectionRequest) -> shapes.DescribeCollectionResponse:
    return {"collection": _shown(await call.services.collections.standing())}


def _start_demands(scope: Scope, _: shapes.StartCollectionRequest) -> Sequence[Demand]:
    return (on_storage("cargohold:StartCollection", scope),)


@operation("StartCollection", _start_demands)
async def start_collection(call: Call, _: shapes.StartCollectionRequest) -> shapes.StartCollectionResponse:
    """How it stands as a worker begins; what can still be restored stays."""
    return {"collection": _shown(await call.services.collections.start())}


def _shown(of: Standing) -> shapes.Collection:
    return {
        "queuedBlobCount": of.backlog.queued,
        "dueBlobCount": of.backlog.due,
        "oldestReviewAt": of.backlog.oldest,
        "restorableImageCount": of.undoable.images,
        "restorableRepositoryCount": of.undoable.repositories,
        "purgeableCount": of.purgeable,
        "reclaimedBlobCount": of.totals.blobs,
        "reclaimedBytes": of.totals.bytes,
        "failureCount": of.totals.failures,
        "keepDeletedSeconds": of.lease // 1000,
    }
