"""RPM packages made by rpmbuild, and databases of them: rpm's own, and the same headers in rpm's other forms."""

import sqlite3
import struct
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from .programs import Client, clean_environment, program

QUERY = "%{NAME}\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\t%{ARCH}\t%|MODULARITYLABEL?{%{MODULARITYLABEL}}|\\n"
SPECS = {
    "plain": "Version: 1.2\nRelease: 3.el9\n",
    "aged": "Version: 5.1.8\nRelease: 6.el9_1\nEpoch: 2\n",
    "zero-epoch": "Version: 1.0~rc1\nRelease: 0.1^git5.el9\nEpoch: 0\n",
    "modular": "Version: 18.12.1\nRelease: 1.module_el9\nEpoch: 1\nModularityLabel: nodejs:18:9020260101:abcd1234\n",
}
OWNED = "/usr/lib/python3.9/site-packages/plain-1.2.dist-info/METADATA"


def make_packages(folder: Path) -> list[Path]:
    """Builds the packages of SPECS; `plain` holds OWNED, and `aged` so many files that its header is long."""
    build = Client([program("rpmbuild"), "--quiet", "--define", f"_topdir {folder}", "-bb"], clean_environment())
    for name, fields in SPECS.items():
        files = {"plain": [OWNED], "aged": [f"/usr/share/aged/{at:04}" for at in range(500)]}.get(name, [])
        spec = folder / f"{name}.spec"
        spec.write_text(
            f"Name: {name}\nSummary: of {name}\nLicense: MIT\nBuildArch: noarch\n{fields}"
            "%description\nNone.\n%install\n"
            + "".join(f"install -D /dev/null %{{buildroot}}{file}\n" for file in files)
            + "%files\n"
            + "".join(f"{file}\n" for file in files)
        )
        build(spec)
    return sorted((folder / "RPMS").rglob("*.rpm"))


def rpm(folder: Path) -> Client:
    """rpm with its database, of sqlite, in that folder."""
    options = ["--define", "_db_backend sqlite", "--dbpath", str(folder)]
    return Client([program("rpm"), *options], clean_environment())


def install(folder: Path, packages: Sequence[Path]) -> Path:
    """Writes them into the database as if they were installed; returns its file."""
    folder.mkdir(parents=True)
    rpm(folder)("--justdb", "--nodeps", "--ignoreos", "--ignorearch", "--force-debian", "-i", *packages)
    return folder / "rpmdb.sqlite"


def headers(database: Path) -> list[tuple[int, bytes]]:
    """(number, header) of every package in a database of sqlite."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("SELECT hnum, blob FROM Packages ORDER BY hnum").fetchall()


def as_berkeley(found: Sequence[tuple[int, bytes]], file: Path, page: int) -> Path:
    """The same headers as Berkeley DB's own loader writes them, with pages of that size, beside rpm's record 0."""
    file.parent.mkdir(parents=True, exist_ok=True)
    load = Client([program("db5.3_load"), str(file)], clean_environment())
    records = [(0, struct.pack("<I", len(found) + 1)), *found]
    lines = [f" {part.hex()}" for number, blob in records for part in (struct.pack("<I", number), blob)]
    begin = ["VERSION=3", "format=bytevalue", "type=hash", f"db_pagesize={page}", "HEADER=END"]
    load(given="\n".join([*begin, *lines, "DATA=END", ""]).encode())
    return file


def as_ndb(found: Sequence[tuple[int, bytes]], file: Path) -> Path:
    """The same headers as rpm's lib/backend/ndb/rpmpkg.c lays them out; Debian's rpm is built without it."""
    slots, blobs = [], b""
    for number, header in found:
        block = 4096 // 16 + len(blobs) // 16
        filled = header + bytes(-len(header) % 16)
        count = (16 + len(filled) + 16) // 16
        slots.append(struct.pack("<4I", 0x746F6C53, number, block, count))
        tail = struct.pack("<3I", 0, len(header), 0x45626C42) + bytes(4)
        blobs += struct.pack("<4I", 0x53626C42, number, 1, len(header)) + filled + tail
    head = struct.pack("<8I", 0x506D7052, 0, 1, 1, len(found) + 1, 0, 0, 0)
    page = head + b"".join(slots)
    page += b"".join(_free(page))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(page + blobs)
    return file


def _free(page: bytes) -> Iterator[bytes]:
    """Slots that hold nothing, up to the end of the first page."""
    yield from [struct.pack("<4I", 0x746F6C53, 0, 0, 0)] * ((4096 - len(page)) // 16)
