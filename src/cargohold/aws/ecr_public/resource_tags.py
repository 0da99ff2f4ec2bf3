"""The resource tags of public repositories: TagResource, UntagResource, ListTagsForResource.

ECR Public's model lets a tag lack its key or its value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cargohold.access.demand import Demand
from cargohold.aws.ecr import present
from cargohold.aws.ecr.resource_tags import facts, read
from cargohold.aws.ecr_public.operation import Demands, operation
from cargohold.aws.operation import Call, Scope
from cargohold.core.arn import Target, parse_public_repository_arn
from cargohold.core.errors import InvalidTagParameter

if TYPE_CHECKING:
    from cargohold.aws.shapes import ecr
    from cargohold.aws.shapes.ecr_public import (
        ListTagsForResourceRequest,
        ListTagsForResourceResponse,
        Tag,
        TagResourceRequest,
        TagResourceResponse,
        UntagResourceRequest,
        UntagResourceResponse,
    )


def whole(given: Sequence[Tag]) -> list[ecr.Tag]:
    """Tags as ECR has them: one without a value has an empty one. Raises InvalidTagParameter for one without a key."""
    if not all(tag.get("Key") for tag in given):
        raise InvalidTagParameter("A tag must have a key")
    return [{"Key": tag.get("Key") or "", "Value": tag.get("Value") or ""} for tag in given]


def _on_resource(action: str) -> Demands:
    """Demands the action on the repository of the request's `resourceArn`; raises InvalidParameter for a wrong ARN."""

    def demands(_: Scope, request: Any) -> Sequence[Demand]:
        registry, name = parse_public_repository_arn(request["resourceArn"])
        told = facts(whole(request.get("tags", ())), request.get("tagKeys", ()))
        return (Demand(action, registry, name, facts=told),)

    return demands


@operation("TagResource", _on_resource("ecr-public:TagResource"))
async def tag_resource(call: Call, request: TagResourceRequest) -> TagResourceResponse:
    await call.services.repositories.add_resource_tags(_target(call, request), read(whole(request["tags"])))
    return {}


@operation("UntagResource", _on_resource("ecr-public:UntagResource"))
async def untag_resource(call: Call, request: UntagResourceRequest) -> UntagResourceResponse:
    await call.services.repositories.remove_resource_tags(_target(call, request), request["tagKeys"])
    return {}


@operation("ListTagsForResource", _on_resource("ecr-public:ListTagsForResource"))
async def list_tags_for_resource(call: Call, request: ListTagsForResourceRequest) -> ListTagsForResourceResponse:
    held = await call.services.repositories.list_resource_tags(_target(call, request))
    return {"tags": [{"Key": tag["Key"], "Value": tag["Value"]} for tag in present.resource_tags(held)]}


def _target(call: Call, request: Mapping[str, Any]) -> Target:
    return call.admission.target(*parse_public_repository_arn(request["resourceArn"]))
