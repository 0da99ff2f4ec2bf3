"""The Condition block of a policy: each operator on a key and its values becomes a test of a request's context.

A statement's tests are all to hold; the values that stand for one key are alternatives, and for a negated operator none
may hold. Sources: IAM User Guide, "IAM JSON policy elements: Condition operators", "Set operators for multivalued
context keys".
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from cargohold.access import values
from cargohold.access.patterns import (
    ARN_PARTS,
    Accepts,
    Context,
    Parts,
    Template,
    Variable,
    Wild,
    arn_matcher,
    matcher,
    parse,
    segments,
    template,
)

Test = Callable[[Context], bool]

Pieces = Sequence[Parts]


@dataclass(frozen=True, slots=True)
class Operator:
    """What an operator's name says."""

    base: str
    every: bool = False
    """`ForAllValues:`"""
    some: bool = False
    """`ForAnyValue:`"""
    optional: bool = False
    """`…IfExists`"""
    negated: bool = False


_NAME: Final = re.compile(r"(ForAllValues:|ForAnyValue:)?([A-Za-z]+?)(IfExists)?")


def operator(name: str) -> Operator | None:
    """None for a name that IAM does not have."""
    parts = _NAME.fullmatch(name)
    if parts is None:
        return None
    scope, base, optional = parts.groups()
    if base == "Null":
        return None if scope or optional else Operator(base)
    positive = _NEGATED.get(base, base)
    if positive not in _READERS and positive not in _PATTERNS:
        return None
    return Operator(
        positive, scope == "ForAllValues:", scope == "ForAnyValue:", optional is not None, negated=base in _NEGATED
    )


def compiled(of: Operator, key: str, texts: Sequence[str], *, variables: bool) -> Test:
    """The test of one key; `texts` are its values as the policy writes them."""
    key = key.lower()
    if of.base == "Null":
        return partial(_null, key, frozenset(text.lower() == "true" for text in texts if text.lower() in _BOOLEANS))
    ask = _single
    if of.every:
        ask = _every
    elif of.some:
        ask = _some
    absent = (of.every or of.negated or of.optional) and not of.some
    given = [_value(of.base, text, variables=variables) for text in texts]
    known = [value for value in given if not isinstance(value, Template)]
    if len(known) < len(given):
        return partial(_deferred, partial(_accepts_filled, of, given), partial(ask, key, absent))
    if of.base == "StringEquals":
        return partial(ask, key, absent, _among(of, texts, variables=variables))
    return partial(ask, key, absent, _accepts(of, known))


def variables_in(texts: Iterable[str]) -> Iterable[str]:
    """The keys of policy variables in a policy's texts, in lower case."""
    for text in texts:
        yield from (part.key for part in parse(text, variables=True) if isinstance(part, Variable))


# Asking the context


def _single(key: str, absent: bool, accepts: Accepts, context: Context) -> bool:
    value = context.get(key)
    if isinstance(value, str):
        return accepts(value)
    return absent and not value  # an operator without a set operator matches no multi-valued key


def _every(key: str, absent: bool, accepts: Accepts, context: Context) -> bool:
    value = context.get(key)
    if not value:  # an empty text is no value either
        return absent
    return accepts(value) if isinstance(value, str) else all(map(accepts, value))


def _some(key: str, absent: bool, accepts: Accepts, context: Context) -> bool:
    value = context.get(key)
    if not value:
        return absent
    return accepts(value) if isinstance(value, str) else any(map(accepts, value))


def _null(key: str, wanted: frozenset[bool], context: Context) -> bool:
    value = context.get(key)
    return (value is None or value == ()) in wanted


def _deferred(accepts: Callable[[Context], Accepts], ask: Callable[[Accepts, Context], bool], context: Context) -> bool:
    return ask(accepts(context), context)


# Values


def _accepts(of: Operator, readable: Sequence[Accepts | None]) -> Accepts:
    """One match of the values: any of them, or for a negated operator none, of which each must be readable."""
    if of.negated:
        return _never if None in readable else partial(_none_of, tuple(filter(None, readable)))
    known = tuple(filter(None, readable))
    return known[0] if len(known) == 1 else partial(_any_of, known)


def _among(of: Operator, texts: Sequence[str], *, variables: bool) -> Accepts:
    """Equality with texts that are known: one look-up, however many they are."""
    known = frozenset("".join(map(str, parse(text, variables=variables, wildcards=False))) for text in texts)
    return partial(_outside, known) if of.negated else known.__contains__


def _accepts_filled(of: Operator, given: Sequence[Template | Accepts | None], context: Context) -> Accepts:
    return _accepts(of, [value.accepts(context) if isinstance(value, Template) else value for value in given])


def _never(_text: str) -> bool:
    return False


def _any_of(matches: Sequence[Accepts], text: str) -> bool:
    for accepts in matches:  # noqa: SIM110 - a generator costs as much as the loop
        if accepts(text):
            return True
    return False


def _none_of(matches: Sequence[Accepts], text: str) -> bool:
    for accepts in matches:  # noqa: SIM110 - a generator costs as much as the loop
        if accepts(text):
            return False
    return True


def _outside(texts: frozenset[str], text: str) -> bool:
    return text not in texts


def _value(base: str, text: str, *, variables: bool) -> Template | Accepts | None:
    pattern = _PATTERNS.get(base)
    if pattern is None:
        return _READERS[base](text)
    pieces = pattern.pieces(text, variables=variables)
    return template(pieces, pattern.build) or pattern.build(pieces)


# Operators whose values are patterns, and may hold variables


@dataclass(frozen=True, slots=True)
class _Pattern:
    """How an operator reads its values: one pattern, or one for each segment of an ARN."""

    build: Callable[[Pieces], Accepts | None]
    wildcards: bool = False
    arn: bool = False

    def pieces(self, text: str, *, variables: bool) -> Pieces:
        parts = parse(text, variables=variables, wildcards=self.wildcards)
        return segments(parts) if self.arn else (parts,)


def _text(pieces: Pieces) -> Accepts:
    return matcher(pieces[0])


def _text_ignoring_case(pieces: Pieces) -> Accepts:
    wanted = "".join(map(str, pieces[0])).lower()
    return partial(_equals_ignoring_case, wanted)


def _equals_ignoring_case(wanted: str, text: str) -> bool:
    return text.lower() == wanted


def _bool(pieces: Pieces) -> Accepts | None:
    wanted = values.boolean("".join(map(str, pieces[0])))
    return None if wanted is None else partial(_equals_ignoring_case, wanted)


def _arn(pieces: Pieces) -> Accepts | None:
    if tuple(pieces) == ((Wild.MANY,),):
        return matcher(pieces[0])
    return arn_matcher(pieces) if len(pieces) == ARN_PARTS else None


_PATTERNS: Final = {
    "StringEquals": _Pattern(_text),
    "StringEqualsIgnoreCase": _Pattern(_text_ignoring_case),
    "StringLike": _Pattern(_text, wildcards=True),
    "Bool": _Pattern(_bool),
    "ArnEquals": _Pattern(_arn, wildcards=True, arn=True),
    "ArnLike": _Pattern(_arn, wildcards=True, arn=True),
}

_NEGATED: Final = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
}

_READERS: Final = values.READERS
_BOOLEANS: Final = frozenset({"true", "false"})
