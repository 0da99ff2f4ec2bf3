"""The ECR operations of the AWS door. camelCase lives here and nowhere else; the rules live in the rooms.

repositories  images  layers  authorization     a function for each operation, its demands beside it
demands  paging  present                        what they share: who may, which page, how it is spelled
"""

from typing import Final

from cargohold.aws.ecr import authorization, images, layers, repositories
from cargohold.aws.operation import Operation

OPERATIONS: Final[tuple[Operation, ...]] = (
    authorization.get_authorization_token,
    repositories.create_repository,
    repositories.describe_repositories,
    repositories.delete_repository,
    images.put_image,
    images.batch_get_image,
    images.batch_delete_image,
    images.list_images,
    images.describe_images,
    layers.batch_check_layer_availability,
    layers.initiate_layer_upload,
    layers.upload_layer_part,
    layers.complete_layer_upload,
    layers.get_download_url_for_layer,
)
"""Every ECR operation that is built; `aws.pending` names the others."""
