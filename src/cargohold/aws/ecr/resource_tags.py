"""Operations on the resource tags of repositories: TagResource, UntagResource, ListTagsForResource.

They name the repository by its ARN. An ARN of another account is the guard's to refuse, as a `registryId` is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cargohold.access.demand import Demand, Facts
from cargohold.aws.ecr import present
from cargohold.aws.operation import Call, Scope, operation
from cargohold.core.arn import Target, parse_repository_arn
from cargohold.core.errors import InvalidTagParameter

if TYPE_CHECKING:
    from cargohold.aws.shapes.ecr import (
        ListTagsForResourceRequest,
        ListTagsForResourceResponse,
        Tag,
        TagResourceRequest,
        TagResourceResponse,
        UntagResourceRequest,
        UntagResourceResponse,
    )


def read(given: Sequence[Tag]) -> dict[str, str]:
    """Values by key. Raises InvalidTagParameter when a key stands there twice."""
    tags = {tag["Key"]: tag["Value"] for tag in given}
    if len(tags) < len(given):
        raise InvalidTagParameter("Duplicate tag keys are not allowed")
    return tags


def facts(given: Sequence[Tag] = (), keys: Sequence[str] = ()) -> Facts:
    """What policies may ask of the tags, or of the keys alone, that a request names."""
    named = tuple(keys) or tuple(tag["Key"] for tag in given)
    tags = ((f"aws:RequestTag/{tag['Key']}", tag["Value"]) for tag in given)
    return (*tags, ("aws:TagKeys", named)) if named else ()


def _on_resource(action: str) -> Callable[[Scope, Any], Sequence[Demand]]:
    """Demands the action on the repository of the request's `resourceArn`; raises InvalidParameter for a wrong ARN."""

    def demands(scope: Scope, request: Any) -> Sequence[Demand]:
        registry, name = parse_repository_arn(request["resourceArn"], scope.region)
        told = facts(request.get("tags", ()), request.get("tagKeys", ()))
        return (Demand(action, registry, name, facts=told),)

    return demands


@operation("TagResource", _on_resource("ecr:TagResource"))
async def tag_resource(call: Call, request: TagResourceRequest) -> TagResourceResponse:
    await call.services.repositories.add_resource_tags(_target(call, request), read(request["tags"]))
    return {}


@operation("UntagResource", _on_resource("ecr:UntagResource"))
async def untag_resource(call: Call, request: UntagResourceRequest) -> UntagResourceResponse:
    await call.services.repositories.remove_resource_tags(_target(call, request), request["tagKeys"])
    return {}


@operation("ListTagsForResource", _on_resource("ecr:ListTagsForResource"))
async def list_tags_for_resource(call: Call, request: ListTagsForResourceRequest) -> ListTagsForResourceResponse:
    """All of them: a repository has so few that ECR has no pages here."""
    held = await call.services.repositories.list_resource_tags(_target(call, request))
    return {"tags": present.resource_tags(held)}


def _target(call: Call, request: Mapping[str, Any]) -> Target:
    return call.admission.target(*parse_repository_arn(request["resourceArn"], call.region))
