"""The blob stores of a deployment, by the tier of the blobs that lie in each."""

from dataclasses import dataclass
from typing import Literal

from cargohold.blobstore import BlobStore

Tier = Literal["standard", "archive"]


@dataclass(frozen=True, slots=True)
class Stores:
    """`standard` takes what is pushed; `archive` holds what only archived images use. A key is never in use in both."""

    standard: BlobStore
    archive: BlobStore

    def of(self, tier: Tier) -> BlobStore:
        """The store in which a blob of that tier lies."""
        return self.archive if tier == "archive" else self.standard
