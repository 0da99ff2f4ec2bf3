"""Node's packages: what is installed under node_modules, and what lockfiles say.

Sources: docs.npmjs.com, "package.json" and "package-lock.json"; yarn's and pnpm's lockfiles as they write them.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from cargohold.scanning.inventory.evidence import Evidence
from cargohold.scanning.package import Package

INSTALLED: Final = re.compile(r"(?:^|/)node_modules/(?:@[^/]+/)?[^/]+/package\.json$")
LOCKFILES: Final = ("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml")

_YARN: Final = re.compile(r'^"?(@?[^@"\s]+)@.*:\n(?:  .*\n)*?  "?version"?:? "?([^"\n]+)"?', re.MULTILINE)
_PNPM: Final = re.compile(r"^  '?/?(@?[^@'\s()/]+(?:/[^@'\s()/]+)?)[@/](\d[^:'()\s]*)(?:\([^:]*\))?'?:", re.MULTILINE)


def read_installed(path: str, content: bytes) -> Evidence:
    """One package; none where the file has no name or version, or is no JSON."""
    described = _json(content)
    name, version = described.get("name"), described.get("version")
    if not isinstance(name, str) or not isinstance(version, str) or not name or not version:
        return Evidence()
    license_ = described.get("license")
    return Evidence(packages=(_package(name, version, path, license_ if isinstance(license_, str) else ""),))


def read_lockfile(path: str, content: bytes) -> Evidence:
    """The packages that the file pins, but for those that only developers need where it tells them apart."""
    name = path.rpartition("/")[2]
    if name.endswith(".json"):
        pinned = _npm(_json(content))
    elif name == "yarn.lock":
        pinned = ((each[1], each[2]) for each in _YARN.finditer(content.decode("utf-8", "replace")))
    else:
        pinned = ((each[1], each[2]) for each in _PNPM.finditer(content.decode("utf-8", "replace")))
    return Evidence(packages=tuple(_package(*each, path) for each in dict.fromkeys(pinned)))


def _package(name: str, version: str, path: str, license_: str = "") -> Package:
    return Package("npm", name, version, license=license_, path=path)


def _json(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _npm(lock: dict[str, Any]) -> Iterator[tuple[str, str]]:
    packages = lock.get("packages")
    if not isinstance(packages, dict):
        yield from _npm_first(lock.get("dependencies"), 0)
        return
    for path, each in packages.items():
        name = path.rpartition("node_modules/")[2]
        if path and isinstance(each, dict) and not each.get("dev") and not each.get("link"):
            named = each.get("name", name)
            if isinstance(each.get("version"), str) and isinstance(named, str):
                yield named, each["version"]


def _npm_first(dependencies: Any, depth: int) -> Iterator[tuple[str, str]]:
    """The first form of the lockfile: dependencies inside dependencies."""
    if not isinstance(dependencies, dict) or depth > 100:
        return
    for name, each in dependencies.items():
        if isinstance(each, dict) and not each.get("dev"):
            if isinstance(each.get("version"), str):
                yield name, each["version"]
            yield from _npm_first(each.get("dependencies"), depth + 1)
