"""Rules by which a registry leaves findings out of account: they are marked, and shown with the reason. Pure.

Each says what it hides, why, and until when; a scan's counts are of what is left.
"""

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass

from cargohold.scanning.finding import Finding


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """Wildcards, `*` and `?`, that all have to match; times are epoch milliseconds."""

    id: str
    vulnerability: str
    package: str
    path: str
    repository: str
    reason: str
    created_by: str
    created_at: int
    expires_at: int | None

    def is_over(self, now: int) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def hides(self, finding: Finding, repository: str) -> bool:
        return (
            fnmatch.fnmatchcase(finding.vulnerability, self.vulnerability)
            and fnmatch.fnmatchcase(finding.package.name, self.package)
            and fnmatch.fnmatchcase(finding.package.path, self.path)
            and fnmatch.fnmatchcase(repository, self.repository)
        )


def hidden_by(rules: Iterable[IgnoreRule], finding: Finding, repository: str, now: int) -> IgnoreRule | None:
    """The first rule in force that hides a finding."""
    return next((each for each in rules if not each.is_over(now) and each.hides(finding, repository)), None)
