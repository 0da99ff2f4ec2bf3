"""The form of a lifecycle policy's text, member by member, in the words of ECR's JSON schema validator. Pure.

At each level: its type, then members that it must not have, those that it lacks, and each that it has.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cargohold.core.errors import InvalidParameter

MOST_RULES: Final = 50

_NAMES: Final[Mapping[type, str]] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    type(None): "null",
}


def refused(reason: str) -> InvalidParameter:
    """What ECR answers to a text that is no policy."""
    return InvalidParameter("LifecyclePolicyText", f"Lifecycle policy validation failure: {reason}")


def parse_text(text: str) -> list[dict[str, Any]]:
    """The rules of a text, each member of the right form; raises InvalidParameter."""
    try:
        given = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise refused("Could not map policyString into LifecyclePolicy.")
    for violation in _POLICY.violations(given):
        raise refused(f"{violation}\n")
    rules: list[dict[str, Any]] = given["rules"]
    return rules


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


@dataclass(frozen=True, slots=True)
class _Object:
    """An object of these members. Where `alternatives` is more than 0, a null in it fits none of so many forms."""

    members: Mapping[str, "_Form"]
    required: tuple[str, ...]
    alternatives: int = 0

    def violations(self, given: object) -> Iterator[str]:
        if not isinstance(given, dict):
            yield _wrong_type(given, "object")
            return
        if unknown := sorted(given.keys() - self.members.keys()):
            yield f"object instance has properties which are not allowed by the schema: ({_listed(unknown)})"
        if missing := sorted(set(self.required) - given.keys()):
            yield f"object has missing required properties ({_listed(missing)})"
        if self.alternatives and None in given.values():
            yield f"instance failed to match exactly one schema (matched 0 out of {self.alternatives})"
        for name in sorted(given.keys() & self.members.keys()):
            yield from self.members[name].violations(given[name])


@dataclass(frozen=True, slots=True)
class _Array:
    item: "_Form"
    most: int | None = None

    def violations(self, given: object) -> Iterator[str]:
        if not isinstance(given, list):
            yield _wrong_type(given, "array")
            return
        if not given:
            yield "array is too short: must have at least 1 elements but instance has 0 elements"
        if self.most is not None and len(given) > self.most:
            yield f"array is too long: must have at most {self.most} elements but instance has {len(given)} elements"
        for item in given:
            yield from self.item.violations(item)


@dataclass(frozen=True, slots=True)
class _Number:
    least: int

    def violations(self, given: object) -> Iterator[str]:
        if not isinstance(given, int) or isinstance(given, bool):
            yield _wrong_type(given, "integer")
        elif given < self.least:
            yield f"numeric instance is lower than the required minimum (minimum: {self.least}, found: {given})"


@dataclass(frozen=True, slots=True)
class _String:
    """Any text, one of at least `least` characters, or one of `values`."""

    least: int = 0
    values: tuple[str, ...] = field(default=())

    def violations(self, given: object) -> Iterator[str]:
        if not isinstance(given, str):
            yield _wrong_type(given, "string")
        elif self.values and given not in self.values:
            possible = _listed(self.values)
            yield f"instance value ({json.dumps(given[:200])}) not found in enum (possible values: {possible})"
        elif len(given) < self.least:
            yield f'string "{given}" is too short (length: {len(given)}, required minimum: {self.least})'


_Form = _Object | _Array | _Number | _String


def _listed(names: Any) -> str:
    return json.dumps(list(names), separators=(",", ":"))


def _wrong_type(given: object, allowed: str) -> str:
    found = _NAMES[type(given)]
    return f'instance type ({found}) does not match any allowed primitive type (allowed: ["{allowed}"])'


_TAGS: Final = _Array(_String(least=1))
_SELECTION: Final = _Object(
    {
        "tagStatus": _String(values=("any", "tagged", "untagged")),
        "tagPrefixList": _TAGS,
        "tagPatternList": _TAGS,
        "storageClass": _String(values=("archive", "standard")),
        "countType": _String(
            values=("imageCountMoreThan", "sinceImagePulled", "sinceImagePushed", "sinceImageTransitioned")
        ),
        "countUnit": _String(values=("days",)),
        "countNumber": _Number(1),
    },
    required=("countNumber", "countType", "tagStatus"),
    alternatives=4,
)
_ACTION: Final = _Object(
    {"type": _String(values=("expire", "transition")), "targetStorageClass": _String(values=("archive",))},
    required=("type",),
    alternatives=2,
)
_RULE: Final = _Object(
    {"rulePriority": _Number(1), "description": _String(), "selection": _SELECTION, "action": _ACTION},
    required=("action", "rulePriority", "selection"),
)
_POLICY: Final = _Object({"rules": _Array(_RULE, MOST_RULES)}, required=("rules",))
