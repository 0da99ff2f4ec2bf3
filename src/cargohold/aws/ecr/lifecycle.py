"""Operations on lifecycle policies: Put/Get/DeleteLifecyclePolicy, Start/GetLifecyclePolicyPreview."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargohold.aws.ecr import present
from cargohold.aws.ecr.demands import on_repository
from cargohold.aws.ecr.paging import exclude, listing
from cargohold.aws.operation import Call, operation
from cargohold.registry.image import ImageId

if TYPE_CHECKING:
    from cargohold.aws.shapes.ecr import (
        DeleteLifecyclePolicyRequest,
        DeleteLifecyclePolicyResponse,
        GetLifecyclePolicyPreviewRequest,
        GetLifecyclePolicyPreviewResponse,
        GetLifecyclePolicyRequest,
        GetLifecyclePolicyResponse,
        PutLifecyclePolicyRequest,
        PutLifecyclePolicyResponse,
        StartLifecyclePolicyPreviewRequest,
        StartLifecyclePolicyPreviewResponse,
    )


@operation("PutLifecyclePolicy", on_repository("ecr:PutLifecyclePolicy"))
async def put_lifecycle_policy(call: Call, request: PutLifecyclePolicyRequest) -> PutLifecyclePolicyResponse:
    """In place of the policy that there is; evaluated within a minute or so, then at least once a day."""
    target, text = call.target(request), request["lifecyclePolicyText"]
    await call.services.lifecycle_policies.put(target, text)
    return {
        "registryId": target.registry.account,
        "repositoryName": target.name,
        "lifecyclePolicyText": text,
    }


@operation("GetLifecyclePolicy", on_repository("ecr:GetLifecyclePolicy"))
async def get_lifecycle_policy(call: Call, request: GetLifecyclePolicyRequest) -> GetLifecyclePolicyResponse:
    target = call.target(request)
    return present.lifecycle_policy(target, await call.services.lifecycle_policies.get(target))


@operation("DeleteLifecyclePolicy", on_repository("ecr:DeleteLifecyclePolicy"))
async def delete_lifecycle_policy(call: Call, request: DeleteLifecyclePolicyRequest) -> DeleteLifecyclePolicyResponse:
    """The answer is the policy that was deleted."""
    target = call.target(request)
    return present.lifecycle_policy(target, await call.services.lifecycle_policies.delete(target))


@operation("StartLifecyclePolicyPreview", on_repository("ecr:StartLifecyclePolicyPreview"))
async def start_lifecycle_policy_preview(
    call: Call, request: StartLifecyclePolicyPreviewRequest
) -> StartLifecyclePolicyPreviewResponse:
    target = call.target(request)
    text = await call.services.previews.start(target, request.get("lifecyclePolicyText"))
    return {
        "registryId": target.registry.account,
        "repositoryName": target.name,
        "lifecyclePolicyText": text,
        "status": "IN_PROGRESS",
    }


@operation("GetLifecyclePolicyPreview", on_repository("ecr:GetLifecyclePolicyPreview"))
async def get_lifecycle_policy_preview(
    call: Call, request: GetLifecyclePolicyPreviewRequest
) -> GetLifecyclePolicyPreviewResponse:
    """A page of results once the preview is COMPLETE, those of the images asked for, or none yet."""
    target, previews = call.target(request), call.services.previews
    tag_status = (request.get("filter") or {}).get("tagStatus") or "ANY"
    if "imageIds" in request:
        exclude(request, "imageIds", "images", "nextToken", "maxResults")
        ids = [ImageId(tag=each.get("imageTag"), digest=each.get("imageDigest")) for each in request["imageIds"]]
        return present.lifecycle_preview(target, await previews.chosen(target, tag_status, ids), None)
    wanted = listing(call, "GetLifecyclePolicyPreview", request, target.registry, target.name, tag_status)
    shown = await previews.page(target, tag_status, wanted.after, wanted.limit)
    return present.lifecycle_preview(target, shown, wanted.next_token(shown.page.after))
