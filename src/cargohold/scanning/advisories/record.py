"""What the readers of published data yield: advisories, scores of CVEs, and what tells how urgent one is."""

import datetime
from dataclasses import dataclass

from cargohold.scanning.advisory import Advisory, Vector


@dataclass(frozen=True, slots=True)
class Scores:
    """The CVSS vectors that are published for a CVE, the preferred first."""

    cve: str
    vectors: tuple[Vector, ...]


@dataclass(frozen=True, slots=True)
class Exploited:
    """A CVE that is known to be exploited, since when that is known (epoch milliseconds)."""

    cve: str
    since: int


@dataclass(frozen=True, slots=True)
class Likelihood:
    """EPSS: how likely a CVE is exploited within 30 days, between 0 and 1, and the share of CVEs below that."""

    cve: str
    score: float
    percentile: float


Record = Advisory | Scores | Exploited | Likelihood


class Malformed(Exception):
    """Data that is not in the form that it is said to have; the text says what is missing."""


def milliseconds(text: object) -> int | None:
    """Epoch milliseconds of a date or time of ISO 8601; None for anything else, and for the year 1."""
    if not isinstance(text, str):
        return None
    try:
        parsed = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=datetime.UTC)
    return int(parsed.timestamp() * 1000) if parsed.year > 1 else None
