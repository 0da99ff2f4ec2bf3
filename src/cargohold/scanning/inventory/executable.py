"""What compilers write into executables: Go's modules, and Rust's where `cargo auditable` built them.

Sources: Go, package debug/buildinfo; rust-secure-code/cargo-auditable, "PARSING.md"; System V ABI, ELF-64.
"""

import json
import struct
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from cargohold.scanning.inventory.evidence import Evidence
from cargohold.scanning.package import Package

MAGIC: Final = b"\x7fELF"
_GO: Final = b".go.buildinfo"
_RUST: Final = b".dep-v0"
_GO_MAGIC: Final = b"\xff Go buildinf:"
_GO_HEADER: Final = 32
_AUDITED: Final = 8 << 20
"""Unpacked bytes of a Rust executable's list, the bound that its own readers use."""


@dataclass(frozen=True, slots=True)
class _Elf:
    data: bytes
    order: str
    is_64: bool

    def sections(self, wanted: Collection[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """(name, bytes) of the sections of these names that lie in the file."""
        start, size, count, names = self._table()
        headers = [self._section(start + index * size) for index in range(count)]
        if names >= len(headers):
            return
        strings = self.data[headers[names][1] : headers[names][1] + headers[names][2]]
        for name, offset, length in headers:
            title = strings[name : strings.find(b"\0", name)]
            if title in wanted:
                yield title, self.data[offset : offset + length]

    def at(self, address: int, length: int) -> bytes:
        """Bytes by the address at which they are loaded; empty where nothing is."""
        for offset, virtual, size in self._segments():
            if virtual <= address < virtual + size:
                start = offset + address - virtual
                return self.data[start : start + length]
        return b""

    def word(self, data: bytes) -> int:
        return int.from_bytes(data, "little" if self.order == "<" else "big")

    def _table(self) -> tuple[int, int, int, int]:
        start = self._unpack("Q", 40) if self.is_64 else self._unpack("I", 32)
        size, count, names = struct.unpack_from(f"{self.order}3H", self.data, 58 if self.is_64 else 46)
        return start, size, count, names

    def _section(self, at: int) -> tuple[int, int, int]:
        """(offset of the name, offset, length); nothing lies in the file for sections that are only memory."""
        name, kind = struct.unpack_from(f"{self.order}II", self.data, at)
        if self.is_64:
            offset, length = struct.unpack_from(f"{self.order}QQ", self.data, at + 24)
        else:
            offset, length = struct.unpack_from(f"{self.order}II", self.data, at + 16)
        return name, offset, 0 if kind == 8 else length

    def _segments(self) -> Iterator[tuple[int, int, int]]:
        start = self._unpack("Q", 32) if self.is_64 else self._unpack("I", 28)
        size, count = struct.unpack_from(f"{self.order}2H", self.data, 54 if self.is_64 else 42)
        for at in range(start, start + size * count, max(size, 1)):
            if self.is_64:
                offset, virtual, _, length = struct.unpack_from(f"{self.order}4Q", self.data, at + 8)
            else:
                offset, virtual, _, length = struct.unpack_from(f"{self.order}4I", self.data, at + 4)
            yield offset, virtual, length

    def _unpack(self, form: str, at: int) -> int:
        return int(struct.unpack_from(f"{self.order}{form}", self.data, at)[0])


def read(path: str, content: bytes) -> Evidence:
    """The packages that an executable is built of; none for most, and for what is no executable after all."""
    packages: list[Package] = []
    try:
        elf = _Elf(content, "<" if content[5] == 1 else ">", content[4] == 2)
        for name, data in elf.sections((_GO, _RUST)):
            packages += _go(elf, data, path) if name == _GO else _rust(data, path)
    except (struct.error, IndexError, OverflowError):
        return Evidence(note=f"{path} has a broken table of sections: what it is built of is not known.")
    return Evidence(packages=tuple(dict.fromkeys(packages)))


def _go(elf: _Elf, section: bytes, path: str) -> Iterator[Package]:
    version, modules = _go_strings(elf, section)
    if version.startswith("go"):
        yield Package("golang", "stdlib", version.partition(" ")[0].removeprefix("go"), path=path)
    named: list[str] = []
    for line in [*modules.splitlines(), ""]:
        parts = line.split("\t")
        if parts[0] == "=>" and named:
            named = parts[1:3]
            continue
        if len(named) == 2 and named[1] not in ("", "(devel)"):
            yield Package("golang", named[0], named[1], path=path)
        named = parts[1:3] if parts[0] in ("mod", "dep") else []


def _go_strings(elf: _Elf, section: bytes) -> tuple[str, str]:
    """The compiler's version and the lines on modules: inline since Go 1.18, behind two pointers before."""
    start = section.find(_GO_MAGIC)
    if start < 0:
        return "", ""
    section = section[start:]
    width, flags = section[14], section[15]
    if flags & 2:
        version, rest = _prefixed(section[_GO_HEADER:])
        modules, _ = _prefixed(rest)
    else:
        version, modules = (_go_string(elf, section[at : at + width], width) for at in (16, 16 + width))
    if len(modules) >= 33 and modules[-17:-16] == b"\n":
        modules = modules[16:-16]  # marks by which Go itself finds them
    return version.decode("utf-8", "replace"), modules.decode("utf-8", "replace")


def _go_string(elf: _Elf, pointer: bytes, width: int) -> bytes:
    """A string of Go is a pointer and a length."""
    header = elf.at(elf.word(pointer), 2 * width)
    return elf.at(elf.word(header[:width]), elf.word(header[width:]))


def _prefixed(data: bytes) -> tuple[bytes, bytes]:
    """(bytes, rest) of bytes that their length stands before, in base 128."""
    length, shift = 0, 0
    for at, byte in enumerate(data[:10]):
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return data[at + 1 : at + 1 + length], data[at + 1 + length :]
    return b"", b""


def _rust(section: bytes, path: str) -> Iterator[Package]:
    unpacker = zlib.decompressobj()
    try:
        listed: Any = json.loads(unpacker.decompress(section, _AUDITED))
    except (zlib.error, ValueError, RecursionError):
        return
    packages = listed.get("packages") if isinstance(listed, dict) else None
    for each in packages if isinstance(packages, list) else ():
        if isinstance(each, dict) and each.get("kind", "runtime") == "runtime":
            yield Package("cargo", str(each.get("name", "")), str(each.get("version", "")), path=path)
