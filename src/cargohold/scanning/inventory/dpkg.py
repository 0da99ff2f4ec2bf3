"""Debian packages: dpkg's status file, status.d of images without dpkg, and the lists of files that packages own.

Sources: dpkg(1), "Package states"; deb-control(5), `Source`; the images of distroless for status.d.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from cargohold.scanning.inventory.evidence import Evidence
from cargohold.scanning.package import Package

STATUS: Final = "var/lib/dpkg/status"
STATUS_FOLDER: Final = "var/lib/dpkg/status.d/"
LISTS: Final = "var/lib/dpkg/info/"

_SOURCE: Final = re.compile(r"(\S+)(?:\s+\((\S+)\))?")
_ABSENT: Final = ("not-installed", "config-files")
"""States in which no file of the package is there."""


def read_status(path: str, content: bytes) -> Evidence:
    """Every package that has files on the disk, whether it is configured or not."""
    stanzas = _stanzas(content.decode("utf-8", "replace"))
    return Evidence(packages=tuple(_package(each, path) for each in stanzas if _is_there(each)))


def read_list(_path: str, content: bytes) -> Evidence:
    """The files of one package that could be evidence of another kind."""
    lines = content.decode("utf-8", "surrogateescape").splitlines()
    return Evidence(owned=tuple(line.lstrip("/") for line in lines if line.endswith(COULD_BE_EVIDENCE)))


COULD_BE_EVIDENCE: Final = ("/METADATA", "/PKG-INFO", ".egg-info", "/package.json", ".gemspec", ".jar", ".war", ".ear")
"""How the names of files end that prove a language's package."""


def _stanzas(text: str) -> Iterator[dict[str, str]]:
    stanza: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip():
            if stanza:
                yield stanza
            stanza = {}
        elif not line[0].isspace():
            name, colon, value = line.partition(":")
            if colon:
                stanza[name] = value.strip()
    if stanza:
        yield stanza


def _is_there(stanza: Mapping[str, str]) -> bool:
    """A stanza of status.d need not have a state."""
    state = stanza.get("Status", "installed").rpartition(" ")[2]
    return "Package" in stanza and "Version" in stanza and state not in _ABSENT


def _package(stanza: Mapping[str, str], path: str) -> Package:
    source = _SOURCE.match(stanza.get("Source", ""))
    return Package(
        kind="deb",
        name=stanza["Package"],
        version=stanza["Version"],
        arch=stanza.get("Architecture", ""),
        source_name=source[1] if source else "",
        source_version=(source[2] or "") if source else "",
        path=path,
    )
