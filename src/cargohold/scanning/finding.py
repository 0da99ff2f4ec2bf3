"""The nouns of a match: a vulnerability of a package, and what could not be decided."""

from dataclasses import dataclass
from typing import Literal

from cargohold.scanning.advisory import Vector
from cargohold.scanning.package import Package

Severity = Literal["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNDEFINED"]
"""ECR's scale, the worst first."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One vulnerability of one package. A vulnerability is its CVE where it has one, else the advisory's own id."""

    vulnerability: str
    package: Package
    fixed_in: str | None
    """The lowest version that has it mended, None where there is none yet."""
    severity: Severity
    score: float | None
    vectors: tuple[Vector, ...]
    title: str
    description: str
    uri: str
    references: tuple[str, ...]
    related: tuple[str, ...]
    """Other ids under which it is known, the advisories' own first."""
    source: str
    published: int | None
    modified: int | None
    exploited: bool = False
    """It is known to be exploited."""
    likelihood: float | None = None
    """That it will be within 30 days, by EPSS, between 0 and 1."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes it the same finding in the next scan."""
        return self.vulnerability, self.package.name, self.package.version, self.package.path


@dataclass(frozen=True, slots=True)
class Undecided:
    """A package whose version and an advisory's could not be put in order: neither affected nor not."""

    package: Package
    advisory: str
    reason: str


@dataclass(frozen=True, slots=True)
class Matches:
    findings: tuple[Finding, ...]
    """The worst first, then by name."""
    undecided: tuple[Undecided, ...]
