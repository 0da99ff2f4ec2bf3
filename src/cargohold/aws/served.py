"""The operations that are built, by service: what the AWS door does. What it cannot do yet stands in `pending`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from cargohold.aws.ecr import authorization, images, layers, repositories, resource_tags
from cargohold.aws.operation import Operation
from cargohold.aws.sts import caller

OPERATIONS: Final[Mapping[str, Sequence[Operation]]] = {
    "ecr": (
        authorization.get_authorization_token,
        repositories.create_repository,
        repositories.describe_repositories,
        repositories.put_image_tag_mutability,
        repositories.delete_repository,
        resource_tags.tag_resource,
        resource_tags.untag_resource,
        resource_tags.list_tags_for_resource,
        images.put_image,
        images.batch_get_image,
        images.batch_delete_image,
        images.list_images,
        images.describe_images,
        layers.batch_check_layer_availability,
        layers.get_download_url_for_layer,
        layers.initiate_layer_upload,
        layers.upload_layer_part,
        layers.complete_layer_upload,
    ),
    "sts": (caller.get_caller_identity,),
    "iam": (),
}
