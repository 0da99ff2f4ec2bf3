"""The grammar of policies."""

import json
from typing import Any, Final, Literal

from cargohold.core.errors import MalformedPolicyDocument

Kind = Literal["identity", "boundary", "session", "resource", "trust"]
Form = Literal["identity", "boundary", "session", "resource", "trust", "managed"]
SYNTAX: Final = "Syntax errors in policy."


def read(text: str, kind: Form) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MalformedPolicyDocument(SYNTAX) from error
    if not isinstance(document, dict):
        raise MalformedPolicyDocument(SYNTAX)
    return document


def texts(value: Any) -> list[str]:
    """The values of a condition's key: text, or numbers and booleans as text."""
    values = value if isinstance(value, list) else [value]
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in values]


def check(text: str, kind: Form, service: str | None = None) -> None:
    read(text, kind)
