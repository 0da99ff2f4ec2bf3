"""Wildcards, ARNs by their segments, and policy variables."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargohold.access.patterns import (
    Variable,
    Wild,
    arn_matcher,
    fill,
    matcher,
    parse,
    resource_matcher,
    segments,
)


def like(pattern: str, text: str) -> bool:
    return matcher(parse(pattern, variables=False))(text)


def naive(pattern: str, text: str) -> bool:
    """What a pattern means, by trying everything: an oracle for short texts."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return naive(pattern[1:], text) or (bool(text) and naive(pattern, text[1:]))
    return bool(text) and pattern[0] in ("?", text[0]) and naive(pattern[1:], text[1:])


def resource(pattern: str, text: str) -> bool:
    return resource_matcher(segments(parse(pattern, variables=False)))(text)


@given(st.text("ab*?", max_size=8), st.text("ab*?", max_size=8))
def test_wildcards_mean_what_they_say(pattern: str, text: str) -> None:
    """`*` is any text and `?` is any character, in any number and order."""
    assert like(pattern, text) is naive(pattern, text)


@given(st.lists(st.sampled_from(["a", "b", "*", "?", "a*", "*b"]), min_size=6, max_size=6), st.data())
def test_arns_match_by_segment(pieces: list[str], data: st.DataObject) -> None:
    """An ARN matches where each of its six segments matches that of the pattern."""
    texts = data.draw(st.lists(st.text("ab", max_size=3), min_size=6, max_size=6))
    found = arn_matcher(segments(parse(":".join(pieces), variables=False)))(":".join(texts))
    assert found is all(map(naive, pieces, texts))


@given(st.lists(st.sampled_from(["a", "b", "*", "?", "a*b", "a*"]), min_size=6, max_size=6), st.data())
def test_resources_match_more_than_arns_only_past_colons(pieces: list[str], data: st.DataObject) -> None:
    """A Resource matches what an ARN pattern does, and more only where the text has more colons than the pattern."""
    text = ":".join(data.draw(st.lists(st.text("ab", max_size=2), min_size=6, max_size=8)))
    parts = segments(parse(":".join(pieces), variables=False))
    if arn_matcher(parts)(text):
        assert resource_matcher(parts)(text)
    elif resource_matcher(parts)(text):
        assert text.count(":") > 5
        assert naive(":".join(pieces), text)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("*", "*", True),
        ("*", "arn:aws:ecr:us-east-1:1:repository/a", True),
        ("arn:aws:ecr:us-east-1:1:repository/a", "arn:aws:ecr:us-east-1:1:repository/a", True),
        ("arn:aws:ecr:us-east-1:1:repository/a", "arn:aws:ecr:us-east-1:1:repository/A", False),
        ("arn:aws:ecr:*:1:repository/*", "arn:aws:ecr:us-east-1:1:repository/a/b", True),
        ("arn:aws:ecr:*:1:repository/*", "arn:aws:ecr:us-east-1:2:repository/a:1:repository/b", True),
        ("arn:aws:ecr:u*1:1:repository/*", "arn:aws:ecr:us-east-1:2:repository/a:1:repository/b", False),
        ("arn:aws:ecr:us-?:1:repository/a", "arn:aws:ecr:us-::1:repository/a", False),
        ("arn:aws:ecr:*", "arn:aws:ecr:us-east-1:1:repository/a", True),
        ("arn:aws:ecr", "arn:aws:ecr:us-east-1:1:repository/a", True),
        ("arn:aws:ecr", "arn:aws:ecr-public::1:repository/a", False),
        ("arn:aws:ecr:*:*:*", "*", False),
        ("arn:aws:sns:*:1:topic:a?c", "arn:aws:sns:eu:1:topic:a:c", True),
        ("", "arn:aws:ecr:us-east-1:1:repository/a", False),
    ],
)
def test_resources(pattern: str, text: str, found: bool) -> None:
    """A Resource is an ARN by its segments, of which the last may be left out; a `*` that ends one may run on."""
    assert resource(pattern, text) is found


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("plain", ("plain",)),
        ("", ()),
        ("a**b?", ("a", Wild.MANY, "b", Wild.ONE)),
        ("a${aws:UserName}b", ("a", Variable("aws:username", None), "b")),
        ("${aws:userid, 'any one'}", (Variable("aws:userid", "any one"),)),
        ("${aws:userid,''}", (Variable("aws:userid", ""),)),
        ("${aws:userid, none}", (Variable("aws:userid", None),)),
        ("a${*}b${?}c${$}d", ("a*b?c$d",)),
        ("${open", ("${open",)),
        ("$}{x", ("$}{x",)),
    ],
)
def test_patterns_are_read(text: str, parts: tuple[object, ...]) -> None:
    """A pattern is its literal text, its wildcards and its variables, which may have a default."""
    assert parse(text, variables=True) == parts


def test_without_variables_their_text_is_plain() -> None:
    """Before 2012-10-17 nothing but the wildcards of a pattern is special."""
    assert parse("${aws:username}*", variables=False) == ("${aws:username}", Wild.MANY)


def test_a_variables_wildcards_and_colons_are_plain_text() -> None:
    """A value that a variable brings neither widens a pattern nor moves its segments."""
    parts = segments(parse("arn:aws:s3:::bucket/${key}/*", variables=True))
    filled = [fill(part, {"key": "*"}) or () for part in parts]
    assert resource_matcher(filled)("arn:aws:s3:::bucket/*/x")
    assert not resource_matcher(filled)("arn:aws:s3:::bucket/any/x")
    assert len(segments(parse("arn:${key}", variables=True))) == 2


@pytest.mark.parametrize("context", [{}, {"key": ("one",)}, {"key": ()}])
def test_a_variable_without_a_single_value_fills_nothing(context: dict[str, tuple[str, ...]]) -> None:
    """A key that is missing or has several values cannot take a variable's place."""
    assert fill(parse("a${key}", variables=True), context) is None


def seconds(match: Callable[[str], bool], text: str) -> float:
    """The least of three, for a machine may be busy."""
    taken = []
    for _ in range(3):
        start = time.process_time()
        match(text)
        taken.append(time.process_time() - start)
    return min(taken)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [("*a" * 60 + "b", "a"), ("*a*?" * 40 + "b", "a"), ("a*" * 60 + "b", "a"), ("*" + "a?" * 60 + "b*c", "ab")],
)
def test_matching_is_linear(pattern: str, text: str) -> None:
    """Patterns that make a backtracking matcher run for ages take eight times as long for eight times the text."""
    match = matcher(parse(pattern, variables=False))
    short, long = seconds(match, text * 4_000), seconds(match, text * 32_000)
    assert match(text * 32_000) is False
    assert long < short * 8 * 4 + 0.05


def test_resources_are_matched_in_linear_time_too() -> None:
    """An ARN's segments and its colons are no way back to backtracking."""
    match = resource_matcher(segments(parse("arn:aws:s:*a*a*a*a*:*a*a*a*:" + "*a" * 40 + "b", variables=False)))
    short, long = (seconds(match, f"arn:aws:s:{'a:a' * size}") for size in (2_000, 16_000))
    assert long < short * 8 * 4 + 0.05
