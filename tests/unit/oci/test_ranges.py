"""oci.ranges: what Range and Content-Range ask for."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cargohold.core.errors import InvalidParameter, InvalidRange
from cargohold.oci.ranges import Span, chunk, requested


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-0", Span(0, 1)),
        ("bytes=0-99", Span(0, 100)),
        ("bytes=10-19", Span(10, 20)),
        ("bytes=99-99", Span(99, 100)),
        ("bytes=50-", Span(50, 100)),
        ("bytes=0-", Span(0, 100)),
        ("bytes=90-1000", Span(90, 100)),
        ("bytes=90-" + "9" * 5000, Span(90, 100)),
        ("bytes=-1", Span(99, 100)),
        ("bytes=-100", Span(0, 100)),
        ("bytes=-500", Span(0, 100)),
        ("bytes=-" + "9" * 5000, Span(0, 100)),
        ("BYTES=1-2", Span(1, 3)),
        ("  bytes=1-2 ", Span(1, 3)),
    ],
)
def test_a_range_is_a_part_of_the_blob(header: str, span: Span) -> None:
    """First and last byte, an open end and a suffix give the bytes they name, cut at the blob's end."""
    assert requested(header, 100) == span


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=0-1,3-4",
        "lines=0-1",
        "bytes=٣-٤",
        "bytes=0x1-2",
    ],
)
def test_what_is_not_understood_gives_the_whole(header: str) -> None:
    """A malformed Range, another unit and several ranges are ignored, as RFC 9110 says."""
    assert requested(header, 100) is None


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=5-4", "bytes=-0", f"bytes={'9' * 5000}-"])
def test_a_range_behind_the_end_is_refused(header: str) -> None:
    """A range that holds no byte of the blob is refused with the blob's size."""
    with pytest.raises(InvalidRange) as refused:
        requested(header, 100)
    assert refused.value.size == 100


def test_an_empty_blob_has_no_ranges() -> None:
    """Of nothing the whole is sent, whatever part was asked for."""
    assert requested("bytes=0-0", 0) is None
    assert requested("bytes=-5", 0) is None


@given(some.text(), some.integers(0, 2**63))
def test_no_range_is_too_strange(header: str, size: int) -> None:
    """Any Range header gives the whole, a part inside the blob, or a refusal."""
    for text in (header, f"bytes={header}"):
        try:
            span = requested(text, size)
        except InvalidRange:
            continue
        assert span is None or 0 <= span.start < span.stop <= size


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("0-99", Span(0, 100)),
        ("100-199", Span(100, 200)),
        ("7-7", Span(7, 8)),
        ("0-99/*", Span(0, 100)),
        ("0-99/100", Span(0, 100)),
        ("bytes 0-99/*", Span(0, 100)),
        ("bytes 0-99/1000", Span(0, 100)),
        ("bytes=0-99", Span(0, 100)),
        (" 0-99 ", Span(0, 100)),
    ],
)
def test_e4_a_chunk_says_where_it_belongs(header: str, span: Span) -> None:
    """The specification's form, HTTP's own and clients' mixtures of both are read as the same bytes."""
    assert chunk(header) == span
    assert chunk(header).size == span.stop - span.start


@pytest.mark.parametrize(
    "header", ["", "-", "0-", "-5", "5-4", "a-b", "0-99-100", "-1-5", "0-" + "9" * 19, "bytes 0-99/x", "0-9\x00", "٣-٤"]
)
def test_a_chunk_that_says_nothing_clear_is_refused(header: str) -> None:
    """A Content-Range that is not first and last byte is refused by its name."""
    with pytest.raises(InvalidParameter) as refused:
        chunk(header)
    assert refused.value.member == "Content-Range"
