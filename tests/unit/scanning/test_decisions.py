"""The small pure decisions: what a configuration means, what a rule hides, and what a bill of materials says."""

import json

import pytest

from cargohold.scanning.configuration import Configuration, Effective, Rule, effective, matches
from cargohold.scanning.ecosystems import known_as
from cargohold.scanning.package import Distribution, Inventory, Package
from cargohold.scanning.sbom import Subject, bill, package_url

BOOKWORM = Distribution("debian", "12")


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("prod", "repo-prod-repo", True),
        ("prod", "repo", False),
        ("*prod", "repo-prod", True),
        ("*prod", "prod-repo", False),
        ("prod*", "prod-repo", True),
        ("prod*", "a-prod", False),
        ("prod*repo", "prod/x/repo", True),
        ("*", "anything", True),
        ("a.c*", "abc", False),
    ],
)
def test_filters(pattern: str, name: str, expected: bool) -> None:
    """Without a wildcard a filter is contained in the name, with one it is about the whole name."""
    assert matches(pattern, name) is expected


ON_PUSH = Rule("SCAN_ON_PUSH", ("app",))
CONTINUOUS = Rule("CONTINUOUS_SCAN", ("prod*",))


@pytest.mark.parametrize(
    ("configuration", "flag", "expected"),
    [
        (Configuration(), False, Effective("BASIC", "MANUAL", False)),
        (Configuration(), True, Effective("BASIC", "SCAN_ON_PUSH", True)),
        (Configuration("BASIC", (ON_PUSH,)), False, Effective("BASIC", "SCAN_ON_PUSH", True, ("app",))),
        (Configuration("ENHANCED"), True, Effective("ENHANCED", "MANUAL", False)),
        (Configuration("ENHANCED", (ON_PUSH,)), False, Effective("ENHANCED", "SCAN_ON_PUSH", True, ("app",))),
        (
            Configuration("ENHANCED", (ON_PUSH, CONTINUOUS)),
            False,
            Effective("ENHANCED", "CONTINUOUS_SCAN", True, ("app", "prod*")),
        ),
    ],
)
def test_what_a_configuration_means(configuration: Configuration, flag: bool, expected: Effective) -> None:
    """The repository's own flag counts in basic scanning, and continuous wins in enhanced."""
    assert effective(configuration, "prod/app", flag=flag) == expected
    assert expected.is_continuous is (expected.frequency == "CONTINUOUS_SCAN")


@pytest.mark.parametrize(
    ("package", "distribution", "expected"),
    [
        (Package("deb", "libc6", "2.36", source_name="glibc"), BOOKWORM, ("Debian:12", "glibc", "2.36")),
        (Package("deb", "a", "1"), Distribution("debian", "", "trixie"), ("Debian:13", "a", "1")),
        (Package("deb", "a", "1"), Distribution("ubuntu", "22.04"), ("Ubuntu:22.04:LTS", "a", "1")),
        (Package("deb", "a", "1"), Distribution("ubuntu", "23.10"), ("Ubuntu:23.10", "a", "1")),
        (Package("apk", "a", "1"), Distribution("alpine", "3.18.4"), ("Alpine:v3.18", "a", "1")),
        (Package("rpm", "a", "1-1"), Distribution("almalinux", "9.3"), ("AlmaLinux:9", "a", "1-1")),
        (Package("rpm", "a", "1-1"), Distribution("unheard-of", "9"), None),
        (Package("gem", "rack", "1"), Distribution(""), ("RubyGems", "rack", "1")),
    ],
)
def test_names(package: Package, distribution: Distribution, expected: tuple[str, str, str] | None) -> None:
    """Where a package comes from decides under which name it is looked up."""
    assert known_as(package, distribution) == expected


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        (Package("deb", "libc6", "2.36-9", arch="amd64"), "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12"),
        (Package("rpm", "a", "1:2-3", arch="noarch"), "pkg:rpm/debian/a@2-3?arch=noarch&distro=debian-12&epoch=1"),
        (Package("npm", "@a/b", "1.0.0"), "pkg:npm/%40a/b@1.0.0"),
        (Package("maven", "org.x:y", "1"), "pkg:maven/org.x/y@1"),
        (Package("golang", "github.com/a/b", "v1"), "pkg:golang/github.com/a/b@v1"),
        (Package("pypi", "a-b", "1"), "pkg:pypi/a-b@1"),
    ],
)
def test_package_urls(package: Package, expected: str) -> None:
    """As the purl specification spells each type."""
    assert package_url(package, BOOKWORM) == expected


SUBJECT = Subject("localhost:5050/demo", "sha256:" + "a" * 64, 1_700_000_000_000)
INVENTORY = Inventory(BOOKWORM, (Package("deb", "a", "1", path="p", layer="sha256:l", license="MIT"),), ("Odd.",))


def test_cyclonedx() -> None:
    """A document of the image, its system and its packages, with what could not be read."""
    found = json.loads(json.dumps(bill("cyclonedx", SUBJECT, INVENTORY)))
    assert (found["bomFormat"], found["specVersion"], found["metadata"]["timestamp"]) == (
        "CycloneDX",
        "1.6",
        "2023-11-14T22:13:20Z",
    )
    assert found["metadata"]["properties"] == [{"name": "cargohold:note", "value": "Odd."}]
    assert [(each["type"], each["name"], each["version"]) for each in found["components"]] == [
        ("operating-system", "debian", "12"),
        ("library", "a", "1"),
    ]


def test_spdx() -> None:
    """Every package is contained in the image, and every reference leads somewhere."""
    found = json.loads(json.dumps(bill("spdx", SUBJECT, INVENTORY)))
    ids = {each["SPDXID"] for each in found["packages"]} | {found["SPDXID"]}
    assert {each["relatedSpdxElement"] for each in found["relationships"]} <= ids
    assert [each["name"] for each in found["packages"]] == [SUBJECT.name, "a"]
    assert found["annotations"][0]["comment"] == "Odd."


def test_the_same_scan_gives_the_same_document() -> None:
    """A bill can be compared, cached and signed."""
    for form in ("cyclonedx", "spdx"):
        assert bill(form, SUBJECT, INVENTORY) == bill(form, SUBJECT, INVENTORY)  # type: ignore[arg-type]
