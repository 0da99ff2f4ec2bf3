"""How the bytes of a source become records.

Zip, tar and gzip are unpacked as they are read, within limits.
"""

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final

from cargohold.scanning.advisories import debian, osv, scores, secdb, signals
from cargohold.scanning.advisories.record import Malformed, Record
from cargohold.scanning.advisories.source import Source

_DOCUMENT: Final = 1 << 30
"""Bytes of one document; Debian's tracker is the largest, with some 80 MiB."""
_EVERYTHING: Final = 1 << 35
"""Bytes of all documents of one source, unpacked."""


def read(source: Source, path: Path) -> Iterator[Record]:
    """Every record of the source, whose bytes are at `path`. Raises Malformed and OSError."""
    left = _EVERYTHING
    for file in _documents(path):
        content = file.read(_DOCUMENT + 1)
        left -= len(content)
        if len(content) > _DOCUMENT or left < 0:
            raise Malformed("it is larger than what is taken in")
        yield from _records(source, content)


def _records(source: Source, content: bytes) -> Iterator[Record]:
    if source.format == "epss":
        yield from signals.read_likelihoods(io.StringIO(content.decode("utf-8", "replace")))
        return
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Malformed("a document is no JSON") from error
    try:
        yield from _READERS[source.format](document)
    except (AttributeError, TypeError, KeyError) as error:
        raise Malformed("a document has another form than its format") from error


_READERS: Final[Mapping[str, Callable[[Any], Iterator[Record]]]] = {
    "osv": lambda document: osv.read(document, _data_set(document)),
    "debian": debian.read,
    "secdb": secdb.read,
    "nvd": scores.read_nvd,
    "cve": scores.read_cve,
    "kev": signals.read_exploited,
}


def _data_set(document: Any) -> str:
    """By whom an OSV record is: the prefix of its id."""
    return str(document.get("id", "")).partition("-")[0] if isinstance(document, dict) else ""


def _documents(path: Path) -> Iterator[IO[bytes]]:
    if not path.is_dir():
        yield from _of_file(path)
        return
    for each in sorted(path.rglob("*")):
        if each.suffix in (".json", ".csv"):
            with each.open("rb") as file:
                yield file


def _of_file(path: Path) -> Iterator[IO[bytes]]:
    """By what the file is, whatever it is called."""
    if zipfile.is_zipfile(path):
        yield from _of_zip(path)
    elif tarfile.is_tarfile(path):
        yield from _of_tar(path)
    else:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            yield gzip.GzipFile(fileobj=file) if packed else file  # type: ignore[misc]


def _of_zip(path: Path) -> Iterator[IO[bytes]]:
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if entry.filename.endswith((".json", ".csv")):
                    with archive.open(entry) as file:
                        yield file
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise Malformed("its zip archive is broken") from error


def _of_tar(path: Path) -> Iterator[IO[bytes]]:
    try:
        with tarfile.open(path) as archive:
            for entry in archive:
                file = archive.extractfile(entry) if entry.isfile() and entry.name.endswith((".json", ".csv")) else None
                if file is not None:
                    yield file
    except (tarfile.TarError, EOFError) as error:
        raise Malformed("its tar archive is broken") from error
