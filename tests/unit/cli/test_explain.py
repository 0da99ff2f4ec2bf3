"""cli.explain: what is read out of a pasted line, what is asked, and how the answer is told."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cargohold.cli.main import group

from .answering import Answering, answering

ALICE = "arn:aws:iam::123456789012:user/alice"
DEMO = "arn:aws:ecr:us-east-1:123456789012:repository/demo"
SENTENCE = f"User: {ALICE} is not authorized to perform: ecr:PutImage on resource: {DEMO}"
REASON = "because no identity-based policy allows the ecr:PutImage action"
MESSAGE = "Ab-_9" * 40
ASKED = {"principalArn": ALICE, "action": "ecr:PutImage", "resourceArn": DEMO}
DENIED: dict[str, Any] = {
    "allowed": False,
    "explicitDeny": False,
    "principal": ALICE,
    "action": "ecr:PutImage",
    "resource": DEMO,
    "reason": REASON,
    "missing": "identity",
    "matchedStatements": [],
    "suggestions": [],
    "notes": [],
}


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Answering]:
    """A server that the environment names."""
    with answering() as kept:
        monkeypatch.setenv("AWS_ENDPOINT_URL", kept.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x" * 40)
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield kept


def run(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(group, ("explain", *arguments), input=typed)


def told(*arguments: str) -> list[str]:
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("pasted", "asked"),
    [
        (MESSAGE, {"encodedMessage": MESSAGE}),
        (f"{SENTENCE} {REASON}. Encoded authorization failure message: {MESSAGE}", {"encodedMessage": MESSAGE}),
        (
            f"denied: {SENTENCE} {REASON}. Encoded authorization failure message: {MESSAGE[:90]}\n{MESSAGE[90:]}\n",
            {"encodedMessage": MESSAGE},
        ),
        (f"Encoded authorization failure message: {MESSAGE}\nTry again", {"encodedMessage": MESSAGE}),
        (
            f"An error occurred (AccessDeniedException) when calling the PutImage operation: {SENTENCE} {REASON}",
            ASKED,
        ),
        (f'{{"message":"{SENTENCE}"}}', ASKED),
        (f"({SENTENCE}).", ASKED),
        (
            f"User: {ALICE} is not authorized to perform: sts:AssumeRole",
            {"principalArn": ALICE, "action": "sts:AssumeRole"},
        ),
    ],
)
def test_a_pasted_line_is_read(server: Answering, pasted: str, asked: dict[str, str]) -> None:
    """The encoded message is found wherever it stands, broken over lines too; else the sentence itself is read."""
    server.give(DENIED)
    told(pasted)
    assert (server.asked[0].operation, server.asked[0].members) == ("Cargohold_V20261101.ExplainAccess", asked)


def test_words_that_the_shell_parted(server: Answering) -> None:
    """A line that was pasted without quotes is read as one that had them."""
    server.give(DENIED)
    told(*f"{SENTENCE} {REASON}".split())
    assert server.asked[0].members == ASKED


def test_standard_input(server: Answering) -> None:
    """`-` reads what a client printed."""
    server.give(DENIED)
    assert run("-", typed=f"some lines before\n{SENTENCE} {REASON}\n").exit_code == 0
    assert server.asked[0].members == ASKED


def test_options_ask(server: Answering) -> None:
    """Without a message it is asked by options, with condition keys, of which one may have several values."""
    server.give(DENIED)
    keys = ("--context", "aws:SourceIp=192.0.2.7", "--context", "aws:TagKeys=a", "--context", "aws:TagKeys=b=c")
    told("--principal", ALICE, "--action", "ecr:PutImage", "--resource", DEMO, *keys)
    context = [{"key": "aws:SourceIp", "values": ["192.0.2.7"]}, {"key": "aws:TagKeys", "values": ["a", "b=c"]}]
    assert server.asked[0].members == {**ASKED, "context": context}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Give the message of a refusal"),
        (("--principal", ALICE), "Give the message of a refusal"),
        (("what happened?",), "There is neither an encoded message"),
        ((SENTENCE, "--action", "ecr:PutImage"), "not both"),
        ((SENTENCE, "--context", "aws:SourceIp"), "is not KEY=VALUE"),
        ((MESSAGE, "--context", "aws:SourceIp=192.0.2.7"), "leave --context out"),
    ],
)
def test_what_cannot_be_asked(server: Answering, arguments: tuple[str, ...], said: str) -> None:
    """Without a question no server is asked, and a sentence says what is missing."""
    done = run(*arguments)
    assert (done.exit_code, done.stdout, server.asked) == (2, "", [])
    assert said in " ".join(done.stderr.split())


def test_a_missing_allow_is_told(server: Answering) -> None:
    """Who, what, on what, the verdict, and the statement with its place."""
    statement = json.dumps({"Effect": "Allow", "Action": "ecr:PutImage", "Resource": DEMO}, indent=2)
    place = f"an identity-based policy of {ALICE}"
    server.give({**DENIED, "suggestions": [{"kind": "identity", "place": place, "statement": statement}]})
    assert told(SENTENCE) == [
        f"Who   {ALICE}",
        "What  ecr:PutImage",
        f"On    {DEMO}",
        "",
        "Denied: no identity-based policy allows it.",
        "",
        f"To allow it, add to an identity-based policy of {ALICE}:",
        "",
        "    {",
        '      "Effect": "Allow",',
        '      "Action": "ecr:PutImage",',
        f'      "Resource": "{DEMO}"',
        "    }",
    ]


def test_a_denying_statement_is_told(server: Answering) -> None:
    """The statement that denies is shown with its policy's own lines, marked."""
    text = '{\n            "Sid": "NoPush",\n            "Effect": "Deny"\n        }'
    statement = {
        "part": "denies",
        "kind": "identity",
        "description": "the inline policy own of the user alice",
        "sid": "NoPush",
        "index": 1,
        "effect": "Deny",
        "statement": text,
        "firstLine": 9,
        "lastLine": 12,
    }
    server.give(
        {
            **DENIED,
            "explicitDeny": True,
            "reason": "with an explicit deny in an identity-based policy",
            "matchedStatements": [statement],
            "notes": ["No allow outweighs it."],
        }
    )
    assert told(SENTENCE)[4:] == [
        "Denied with an explicit deny in an identity-based policy.",
        "",
        "Statement 2 (NoPush) of the inline policy own of the user alice denies it:",
        "",
        "  >  9 | {",
        '  > 10 |     "Sid": "NoPush",',
        '  > 11 |     "Effect": "Deny"',
        "  > 12 | }",
        "",
        "No allow outweighs it.",
    ]


