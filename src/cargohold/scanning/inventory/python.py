"""Python's packages: the metadata that installers leave beside them.

Source: Core metadata specifications, and "Recording installed projects" (packaging.python.org).
"""

import re
from typing import Final

from cargohold.scanning.inventory.evidence import Evidence
from cargohold.scanning.package import Package

SUFFIXES: Final = (".dist-info/METADATA", ".egg-info/PKG-INFO", ".egg-info")
_RUN: Final = re.compile(r"[-_.]+")


def read(path: str, content: bytes) -> Evidence:
    """One package; none where the file has no name or version."""
    headers: dict[str, str] = {}
    for line in content.decode("utf-8", "replace").splitlines():
        if not line.strip():
            break
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.lower(), value.strip())
    if not headers.get("name") or not headers.get("version"):
        return Evidence()
    license_ = headers.get("license-expression") or headers.get("license", "")
    package = Package("pypi", normalised(headers["name"]), headers["version"], license=license_, path=path)
    return Evidence(packages=(package,))


def normalised(name: str) -> str:
    """A project's name as PyPI compares it."""
    return _RUN.sub("-", name).lower()
