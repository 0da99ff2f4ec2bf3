"""Java's packages: jars by their pom.properties, else their manifest, else their name; jars in jars too.

Sources: Maven, "Archiver"; JAR File Specification, "Manifest".
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

from cargohold.scanning.inventory.evidence import Evidence
from cargohold.scanning.limits import MIB, Limits
from cargohold.scanning.package import Package

SUFFIXES: Final = (".jar", ".war", ".ear")
_POM: Final = re.compile(r"META-INF/maven/[^/]+/[^/]+/pom\.properties")
_MANIFEST: Final = "META-INF/MANIFEST.MF"
_FILE: Final = re.compile(r"(?P<name>.+?)-(?P<version>\d[^/]*)\.[jwe]ar")
_SMALL: Final = MIB
"""Of a manifest or a pom.properties."""
_ENTRIES: Final = 200_000


class _TooMuch(Exception):
    """A jar that unpacks to more than may be looked at."""


def read(path: str, content: bytes, limits: Limits) -> Evidence:
    """The packages in an archive; the note says what could not be read of it."""
    found: list[Package] = []
    try:
        _Jars(limits, found).look(path, path, content)
    except _TooMuch:
        return Evidence(
            packages=tuple(found), note=f"{path} holds more than is looked into: not all of it was scanned."
        )
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, ValueError, EOFError):
        return Evidence(packages=tuple(found), note=f"{path} is a broken archive: not all of it was scanned.")
    return Evidence(packages=tuple(dict.fromkeys(found)))


class _Jars:
    """One archive of an image with those inside; all of them together unpack to no more than one file's limit."""

    def __init__(self, limits: Limits, found: list[Package]) -> None:
        self._nesting = limits.nesting
        self._left = limits.file
        self._found = found

    def look(self, path: str, name: str, content: bytes, depth: int = 0) -> None:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > _ENTRIES:
                raise _TooMuch
            own = [self._of_pom(archive, each) for each in entries if _POM.fullmatch(each.filename)]
            packages = [each for each in own if each is not None] or list(self._of_manifest(archive, entries, name))
            self._found += [Package("maven", *each, path=path) for each in packages]
            for each in entries:
                if each.filename.endswith(SUFFIXES) and not each.is_dir():
                    if depth >= self._nesting:
                        raise _TooMuch
                    self.look(path, each.filename, self._entry(archive, each, each.file_size), depth + 1)

    def _of_pom(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> tuple[str, str] | None:
        pairs = _pairs(self._entry(archive, entry, _SMALL), "=")
        group, name, version = (pairs.get(key, "") for key in ("groupId", "artifactId", "version"))
        return (f"{group}:{name}", version) if name and version else None

    def _of_manifest(
        self, archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], path: str
    ) -> Iterator[tuple[str, str]]:
        manifest = next((each for each in entries if each.filename == _MANIFEST), None)
        pairs = {} if manifest is None else _pairs(self._entry(archive, manifest, _SMALL), ":")
        named = _FILE.fullmatch(path.rpartition("/")[2])
        name = named["name"] if named else pairs.get("Implementation-Title", "")
        version = (named["version"] if named else "") or pairs.get("Implementation-Version", "")
        group = pairs.get("Implementation-Vendor-Id", "")
        if name and version and " " not in name:
            yield (f"{group}:{name}" if group else name), version

    def _entry(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> bytes:
        limit = min(limit, self._left)
        with archive.open(entry) as file:
            content = file.read(limit + 1)
        if len(content) > limit:
            raise _TooMuch
        self._left -= len(content)
        return content


def _pairs(content: bytes, separator: str) -> dict[str, str]:
    lines = content.decode("utf-8", "replace").replace("\r\n ", "").splitlines()
    parts = (line.partition(separator) for line in lines if not line.startswith("#"))
    return {name.strip(): value.strip() for name, found, value in parts if found}
