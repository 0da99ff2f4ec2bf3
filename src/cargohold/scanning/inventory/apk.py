"""Alpine's packages: apk's database of what is installed. Source: apk-tools, apk-v2(5), "installed database"."""

from collections.abc import Iterator, Mapping
from typing import Final

from cargohold.scanning.inventory.dpkg import COULD_BE_EVIDENCE
from cargohold.scanning.inventory.evidence import Evidence
from cargohold.scanning.package import Package

PATHS: Final = ("lib/apk/db/installed", "usr/lib/apk/db/installed")


def read(path: str, content: bytes) -> Evidence:
    """Packages, with the source (`origin`) that each was built from, and files that could be evidence themselves."""
    text = content.decode("utf-8", "surrogateescape")
    packages = tuple(
        Package(
            kind="apk",
            name=each["P"],
            version=each["V"],
            arch=each.get("A", ""),
            source_name=each.get("o", "") if each.get("o") != each["P"] else "",
            license=each.get("L", ""),
            path=path,
        )
        for each in _stanzas(text)
        if each.keys() >= {"P", "V"}
    )
    return Evidence(packages=packages, owned=tuple(_owned(text)))


def _stanzas(text: str) -> Iterator[Mapping[str, str]]:
    for block in text.split("\n\n"):
        yield {line[0]: line[2:].strip() for line in block.splitlines() if line[1:2] == ":" and line[0] in "PVAoL"}


def _owned(text: str) -> Iterator[str]:
    folder = ""
    for line in text.splitlines():
        if line.startswith("F:"):
            folder = line[2:]
        elif line.startswith("R:") and f"/{line[2:]}".endswith(COULD_BE_EVIDENCE):
            yield f"{folder}/{line[2:]}"
