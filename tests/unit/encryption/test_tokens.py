"""Tokens: what was issued is read, and nothing else is."""

import hmac
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargohold.encryption.tokens import LONGEST, Tokens

TOKENS = Tokens(b"k" * 32)
CLAIMS = st.dictionaries(st.text(max_size=8), st.one_of(st.text(max_size=20), st.integers(), st.none()), max_size=5)
PURPOSES = st.text(max_size=10)


@given(PURPOSES, CLAIMS)
def test_what_was_issued_is_read(purpose: str, claims: dict[str, str | int | None]) -> None:
    """Any claims come back as they were, from URL-safe text with no colon and one dot."""
    token = TOKENS.issue(purpose, claims)
    assert re.fullmatch(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}", token)
    assert TOKENS.read(purpose, token) == claims


@given(PURPOSES, PURPOSES, CLAIMS)
def test_a_token_serves_one_purpose(purpose: str, other: str, claims: dict[str, str | int | None]) -> None:
    """A token that was issued for one purpose is nothing to another."""
    token = TOKENS.issue(purpose, claims)
    assert (TOKENS.read(other, token) is None) == (purpose != other)


@given(st.data())
def test_a_changed_token_is_not_read(data: st.DataObject) -> None:
    """Any other character in any place makes it unreadable, also in the last one, whose low bits say nothing."""
    token = TOKENS.issue("password", {"id": "AKIA", "expires": 7})
    place = data.draw(st.integers(0, len(token) - 1))
    character = data.draw(st.sampled_from("ABCDwxyz0189_-.=:é\0 ").filter(lambda c: c != token[place]))
    assert TOKENS.read("password", token[:place] + character + token[place + 1 :]) is None


@pytest.mark.parametrize("change", ["{}=", "{}.", ".{}", " {}", "{}\n", "{0}.{0}"])
def test_nothing_may_be_added_to_a_token(change: str) -> None:
    """Padding, white space and repetition around a token make it another one."""
    token = TOKENS.issue("password", {})
    assert TOKENS.read("password", change.format(token)) is None


@given(st.text(max_size=100))
def test_text_that_nobody_issued_is_not_read(text: str) -> None:
    """Any text gives None, not an error."""
    assert TOKENS.read("password", text) is None


def test_another_key_reads_nothing() -> None:
    """A token of another deployment is not ours."""
    assert Tokens(b"o" * 32).read("password", TOKENS.issue("password", {"id": "AKIA"})) is None


def test_a_token_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing too long is issued, and nothing too long is looked at."""
    fitting = "x" * ((LONGEST - 44) * 3 // 4 - len('{"k":""}'))
    assert TOKENS.read("p", TOKENS.issue("p", {"k": fitting})) == {"k": fitting}
    with pytest.raises(ValueError, match="longer than 4096"):
        TOKENS.issue("p", {"k": fitting + "more"})
    monkeypatch.setattr(hmac, "digest", lambda *_: pytest.fail("a token that is too long was looked at"))
    assert TOKENS.read("p", "A" * (LONGEST + 1)) is None


def test_macs_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison is hmac.compare_digest, for a right and for a wrong token."""
    compare, calls = hmac.compare_digest, []

    def comparing(one: str, other: str) -> bool:
        calls.append(one)
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", comparing)
    token = TOKENS.issue("p", {"a": 1})
    assert TOKENS.read("p", token) == {"a": 1}
    assert TOKENS.read("p", token[:-2] + "AA") is None
    assert len(calls) == 2


def test_a_token_is_small() -> None:
    """A registry password's worth of claims stays far under the kibibyte that clients take."""
    claims: dict[str, str | int | None] = {"id": "AKIAIOSFODNN7EXAMPLE", "issued": 10**12, "region": "us-east-1"}
    assert len(TOKENS.issue("registry", claims)) < 256


def test_a_proven_token_is_not_proven_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token's MAC is calculated the first time it is read; one that is not ours is calculated each time."""
    tokens, digest, calls = Tokens(b"k" * 32), hmac.digest, []
    token = tokens.issue("password", {"id": "AKIA"})
    monkeypatch.setattr(hmac, "digest", lambda *given: calls.append(1) or digest(*given))
    assert [tokens.read("password", token) for _ in range(3)] == [{"id": "AKIA"}] * 3
    assert len(calls) == 1
    assert [tokens.read("other", token) for _ in range(3)] == [None] * 3
    assert len(calls) == 4


def test_claims_cannot_be_changed_for_the_next_reader() -> None:
    """What is remembered of a token is only for reading."""
    claims = TOKENS.read("password", TOKENS.issue("password", {"id": "AKIA"}))
    assert claims is not None
    assert not hasattr(claims, "__setitem__")
