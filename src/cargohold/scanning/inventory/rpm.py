"""RPM's database in its three forms: sqlite, Berkeley DB's hash and ndb. Each holds one header for each package.

Nothing of them is trusted: every offset is checked, and what does not fit raises Broken.
Sources: rpm's documentation, "Package format: header"; Berkeley DB, dbinc/db_page.h; rpm, lib/backend/ndb.
"""

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from cargohold.scanning.inventory.dpkg import COULD_BE_EVIDENCE
from cargohold.scanning.inventory.evidence import Evidence
from cargohold.scanning.package import Package

FOLDERS: Final = ("var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/")
NAMES: Final = ("rpmdb.sqlite", "Packages", "Packages.db")

_NAME, _VERSION, _RELEASE, _EPOCH, _LICENSE, _ARCH, _SOURCE = 1000, 1001, 1002, 1003, 1014, 1022, 1044
_FOLDER_INDEXES, _BASENAMES, _FOLDERS, _MODULE = 1116, 1117, 1118, 5096
_WANTED: Final = frozenset(
    {_NAME, _VERSION, _RELEASE, _EPOCH, _LICENSE, _ARCH, _SOURCE, _FOLDER_INDEXES, _BASENAMES, _FOLDERS, _MODULE}
)
_INT32, _STRING, _STRINGS, _I18N = 4, 6, 8, 9
_LONGEST: Final = 1 << 28
"""Bytes and entries of a header, beyond which rpm itself refuses it."""

_HASH_MAGIC: Final = 0x061561
_HASH_PAGES: Final = (2, 13)
_OVERFLOW: Final = 7
_ON_PAGE: Final = 1
_OFF_PAGE: Final = 3
_PAGE_HEADER: Final = 26


@dataclass(frozen=True, slots=True)
class _Header:
    """The wanted entries of a header, by tag."""

    strings: dict[int, list[str]]
    numbers: dict[int, tuple[int, ...]]

    def first(self, tag: int) -> str:
        return next(iter(self.strings.get(tag, ())), "")


class Broken(Exception):
    """A database or header that is not what it should be; the text says in which way."""


def read(path: str, content: bytes) -> Evidence:
    """Packages and the files they own; raises Broken."""
    packages: list[Package] = []
    owned: list[str] = []
    try:
        for blob in _headers(content):
            header = _parsed(blob)
            package = _package(header, path)
            if package is not None:
                packages.append(package)
                owned += _owned(header)
    except (struct.error, IndexError, sqlite3.Error, UnicodeDecodeError) as error:
        raise Broken(str(error)) from error
    return Evidence(packages=tuple(packages), owned=tuple(owned))


def _headers(content: bytes) -> Iterator[bytes]:
    if content.startswith(b"SQLite format 3\0"):
        return _from_sqlite(content)
    if content.startswith(b"RpmP"):
        return _from_ndb(content)
    for order in "<>":
        if len(content) >= 512 and struct.unpack_from(f"{order}I", content, 12)[0] == _HASH_MAGIC:
            return _from_hash(content, order)
    raise Broken("it has none of the forms of an rpm database")


def _from_sqlite(content: bytes) -> Iterator[bytes]:
    # The two bytes say that there is a log beside it; here there is none, and sqlite would look for it.
    plain = content[:18] + b"\1\1" + content[20:]
    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(plain)
        for (blob,) in database.execute("SELECT blob FROM Packages ORDER BY hnum"):
            if isinstance(blob, bytes):
                yield blob


def _from_ndb(content: bytes) -> Iterator[bytes]:
    _, _, _, pages = struct.unpack_from("<4I", content)
    if pages * 4096 > len(content):
        raise Broken("its slots lie behind its end")
    for at in range(32, pages * 4096, 16):
        magic, index, block, _ = struct.unpack_from("<4I", content, at)
        if magic != 0x746F6C53 or index == 0:
            continue
        start = block * 16
        magic, own, _, length = struct.unpack_from("<4I", content, start)
        if magic != 0x53626C42 or own != index:
            raise Broken("a slot points at no header")
        yield content[start + 16 : start + 16 + length]


