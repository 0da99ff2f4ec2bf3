"""Where the statements of a policy stand in its text, as people find them (lines) and as AWS's simulator says it. Pure.

Sources: IAM API reference, "Statement", "Position"; positions recorded on AWS and shown in the AWS CLI's examples.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

_DECODER: Final = json.JSONDecoder()
_SPACE: Final = re.compile(r"[ \t\r\n]*")


class Position(NamedTuple):
    """Both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Span:
    """One statement. `start` and `end` are the offsets of its braces, the end one further."""

    start: int
    end: int
    before: int
    """Where AWS says that it begins: after the bracket that opens the list, or after the statement before it; a
    statement that stands in no list begins after its own brace. It ends after its brace."""


def spans(text: str) -> tuple[Span, ...]:
    """The statements of a policy that can be read, in their order."""
    for key, at in _members(text):
        if key == "Statement":
            return tuple(_statements(text, at))
    return ()


def line_of(text: str, offset: int) -> int:
    """The line, from 1, that an offset is in."""
    return text.count("\n", 0, offset) + 1


def position(text: str, offset: int) -> Position:
    """The line and the column of an offset."""
    return Position(line_of(text, offset), offset - text.rfind("\n", 0, offset))


def _members(text: str) -> Iterator[tuple[str, int]]:
    """The keys of the document, each with the offset of its value."""
    at = _skip(text, _skip(text, 0) + 1)
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        yield key, at
        at = _next(text, _DECODER.raw_decode(text, at)[1])


def _statements(text: str, at: int) -> Iterator[Span]:
    before = at + 1
    if text[at] == "{":
        yield _span(text, at, before)
        return
    at = _skip(text, before)
    while text[at] != "]":
        span = _span(text, at, before)
        yield span
        before = span.end
        at = _next(text, before)


def _span(text: str, start: int, before: int) -> Span:
    return Span(start, _DECODER.raw_decode(text, start)[1], before)


def _next(text: str, at: int) -> int:
    """The offset of the next item, or of what closes the list or object."""
    at = _skip(text, at)
    return _skip(text, at + 1) if text[at] == "," else at


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return at if found is None else found.end()
