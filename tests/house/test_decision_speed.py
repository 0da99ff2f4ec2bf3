"""A decision is cheap: few calls of ours, and a time that is held against that of hashing, as machines differ."""

import hashlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import cargohold
from cargohold.access.evaluate import Ask, Decision, Held, decide
from cargohold.access.policy import compile_policy
from cargohold.identity.principals import Principal

HOME = "123456789012"
ARN = f"arn:aws:iam::{HOME}:user/bob"
BOB = Principal("AIDABOB", ARN, HOME, "user", "bob", entity_id="AIDABOB", entity_arn=ARN)
CONTEXT = {"aws:requestedregion": "us-east-1", "aws:securetransport": "true"}

_OURS = Path(cargohold.__file__).parent


def held(policies: int, statements: int) -> Held:
    """Policies of which each statement is on the same actions, and on repositories and a region of its own."""
    documents = [
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Deny" if number == 0 else "Allow",
                    "Action": ["ecr:BatchGetImage", "ecr:Get*"],
                    "Resource": f"arn:aws:ecr:*:{HOME}:repository/team-{policy}-{number}/*",
                    "Condition": {"StringEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}},
                }
                for number in range(statements)
            ],
        }
        for policy in range(policies)
    ]
    return Held(tuple(compile_policy(json.dumps(each), "identity", f"p{n}") for n, each in enumerate(documents)))


def ask(repository: str, action: str = "ecr:BatchGetImage") -> Ask:
    return Ask(BOB, action, f"arn:aws:ecr:us-east-1:{HOME}:repository/{repository}", HOME, CONTEXT)


def microseconds(work: Callable[[], object], times: int) -> float:
    """CPU time of one run, the least of five rounds."""
    rounds = []
    for _ in range(5):
        start = time.process_time()
        for _ in range(times):
            work()
        rounds.append(time.process_time() - start)
    return min(rounds) / times * 1e6


def test_a_decision_costs_little(capsys: pytest.CaptureFixture[str]) -> None:
    """With 20 policies of 5 statements, a decision takes less time than hashing 64 KiB, a first one than 4 MiB."""
    kibibyte = microseconds(lambda: hashlib.sha256(b"x" * 65_536).digest(), 200) / 64
    many = held(20, 5)
    assert decide(ask("team-7-3/app"), many).allowed
    again = microseconds(lambda: decide(ask("team-7-3/app"), many), 2_000)
    names = iter(range(1_000_000))
    first = microseconds(lambda: decide(ask(f"team-7-3/{next(names)}"), many), 200)
    with capsys.disabled():
        print(f"\ndecide, 20 policies of 5 statements: {again:.1f} µs, {first:.1f} µs on a new repository")
    assert again < kibibyte * 64
    assert first < kibibyte * 4096


@pytest.mark.parametrize(("number", "allowed", "most"), [(3, True, 6), (0, False, 10)])
def test_a_decision_is_few_calls(number: int, allowed: bool, most: int) -> None:
    """A decision that was made before is at most six calls of ours where it allows, and ten where it denies."""
    many = held(20, 5)
    wanted = ask(f"team-7-{number}/app")
    decide(wanted, many)
    calls: list[str] = []

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call" and Path(frame.f_code.co_filename).is_relative_to(_OURS):
            calls.append(frame.f_code.co_qualname)

    sys.setprofile(note)
    try:
        decision: Decision = decide(wanted, many)
    finally:
        sys.setprofile(None)
    assert decision.allowed is allowed
    assert len(calls) <= most, calls