def test_a_condition_is_told(server: Answering) -> None:
    """A statement whose condition fails is told with the keys that it asks for."""
    statement = {
        "part": "condition",
        "kind": "identity",
        "description": "the managed policy office",
        "index": 0,
        "effect": "Allow",
        "statement": "{}",
        "firstLine": 1,
        "lastLine": 1,
        "conditionKeys": ["aws:SourceIp"],
    }
    server.give({**DENIED, "matchedStatements": [statement]})
    said = "Statement 1 of the managed policy office would allow it, but its condition does not hold (aws:SourceIp):"
    assert told(SENTENCE)[6:] == [said, "", "  > 1 | {}"]


def test_two_accounts_are_told(server: Answering) -> None:
    """Of something between accounts the verdict says whose policies it is about."""
    server.give({**DENIED, "allowed": True, "elsewhere": "210987654321"})
    verdict = "Allowed, as far as this account goes; account 210987654321 has a say too."
    assert told(SENTENCE)[4] == verdict


def test_a_program_gets_json(server: Answering) -> None:
    """--json prints the answer as it is."""
    server.give(DENIED)
    assert json.loads(run("--json", SENTENCE).stdout) == DENIED


def test_names_do_not_steer_the_terminal(server: Answering) -> None:
    """What others have written is shown without what a terminal would obey."""
    server.give({**DENIED, "notes": ["a\x1b[2Jb"]})
    assert told(SENTENCE)[-1] == "a\N{REPLACEMENT CHARACTER}[2Jb"


def test_a_refusal_is_the_server_s_sentence(server: Answering) -> None:
    """What the server refuses is said in its own words."""
    server.refuse("InvalidAuthorizationMessageException", "The message is not one of ours.")
    done = run(MESSAGE)
    assert (done.exit_code, done.stderr) == (1, "Error: The message is not one of ours.\n")
