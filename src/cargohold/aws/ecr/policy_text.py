"""How ECR writes a policy in its answers: laid out anew, as its own printer does, whatever it looked like when it came.

Source: the answers in the AWS CLI's reference, `set-repository-policy` and `get-repository-policy`.
"""

import json
import re
from typing import Any, Final

_HALF: Final = re.compile("[\ud800-\udfff]")


def laid_out(text: str) -> str:
    """A policy with an object's members on lines of their own, and a list's items on one line."""
    return _value(json.loads(text), "\n")


def _value(value: Any, line: str) -> str:
    """`line` begins a line at the depth where the value stands."""
    if isinstance(value, dict):
        inner = line + "  "
        members = (f"{inner}{_scalar(name)} : {_value(member, inner)}" for name, member in value.items())
        return "{" + ",".join(members) + line + "}" if value else "{ }"
    if isinstance(value, list):
        return "[ " + ", ".join(_value(item, line) for item in value) + " ]" if value else "[ ]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    """Characters stand for themselves, but for half a pair of UTF-16, which is none and stays an escape."""
    text = json.dumps(value, ensure_ascii=False)
    return json.dumps(value) if _HALF.search(text) else text
