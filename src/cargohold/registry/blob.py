"""The noun of blobs: bytes, named by their digest, that a repository has the right to read."""

from dataclasses import dataclass

from cargohold.blobstore.stores import Tier
from cargohold.core.digest import Digest


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob; `size` is in bytes, `generation` is the blob store's key."""

    id: int
    digest: Digest
    size: int
    generation: str
    tier: Tier = "standard"
    """In which of the stores its bytes lie."""
    media_type: str | None = None
    """Not known: a blob is uploaded without one, and manifests may differ in what they call it."""
