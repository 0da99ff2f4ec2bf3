"""The walk over a tar stream agrees with Python's tarfile on what it knows, and ends well on everything else."""

import gzip
import io
import tarfile

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from cargohold.scanning.limits import Allowance, LimitPassed, Limits, ScanFailed
from cargohold.scanning.tar import Member, Tar
from cargohold.scanning.unpack import Unpacked
from tests.unit.scanning.bed import archive

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=60).filter(
    lambda name: name not in (".", "..")
)
PATHS = st.lists(NAMES, min_size=1, max_size=6).map("/".join)


def walk(layer: bytes, limits: Limits | None = None) -> list[tuple[str, bytes]]:
    allowance = Allowance.of(limits or Limits())
    tar = Tar(Unpacked(io.BytesIO(layer), allowance).read, allowance)
    return [(member.name, tar.content(member.size)) for member in tar if member.is_file]


def failure(layer: bytes) -> str | None:
    """Why a walk failed, None when it did not."""
    try:
        walk(layer)
    except ScanFailed as error:
        return str(error)
    return None


@given(
    st.dictionaries(PATHS, st.binary(max_size=2000), max_size=8),
    st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]),
)
def test_as_tarfile(files: dict[str, bytes], form: int) -> None:
    """Names of any length and alphabet and the bytes of files are what was put in."""
    assert walk(archive(files, form=form)) == list(files.items())


@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress, zstandard.compress], ids=["plain", "gzip", "zstd"])
def test_packings(pack: object) -> None:
    """Plain, gzip and zstd are told apart by their first bytes."""
    assert walk(pack(archive({"a/b": b"c" * 5000}))) == [("a/b", b"c" * 5000)]  # type: ignore[operator]


def test_several_gzip_members() -> None:
    """A layer that was compressed in pieces is one stream."""
    whole = archive({"a": b"1" * 3000, "b": b"2" * 3000})
    assert walk(gzip.compress(whole[:2000]) + gzip.compress(whole[2000:])) == [("a", b"1" * 3000), ("b", b"2" * 3000)]


def test_names_are_cleaned() -> None:
    """Builders write paths with and without a dot and a slash."""
    assert [name for name, _ in walk(archive({"./a": b"", "/b": b"", "c//d/./e": b""}))] == ["a", "b", "c/d/e"]


def test_content_that_is_not_read_is_passed_over() -> None:
    """The next member is found whether its predecessor's bytes were read or not."""
    allowance = Allowance.of(Limits())
    tar = Tar(Unpacked(io.BytesIO(archive({"a": b"1" * 5000, "b": b"2"})), allowance).read, allowance)
    seen: list[Member] = []
    for member in tar:
        seen.append(member)
        assert tar.content(3) in (b"111", b"2")
    assert [member.name for member in seen] == ["a", "b"]


def test_links_and_devices_are_no_files() -> None:
    """What has no bytes of its own is passed over, whatever it points at."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, kind in (
            ("sym", tarfile.SYMTYPE),
            ("hard", tarfile.LNKTYPE),
            ("dev", tarfile.CHRTYPE),
            ("pipe", tarfile.FIFOTYPE),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "../../etc/passwd"
            tar.addfile(member)
    assert walk(out.getvalue()) == []


@given(st.binary(max_size=3000))
def test_rubbish_ends_well(data: bytes) -> None:
    """Any bytes are members or a failure of the scan, never another error."""
    assert (failure(data) or "The image has a layer").startswith("The image has a layer")


@given(st.data())
def test_damage_ends_well(data: st.DataObject) -> None:
    """An archive with a byte changed or its end cut off is read or refused."""
    layer = bytearray(archive({"usr/bin/thing": b"x" * 700, "etc/" + "n" * 150: b"y"}))
    layer[data.draw(st.integers(0, len(layer) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(layer[: data.draw(st.integers(0, len(layer)))])
    assert (failure(cut) or "The image has a layer").startswith("The image has a layer")


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [
        (gzip.compress(archive({"a": b"\0" * 500_000})), "more than 100000 bytes unpacked"),
        (zstandard.compress(archive({"a": b"\0" * 500_000})), "more than 100000 bytes unpacked"),
        (archive({f"f{n}": b"" for n in range(40)}), "more than 20 files"),
        (gzip.compress(archive({"a": b"1"}))[:-12], "cannot be decompressed"),
        (archive({"a": b"1" * 2000})[:1000], "ends in the middle of a file"),
        (b"no archive" * 100, "broken tar header"),
        (b"x" * 148 + b"0" * 8 + b"x" * 400, "not a tar archive"),
    ],
)
def test_limits_and_damage_are_told(layer: bytes, sentence: str) -> None:
    """A bomb, too many members, and what is broken end in a sentence."""
    with pytest.raises(ScanFailed, match=sentence):
        walk(layer, Limits(unpacked=100_000, members=20))


def test_time_is_bounded() -> None:
    """A scan that takes too long ends."""
    with pytest.raises(LimitPassed, match="more than 0 seconds"):
        walk(archive({"a": b""}), Limits(seconds=0))
