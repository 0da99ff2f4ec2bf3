"""A lifecycle policy: its text checked in ECR's words, and the rules that it means. Pure.

Sources: Amazon ECR user guide, "Lifecycle policy properties"; sentences recorded on ECR.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from cargohold.lifecycle.grammar import parse_text, refused

TagStatus = Literal["tagged", "untagged", "any"]
StorageClass = Literal["standard", "archive"]
CountType = Literal["imageCountMoreThan", "sinceImagePushed", "sinceImagePulled", "sinceImageTransitioned"]
Action = Literal["expire", "transition"]

MOST_WILDCARDS: Final = 4
SHORTEST_ARCHIVE: Final = 90
"""Days that an image stays archived before a rule may take it."""

_STORED_IN: Final[Mapping[str, str]] = {"sinceImageTransitioned": "archive"}
_ONLY_ACTION: Final[Mapping[str, str]] = {"sinceImagePulled": "transition", "sinceImageTransitioned": "expire"}
_NO_SELECTION: Final = "instance failed to match exactly one schema (matched 0 out of 4)\n"
_NO_ACTION: Final = "instance failed to match exactly one schema (matched 0 out of 2)\n"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. An image must have a tag for each of `prefixes` and `patterns`; `count` is images or days."""

    priority: int
    tag_status: TagStatus
    count_type: CountType
    count: int
    action: Action = "expire"
    storage_class: StorageClass = "standard"
    prefixes: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules in the order of their priorities, 1 before 2."""

    rules: tuple[Rule, ...]


def check(text: str) -> None:
    """Raises InvalidParameter, in ECR's words, unless the text is a lifecycle policy."""
    parse(text)


def parse(text: str) -> Policy:
    """The policy that a text means; raises InvalidParameter in ECR's words."""
    rules = tuple(_rule(each) for each in parse_text(text))
    for rule in rules:
        _check_tags(rule)
    ordered = tuple(sorted(rules, key=lambda rule: rule.priority))
    _check_together(ordered)
    return Policy(ordered)


def _rule(given: Mapping[str, Any]) -> Rule:
    """A rule whose members are each of the right form, where they go together."""
    selection, action = given["selection"], given["action"]
    _check_selection(selection)
    _check_action(action)
    if _ONLY_ACTION.get(selection["countType"], action["type"]) != action["type"]:
        raise refused(_NO_SELECTION)
    return Rule(
        priority=given["rulePriority"],
        description=given.get("description"),
        tag_status=cast(TagStatus, selection["tagStatus"]),
        prefixes=tuple(selection.get("tagPrefixList", ())),
        patterns=tuple(selection.get("tagPatternList", ())),
        storage_class=cast(StorageClass, selection.get("storageClass", "standard")),
        count_type=cast(CountType, selection["countType"]),
        count=selection["countNumber"],
        action=cast(Action, action["type"]),
    )


def _check_selection(selection: Mapping[str, Any]) -> None:
    count_type = selection["countType"]
    counts_days = count_type != "imageCountMoreThan"
    stored_in = _STORED_IN.get(count_type, "standard")
    if ("countUnit" in selection) is not counts_days or selection.get("storageClass", "standard") != stored_in:
        raise refused(_NO_SELECTION)
    if count_type == "sinceImageTransitioned" and selection["countNumber"] < SHORTEST_ARCHIVE:
        found = selection["countNumber"]
        raise refused(
            f"numeric instance is lower than the required minimum (minimum: {SHORTEST_ARCHIVE}, found: {found})\n"
        )


def _check_action(action: Mapping[str, Any]) -> None:
    if ("targetStorageClass" in action) is not (action["type"] == "transition"):
        raise refused(_NO_ACTION)


def _check_tags(rule: Rule) -> None:
    if rule.tag_status == "tagged":
        if not rule.prefixes and not rule.patterns:
            raise refused("Must specify tagPrefixList or tagPatternList when tagStatus=TAGGED.")
        if rule.prefixes and rule.patterns:
            raise refused("Must specify only one of tagPrefixList and tagPatternList when tagStatus=TAGGED.")
    elif rule.prefixes or rule.patterns:
        raise refused(f"Must not specify tagPrefixList or tagPatternList when tagStatus={rule.tag_status.upper()}.")
    for pattern in rule.patterns:
        if pattern.count("*") > MOST_WILDCARDS:
            raise refused(f"A tag pattern can have at most {MOST_WILDCARDS} wildcards (*).")


def _check_together(rules: tuple[Rule, ...]) -> None:
    priorities = [rule.priority for rule in rules]
    if len(set(priorities)) < len(priorities):
        raise refused("Rule priorities must be unique.")
    for stored_in in ("standard", "archive"):
        _check_class([rule for rule in rules if rule.storage_class == stored_in])


def _check_class(rules: list[Rule]) -> None:
    """Rules of one storage class, by priority."""
    if sum(rule.tag_status == "untagged" for rule in rules) > 1:
        raise refused("Only one rule can select Untagged images per storage class.")
    if any(rule.tag_status == "any" for rule in rules[:-1]):
        raise refused("Rule for tagStatus=ANY must have the lowest priority per storage class")
    for tags in ([tag for rule in rules for tag in rule.prefixes], [tag for rule in rules for tag in rule.patterns]):
        if len(set(tags)) < len(tags):
            raise refused("Tag prefixes and tag patterns must be distinct across the rules of a storage class.")
