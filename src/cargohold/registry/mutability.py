"""Whether a tag may be moved to another image: the four modes and their exclusion filters. Pure.

Source: Amazon ECR user guide, "Preventing image tags from being overwritten".
"""

import re
from collections.abc import Sequence
from typing import Final

from cargohold.core.errors import InvalidParameter

MODES: Final = ("MUTABLE", "IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION")

_EXCLUSION_MODES: Final = frozenset({"IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"})
_MUTABLE_UNLESS_EXCLUDED: Final = frozenset({"MUTABLE", "MUTABLE_WITH_EXCLUSION"})
_MAXIMUM_FILTERS: Final = 5
_MAXIMUM_WILDCARDS: Final = 2
_FILTER_PATTERN: Final = "^[0-9a-zA-Z._*-]{1,128}$"
_FILTER: Final = re.compile(r"[0-9a-zA-Z._*-]{1,128}")
_MEMBER: Final = "imageTagMutabilityExclusionFilters"


def may_overwrite(mode: str, filters: Sequence[str], tag: str) -> bool:
    """Whether `tag`, which names an image already, may be moved to another one.

    `filters` name the exceptions from the mode; they have a meaning in the two WITH_EXCLUSION modes only.
    """
    excluded = mode in _EXCLUSION_MODES and any(_matches(wildcard, tag) for wildcard in filters)
    return (mode in _MUTABLE_UNLESS_EXCLUDED) is not excluded


def check(mode: str, filters: Sequence[str]) -> None:
    """Raises InvalidParameter unless the mode is one of ECR's and the filters are what it needs."""
    if mode not in MODES:
        raise InvalidParameter("imageTagMutability", f"Member must satisfy enum value set: [{', '.join(MODES)}]")
    if mode in _EXCLUSION_MODES and not filters:
        raise InvalidParameter(_MEMBER, f"{_titled(_MEMBER)} can't be null when imageTagMutability is set as {mode}")
    if filters and mode not in _EXCLUSION_MODES:
        raise InvalidParameter(_MEMBER, f"{_titled(_MEMBER)} can't be set when imageTagMutability is set as {mode}")
    if len(filters) > _MAXIMUM_FILTERS:
        raise InvalidParameter(_MEMBER, f"Member must have length less than or equal to {_MAXIMUM_FILTERS}")
    for wildcard in filters:
        _check_filter(wildcard)


def _check_filter(wildcard: str) -> None:
    if _FILTER.fullmatch(wildcard) is None:
        raise InvalidParameter(_MEMBER, f"must satisfy regular expression '{_FILTER_PATTERN}'")
    if wildcard.count("*") > _MAXIMUM_WILDCARDS:
        raise InvalidParameter(_MEMBER, f"a filter may have {_MAXIMUM_WILDCARDS} wildcards (*) at the most")


def _titled(member: str) -> str:
    return member[0].upper() + member[1:]


def _matches(wildcard: str, tag: str) -> bool:
    """`*` stands for any number of characters, none too; every other character for itself. In linear time."""
    first, *middle = wildcard.split("*")
    if not middle:
        return tag == first
    last = middle.pop()
    start, end = len(first), len(tag) - len(last)
    if start > end or not tag.startswith(first) or not tag.endswith(last):
        return False
    for part in middle:
        found = tag.find(part, start, end)
        if found < 0:
            return False
        start = found + len(part)
    return True
