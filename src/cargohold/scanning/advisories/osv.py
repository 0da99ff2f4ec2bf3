"""Advisories in OSV's form, one JSON document each.

Source: Open Source Vulnerability format, version 1.7 (ossf.github.io/osv-schema).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from cargohold.scanning.advisories.record import Malformed, milliseconds
from cargohold.scanning.advisory import Advisory, Affected, Edge, Range, Vector
from cargohold.scanning.inventory.python import normalised

_EDGES: Final = ("introduced", "fixed", "last_affected", "limit")
_ERRATUM: Final = re.compile(r"(DSA|DLA|USN|[A-Z]{1,3}SA|ALAS\w*|openSUSE-SU|SUSE-SU)-")
"""Advisories of a distribution: the CVEs that they are related to are the ones that they mend."""
_NO_VULNERABILITY: Final = re.compile(r"[A-Z]{2}[BE]A-")
"""Errata that mend bugs or bring something new."""
_IMPORTANCE: Final = re.compile(r"(Low|Moderate|Important|Critical): ")


def read(document: Any, source: str) -> Iterator[Advisory]:
    """The advisory; none when it was withdrawn, is about no vulnerability or about no package. Raises Malformed."""
    if not isinstance(document, dict) or not isinstance(document.get("id"), str):
        raise Malformed("an advisory has no id")
    if document.get("withdrawn") or _NO_VULNERABILITY.match(document["id"]):
        return
    affected = tuple(each for entry in _list(document, "affected") for each in _affected(entry))
    if affected:
        yield _advisory(document, source, affected)


def _advisory(document: Mapping[str, Any], source: str, affected: tuple[Affected, ...]) -> Advisory:
    id_ = document["id"]
    summary = _text(document, "summary")
    upstream = [*_list(document, "upstream"), *(_list(document, "related") if _ERRATUM.match(id_) else ())]
    scores = [
        *_list(document, "severity"),
        *(each for a in _list(document, "affected") for each in _list(a, "severity")),
    ]
    return Advisory(
        id=id_,
        source=source,
        aliases=_texts(_list(document, "aliases")),
        upstream=_texts(upstream),
        summary=summary,
        details=_text(document, "details"),
        label=_label(document, summary),
        vectors=tuple(dict.fromkeys(_vectors(scores, source))),
        references=_texts(each.get("url") for each in _list(document, "references") if isinstance(each, dict)),
        published=milliseconds(document.get("published")),
        modified=milliseconds(document.get("modified")),
        affected=affected,
    )


def _label(document: Mapping[str, Any], summary: str) -> str:
    said = _mapping(document, "database_specific").get("severity")
    if isinstance(said, str):
        return said
    importance = _IMPORTANCE.match(summary)
    return importance[1] if importance else ""


def _vectors(scores: Sequence[Any], source: str) -> Iterator[Vector]:
    for each in scores:
        if (
            isinstance(each, dict)
            and str(each.get("type", "")).startswith("CVSS")
            and isinstance(each.get("score"), str)
        ):
            yield Vector(each["score"], None, source)


def _affected(entry: Any) -> Iterator[Affected]:
    package = _mapping(entry, "package")
    ecosystem, name = package.get("ecosystem"), package.get("name")
    if not isinstance(ecosystem, str) or not isinstance(name, str):
        return
    ranges = tuple(each for found in _list(entry, "ranges") for each in _range(found))
    versions = frozenset(_texts(_list(entry, "versions")))
    if ranges or versions:
        specific = _mapping(entry, "ecosystem_specific")
        urgency = specific.get("urgency") or specific.get("severity")
        yield Affected(
            ecosystem=ecosystem,
            name=normalised(name) if ecosystem == "PyPI" else name,
            versions=versions,
            ranges=ranges,
            urgency=urgency if isinstance(urgency, str) else "",
        )


def _range(found: Any) -> Iterator[Range]:
    """None for a range of commits, which no package of an image can be held against."""
    if not isinstance(found, dict) or found.get("type") == "GIT":
        return
    events = tuple(
        (cast(Edge, edge), text)
        for event in _list(found, "events")
        if isinstance(event, dict)
        for edge, text in event.items()
        if edge in _EDGES and isinstance(text, str)
    )
    if events:
        yield Range(events)


def _list(found: Any, name: str) -> Sequence[Any]:
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, list) else ()


def _mapping(found: Any, name: str) -> Mapping[str, Any]:
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, dict) else {}


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for each in values if isinstance(each, str)))
