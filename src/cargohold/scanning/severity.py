"""How bad a finding is, on ECR's scale. Pure.

The distribution's own word for the package counts first, then the source's label, then the CVSS base score.
Sources: Amazon ECR API reference, ImageScanFinding; CVSS 3.1, section 5 (qualitative severity).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, cast, get_args

from cvss import CVSS2, CVSS3, CVSS4
from cvss.exceptions import CVSSError

from cargohold.scanning.advisory import Vector
from cargohold.scanning.finding import Severity

_WORDS: Final[Mapping[str, Severity]] = {
    "unimportant": "INFORMATIONAL",
    "negligible": "INFORMATIONAL",
    "none": "INFORMATIONAL",
    "low": "LOW",
    "medium": "MEDIUM",
    "moderate": "MEDIUM",
    "high": "HIGH",
    "important": "HIGH",
    "critical": "CRITICAL",
}
SCALE: Final = cast("tuple[Severity, ...]", get_args(Severity))
"""The worst first."""


def rate(urgencies: Iterable[str], labels: Iterable[str], vectors: Sequence[Vector]) -> tuple[Severity, float | None]:
    """The severity and the base score, None where no vector has one; what nobody rated is UNDEFINED."""
    score = next((found for found in map(base_score, vectors) if found is not None), None)
    for words in (urgencies, labels):
        rated = [_WORDS[word.lower()] for word in words if word.lower() in _WORDS]
        if rated:
            return worst(rated), score
    return ("UNDEFINED" if score is None else _of_score(score)), score


def worst(severities: Iterable[Severity]) -> Severity:
    return min(severities, key=SCALE.index)


def base_score(vector: Vector) -> float | None:
    """The published score, else the vector's own; None for a vector that cannot be read."""
    if vector.score is not None:
        return vector.score
    text = vector.vector
    try:
        if text.startswith("CVSS:4"):
            return float(CVSS4(text).base_score)
        if text.startswith("CVSS:3"):
            return float(CVSS3(text).base_score)
        return float(CVSS2(text).base_score)
    except CVSSError:
        return None


def _of_score(score: float) -> Severity:
    if score >= 9:
        return "CRITICAL"
    if score >= 7:
        return "HIGH"
    if score >= 4:
        return "MEDIUM"
    return "LOW" if score > 0 else "INFORMATIONAL"
