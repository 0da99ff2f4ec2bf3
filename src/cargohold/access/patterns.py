"""Matching text against what policies write: wildcards, ARNs segment by segment, and policy variables.

Nothing backtracks: each matcher reads its text once, whatever the pattern.
Sources: IAM User Guide, "IAM JSON policy elements: Resource", "IAM policy elements: Variables and tags".
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache, partial
from operator import methodcaller
from typing import ClassVar, Final, NamedTuple

Context = Mapping[str, str | tuple[str, ...]]
"""What is known of a request, by condition key in lower case; a tuple is the value of a multi-valued key."""

Accepts = Callable[[str], bool]


class Wild(Enum):
    """What `?` and `*` stand for; the inner ones never stand for a colon."""

    ONE = "?"
    MANY = "*"
    INNER_ONE = "inner ?"
    INNER_MANY = "inner *"


class Variable(NamedTuple):
    """`${key}` or `${key, 'default'}`; the key is in lower case."""

    key: str
    default: str | None


Part = str | Wild | Variable
Parts = tuple[Part, ...]
"""A pattern: literal text, wildcards and variables in their order. An empty literal never stands in it."""

ARN_PARTS: Final = 6
"""`arn`, partition, service, region, account and resource, whose own colons divide nothing."""

_TOKENS: Final = re.compile(r"\$\{([^{}]*)\}|[*?]")
_LITERALS: Final = {"*": "*", "?": "?", "$": "$"}


def parse(text: str, *, variables: bool, wildcards: bool = True) -> Parts:
    """The pattern that a policy writes as `text`.

    `${*}`, `${?}` and `${$}` are the characters themselves. Variables are known from Version 2012-10-17 on; before,
    `${…}` is plain text.
    """
    parts: list[Part] = []
    end = 0
    for token in _TOKENS.finditer(text):
        name = token[1]
        if (name is None and not wildcards) or (name is not None and not variables):
            continue
        parts += (text[end : token.start()], Wild(token[0]) if name is None else _variable(name))
        end = token.end()
    parts.append(text[end:])
    return joined(parts)


def _variable(inside: str) -> str | Variable:
    literal = _LITERALS.get(inside)
    if literal is not None:
        return literal
    key, comma, default = inside.partition(",")
    default = default.strip()
    quoted = bool(comma) and len(default) > 1 and default[0] == default[-1] == "'"
    return Variable(key.strip().lower(), default[1:-1] if quoted else None)


def joined(parts: Sequence[Part]) -> Parts:
    """The same pattern, with neighbouring literals as one, and neighbouring `*` too."""
    result: list[Part] = []
    for part in parts:
        last = result[-1] if result else None
        if part == "" or (part is Wild.MANY and last is Wild.MANY):
            continue
        if isinstance(part, str) and isinstance(last, str):
            result[-1] = last + part
        else:
            result.append(part)
    return tuple(result)


def fill(parts: Parts, context: Context) -> Parts | None:
    """The pattern with the variables' values, whose `*` and `?` are plain text; None when one has no single value."""
    filled: list[Part] = []
    for part in parts:
        if isinstance(part, Variable):
            value = context.get(part.key, part.default)
            if not isinstance(value, str):
                return None
            filled.append(value)
        else:
            filled.append(part)
    return joined(filled)


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A pattern with variables. What it matches with their values is kept, for a principal's are mostly the same."""

    pieces: tuple[Parts, ...]
    build: Callable[[Sequence[Parts]], Accepts | None]
    variables: tuple[Variable, ...]
    built: dict[tuple[str, ...], Accepts | None] = field(default_factory=dict, repr=False)

    LIMIT: ClassVar[int] = 32

    def accepts(self, context: Context) -> Accepts | None:
        """None where a variable has no single value, or the filled pattern is none."""
        values: list[str] = []
        for key, default in self.variables:
            value = context.get(key, default)
            if not isinstance(value, str):
                return None
            values.append(value)
        known = tuple(values)
        if known not in self.built:
            if len(self.built) >= self.LIMIT:
                self.built.clear()
            filled = [fill(piece, context) for piece in self.pieces]
            self.built[known] = self.build([piece for piece in filled if piece is not None])
        return self.built[known]


def template(pieces: Sequence[Parts], build: Callable[[Sequence[Parts]], Accepts | None]) -> Template | None:
    """None for a pattern without variables."""
    variables = tuple(part for piece in pieces for part in piece if isinstance(part, Variable))
    return Template(tuple(pieces), build, variables) if variables else None


def matcher(parts: Parts) -> Accepts:
    """Matches whole texts against a pattern without variables."""
    match parts:
        case ():
            return "".__eq__
        case (Wild.MANY,):
            return _anything
        case (str(text),):
            return text.__eq__
        case (str(start), Wild.MANY):
            return methodcaller("startswith", start)
        case (Wild.MANY, str(end)):
            return methodcaller("endswith", end)
        case (Wild.MANY, str(text), Wild.MANY):
            return methodcaller("__contains__", text)
        case (str(start), Wild.MANY, str(end)):
            return partial(_between, start, end)
    return _automaton(parts)