def _from_hash(content: bytes, order: str) -> Iterator[bytes]:
    size = struct.unpack_from(f"{order}I", content, 20)[0]
    if size < 512 or size & (size - 1) or size > 65536:
        raise Broken(f"its pages have {size} bytes")
    for at in range(size, len(content) - size + 1, size):
        page = content[at : at + size]
        if page[25] in _HASH_PAGES:
            yield from _from_hash_page(content, page, order)


def _from_hash_page(content: bytes, page: bytes, order: str) -> Iterator[bytes]:
    """Keys and values take turns, from the page's end down. A value lies on pages of its own, or here where it is short
    beside the size of a page. Key 0 is no package: its value counts them."""
    count = struct.unpack_from(f"{order}H", page, 20)[0]
    places = struct.unpack_from(f"{order}{count}H", page, _PAGE_HEADER)
    for key, value in zip(places[::2], places[1::2], strict=False):
        if page[value] == _OFF_PAGE:
            number, length = struct.unpack_from(f"{order}II", page, value + 4)
            yield _overflow(content, len(page), number, order)[:length]
        elif page[value] != _ON_PAGE:
            raise Broken("a value has an unknown form")
        elif page[key + 1 : key + 5] != bytes(4):
            yield page[value + 1 : key]


def _overflow(content: bytes, size: int, number: int, order: str) -> bytes:
    parts: list[bytes] = []
    while number:
        page = content[number * size : (number + 1) * size]
        if len(page) < size or page[25] != _OVERFLOW or len(parts) * size > len(content):
            raise Broken("a value leads to no overflow page")
        number = struct.unpack_from(f"{order}I", page, 16)[0]
        end = size if number else _PAGE_HEADER + struct.unpack_from(f"{order}H", page, 22)[0]
        parts.append(page[_PAGE_HEADER:end])
    return b"".join(parts)


def _parsed(blob: bytes) -> _Header:
    """A header is an index of (tag, type, offset, count), then the data that it points into."""
    entries, length = struct.unpack_from(">II", blob)
    start = 8 + entries * 16
    if entries > _LONGEST or length > _LONGEST or start + length > len(blob):
        raise Broken("a header is longer than what is there")
    data = blob[start : start + length]
    found = _Header({}, {})
    for at in range(8, start, 16):
        tag, kind, offset, count = struct.unpack_from(">IIII", blob, at)
        if tag in _WANTED and kind == _INT32 and offset + 4 * count <= length:
            found.numbers[tag] = struct.unpack_from(f">{count}i", data, offset)
        elif tag in _WANTED and kind in (_STRING, _STRINGS, _I18N):
            found.strings[tag] = _strings(data, offset, 1 if kind == _STRING else count)
    return found


def _strings(data: bytes, offset: int, count: int) -> list[str]:
    parts = data[offset:].split(b"\0", min(count, len(data)))[:count]
    return [part.decode("utf-8", "surrogateescape") for part in parts]


def _package(header: _Header, path: str) -> Package | None:
    """None for a public key, which rpm keeps as a package of that name."""
    name, version, release = map(header.first, (_NAME, _VERSION, _RELEASE))
    if not name or not version or name == "gpg-pubkey":
        return None
    epoch = header.numbers.get(_EPOCH)
    return Package(
        kind="rpm",
        name=name,
        version=f"{epoch[0]}:{version}-{release}" if epoch else f"{version}-{release}",
        arch=header.first(_ARCH),
        source_name=_source_name(header.first(_SOURCE)),
        module=":".join(header.first(_MODULE).split(":")[:2]),
        license=header.first(_LICENSE),
        path=path,
    )


def _source_name(file: str) -> str:
    """`bash-5.1.8-6.el9.src.rpm` is of bash."""
    return "-".join(file.split("-")[:-2]) if file.endswith(".rpm") else ""


def _owned(header: _Header) -> Iterator[str]:
    """The files that could be evidence themselves; a file is a name and the place of its folder in a list."""
    folders = header.strings.get(_FOLDERS, [])
    names, places = header.strings.get(_BASENAMES, []), header.numbers.get(_FOLDER_INDEXES, ())
    for name, place in zip(names, places, strict=False):
        if f"/{name}".endswith(COULD_BE_EVIDENCE) and 0 <= place < len(folders):
            yield f"{folders[place]}{name}".lstrip("/")
