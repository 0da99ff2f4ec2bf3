"""Operations on images: PutImage, BatchGetImage, BatchDeleteImage, ListImages, DescribeImages, ListImageReferrers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from cargohold.aws.ecr import present, present_scan
from cargohold.aws.ecr.demands import on_repository
from cargohold.aws.ecr.paging import exclude, listing
from cargohold.aws.operation import Call, operation
from cargohold.core.digest import parse
from cargohold.registry.image import ImageId, Push, not_found
from cargohold.registry.referrers import Wanted

if TYPE_CHECKING:
    from cargohold.aws.shapes.ecr import (
        BatchDeleteImageRequest,
        BatchDeleteImageResponse,
        BatchGetImageRequest,
        BatchGetImageResponse,
        DescribeImagesRequest,
        DescribeImagesResponse,
        ImageDetail,
        ImageIdentifier,
        ListImageReferrersRequest,
        ListImageReferrersResponse,
        ListImagesRequest,
        ListImagesResponse,
        PutImageRequest,
        PutImageResponse,
    )
    from cargohold.core.arn import Target
    from cargohold.registry.image import Image

REFERRERS_PAGE: Final = 50
"""Referrers on a page where `maxResults` is not given, and the most that it may say."""


@operation("PutImage", on_repository("ecr:PutImage"))
async def put_image(call: Call, request: PutImageRequest) -> PutImageResponse:
    target, tag = call.target(request), request.get("imageTag")
    push = Push(
        payload=request["imageManifest"].encode(),
        media_type=request.get("imageManifestMediaType"),
        tag=tag,
        digest=request.get("imageDigest"),
        pushed_by=call.admission.principal.arn,
        identical="refuse",
    )
    pushed = await call.services.images.put(target, push)
    return {"image": present.image(target, tag, pushed)}


@operation("BatchGetImage", on_repository("ecr:BatchGetImage"))
async def batch_get_image(call: Call, request: BatchGetImageRequest) -> BatchGetImageResponse:
    """Manifests as they were pushed: `acceptedMediaTypes` chooses among them, and converts none.

    A conversion has another digest than the image that was asked for; what the client does not accept is therefore
    among the failures as ImageNotFound.
    """
    target = call.target(request)
    found, failures = await call.services.images.get_many(target, _image_ids(request["imageIds"]))
    types = request.get("acceptedMediaTypes")
    accepted = [(named, image) for named, image in found if types is None or image.media_type in types]
    refused = [not_found(named) for named, image in found if types is not None and image.media_type not in types]
    admission = call.admission
    for _, image in accepted:
        call.services.pull_times.record(image.id, image.last_pull_at, admission.principal.entity_id, admission.now)
    return {
        "images": [present.image(target, named.tag, image) for named, image in accepted],
        "failures": [present.image_failure(failure) for failure in (*failures, *refused)],
    }


@operation("BatchDeleteImage", on_repository("ecr:BatchDeleteImage"))
async def batch_delete_image(call: Call, request: BatchDeleteImageRequest) -> BatchDeleteImageResponse:
    """What was deleted: an entry for each tag that is gone, and one for each image that had none."""
    ids, by = _image_ids(request["imageIds"]), call.admission.principal.arn
    deleted, failures = await call.services.images.delete(call.target(request), ids, by)
    return {
        "imageIds": [present.image_id(named) for named in deleted],
        "failures": [present.image_failure(failure) for failure in failures],
    }


@operation("ListImages", on_repository("ecr:ListImages"))
async def list_images(call: Call, request: ListImagesRequest) -> ListImagesResponse:
    target = call.target(request)
    tagged, status = _filter(request)
    wanted = listing(call, "ListImages", request, target.registry, target.name, tagged, status)
    page = await call.services.images.list_ids(target, tagged, status, wanted.after, wanted.limit)
    return {
        "imageIds": [present.image_id(named) for named in page.items],
        "nextToken": wanted.next_token(page.after),
    }


@operation("DescribeImages", on_repository("ecr:DescribeImages"))
async def describe_images(call: Call, request: DescribeImagesRequest) -> DescribeImagesResponse:
    """The images of the ids given, whatever their status, or one page of those that pass the filter."""
    target, images = call.target(request), call.services.images
    if "imageIds" in request:
        exclude(request, "imageIds", "images", "nextToken", "maxResults", "filter")
        named = await images.describe(target, _image_ids(request["imageIds"]))
        return {"imageDetails": await _details(call, target, named)}
    tagged, status = _filter(request)
    wanted = listing(call, "DescribeImages", request, target.registry, target.name, tagged, status)
    page = await images.describe_page(target, tagged, status, wanted.after, wanted.limit)
    return {
        "imageDetails": await _details(call, target, page.items),
        "nextToken": wanted.next_token(page.after),
    }


@operation("ListImageReferrers", on_repository("ecr:BatchGetImage"))
async def list_image_referrers(call: Call, request: ListImageReferrersRequest) -> ListImageReferrersResponse:
    """What points at a digest, in the order it was pushed; the repository need not hold the digest itself.

    A page ends early where its manifests' annotations would be more than a manifest's size together.
    """
    target, subject = call.target(request), parse(request["subjectId"]["imageDigest"])
    chosen = request.get("filter") or {}
    types, status = sorted(set(chosen.get("artifactTypes") or ())), chosen.get("artifactStatus") or "ACTIVE"
    bound = (target.name, subject, status, *types)
    wanted = listing(call, "ListImageReferrers", request, target.registry, *bound, page=REFERRERS_PAGE)
    want = Wanted(frozenset(types), status)
    page = await call.services.referrers.page(target, subject, want, wanted.after, wanted.limit)
    return {
        "referrers": [present.referrer(each) for each in page.items],
        "nextToken": wanted.next_token(page.after),
    }


async def _details(call: Call, target: Target, images: Sequence[Image]) -> list[ImageDetail]:
    scans = await call.services.scans.summaries(images)
    return [present_scan.detail(target, image, scans.get(image.id)) for image in images]


def _filter(request: ListImagesRequest | DescribeImagesRequest) -> tuple[str, str]:
    """Which images a list shows: by tag, and by status. ECR leaves out archived images unless they are asked for."""
    chosen = request.get("filter") or {}
    return chosen.get("tagStatus") or "ANY", chosen.get("imageStatus") or "ACTIVE"


def _image_ids(given: Sequence[ImageIdentifier]) -> list[ImageId]:
    return [ImageId(tag=each.get("imageTag"), digest=each.get("imageDigest")) for each in given]