def _anything(_text: str) -> bool:
    return True


def _between(start: str, end: str, text: str) -> bool:
    return len(text) >= len(start) + len(end) and text.startswith(start) and text.endswith(end)


@lru_cache(maxsize=1024)
def _automaton(parts: Parts) -> Accepts:
    """All ways to match at once: bit n of the state says that the first n characters of the pattern are matched.

    Each character of the text is one step, of as many machine words as the pattern has characters by 64.
    """
    places: dict[str, int] = {}
    any_one = inner_one = stays = inner_stays = 0
    bit = 1
    for part in parts:
        if part is Wild.MANY:
            stays |= bit
        elif part is Wild.INNER_MANY:
            inner_stays |= bit
        elif part is Wild.ONE:
            any_one |= bit
            bit <<= 1
        elif part is Wild.INNER_ONE:
            inner_one |= bit
            bit <<= 1
        else:
            for character in str(part):
                places[character] = places.get(character, 0) | bit
                bit <<= 1
    colon = (places.get(":", 0) | any_one, stays)
    elsewhere = any_one | inner_one
    steps = {character: (at | elsewhere, stays | inner_stays) for character, at in places.items()} | {":": colon}
    return partial(_run, steps, (elsewhere, stays | inner_stays), bit)


def _run(steps: Mapping[str, tuple[int, int]], other: tuple[int, int], goal: int, text: str) -> bool:
    state = 1
    for character in text:
        moves, stays = steps.get(character, other)
        state = (state & moves) << 1 | state & stays
        if not state:
            return False
    return bool(state & goal)


def segments(parts: Parts) -> tuple[Parts, ...]:
    """An ARN's pattern, divided at its colons, of which the sixth segment keeps its own; values divide nothing."""
    found: list[list[Part]] = [[]]
    for part in parts:
        if not isinstance(part, str):
            found[-1].append(part)
            continue
        first, *rest = part.split(":", ARN_PARTS - len(found))
        found[-1].append(first)
        found += [[text] for text in rest]
    return tuple(joined(segment) for segment in found)


def arn_matcher(pieces: Sequence[Parts]) -> Accepts:
    """Matches ARNs segment by segment; a pattern of fewer than six segments matches nothing."""
    if len(pieces) < ARN_PARTS:
        return _nothing
    return partial(_by_segment, tuple(map(matcher, pieces)))


def _nothing(_text: str) -> bool:
    return False


def _by_segment(tests: Sequence[Accepts], text: str) -> bool:
    pieces = text.split(":", ARN_PARTS - 1)
    if len(pieces) < ARN_PARTS:
        return False
    if not tests[-1](pieces[-1]):
        return False
    for test, piece in zip(tests, pieces, strict=True):  # noqa: SIM110 - a generator costs as much as the loop
        if not test(piece):
            return False
    return True


def resource_matcher(pieces: Sequence[Parts]) -> Accepts:
    """Matches the ARNs that an element of Resource, without variables, means.

    `*` means all. Wildcards stay within their segment, but for a `*` that ends one, which may run past colons.
    Segments that a short ARN leaves out are `*`.
    """
    if tuple(pieces) == ((Wild.MANY,),):
        return _anything
    plain = not any(isinstance(part, Wild) for piece in pieces[: ARN_PARTS - 1] for part in piece)
    if plain and len(pieces) == ARN_PARTS:
        return matcher(_whole(pieces))
    padded = [*pieces, *([(Wild.MANY,)] * (ARN_PARTS - len(pieces)))]
    crossing = _whole([*map(_crossing, pieces[: ARN_PARTS - 1]), *pieces[ARN_PARTS - 1 :]])
    return partial(_resource, arn_matcher(padded), crossing, _colons(pieces))


def _whole(pieces: Sequence[Parts]) -> Parts:
    parts: list[Part] = [*pieces[0]]
    for piece in pieces[1:]:
        parts += (":", *piece)
    return joined(parts)


def _crossing(piece: Parts) -> Parts:
    inner = {Wild.ONE: Wild.INNER_ONE, Wild.MANY: Wild.INNER_MANY}
    narrowed = [inner.get(part, part) if isinstance(part, Wild) else part for part in piece]
    if piece and piece[-1] is Wild.MANY:
        narrowed[-1] = Wild.MANY
    return tuple(narrowed)


def _colons(pieces: Sequence[Parts]) -> int:
    return len(pieces) - 1 + sum(part.count(":") for piece in pieces for part in piece if isinstance(part, str))


def _resource(by_segment: Accepts, crossing: Parts, colons: int, text: str) -> bool:
    """No wildcard has a colon to run past where the text has no more of them than the pattern."""
    return by_segment(text) or (text.count(":") > colons and _automaton(crossing)(text))
