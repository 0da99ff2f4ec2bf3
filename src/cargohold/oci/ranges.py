"""Byte ranges: what a download asks for (Range) and what a chunk says it is (Content-Range).

Sources: RFC 9110 §14 for downloads; distribution-spec 1.1, "Pushing a blob in chunks", for chunks.
"""

import re
from dataclasses import dataclass

from cargohold.core.errors import InvalidParameter, InvalidRange

_RANGE = re.compile(r"bytes=(?P<first>[0-9]*)-(?P<last>[0-9]*)", re.IGNORECASE)
# The specification writes 0-99; clients also write it as HTTP does: bytes 0-99/*.
_CHUNK = re.compile(r"(?:bytes[ =])?(?P<first>[0-9]{1,18})-(?P<last>[0-9]{1,18})(?:/(?:\*|[0-9]{1,18}))?")
_BEYOND = 10**18


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes from `start` up to `stop` (exclusive)."""

    start: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.start


def requested(header: str, size: int) -> Span | None:
    """The part of `size` bytes that a Range header asks for; None where the whole is to be sent.

    As RFC 9110 lets a server do, several ranges and what is not understood give the whole. Raises InvalidRange when the
    range begins behind the end of the blob, or behind its own.
    """
    found = _RANGE.fullmatch(header.strip())
    if found is None or not (found["first"] or found["last"]) or size == 0:
        return None
    if found["first"]:
        start, last = _number(found["first"]), _number(found["last"] or str(_BEYOND))
    else:
        start, last = max(0, size - _number(found["last"])), size - 1
    if start >= size or last < start:
        raise InvalidRange(f"The range {header.strip()[:100]} is not within the {size} bytes of the blob", size)
    return Span(start, min(last + 1, size))


def chunk(header: str) -> Span:
    """The bytes of the blob that a chunk's Content-Range names; raises InvalidParameter."""
    found = _CHUNK.fullmatch(header.strip())
    if found is None or int(found["last"]) < int(found["first"]):
        raise InvalidParameter("Content-Range", "must be <first byte>-<last byte>")
    return Span(int(found["first"]), int(found["last"]) + 1)


def _number(digits: str) -> int:
    return int(digits) if len(digits) <= 18 else _BEYOND
