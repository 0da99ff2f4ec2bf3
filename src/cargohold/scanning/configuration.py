"""What a registry wants scanned, and when: rules over repository names. Pure.

Sources: Amazon ECR user guide, "Using filters" of image scanning; API reference, RegistryScanningConfiguration.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

ScanType = Literal["BASIC", "ENHANCED"]
Frequency = Literal["SCAN_ON_PUSH", "CONTINUOUS_SCAN", "MANUAL"]


@dataclass(frozen=True, slots=True)
class Rule:
    """Repositories that any of the filters matches are scanned that often."""

    frequency: Frequency
    filters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Configuration:
    scan_type: ScanType = "BASIC"
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Effective:
    """What a configuration means for one repository."""

    scan_type: ScanType
    frequency: Frequency
    on_push: bool
    filters: tuple[str, ...] = ()
    """Those that match the repository's name."""

    @property
    def is_continuous(self) -> bool:
        return self.scan_type == "ENHANCED" and self.frequency == "CONTINUOUS_SCAN"


def effective(configuration: Configuration, name: str, *, flag: bool) -> Effective:
    """What is done with a repository's images; `flag` is its own scan-on-push, which counts in basic scanning alone.

    Continuous wins where both kinds of rule match. What no rule matches is scanned when somebody asks for it.
    """
    matching = [(rule, tuple(each for each in rule.filters if matches(each, name))) for rule in configuration.rules]
    matching = [(rule, filters) for rule, filters in matching if filters]
    frequencies = {rule.frequency for rule, _ in matching}
    applied = tuple(each for _, filters in matching for each in filters)
    if configuration.scan_type == "BASIC":
        on_push = flag or "SCAN_ON_PUSH" in frequencies
        return Effective("BASIC", "SCAN_ON_PUSH" if on_push else "MANUAL", on_push, applied)
    if "CONTINUOUS_SCAN" in frequencies:
        return Effective("ENHANCED", "CONTINUOUS_SCAN", True, applied)
    on_push = "SCAN_ON_PUSH" in frequencies
    return Effective("ENHANCED", "SCAN_ON_PUSH" if on_push else "MANUAL", on_push, applied)


def matches(pattern: str, name: str) -> bool:
    """A filter without a wildcard matches every name that holds it; with one it is about the whole name."""
    if "*" not in pattern:
        return pattern in name
    return _compiled(pattern).fullmatch(name) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    pieces: Sequence[str] = re.split(r"\*+", pattern)
    return re.compile(".*".join(map(re.escape, pieces)))
