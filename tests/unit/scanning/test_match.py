"""Matching: OSV's algorithm, what a package is looked up by, and one finding for each CVE and package."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargohold.scanning.advisory import Advisory, Affected, Edge, Range, Vector
from cargohold.scanning.match import is_affected, match
from cargohold.scanning.package import Distribution, Inventory, Package
from cargohold.scanning.versions import NotComparable

BOOKWORM = Distribution("debian", "12", "bookworm")
OPENSSL = Package("deb", "libssl3", "3.0.11-1~deb12u2", source_name="openssl")


def ranged(*events: tuple[Edge, str], ecosystem: str = "PyPI", versions: Sequence[str] = ()) -> Affected:
    return Affected(ecosystem, "thing", frozenset(versions), (Range(events),) if events else ())


def advisory(affected: Affected, id_: str = "OSV-1", **more: object) -> Advisory:
    return replace(Advisory(id_, "Test", affected=(affected,)), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("affected", "version", "expected"),
    [
        (ranged(("introduced", "0"), ("fixed", "2.0")), "1.9", (True, "2.0")),
        (ranged(("introduced", "0"), ("fixed", "2.0")), "2.0", (False, None)),
        (ranged(("introduced", "1.0"), ("fixed", "2.0")), "0.9", (False, None)),
        (ranged(("introduced", "1.0"), ("fixed", "2.0")), "1.0", (True, "2.0")),
        (ranged(("introduced", "1.0"), ("last_affected", "1.5")), "1.5", (True, None)),
        (ranged(("introduced", "1.0"), ("last_affected", "1.5")), "1.5.1", (False, None)),
        (ranged(("introduced", "0")), "99", (True, None)),
        (ranged(("introduced", "0"), ("fixed", "1.2"), ("introduced", "2.0"), ("fixed", "2.1")), "1.5", (False, None)),
        (
            ranged(("introduced", "0"), ("fixed", "1.2"), ("introduced", "2.0"), ("fixed", "2.1")),
            "2.0.5",
            (True, "2.1"),
        ),
        (ranged(("fixed", "2.1"), ("introduced", "2.0"), ("fixed", "1.2"), ("introduced", "0")), "1.1", (True, "1.2")),
        (ranged(("introduced", "0"), ("limit", "3.0")), "3.0", (False, None)),
        (ranged(("introduced", "0"), ("fixed", "0")), "1.0", (False, None)),
        (ranged(versions=["1.0", "1.1"]), "1.1", (True, None)),
        (ranged(versions=["1.0", "1.1"]), "1.10", (False, None)),
        (ranged(("introduced", "5"), versions=["1.0"]), "1.0", (True, None)),
        (ranged(("introduced", "0"), ("fixed", "1.0-2"), ecosystem="Debian:12"), "1.0-2~deb12u1", (True, "1.0-2")),
        (ranged(("introduced", "0"), ("fixed", "1:1.0"), ecosystem="Debian:12"), "9.0", (True, "1:1.0")),
    ],
)
def test_osv_evaluation(affected: Affected, version: str, expected: tuple[bool, str | None]) -> None:
    """A version is affected if it is listed, or if the last event before it in a range opened one."""
    assert is_affected(affected, version) == expected


def test_a_version_that_cannot_be_compared_is_neither() -> None:
    """What no order knows raises, unless it is listed literally."""
    with pytest.raises(NotComparable, match="not a version of PyPI"):
        is_affected(ranged(("introduced", "0"), ("fixed", "2.0")), "no-version")
    assert is_affected(ranged(("introduced", "0"), ("fixed", "2.0"), versions=["odd"]), "odd") == (True, None)


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 5)), max_size=4),
    st.integers(0, 60),
    st.randoms(use_true_random=False),
)
def test_events_are_a_set(pieces: list[tuple[int, int]], version: int, random: object) -> None:
    """Whether a version lies in disjoint ranges does not depend on the order in which the events are written."""
    events: list[tuple[Edge, str]] = []
    start, inside = 1, False
    for gap, length in pieces:
        begin = start + gap
        events += [("introduced", str(begin)), ("fixed", str(begin + length))]
        inside = inside or begin <= version < begin + length
        start = begin + length + 1
    random.shuffle(events)  # type: ignore[attr-defined]
    assert is_affected(ranged(*events), str(version))[0] is inside


def found(
    packages: Sequence[Package], advisories: Sequence[Advisory], distribution: Distribution = BOOKWORM
) -> list[str]:
    def lookup(ecosystem: str, name: str) -> Sequence[Advisory]:
        return [each for each in advisories if any((a.ecosystem, a.name) == (ecosystem, name) for a in each.affected)]

    matches = match(Inventory(distribution, tuple(packages)), lookup, lambda _: ())
    return [f"{each.vulnerability} {each.package.name} {each.fixed_in}" for each in matches.findings]


def test_debian_is_matched_by_source() -> None:
    """A binary package is found under its source's name and version, in its release alone."""
    fixed = Affected("Debian:12", "openssl", ranges=(Range((("introduced", "0"), ("fixed", "3.0.11-1~deb12u3"))),))
    assert found([OPENSSL], [advisory(fixed, "CVE-2023-1")]) == ["CVE-2023-1 libssl3 3.0.11-1~deb12u3"]
    assert found([OPENSSL], [advisory(fixed, "CVE-2023-1")], Distribution("debian", "11")) == []
    rebuilt = replace(OPENSSL, version="3.0.11-1~deb12u3+b1", source_version="3.0.11-1~deb12u3")
    assert found([rebuilt], [advisory(fixed, "CVE-2023-1")]) == []


