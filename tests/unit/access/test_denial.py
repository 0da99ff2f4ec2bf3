"""The encoded message of a denial."""

from base64 import urlsafe_b64encode
from dataclasses import replace

import pytest

from cargohold.access import denial
from cargohold.access.denial import Denial
from cargohold.access.policy import Match
from cargohold.core.errors import Corrupt
from cargohold.encryption.root import Root

ROOT = Root(bytes(32))
DENY = Match("arn:aws:iam::123456789012:policy/Edge", "identity", "NotHere", 3, "Deny")
ALLOW = Match("own", "identity", None, 0, "Allow")
TOLD = Denial(
    explicit_deny=True,
    principal_id="AROA1:ci",
    principal_arn="arn:aws:sts::123456789012:assumed-role/Deploy/ci",
    account="123456789012",
    action="ecr:PutImage",
    resource="arn:aws:ecr:eu-central-1:123456789012:repository/app",
    conditions={"aws:sourceip": "192.0.2.7", "aws:tagkeys": ("a", "b")},
    matched=(DENY, ALLOW),
)


def test_it_opens_as_it_was_sealed() -> None:
    """What was sealed is read again, and the message is short, safe in URLs and of nobody else's reading."""
    message = denial.seal(ROOT, TOLD)
    assert denial.open(ROOT, message) == TOLD
    assert len(message) < 600
    assert not set("+/= ") & set(message)
    assert message != denial.seal(ROOT, TOLD)


def test_s24_its_length_tells_nothing() -> None:
    """S24: What was found and asked (a role's trust policy, somebody's tags) makes no message longer than another's."""
    lengths = set()
    for matched in ((), (DENY,), (ALLOW, DENY)):
        for value in ("", "ci", "a-secret-external-id"):
            conditions = {"sts:externalid": value} if value else {}
            lengths.add(len(denial.seal(ROOT, replace(TOLD, matched=matched, conditions=conditions))))
    assert len(lengths) == 1


@pytest.mark.parametrize("sid", ["\ud800", "\x00", "é", "\U0001f600"])
def test_whatever_text_stands_in_a_policy(sid: str) -> None:
    """A Sid may be any text that JSON can say, half a character too, and a denial tells it as it is."""
    told = replace(TOLD, matched=(replace(DENY, sid=sid),))
    assert denial.open(ROOT, denial.seal(ROOT, told)) == told


@pytest.mark.parametrize(
    "message",
    ["", "x", "?" * 40, "é", "A" * 200, urlsafe_b64encode(ROOT.seal(b"x", "other")).decode(), "A" * 20_000],
    ids=["empty", "short", "marks", "not ASCII", "no seal", "of another purpose", "long"],
)
def test_what_is_no_message(message: str) -> None:
    """What this deployment did not make as a denial's message is refused, whatever it is."""
    with pytest.raises(Corrupt):
        denial.open(ROOT, message)


def test_a_changed_message() -> None:
    """A message in which a character was changed, and one of another deployment, is none."""
    message = denial.seal(ROOT, TOLD)
    with pytest.raises(Corrupt):
        denial.open(ROOT, message[:40] + ("A" if message[40] != "A" else "B") + message[41:])
    with pytest.raises(Corrupt):
        denial.open(Root(b"1" * 32), message)


def test_much_is_cut() -> None:
    """Of very many statements the denying ones are kept, and values that fill the terminal are shortened."""
    long = Denial(
        **{name: getattr(TOLD, name) for name in ("explicit_deny", "principal_id", "principal_arn", "account")},
        action="ecr:PutImage",
        resource="*",
        conditions={f"aws:requesttag/{number}": "x" * 5000 for number in range(50)},
        matched=(*[ALLOW] * 50, DENY),
    )
    message = denial.seal(ROOT, long)
    assert len(message) < 1000
    told = denial.open(ROOT, message)
    assert told.matched[0] == DENY
    assert (len(told.matched), len(told.conditions)) == (12, 12)
    assert {len(value) for value in told.conditions.values()} == {256}
