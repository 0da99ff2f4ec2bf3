"""`cargohold explain`: why something is denied, and what would allow it."""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click

from cargohold.cli.audit import printable
from cargohold.cli.remote import asking, data_option, whole

_ENCODED: Final = re.compile(r"Encoded authorization failure message:\s*([\w-]+(?:\r?\n[\w-]{20,})*)", re.ASCII)
_BARE: Final = re.compile(r"[\w-]{60,}", re.ASCII)
_ARN = r"[^\s\"'{}<>]+"
_SENTENCE: Final = re.compile(
    rf"User: (?P<principalArn>{_ARN}) is not authorized to perform: (?P<action>{_ARN})"
    rf"(?: on resource: (?P<resourceArn>{_ARN}))?"
)
_AROUND: Final = ".,;`)"
"""What may stand behind an ARN in a line that somebody pasted."""

_PARTS: Final = {
    "denies": "denies it",
    "allows": "allows it",
    "condition": "would allow it, but its condition does not hold",
}
_KINDS: Final = {
    "identity": "identity-based policy",
    "boundary": "permissions boundary",
    "session": "session policy",
    "resource": "resource-based policy",
    "trust": "trust policy of the role",
}


@click.command("explain", short_help="Say why something is denied, and what would allow it.")
@click.argument("message", nargs=-1)
@click.option("--principal", help="Who: the ARN of a user, a role or a session.")
@click.option("--action", help="Does what: ecr:PutImage.")
@click.option("--resource", help="On what: an ARN; * where the action knows no resources.")
@click.option("--context", "contexts", multiple=True, metavar="KEY=VALUE", help="A condition key; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@data_option
def command(message: tuple[str, ...], contexts: tuple[str, ...], data: Path | None, **given: Any) -> None:
    """Say why something is denied: which statement denies it, or which allow is missing, and the smallest statement
    that would allow it.

    MESSAGE is what a client printed: the whole line, or the encoded message in it; - reads it from standard input.
    Without it, name a --principal, an --action and a --resource.
    """
    as_json = given.pop("as_json")
    asked = _asked(" ".join(message), given, contexts)
    with asking(data) as client:
        answer = whole(client.explain_access(**asked), "allowed")
    answer.pop("ResponseMetadata", None)
    click.echo(json.dumps(answer, indent=2, ensure_ascii=False) if as_json else "\n".join(lines(answer)))


def _asked(message: str, given: dict[str, str | None], contexts: Sequence[str]) -> dict[str, Any]:
    """The members of the question; raises UsageError where nothing is asked, or two things."""
    named = {f"{name}Arn" if name != "action" else name: value for name, value in given.items() if value is not None}
    if message and named:
        raise click.UsageError("Give a message, or --principal, --action and --resource, not both.")
    if message:
        return with_context(read(sys.stdin.read() if message == "-" else message), contexts)
    if "principalArn" not in named or "action" not in named:
        raise click.UsageError("Give the message of a refusal, or --principal, --action and --resource.")
    return with_context(named, contexts)


def read(message: str) -> dict[str, str]:
    """What a pasted text asks: its encoded message if there is one, else who, what and on what; raises UsageError."""
    text = message.strip()
    encoded = _ENCODED.search(text)
    if encoded is not None:
        return {"encodedMessage": "".join(encoded[1].split())}
    if _BARE.fullmatch(text):
        return {"encodedMessage": text}
    sentence = _SENTENCE.search(text)
    if sentence is None:
        raise click.UsageError(
            "There is neither an encoded message in it nor 'User: … is not authorized to perform: …'."
        )
    return {name: value.rstrip(_AROUND) for name, value in sentence.groupdict().items() if value is not None}


def with_context(asked: dict[str, str], contexts: Sequence[str]) -> dict[str, Any]:
    """The question with condition keys; one that is given twice has both values. Raises UsageError."""
    found: dict[str, list[str]] = {}
    for each in contexts:
        key, equals, value = each.partition("=")
        if not (key and equals and value):
            raise click.UsageError(f"--context {each} is not KEY=VALUE.")
        found.setdefault(key, []).append(value)
    if found and "encodedMessage" in asked:
        raise click.UsageError("The encoded message says what the request was: leave --context out.")
    return {**asked, "context": [{"key": key, "values": values} for key, values in found.items()]} if found else asked


def lines(answer: dict[str, Any]) -> Iterator[str]:
    """An answer as people read it; what others have written cannot steer a terminal."""
    for line in _lines(answer):
        yield printable(line)


def _lines(answer: dict[str, Any]) -> Iterator[str]:
    yield f"Who   {answer['principal']}"
    yield f"What  {answer['action']}"
    yield f"On    {answer['resource']}"
    yield ""
    yield _verdict(answer)
    for statement in answer.get("matchedStatements", ()):
        yield ""
        yield from _statement(statement)
    for suggestion in answer.get("suggestions", ()):
        yield ""
        yield f"To allow it, add to {suggestion['place']}:"
        yield ""
        yield from textwrap.indent(suggestion["statement"], "    ").splitlines()
    notes: Iterable[str] = answer.get("notes", ())
    for note in notes:
        yield ""
        yield note


def _verdict(answer: dict[str, Any]) -> str:
    """In a line; of something between two accounts only as far as the asking one goes."""
    far = f", as far as this account goes; account {answer['elsewhere']} has a say too" if "elsewhere" in answer else ""
    if answer["allowed"]:
        return f"Allowed{far}."
    if answer["explicitDeny"]:
        return f"Denied {answer.get('reason', '')}{far}."
    kind = _KINDS.get(answer.get("missing", ""), "policy")
    return f"Denied: no {kind} allows it{far}."


def _statement(statement: dict[str, Any]) -> Iterator[str]:
    """Which one it is and what it does, then its text with the lines of its policy, marked."""
    name = f" ({statement['sid']})" if statement.get("sid") else ""
    keys = statement.get("conditionKeys", ())
    asks = f" ({', '.join(keys)})" if statement["part"] == "condition" and keys else ""
    description = statement.get("description", "a policy")
    yield f"Statement {statement.get('index', 0) + 1}{name} of {description} {_PARTS[statement['part']]}{asks}:"
    yield ""
    text = _dedented(statement.get("statement", ""))
    first = statement.get("firstLine", 1)
    width = len(str(first + len(text)))
    for number, line in enumerate(text, first):
        yield f"  > {number:{width}} | {line}"


def _dedented(text: str) -> list[str]:
    """The lines of a statement, whose first one begins at its brace, wherever that stands."""
    last = text.rpartition("\n")[2]
    indent = last[: len(last) - len(last.lstrip())]
    return textwrap.dedent(indent + text).splitlines()
