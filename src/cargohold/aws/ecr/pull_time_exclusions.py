"""Operations on whose pulls are not recorded: Register-, DeregisterPullTimeUpdateExclusion, ListPullTimeUpdate-
Exclusions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargohold.aws.ecr.demands import on_registry, own_registry
from cargohold.aws.ecr.paging import listing
from cargohold.aws.operation import Call, operation

if TYPE_CHECKING:
    from cargohold.aws.shapes.ecr import (
        DeregisterPullTimeUpdateExclusionRequest,
        DeregisterPullTimeUpdateExclusionResponse,
        ListPullTimeUpdateExclusionsRequest,
        ListPullTimeUpdateExclusionsResponse,
        RegisterPullTimeUpdateExclusionRequest,
        RegisterPullTimeUpdateExclusionResponse,
    )


@operation("RegisterPullTimeUpdateExclusion", on_registry("ecr:RegisterPullTimeUpdateExclusion"))
async def register(
    call: Call, request: RegisterPullTimeUpdateExclusionRequest
) -> RegisterPullTimeUpdateExclusionResponse:
    """Of a user or a role, with all the role's sessions."""
    arn = request["principalArn"]
    return {"principalArn": arn, "createdAt": await call.services.pull_times.exclude(own_registry(call), arn)}


@operation("DeregisterPullTimeUpdateExclusion", on_registry("ecr:DeregisterPullTimeUpdateExclusion"))
async def deregister(
    call: Call, request: DeregisterPullTimeUpdateExclusionRequest
) -> DeregisterPullTimeUpdateExclusionResponse:
    await call.services.pull_times.include(own_registry(call), request["principalArn"])
    return {"principalArn": request["principalArn"]}


@operation("ListPullTimeUpdateExclusions", on_registry("ecr:ListPullTimeUpdateExclusions"))
async def list_exclusions(
    call: Call, request: ListPullTimeUpdateExclusionsRequest
) -> ListPullTimeUpdateExclusionsResponse:
    registry = own_registry(call)
    wanted = listing(call, "ListPullTimeUpdateExclusions", request, registry)
    page = await call.services.pull_times.page(registry, wanted.after, wanted.limit)
    return {"pullTimeUpdateExclusions": list(page.items), "nextToken": wanted.next_token(page.after)}
