"""UpdateImageStorageClass: an image into the archive, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargohold.aws.ecr import present
from cargohold.aws.ecr.demands import on_repository
from cargohold.aws.operation import Call, operation
from cargohold.registry.image import ImageId

if TYPE_CHECKING:
    from cargohold.aws.shapes.ecr import UpdateImageStorageClassRequest, UpdateImageStorageClassResponse


@operation("UpdateImageStorageClass", on_repository("ecr:UpdateImageStorageClass"))
async def update_image_storage_class(
    call: Call, request: UpdateImageStorageClassRequest
) -> UpdateImageStorageClassResponse:
    """An archived image is ARCHIVED at once; one that is restored is ACTIVATING until its bytes are back."""
    target, given = call.target(request), request["imageId"]
    named = ImageId(tag=given.get("imageTag"), digest=given.get("imageDigest"))
    archive = call.services.image_archive
    update = archive.archive if request["targetStorageClass"] == "ARCHIVE" else archive.restore
    updated, status = await update(target, named)
    return {
        "registryId": target.registry.account,
        "repositoryName": target.name,
        "imageId": present.image_id(updated),
        "imageStatus": status,
    }