def test_rpm_is_matched_by_its_own_name_module_and_arch() -> None:
    """An rpm's source does not count; a modular advisory is about that module's builds alone."""
    alma = Distribution("almalinux", "9.3")
    npm = Package("rpm", "npm", "1:8.19-1.el9", arch="x86_64", source_name="nodejs", module="nodejs:18")
    affected = Affected("AlmaLinux:9", "npm", ranges=(Range((("introduced", "0"), ("fixed", "1:9-1.el9"))),))
    assert found([npm], [advisory(affected)], alma) == ["OSV-1 npm 1:9-1.el9"]
    assert found([npm], [advisory(replace(affected, module="nodejs:18"))], alma) == ["OSV-1 npm 1:9-1.el9"]
    assert found([npm], [advisory(replace(affected, module="nodejs:20"))], alma) == []
    assert found([npm], [advisory(replace(affected, arches=frozenset({"aarch64"})))], alma) == []
    assert found([npm], [advisory(replace(affected, name="nodejs"))], alma) == []


def test_one_finding_for_each_cve_and_package() -> None:
    """PYSEC and GHSA on one CVE are one finding; an advisory on two CVEs is two; without a CVE its id is the name."""
    thing = Package("pypi", "thing", "1.0")
    affected = ranged(("introduced", "0"), ("fixed", "2.0"))
    ghsa = advisory(ranged(("introduced", "0"), ("fixed", "1.5")), "GHSA-1", aliases=("CVE-1-1", "PYSEC-1"))
    pysec = advisory(affected, "PYSEC-1", aliases=("CVE-1-1",))
    two = advisory(affected, "PYSEC-2", upstream=("CVE-1-2", "CVE-1-3"))
    none = advisory(affected, "PYSEC-3")
    assert sorted(found([thing], [ghsa, pysec, two, none])) == [
        "CVE-1-1 thing 1.5",
        "CVE-1-2 thing 2.0",
        "CVE-1-3 thing 2.0",
        "PYSEC-3 thing 2.0",
    ]


def test_what_the_distribution_owns_is_not_reported_twice() -> None:
    """A language package whose files a package of the distribution owns is that package's business."""
    affected = ranged(("introduced", "0"), ("fixed", "2.0"))
    assert found([Package("pypi", "thing", "1.0", owned=True)], [advisory(affected)]) == []


def test_undecided_is_reported() -> None:
    """A version that cannot be compared is told beside the findings, with its package and advisory."""
    affected = ranged(("introduced", "0"), ("fixed", "2.0"))
    odd = Package("pypi", "thing", "custom build")
    matches = match(Inventory(BOOKWORM, (odd,)), lambda *_: [advisory(affected)], lambda _: ())
    assert matches.findings == ()
    assert [(each.package, each.advisory) for each in matches.undecided] == [(odd, "OSV-1")]


def test_severity_prefers_the_distribution() -> None:
    """The package's own urgency outranks a label, a label a score; scores of the CVE are shown whichever decided."""
    published = Vector("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", None, "NVD")

    def severity(affected: Affected, label: str) -> tuple[str, float | None]:
        known = advisory(affected, "CVE-1-1", label=label)
        matches = match(
            Inventory(BOOKWORM, (Package("pypi", "thing", "1"),)), lambda *_: [known], lambda _: [published]
        )
        return matches.findings[0].severity, matches.findings[0].score

    affected = ranged(("introduced", "0"))
    assert severity(replace(affected, urgency="unimportant"), "HIGH") == ("INFORMATIONAL", 9.8)
    assert severity(affected, "MODERATE") == ("MEDIUM", 9.8)
    assert severity(affected, "") == ("CRITICAL", 9.8)
