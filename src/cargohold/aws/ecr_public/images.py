"""What public repositories hold: DescribeImages, DescribeImageTags. There is no ListImages here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cargohold.aws.ecr.paging import exclude, listing
from cargohold.aws.ecr_public import present
from cargohold.aws.ecr_public.operation import on_repository, operation
from cargohold.aws.operation import Call
from cargohold.registry.image import ImageId

if TYPE_CHECKING:
    from cargohold.aws.shapes.ecr_public import (
        DescribeImagesRequest,
        DescribeImagesResponse,
        DescribeImageTagsRequest,
        DescribeImageTagsResponse,
    )

_ANY: Final = "ANY"


@operation("DescribeImages", on_repository("DescribeImages"))
async def describe_images(call: Call, request: DescribeImagesRequest) -> DescribeImagesResponse:
    """The images of the ids given, or one page of all."""
    target, images = call.target(request), call.services.images
    if "imageIds" in request:
        exclude(request, "imageIds", "images", "nextToken", "maxResults")
        ids = [ImageId(each.get("imageTag"), each.get("imageDigest")) for each in request["imageIds"]]
        named = await images.describe(target, ids)
        return {"imageDetails": [present.image_detail(target, image) for image in named]}
    wanted = listing(call, "DescribeImages", request, target.registry, target.name)
    page = await images.describe_page(target, _ANY, _ANY, wanted.after, wanted.limit)
    return {
        "imageDetails": [present.image_detail(target, image) for image in page.items],
        "nextToken": wanted.next_token(page.after),
    }


@operation("DescribeImageTags", on_repository("DescribeImageTags"))
async def describe_image_tags(call: Call, request: DescribeImageTagsRequest) -> DescribeImageTagsResponse:
    """Tags in lexical order, each with the image that it names."""
    target = call.target(request)
    wanted = listing(call, "DescribeImageTags", request, target.registry, target.name)
    page = await call.services.public.registries.tagged(target, wanted.after, wanted.limit)
    return {
        "imageTagDetails": [present.image_tag_detail(each) for each in page.items],
        "nextToken": wanted.next_token(page.after),
    }
