"""What an image is made of, for those rooms above that look into it: its layers, in order, and where it stands."""

from dataclasses import dataclass

from sqlalchemy import Connection

from cargohold.core import manifest as manifests
from cargohold.core.arn import Registry
from cargohold.core.manifest import Manifest
from cargohold.registry.blob import Blob
from cargohold.registry.store import contents


@dataclass(frozen=True, slots=True)
class Contents:
    """A live image, whatever its status, with the blobs of its layers, the lowest first."""

    image_id: int
    registry_id: int
    registry: Registry
    repository: str
    digest: str
    status: str
    manifest: Manifest
    layers: tuple[Blob, ...]
    """Those that the registry holds: a foreign layer need not be among them."""


def find(connection: Connection, image_id: int) -> Contents | None:
    """None when the image, or its repository, was deleted meanwhile."""
    row = contents.find_image(connection, image_id)
    if row is None:
        return None
    return Contents(
        image_id=image_id,
        registry_id=row.registry_id,
        registry=Registry(row.account, row.region, row.kind),
        repository=row.name,
        digest=row.digest,
        status=row.status,
        manifest=manifests.parse(row.payload, row.media_type),
        layers=tuple(contents.list_layers(connection, image_id)),
    )
