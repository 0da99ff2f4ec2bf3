"""Policies with the text that they were compiled from, so that a decision can show the statements it rests on. Pure.

Where statements stand is said as people find them (lines) and as AWS's simulator does.
Sources: IAM API reference, "Statement", "Position"; positions recorded on AWS and shown in the AWS CLI's examples.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, NamedTuple

from cargohold.access.context_keys import context_keys
from cargohold.access.evaluate import Held
from cargohold.access.policy import Kind, Match, Policy, Statement, compile_policy

Origin = Literal["inline", "managed", "aws-managed", "given"]

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


@dataclass(frozen=True, slots=True)
class Source:
    """One policy as it was written."""

    text: str
    kind: Kind
    id: str
    """What AWS's simulator calls it."""
    name: str = ""
    """The ARN of a managed policy, the name of an inline one."""
    label: str = ""
    """What it is, for people: `the inline policy push of group builders`."""
    account: str = ""
    """Whose it is."""
    origin: Origin = "given"
    owner: tuple[str, str] = ("", "")
    """Of an inline policy: the kind and the name of the entity that it is part of."""


@dataclass(frozen=True, slots=True)
class Written:
    """A statement with the text that it was written in."""

    source: Source
    statement: Statement
    span: Span
    keys: tuple[str, ...]
    """The condition keys that it asks for, as they are spelled."""

    @property
    def text(self) -> str:
        return self.source.text[self.span.start : self.span.end]


@dataclass(frozen=True, slots=True)
class Sources:
    """Some policies, compiled. A match leads back to its source; raises MalformedPolicyDocument when it is made."""

    given: Sequence[Source]
    _policies: tuple[Policy, ...] = field(init=False, repr=False)
    _written: tuple[tuple[Written, ...], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        policies = tuple(compile_policy(of.text, of.kind, str(place)) for place, of in enumerate(self.given))
        written = tuple(_written(of, policy) for of, policy in zip(self.given, policies, strict=True))
        object.__setattr__(self, "_policies", policies)
        object.__setattr__(self, "_written", written)

    def of_kind(self, *kinds: Kind) -> tuple[Policy, ...]:
        return tuple(policy for policy in self._policies if policy.kind in kinds)

    @property
    def held(self) -> Held:
        """What bounds and allows the principal."""
        return Held(self.of_kind("identity"), next(iter(self.of_kind("boundary")), None), self.of_kind("session"))

    @property
    def resource(self) -> tuple[Policy, ...]:
        """What the resource's own policies say."""
        return self.of_kind("resource", "trust")

    @property
    def statements(self) -> tuple[Written, ...]:
        return tuple(each for of_policy in self._written for each in of_policy)

    def find(self, match: Match) -> Written:
        """The statement that matched a decision which was made with these policies."""
        return self._written[int(match.policy)][match.index]

    def named(self, match: Match) -> Match:
        """The match with its policy's own name."""
        return replace(match, policy=self.find(match).source.name)


def _written(source: Source, policy: Policy) -> tuple[Written, ...]:
    parts = zip(policy.statements, spans(source.text), context_keys(source.text), strict=True)
    return tuple(Written(source, statement, span, keys) for statement, span, keys in parts)


# Where statements stand


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
