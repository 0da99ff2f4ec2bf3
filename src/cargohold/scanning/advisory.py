"""The nouns of an advisory, after OSV's schema, as far as matching and findings need them.

Source: Open Source Vulnerability format, version 1.7 (ossf.github.io/osv-schema).
"""

from dataclasses import dataclass
from typing import Literal

Edge = Literal["introduced", "fixed", "last_affected", "limit"]


@dataclass(frozen=True, slots=True)
class Range:
    """Versions in an order: at each event the state of the package changes. Ranges of commits are not kept."""

    events: tuple[tuple[Edge, str], ...]


@dataclass(frozen=True, slots=True)
class Affected:
    """One package of one ecosystem in an advisory."""

    ecosystem: str
    """With its release where it has one: `Debian:12`, `Alpine:v3.18`, `PyPI`."""
    name: str
    versions: frozenset[str] = frozenset()
    ranges: tuple[Range, ...] = ()
    urgency: str = ""
    """The distribution's own word for this package: unimportant, low, medium, high; empty where it has none."""
    module: str = ""
    """The modularity label that an rpm must have."""
    arches: frozenset[str] = frozenset()
    """Architectures that it is about; empty means all."""


@dataclass(frozen=True, slots=True)
class Vector:
    """A CVSS vector and the score that was published with it, None where there was none. `source` says by whom."""

    vector: str
    score: float | None
    source: str


@dataclass(frozen=True, slots=True)
class Advisory:
    """What one source says of one vulnerability. Times are epoch milliseconds."""

    id: str
    source: str
    """The data set that it came from, for people: `Debian`, `PyPI`."""
    aliases: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    summary: str = ""
    details: str = ""
    label: str = ""
    """The source's own word for the severity: LOW, MODERATE, Important."""
    vectors: tuple[Vector, ...] = ()
    references: tuple[str, ...] = ()
    published: int | None = None
    modified: int | None = None
    affected: tuple[Affected, ...] = ()
