"""The operations that push, and BatchDeleteImage: ECR's own, on public repositories."""

from typing import Final

from cargohold.aws.ecr import images, layers
from cargohold.aws.ecr_public.operation import by_alias, by_alias_or_absent, shared

batch_check_layer_availability: Final = by_alias(
    shared("BatchCheckLayerAvailability", layers.batch_check_layer_availability)
)
initiate_layer_upload: Final = by_alias(shared("InitiateLayerUpload", layers.initiate_layer_upload))
upload_layer_part: Final = by_alias(shared("UploadLayerPart", layers.upload_layer_part))
complete_layer_upload: Final = by_alias(shared("CompleteLayerUpload", layers.complete_layer_upload))
put_image: Final = by_alias(shared("PutImage", images.put_image))
batch_delete_image: Final = by_alias_or_absent(shared("BatchDeleteImage", images.batch_delete_image))
