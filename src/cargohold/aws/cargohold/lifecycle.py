"""StartLifecycleEvaluation and ListLifecycleEvaluations: what lifecycle policies do, and how far they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cargohold.access.demand import Demand
from cargohold.aws.ecr.paging import exclude, listing
from cargohold.aws.operation import Call, Scope, operation

if TYPE_CHECKING:
    from cargohold.aws.shapes import cargohold as shapes
    from cargohold.lifecycle.evaluations import Standing


def _start_demands(scope: Scope, request: shapes.StartLifecycleEvaluationRequest) -> Sequence[Demand]:
    return (Demand("cargohold:StartLifecycleEvaluation", scope.registry(request), request["repositoryName"]),)


@operation("StartLifecycleEvaluation", _start_demands)
async def start_lifecycle_evaluation(
    call: Call, request: shapes.StartLifecycleEvaluationRequest
) -> shapes.StartLifecycleEvaluationResponse:
    """The repository's policy is due from now on; a worker takes it within seconds."""
    return {"evaluation": _shown(await call.services.evaluations.start(call.target(request)))}


def _list_demands(scope: Scope, request: shapes.ListLifecycleEvaluationsRequest) -> Sequence[Demand]:
    named = request.get("repositoryName", "*")
    return (Demand("cargohold:ListLifecycleEvaluations", scope.registry(request), named),)


@operation("ListLifecycleEvaluations", _list_demands)
async def list_lifecycle_evaluations(
    call: Call, request: shapes.ListLifecycleEvaluationsRequest
) -> shapes.ListLifecycleEvaluationsResponse:
    """The one of the repository that is named, or a page of those that have a policy, by name."""
    if "repositoryName" in request:
        exclude(request, "repositoryName", "a repository", "nextToken", "maxResults")
        return {"evaluations": [_shown(await call.services.evaluations.get(call.target(request)))]}
    registry = call.registry(request)
    wanted = listing(call, "ListLifecycleEvaluations", request, registry)
    page = await call.services.evaluations.page(registry, wanted.after, wanted.limit)
    return {"evaluations": [_shown(each) for each in page.items], "nextToken": wanted.next_token(page.after)}


def _shown(standing: Standing) -> shapes.LifecycleEvaluation:
    of = standing.evaluation
    failed = standing.state != "RUNNING" and of.failure is not None
    return {
        "repositoryName": of.repository,
        "status": standing.state,
        "lastEvaluatedAt": of.evaluated_at or None,
        "nextEvaluationAt": of.due_at,
        "plannedImageCount": of.planned,
        "expiredImageCount": of.expired,
        "transitionedImageCount": of.transitioned,
        "failureReason": of.failure if failed else None,
    }
