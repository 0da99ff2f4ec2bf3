"""What a session that is asked for may be, without a database."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargohold.core.errors import InvalidParameterValue, PackedPolicyTooLarge, ValidationError
from cargohold.identity import session_request
from cargohold.identity.principals import Session, SessionKind
from cargohold.identity.session_request import Wanted

HOUR = 3600


def session(kind: SessionKind = "assumed-role", transitive: tuple[str, ...] = (), **tags: str) -> Session:
    return Session("ASIA", kind, "123456789012", "AROA", "s", tags, transitive, None, 0, 1)


@pytest.mark.parametrize(
    ("asked", "caller", "longest", "given"),
    [
        (None, None, HOUR, HOUR),
        (None, None, 12 * HOUR, HOUR),
        (900, None, HOUR, 900),
        (12 * HOUR, None, 12 * HOUR, 12 * HOUR),
        (HOUR, session(), 12 * HOUR, HOUR),
        (2 * HOUR, session("session"), 12 * HOUR, 2 * HOUR),
    ],
)
def test_length(asked: int | None, caller: Session | None, longest: int, given: int) -> None:
    """A session lives an hour unless it asks otherwise, up to its role's limit; a user's session begins no chain."""
    assert session_request.seconds(Wanted("s", asked), caller, longest) == given


@pytest.mark.parametrize(
    ("asked", "caller", "longest", "sentence"),
    [
        (HOUR + 1, None, HOUR, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."),
        (
            HOUR + 1,
            session(),
            12 * HOUR,
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        ),
    ],
)
def test_too_long(asked: int, caller: Session | None, longest: int, sentence: str) -> None:
    """A session longer than its role allows, or than an hour in a chain, is refused in AWS's words."""
    with pytest.raises(ValidationError) as refusal:
        session_request.seconds(Wanted("s", asked), caller, longest)
    assert str(refusal.value) == sentence


def test_tags_go_on_where_they_are_transitive() -> None:
    """A session has its own tags and its caller's transitive ones, and hands on both kinds of transitive ones."""
    wanted = Wanted("s", tags=(("team", "red"), ("Cost", "1")), transitive_tags=("COST",))
    tags = session_request.tags(wanted, session(transitive=("env",), env="dev", other="x"))
    assert tags.all == {"env": "dev", "team": "red", "Cost": "1"}
    assert tags.transitive == ("env", "Cost")


CONFLICT = (
    "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the "
    "calling session."
)


@pytest.mark.parametrize(
    ("wanted", "caller", "sentence"),
    [
        (
            Wanted("s", tags=(("team", "1"), ("Team", "2"))),
            None,
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ),
        (
            Wanted("s", tags=(("team", "1"),), transitive_tags=("other",)),
            None,
            "The specified transitive tag key must be included in the requested tags.",
        ),
        (Wanted("s", tags=(("env", "1"),)), session(transitive=("env",), env="dev"), CONFLICT),
        (Wanted("s", tags=(("ENV", "1"),)), session(transitive=("env",), env="dev"), CONFLICT),
    ],
)
def test_contradicting_tags(wanted: Wanted, caller: Session | None, sentence: str) -> None:
    """Tags that contradict each other or the caller's session are refused in the words recorded on AWS."""
    with pytest.raises(InvalidParameterValue) as refusal:
        session_request.tags(wanted, caller)
    assert str(refusal.value) == sentence


def test_packed_size() -> None:
    """Policies and tags are told in percent of their room, and nothing where there are none."""
    assert session_request.packed_size(Wanted("s"), {}) is None
    small = session_request.packed_size(Wanted("s"), {"team": "red"})
    larger = session_request.packed_size(Wanted("s", policy='{"Statement": []}', policy_arns=("arn:a",)), {"a": "b"})
    assert small is not None
    assert larger is not None
    assert 0 < small < larger <= 100


def test_too_much_plain_text() -> None:
    """A session policy and the ARNs beside it have 2,048 characters at most."""
    session_request.packed_size(Wanted("s", policy=" " * 2000, policy_arns=("a" * 48,)), {})
    with pytest.raises(PackedPolicyTooLarge) as refusal:
        session_request.packed_size(Wanted("s", policy=" " * 2001, policy_arns=("a" * 48,)), {})
    assert str(refusal.value) == "Packed policy consumes 101% of allotted space, please use smaller policy."


def test_too_many_tags() -> None:
    """Tags that do not fit when packed are refused with how much of the room they would take."""
    noise = [hashlib.sha256(bytes([number])).hexdigest() for number in range(50)]
    tags = dict(zip(noise, reversed(noise), strict=True))
    with pytest.raises(
        PackedPolicyTooLarge, match=r"^Packed size of session tags consumes \d{3}% of allotted space\.$"
    ):
        session_request.packed_size(Wanted("s"), tags)


keys = st.text("aAbB", min_size=1, max_size=2)


@given(given_tags=st.lists(st.tuples(keys, keys)), transitive=st.lists(keys), held=st.dictionaries(keys, keys))
def test_any_tags(given_tags: list[tuple[str, str]], transitive: list[str], held: dict[str, str]) -> None:
    """Whatever is asked: what is handed on is a tag of the session, and what a caller handed on is never changed."""
    caller = session(transitive=tuple(held), **held)
    try:
        tags = session_request.tags(Wanted("s", tags=tuple(given_tags), transitive_tags=tuple(transitive)), caller)
    except InvalidParameterValue:
        return
    assert set(tags.transitive) <= set(tags.all)
    assert {key: tags.all[key] for key in held} == held
