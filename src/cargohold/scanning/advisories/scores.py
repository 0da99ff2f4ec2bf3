"""CVSS scores of CVEs: NVD's feeds, and the records of the CVE programme.

Sources: NVD, "CVE API 2.0" (the feeds' form); CVE JSON 5.1, `containers`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cargohold.scanning.advisories.record import Malformed, Scores
from cargohold.scanning.advisory import Vector

_NVD: Final = ("cvssMetricV40", "cvssMetricV31", "cvssMetricV30", "cvssMetricV2")
_CVE: Final = ("cvssV4_0", "cvssV3_1", "cvssV3_0", "cvssV2_0")
"""The preferred first."""


def read_nvd(document: Any) -> Iterator[Scores]:
    """Raises Malformed."""
    if not isinstance(document, dict) or not isinstance(document.get("vulnerabilities"), list):
        raise Malformed("NVD's document has no vulnerabilities")
    for each in document["vulnerabilities"]:
        cve = each.get("cve", {}) if isinstance(each, dict) else {}
        metrics = cve.get("metrics") or {}
        found = [_vector(metric, "NVD") for kind in _NVD for metric in _primary_first(metrics.get(kind, ()))]
        vectors = tuple(vector for vector in found if vector is not None)
        if vectors and isinstance(cve.get("id"), str):
            yield Scores(cve["id"], vectors)


def read_cve(document: Any) -> Iterator[Scores]:
    """One record of the CVE programme; none for a rejected one. Raises Malformed."""
    metadata = document.get("cveMetadata") if isinstance(document, dict) else None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("cveId"), str):
        raise Malformed("a CVE record has no cveId")
    containers = document.get("containers") or {}
    if metadata.get("state") != "REJECTED":
        vectors = tuple(dict.fromkeys(_of_containers([containers.get("cna") or {}, *(containers.get("adp") or ())])))
        if vectors:
            yield Scores(metadata["cveId"], vectors)


def _of_containers(containers: list[Mapping[str, Any]]) -> Iterator[Vector]:
    for container in containers:
        by = str((container.get("providerMetadata") or {}).get("shortName", "CVE"))
        for kind in _CVE:
            for metric in container.get("metrics") or ():
                vector = _vector({"cvssData": metric.get(kind)}, by)
                if vector is not None:
                    yield vector


def _primary_first(metrics: Any) -> list[Mapping[str, Any]]:
    return sorted(metrics, key=lambda each: each.get("type") != "Primary")


def _vector(metric: Mapping[str, Any], source: str) -> Vector | None:
    data = metric.get("cvssData")
    if not isinstance(data, dict) or not isinstance(data.get("vectorString"), str):
        return None
    score = data.get("baseScore")
    return Vector(data["vectorString"], float(score) if isinstance(score, int | float) else None, source)
