"""The noun of uploads: a blob on its way in, as its row keeps it between requests."""

from dataclasses import dataclass

from cargohold.blobstore import Unfinished
from cargohold.core.digest import Digest


@dataclass(frozen=True, slots=True)
class Upload:
    """An unfinished blob. Times are epoch milliseconds, sizes are in bytes."""

    id: str
    repository_id: int
    generation: str
    """The blob store's key."""
    offset: int
    """Bytes that are kept; the next one has this number."""
    claimed_until: int
    """Until when the request that writes to it may go on without a word; 0 when none does."""
    stored: str
    """The blob store's own notes."""
    digest: Digest | None
    """Of the bytes up to `offset`, in sha256; None when they have to be read again to know it."""
    hash_state: bytes | None
    """From which hashing goes on at `offset`."""
    parts: int
    last_part_size: int
    undersized: bool
    """A part that was not the last is under ECR's 5 MiB."""
    expires_at: int

    @property
    def unfinished(self) -> Unfinished:
        return Unfinished(self.generation, self.offset, self.stored)
