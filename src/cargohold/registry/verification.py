"""The nouns of verification: one pass over all blobs, the blobs that it looks at, and what it finds wrong."""

from dataclasses import dataclass, replace
from typing import Final, Literal, Self

from cargohold.registry.blob import Blob

Reason = Literal["missing", "wrong size", "wrong bytes"]
"""Why a blob is damaged: no bytes are stored, fewer or more than it has, or others."""

RATE: Final = 100 << 20
"""Bytes a second where nothing else is said: a small part of what a disk reads and a core hashes."""


@dataclass(frozen=True, slots=True)
class Verification:
    """A pass over the blobs that were there when it began, in the order of their ids. Times are epoch milliseconds.

    `blobs` and `bytes` of `total_blobs` and `total_bytes` are done; `damaged` and `repaired` count what changed.
    """

    id: int
    started_at: int
    ended_at: int | None
    bytes_per_second: int
    total_blobs: int
    total_bytes: int
    end_blob_id: int
    last_blob_id: int = 0
    blobs: int = 0
    bytes: int = 0
    damaged: int = 0
    repaired: int = 0
    claimed_until: int = 0

    def past(self, seen: Blob, *, damaged: bool, repaired: bool) -> Self:
        """Grown by one blob."""
        return replace(
            self,
            last_blob_id=seen.id,
            blobs=self.blobs + 1,
            bytes=self.bytes + seen.size,
            damaged=self.damaged + damaged,
            repaired=self.repaired + repaired,
        )


@dataclass(frozen=True, slots=True)
class Stored:
    """A blob; `quarantined`: an earlier look found its bytes damaged."""

    blob: Blob
    quarantined: bool


@dataclass(frozen=True, slots=True)
class Damage:
    """A blob in quarantine: nobody is given its bytes until somebody pushes it again."""

    blob: Blob
    reason: str
    found_at: int
    repositories: tuple[str, ...]
    """ARNs of repositories that hold it, some of them when there are many."""
