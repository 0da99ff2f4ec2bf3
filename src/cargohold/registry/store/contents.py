"""Statements on what one image is made of."""

from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from cargohold.database.schema.registry import blob, image, image_blob, registry, repository
from cargohold.registry.blob import Blob

_IMAGE: Final = (
    select(
        image.c.digest,
        image.c.media_type,
        image.c.status,
        image.c.payload,
        repository.c.name,
        repository.c.registry_id,
        registry.c.account,
        registry.c.region,
        registry.c.kind,
    )
    .join(repository, repository.c.id == image.c.repository_id)
    .join(registry, registry.c.id == repository.c.registry_id)
    .where(image.c.id == bindparam("of"), image.c.deleted_at.is_(None), repository.c.deleted_at.is_(None))
)
_LAYERS: Final = (
    select(blob.c.id, blob.c.digest, blob.c.size, blob.c.generation, blob.c.tier)
    .join(image_blob, image_blob.c.blob_id == blob.c.id)
    .where(image_blob.c.image_id == bindparam("of"), image_blob.c.kind == "layer")
    .order_by(image_blob.c.position)
)


def find_image(connection: Connection, image_id: int) -> Any:
    """The row of the live image with its manifest and its repository's name and registry, None where there is none."""
    return connection.execute(_IMAGE, {"of": image_id}).one_or_none()


def list_layers(connection: Connection, image_id: int) -> list[Blob]:
    """The image's layers, the lowest first."""
    return [Blob(*row) for row in connection.execute(_LAYERS, {"of": image_id})]
