"""The nouns of a scan: how far it came, and what it found."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from cargohold.scanning.configuration import ScanType
from cargohold.scanning.finding import Finding, Severity

State = Literal["PENDING", "COMPLETE", "FAILED", "UNSUPPORTED", "TOO_LARGE"]

COMPLETED: Final = "The scan was completed successfully."
UNSUPPORTED: Final = "UnsupportedImageError: The operating system and/or package manager are not supported."


@dataclass(frozen=True, slots=True)
class Scan:
    """The last scan of an image. Times are epoch milliseconds."""

    image_id: int
    scan_type: ScanType
    state: State
    description: str
    continuous: bool
    requested_at: int
    completed_at: int | None
    source_updated_at: int
    """Of the newest advisories that it was matched against; 0 before it was."""
    counts: Mapping[Severity, int]
    """Findings that no rule hides, by severity; without what there is none of."""


@dataclass(frozen=True, slots=True)
class Observed:
    """A finding as it stands in a scan."""

    finding: Finding
    first_observed_at: int
    last_observed_at: int
    ignored_by: str | None = None
    """The rule that hides it."""
