"""Under which names of OSV a package of an image is looked up. Pure.

A Debian or Alpine package is looked up by its source, an rpm by its own name, a language package by its ecosystem's.
Source: OSV schema, "affected[].package.ecosystem".
"""

from collections.abc import Mapping
from typing import Final

from cargohold.scanning.package import Distribution, Kind, Package

_LANGUAGES: Final[Mapping[Kind, str]] = {
    "pypi": "PyPI",
    "npm": "npm",
    "golang": "Go",
    "maven": "Maven",
    "gem": "RubyGems",
    "cargo": "crates.io",
}
_RPM: Final = {
    "almalinux": "AlmaLinux",
    "rocky": "Rocky Linux",
    "rhel": "Red Hat",
    "ol": "Oracle Linux",
    "amzn": "Amazon Linux",
    "fedora": "Fedora",
    "opensuse-leap": "openSUSE",
    "sles": "SUSE",
    "azurelinux": "Azure Linux",
    "photon": "Photon OS",
}
_DEBIAN: Final = {"buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14", "sid": "sid"}


def ecosystem(package: Package, distribution: Distribution) -> str | None:
    """OSV's name of where the package comes from, its release with it; None for what no advisory could be about."""
    language = _LANGUAGES.get(package.kind)
    return language or _of_distribution(package.kind, distribution)


def known_as(package: Package, distribution: Distribution) -> tuple[str, str, str] | None:
    """(ecosystem, name, version) under which advisories know the package."""
    found = ecosystem(package, distribution)
    if found is None:
        return None
    name, version = package.source if package.kind in ("deb", "apk") else (package.name, package.version)
    return found, name, version


def _of_distribution(kind: Kind, distribution: Distribution) -> str | None:
    version = distribution.version
    if kind == "deb" and distribution.id == "debian":
        major = version.partition(".")[0] or _DEBIAN.get(distribution.codename, "")
        return f"Debian:{major}" if major else None
    if kind == "deb" and distribution.id == "ubuntu":
        return f"Ubuntu:{version}:LTS" if _is_lts(version) else f"Ubuntu:{version}"
    if kind == "apk" and distribution.id == "alpine":
        return f"Alpine:v{'.'.join(version.split('.')[:2])}"
    if kind == "apk" and distribution.id in ("wolfi", "chainguard"):
        return distribution.id.capitalize()
    if kind == "rpm" and distribution.id in _RPM:
        return f"{_RPM[distribution.id]}:{version.partition('.')[0]}"
    return None


def _is_lts(version: str) -> bool:
    """Ubuntu's long-term releases are the Aprils of even years."""
    year, _, month = version.partition(".")
    return month == "04" and year.isdigit() and int(year) % 2 == 0
