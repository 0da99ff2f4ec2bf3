"""DescribeAdvisories and UpdateAdvisories: what scans are held against."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cargohold.access.demand import Demand
from cargohold.aws.cargohold.demands import on_advisories
from cargohold.aws.operation import Call, Scope, operation

if TYPE_CHECKING:
    from cargohold.aws.shapes import cargohold as shapes


def _describe_demands(scope: Scope, _: shapes.DescribeAdvisoriesRequest) -> Sequence[Demand]:
    return (on_advisories("cargohold:DescribeAdvisories", scope),)


@operation("DescribeAdvisories", _describe_demands)
async def describe_advisories(call: Call, _: shapes.DescribeAdvisoriesRequest) -> shapes.DescribeAdvisoriesResponse:
    """What this server knows; another machine's server may know something else."""
    known = await to_thread(call.services.advisories.known)
    status = known.status
    return {
        "version": known.version or None,
        "builtAt": known.built_at or None,
        "sources": [
            {"name": each.name, "sha256": each.sha256, "updatedAt": each.updated_at, "records": each.records}
            for each in known.sources
        ],
        "update": {
            "attemptedAt": status.attempted_at or None,
            "succeededAt": status.succeeded_at or None,
            "running": status.running,
            "step": status.step or None,
            "error": status.error or None,
        },
    }


def _update_demands(scope: Scope, _: shapes.UpdateAdvisoriesRequest) -> Sequence[Demand]:
    return (on_advisories("cargohold:UpdateAdvisories", scope),)


@operation("UpdateAdvisories", _update_demands)
async def update_advisories(call: Call, _: shapes.UpdateAdvisoriesRequest) -> shapes.UpdateAdvisoriesResponse:
    """Every server begins within seconds. Raises InvalidParameter where no sources are set."""
    return {"requestedAt": await call.services.advisories.request()}
