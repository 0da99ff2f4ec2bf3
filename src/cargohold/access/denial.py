"""Why a request was denied, as the encoded message of its error says it to whoever may decode it.

The message is sealed: who was refused cannot read it, and nobody but this deployment can make one. It holds what AWS's
does: whether a statement denied, who asked for what, the statements that matched and the condition keys that were used.
Source: AWS STS API reference, DecodeAuthorizationMessage.
"""

from __future__ import annotations

import binascii
import json
import re
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from typing import Final

from cargohold.access.context import Value
from cargohold.access.policy import Match
from cargohold.core.errors import Corrupt
from cargohold.encryption.root import Root

LONGEST: Final = 10_240
"""Characters of the longest message that is looked at: the API's own limit."""

_FORM: Final = re.compile(r"[\w-]+", re.ASCII)
_PURPOSE: Final = "denial"
_LARGEST: Final = 1 << 16
_STEP: Final = 384
"""Bytes that a message's content is filled up to, once or more often: its length does not tell what was looked at."""
_MOST: Final = 12
"""Statements and condition keys that are told; a sentence that ends in a message must fit into a terminal."""
_LONGEST_VALUE: Final = 256


@dataclass(frozen=True, slots=True)
class Denial:
    """One refused demand. `missing` is the kind of policy whose allow is missing; None where a statement denied."""

    explicit_deny: bool
    principal_id: str
    principal_arn: str
    account: str
    """The principal's."""
    action: str
    resource: str
    conditions: Mapping[str, Value] = field(default_factory=dict)
    matched: tuple[Match, ...] = ()
    missing: str | None = None


def seal(root: Root, denial: Denial) -> str:
    """A few hundred characters, safe in a URL. The most telling statements and keys are kept, the rest left out."""
    conditions = {key: _short(value) for key, value in list(denial.conditions.items())[:_MOST]}
    matched = [astuple(each) for each in sorted(denial.matched, key=lambda each: each.effect == "Allow")[:_MOST]]
    who = (denial.principal_id, denial.principal_arn, denial.account)
    content = (denial.explicit_deny, *who, denial.action, denial.resource, conditions, matched, denial.missing)
    # A policy's Sid may be half a character, which JSON reads and writes as it does any other.
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass")
    packed = zlib.compress(text, 9)
    return urlsafe_b64encode(root.seal(packed + bytes(-len(packed) % _STEP), _PURPOSE)).rstrip(b"=").decode()


def open(root: Root, message: str) -> Denial:  # noqa: A001 - seals are opened
    """What a message says; raises Corrupt when it is none that this deployment made."""
    if len(message) > LONGEST or _FORM.fullmatch(message) is None:
        raise Corrupt
    try:
        sealed = urlsafe_b64decode(message + "=" * (-len(message) % 4))
    except binascii.Error:
        raise Corrupt from None
    plain = zlib.decompressobj().decompress(root.open(sealed, _PURPOSE), _LARGEST)
    explicit, id_, arn, account, action, resource, conditions, matched, missing = json.loads(plain)
    used = {key: tuple(value) if isinstance(value, list) else value for key, value in conditions.items()}
    statements = tuple(Match(*each) for each in matched)
    return Denial(explicit, id_, arn, account, action, resource, used, statements, missing)


def _short(value: Value) -> Value:
    return value[:_LONGEST_VALUE] if isinstance(value, str) else tuple(each[:_LONGEST_VALUE] for each in value[:_MOST])
