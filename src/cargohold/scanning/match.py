"""Which advisories are about which packages of an image. Pure: what is known comes in as a function.

Each advisory is held against a version exactly as OSV's schema says. One finding stands for one CVE and package,
whatever the number of advisories on it.
Source: OSV schema, "Evaluation" (ossf.github.io/osv-schema/#evaluation).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from cargohold.scanning import severity
from cargohold.scanning.advisory import Advisory, Affected, Edge, Range, Vector
from cargohold.scanning.ecosystems import known_as
from cargohold.scanning.finding import Finding, Matches, Undecided
from cargohold.scanning.package import Inventory, Package
from cargohold.scanning.versions import NotComparable, order

Lookup = Callable[[str, str], Sequence[Advisory]]
"""The advisories on a package by its ecosystem and name; `affected` holds at least the entries on that one."""
Scores = Callable[[str], Sequence[Vector]]
"""The CVSS vectors that are published for a CVE, the preferred first."""

_BOTTOM: Final = "0"
"""Before every version; as `fixed` it says that the package never was affected."""
_RANK: Final[dict[Edge, int]] = {"introduced": 0, "fixed": 1, "last_affected": 2, "limit": 3}


@dataclass(frozen=True, slots=True)
class Hit:
    """An advisory that is about a version, what it says of the package, and where that is mended."""

    advisory: Advisory
    affected: Affected
    fixed_in: str | None


Memory = dict[tuple[str, ...], tuple[tuple[Finding, ...], tuple[Undecided, ...]]]
"""What was found of a package before, by all that advisories ask of it: images have most packages in common."""


def match(inventory: Inventory, lookup: Lookup, scores: Scores, memory: Memory | None = None) -> Matches:
    """Everything known about the packages of an image; what the distribution owns is reported as its package alone.

    `memory` is of one `lookup` and `scores`; it is added to.
    """
    memory = {} if memory is None else memory
    findings: list[Finding] = []
    undecided: list[Undecided] = []
    for package in inventory.packages:
        named = None if package.owned else known_as(package, inventory.distribution)
        if named is None:
            continue
        key = (*named, package.kind, package.name, package.version, package.arch, package.module)
        found = memory.get(key)
        if found is None:
            found = memory[key] = _of_package(package, named, lookup, scores)
        findings += [replace(each, package=package) for each in found[0]]
        undecided += [replace(each, package=package) for each in found[1]]
    findings.sort(key=lambda each: (severity.SCALE.index(each.severity), *each.key))
    return Matches(tuple(findings), tuple(undecided))


def _of_package(
    package: Package, named: tuple[str, str, str], lookup: Lookup, scores: Scores
) -> tuple[tuple[Finding, ...], tuple[Undecided, ...]]:
    hits: list[Hit] = []
    undecided: list[Undecided] = []
    for advisory in lookup(*named[:2]):
        try:
            hits += _hits(advisory, package, named)
        except NotComparable as error:
            undecided.append(Undecided(package, advisory.id, str(error)))
    return tuple(_grouped(package, hits, scores)), tuple(undecided)


def is_affected(affected: Affected, version: str) -> tuple[bool, str | None]:
    """Whether a version is, and the lowest version that has it mended. Raises NotComparable.

    A version that is listed is affected, whatever the ranges say and whether it can be compared or not.
    """
    listed = version in affected.versions
    if not affected.ranges:
        return listed, None
    key = order(affected.ecosystem)
    try:
        own = key(version)
        inside = [found for found in (_within(each, own, key) for each in affected.ranges) if found is not None]
    except NotComparable:
        if listed:
            return True, None
        raise
    if not inside and not listed:
        return False, None
    fixes = [text for fixed in inside for text in fixed]
    return True, min(fixes, key=key, default=None)


def _hits(advisory: Advisory, package: Package, named: tuple[str, str, str]) -> list[Hit]:
    ecosystem, name, version = named
    hits = []
    for affected in advisory.affected:
        if (affected.ecosystem, affected.name) != (ecosystem, name) or not _applies(affected, package):
            continue
        vulnerable, fixed_in = is_affected(affected, version)
        if vulnerable:
            hits.append(Hit(advisory, affected, fixed_in))
    return hits


def _applies(affected: Affected, package: Package) -> bool:
    if affected.arches and package.arch and package.arch not in affected.arches:
        return False
    return affected.module == "" or affected.module == package.module


def _within(each: Range, own: Any, key: Callable[[str], Any]) -> list[str] | None:
    """The fixes that are still to come where the version lies in the range, None where it does not."""
    if ("fixed", _BOTTOM) in each.events:
        return None
    events = sorted((_Event(edge, text, None if text == _BOTTOM else key(text)) for edge, text in each.events))
    vulnerable = False
    for event in events:
        if event.edge == "introduced":
            vulnerable = vulnerable or event.place is None or own >= event.place
        elif event.place is None or own > event.place or (own == event.place and event.edge != "last_affected"):
            vulnerable = False
    return [event.text for event in events if event.edge == "fixed" and own < event.place] if vulnerable else None


@dataclass(frozen=True, slots=True)
class _Event:
    """A change of state at a place in the order, None being the bottom; at the same place `introduced` comes first."""

    edge: Edge
    text: str
    place: Any

    def __lt__(self, other: "_Event") -> bool:
        if self.place is None or other.place is None or self.place == other.place:
            ours, theirs = self.place is not None, other.place is not None
            return (ours, _RANK[self.edge]) < (theirs, _RANK[other.edge])
        return bool(self.place < other.place)


def _grouped(package: Package, hits: Iterable[Hit], scores: Scores) -> list[Finding]:
    by_name: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        for name in _names(hit.advisory):
            by_name[name].append(hit)
    return [_finding(name, package, found, scores) for name, found in by_name.items()]


def _names(advisory: Advisory) -> Sequence[str]:
    """The CVEs that the advisory is about, else its own id. Aliases of aliases join strangers: not followed."""
    every = dict.fromkeys((advisory.id, *advisory.aliases, *advisory.upstream))
    return [name for name in every if name.startswith("CVE-")] or [advisory.id]


def _finding(name: str, package: Package, hits: Sequence[Hit], scores: Scores) -> Finding:
    advisories = list({hit.advisory.id: hit.advisory for hit in hits}.values())
    vectors = tuple(dict.fromkeys([vector for each in advisories for vector in each.vectors] + list(scores(name))))
    rated, score = severity.rate((hit.affected.urgency for hit in hits), (each.label for each in advisories), vectors)
    first = advisories[0]
    ids = (each for advisory in advisories for each in (advisory.id, *advisory.aliases))
    references = tuple(dict.fromkeys(link for each in advisories for link in each.references))
    return Finding(
        vulnerability=name,
        package=package,
        fixed_in=_fixed(hits),
        severity=rated,
        score=score,
        vectors=vectors,
        title=next((each.summary for each in advisories if each.summary), ""),
        description=next((each.details for each in advisories if each.details), ""),
        uri=_uri(name, package, references),
        references=references,
        related=tuple(each for each in dict.fromkeys(ids) if each != name),
        source=first.source,
        published=min((each.published for each in advisories if each.published is not None), default=None),
        modified=max((each.modified for each in advisories if each.modified is not None), default=None),
    )


def _fixed(hits: Sequence[Hit]) -> str | None:
    fixes = [(hit.affected.ecosystem, hit.fixed_in) for hit in hits if hit.fixed_in is not None]
    return min((text for _, text in fixes), key=order(fixes[0][0])) if fixes else None


def _uri(name: str, package: Package, references: Sequence[str]) -> str:
    """Where a person reads on: the distribution's tracker for its packages, else the first link, else NVD or OSV."""
    if package.kind == "deb" and name.startswith("CVE-"):
        return f"https://security-tracker.debian.org/tracker/{name}"
    if references:
        return references[0]
    return f"https://nvd.nist.gov/vuln/detail/{name}" if name.startswith("CVE-") else f"https://osv.dev/{name}"
