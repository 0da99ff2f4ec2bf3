"""What a session that somebody asks for may be: how long, with which tags, and how much may hang on it. Pure.

Sources: STS API reference, AssumeRole; IAM user guide, "Passing session tags in AWS STS" and "Roles terms and concepts"
(role chaining); sentences recorded on AWS, or reported of it.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cargohold.core.errors import InvalidParameterValue, PackedPolicyTooLarge, ValidationError
from cargohold.identity.principals import Session

DEFAULT_SECONDS: Final = 3_600
CHAINED_SECONDS: Final = 3_600
"""The longest session that a role's session may ask for, whatever the role would allow."""

USER_SECONDS: Final = 43_200
"""How long GetSessionToken's sessions live by default; at most 36 hours, which the model holds."""

PLAIN_LIMIT: Final = 2_048
"""Characters of the session policy and of the ARNs of managed ones, taken together."""

PACKED_LIMIT: Final = 2_048
"""Bytes of policies and tags once they are packed. AWS does not publish its own packing; this one is wider."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What AssumeRole is asked for. `seconds` is None where the default is wanted."""

    name: str
    seconds: int | None = None
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    transitive_tags: tuple[str, ...] = ()
    source_identity: str | None = None
    token_size: int = 0
    """Characters that the session token has at least."""


@dataclass(frozen=True, slots=True)
class Tags:
    """A session's tags, and the keys of those that go on to the sessions which it asks for."""

    all: Mapping[str, str]
    transitive: tuple[str, ...]


def seconds(wanted: Wanted, caller: Session | None, longest: int) -> int:
    """How long the session lives; raises ValidationError when that is longer than the role or the chain allows."""
    asked = DEFAULT_SECONDS if wanted.seconds is None else wanted.seconds
    if caller is not None and caller.kind == "assumed-role" and asked > CHAINED_SECONDS:
        raise ValidationError(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        )
    if asked > longest:
        raise ValidationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    return asked


def tags(wanted: Wanted, caller: Session | None) -> Tags:
    """The tags asked for, after those that the caller's session hands on; keys are the same regardless of case.

    Raises InvalidParameterValue when a key is given twice, handed on already, or to be handed on and not given.
    """
    given = {key.lower(): key for key, _ in wanted.tags}
    if len(given) < len(wanted.tags):
        raise InvalidParameterValue("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    if any(key.lower() not in given for key in wanted.transitive_tags):
        raise InvalidParameterValue("The specified transitive tag key must be included in the requested tags.")
    inherited = {} if caller is None else caller.inherited
    if any(key.lower() in given for key in inherited):
        raise InvalidParameterValue(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key "
            "from the calling session."
        )
    handed_on = dict.fromkeys(given[key.lower()] for key in wanted.transitive_tags)
    return Tags({**inherited, **dict(wanted.tags)}, (*inherited, *handed_on))


def packed_size(wanted: Wanted, tags: Mapping[str, str]) -> int | None:
    """How much of the room for policies and tags is taken, in percent; None where there are neither.

    Raises PackedPolicyTooLarge when it is more than all.
    """
    if wanted.policy is None and not wanted.policy_arns and not tags:
        return None
    plain = len(wanted.policy or "") + sum(map(len, wanted.policy_arns))
    if plain > PLAIN_LIMIT:
        raise PackedPolicyTooLarge(_percent(plain, PLAIN_LIMIT), of_policy=True)
    content = json.dumps([wanted.policy, wanted.policy_arns, tags], ensure_ascii=False, separators=(",", ":"))
    percent = _percent(len(zlib.compress(content.encode(), 9)), PACKED_LIMIT)
    if percent > 100:
        raise PackedPolicyTooLarge(percent, of_policy=plain > 0)
    return percent


def _percent(size: int, limit: int) -> int:
    return -(-100 * size // limit)
