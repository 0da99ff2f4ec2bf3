"""Layers that are made to exhaust who reads them end a scan within its limits, with the reason."""

import asyncio
import gzip
import io
import json
import subprocess
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest

from cargohold.registry.image import ImageId
from cargohold.scanning.limits import Limits
from tests.unit.registry.bed import Room
from tests.unit.scanning.bed import OS_RELEASE, archive, stanza
from tests.unit.scanning.test_scanner import STATUS, Bed, entry

MIB = 1 << 20


@pytest.fixture
def bed(room: Room, tmp_path: Path) -> Bed:
    folder = tmp_path / "scanning"
    folder.mkdir()
    made = Bed(room, folder)
    made.know(entry("Debian:12", "a", "2", "CVE-1-1"))
    return made


def links() -> bytes:
    """Links and devices in the places where evidence would lie, pointing out of the image."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, kind in (
            (STATUS, tarfile.SYMTYPE),
            ("etc/os-release", tarfile.LNKTYPE),
            ("x/y.jar", tarfile.CHRTYPE),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "../../../../etc/passwd"
            tar.addfile(member)
    return out.getvalue()


def nested(depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as jar:
            jar.writestr("in.jar", inner)
        inner = out.getvalue()
    return inner


@pytest.mark.parametrize(
    ("layer", "limits", "state", "words"),
    [
        (gzip.compress(bytes(8 * MIB)), Limits(unpacked=MIB), "UNSUPPORTED", "UnsupportedImageError"),
        (gzip.compress(archive({"a": bytes(8 * MIB)})), Limits(unpacked=MIB), "TOO_LARGE", "bytes unpacked"),
        (archive({f"f{n}": b"" for n in range(2000)}), Limits(members=1000), "TOO_LARGE", "more than 1000 files"),
        (
            archive({STATUS: b"".join(stanza(f"p{n}", "1") for n in range(99))}),
            Limits(packages=50),
            "TOO_LARGE",
            "packages",
        ),
        (links(), Limits(), "UNSUPPORTED", "UnsupportedImageError"),
        (
            archive({"../../../etc/passwd": b"x", f"../{STATUS}": stanza("a", "1")}),
            Limits(),
            "UNSUPPORTED",
            "Unsupported",
        ),
        (archive({"etc/os-release": OS_RELEASE})[:560], Limits(), "FAILED", "ends in the middle of a file"),
        (archive({"a": b""}), Limits(seconds=0), "TOO_LARGE", "more than 0 seconds"),
    ],
    ids=["zeros", "bomb", "members", "packages", "links", "paths", "cut", "time"],
)
def test_hostile_layers(bed: Bed, layer: bytes, limits: Limits, state: str, words: str) -> None:
    """S29: a bomb, too many members or packages, links and paths out of the image, and a cut end have their states."""

    async def story() -> None:
        bed.limits = limits
        target = await bed.room.repository()
        await bed.room.image(target, layer, tag="latest")
        await bed.scans.start(target, ImageId("latest"))
        await bed.run()
        scan = (await bed.report(target)).scan
        assert (scan.state, words in scan.description) == (state, True), scan.description

    asyncio.run(story())


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("var/lib/rpm/rpmdb.sqlite", b"SQLite format 3\0" + b"\xff" * 4000, "cannot be read as rpm's database"),
        ("var/lib/rpm/Packages.db", b"RpmP" + b"\xff" * 4000, "cannot be read as rpm's database"),
        ("opt/deep.jar", nested(9), "holds more than is looked into"),
        ("opt/broken.jar", b"PK\3\4" + b"\xff" * 400, "is a broken archive"),
    ],
    ids=["sqlite", "ndb", "nested", "jar"],
)
def test_what_cannot_be_read_is_told(bed: Bed, path: str, content: bytes, words: str) -> None:
    """S29: a broken database or archive leaves what else is there, and is named beside the findings."""

    async def story() -> None:
        target = await bed.room.repository(scan_on_push=True)
        await bed.push(target, {STATUS: stanza("a", "1"), "etc/os-release": OS_RELEASE, path: content})
        await bed.run()
        report = await bed.report(target)
        assert (report.scan.state, len(report.findings.items)) == ("COMPLETE", 1)
        assert words in report.scan.description

    asyncio.run(story())


_READ = """
import io, json, resource, sys, time
from cargohold.scanning.inventory.layer import read_layer
from cargohold.scanning.limits import Allowance, LimitPassed, Limits
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
said = ""
with open(sys.argv[1], "rb") as layer:
    try:
        read_layer(layer, "sha256:x", Allowance.of(Limits(unpacked=200 << 20)))
    except LimitPassed as error:
        said = str(error)
print(json.dumps([said, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before]))
"""


def test_a_bomb_takes_no_memory(tmp_path: Path) -> None:
    """S29: a layer of a few hundred KiB that unpacks to gigabytes is given up with the memory of a few pieces."""
    head = bytearray(archive({"usr/bin/thing": b""})[:512])
    head[124:136] = b"%011o\0" % (1 << 30)
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    packer = zlib.compressobj(9, wbits=31)
    with (tmp_path / "bomb").open("wb") as file:
        file.write(packer.compress(bytes(head)))
        for _ in range(256):
            file.write(packer.compress(bytes(MIB)))
        file.write(packer.flush())
    done = subprocess.run([sys.executable, "-c", _READ, str(tmp_path / "bomb")], check=True, capture_output=True)
    said, grown = json.loads(done.stdout)
    assert "bytes unpacked" in said
    assert grown * 1024 < 32 * MIB
