"""The grammar of lifecycle policies: what is one, and ECR's sentence on what is none."""

import json
from typing import Any

import pytest

from cargohold.core.errors import InvalidParameter
from cargohold.lifecycle.policy import Rule, check, parse

from .conftest import rule, text

PREFIX = (
    "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure: "
)
ARCHIVE = {"type": "transition", "targetStorageClass": "archive"}


def refusal(given: str) -> str:
    """What is said of a text after ECR's usual beginning."""
    with pytest.raises(InvalidParameter) as raised:
        check(given)
    sentence = str(raised.value)
    assert sentence.startswith(PREFIX)
    assert sentence.endswith("'")
    return sentence[len(PREFIX) : -1]


def without(member: str, of: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in of.items() if name != member}


def selecting(**members: Any) -> dict[str, Any]:
    """A rule whose selection has these members and no others."""
    return {**rule(), "selection": members}


def test_a_policy_becomes_its_rules_by_priority() -> None:
    """Every member of the grammar is read, and rules stand in the order in which they are applied."""
    days = {"countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14}
    given = text(
        rule(9, "tagged", tagPatternList=["v*.*", "*-rc"], action=ARCHIVE, **days),
        rule(2, "untagged", count=3),
    )
    assert parse(given).rules == (
        Rule(2, "untagged", "imageCountMoreThan", 3, description="a rule"),
        Rule(9, "tagged", "sinceImagePushed", 14, "transition", patterns=("v*.*", "*-rc"), description="a rule"),
    )


@pytest.mark.parametrize(
    "given",
    [
        [rule(1, "tagged", tagPrefixList=["prod"]), rule(2, "tagged", tagPrefixList=["beta"])],
        [rule(1, "untagged"), rule(2, "any")],
        [rule(1, countType="sinceImagePulled", action=ARCHIVE)],
        [rule(1, countType="sinceImageTransitioned", count=90, storageClass="archive")],
        [rule(1, action=ARCHIVE), rule(2, countType="sinceImageTransitioned", count=365, storageClass="archive")],
        [rule(1, "any", storageClass="standard")],
        [rule(number, "tagged", tagPrefixList=[f"p{number}"]) for number in range(1, 51)],
        [without("description", rule())],
        [rule(1, "tagged", tagPatternList=["*a*b*c*"])],
    ],
)
def test_these_are_policies(given: list[dict[str, Any]]) -> None:
    """Each documented kind of rule is accepted."""
    assert len(parse(text(*given)).rules) == len(given)


@pytest.mark.parametrize("given", ["", "{", "[]", '"x"', "null", '{"rules": NaN}', "[" * 100_000, "1" * 5_000])
def test_what_is_no_object_cannot_be_mapped(given: str) -> None:
    """A text that is no JSON object is no policy, however it is broken."""
    assert refusal(given) == "Could not map policyString into LifecyclePolicy."


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, 'object has missing required properties (["rules"])'),
        (
            {"rules": [], "x": 1, "a": 2},
            'object instance has properties which are not allowed by the schema: (["a","x"])',
        ),
        ({"rules": []}, "array is too short: must have at least 1 elements but instance has 0 elements"),
        (
            {"rules": [rule(n, "tagged", tagPrefixList=[f"p{n}"]) for n in range(1, 52)]},
            "array is too long: must have at most 50 elements but instance has 51 elements",
        ),
        ({"rules": {}}, 'instance type (object) does not match any allowed primitive type (allowed: ["array"])'),
        ({"rules": [7]}, 'instance type (integer) does not match any allowed primitive type (allowed: ["object"])'),
        ({"rules": [{}]}, 'object has missing required properties (["action","rulePriority","selection"])'),
        ({"rules": [{**rule(), "action": {}}]}, 'object has missing required properties (["type"])'),
        ({"rules": [selecting()]}, 'object has missing required properties (["countNumber","countType","tagStatus"])'),
        (
            {"rules": [{**rule(), "rulePriority": "1"}]},
            'instance type (string) does not match any allowed primitive type (allowed: ["integer"])',
        ),
        (
            {"rules": [{**rule(), "rulePriority": True}]},
            'instance type (boolean) does not match any allowed primitive type (allowed: ["integer"])',
        ),
        (
            {"rules": [{**rule(), "rulePriority": 1.5}]},
            'instance type (number) does not match any allowed primitive type (allowed: ["integer"])',
        ),
        (
            {"rules": [{**rule(), "description": None}]},
            'instance type (null) does not match any allowed primitive type (allowed: ["string"])',
        ),
        ({"rules": [rule(0)]}, "numeric instance is lower than the required minimum (minimum: 1, found: 0)"),
        ({"rules": [rule(count=0)]}, "numeric instance is lower than the required minimum (minimum: 1, found: 0)"),
        (
            {"rules": [rule(tag_status="some")]},
            'instance value ("some") not found in enum (possible values: ["any","tagged","untagged"])',
        ),
        (
            {"rules": [{**rule(), "action": {"type": "keep"}}]},
            'instance value ("keep") not found in enum (possible values: ["expire","transition"])',
        ),
        (
            {"rules": [rule(tag_status="tagged", tagPrefixList=[""])]},
            'string "" is too short (length: 0, required minimum: 1)',
        ),
        (
            {"rules": [rule(countType="sinceImageTransitioned", storageClass="archive", count=89)]},
            "numeric instance is lower than the required minimum (minimum: 90, found: 89)",
        ),
    ],
)
def test_the_schema_speaks(given: dict[str, Any], sentence: str) -> None:
    """A member of the wrong form is refused in the words of ECR's schema validator, which end with a line break."""
    assert refusal(json.dumps(given)) == f"{sentence}\n"


@pytest.mark.parametrize(
    "selection",
    [
        {"countUnit": "days"},
        {"countType": "sinceImagePushed", "countUnit": None},
        {"storageClass": "archive"},
        {"countType": "sinceImagePushed", "storageClass": "archive"},
        {"countType": "sinceImageTransitioned", "countNumber": 90},
        {"countType": "sinceImageTransitioned", "countNumber": 90, "storageClass": "archive", "action": ARCHIVE},
        {"countType": "sinceImagePulled"},
        {"tagPrefixList": None},
    ],
)
def test_a_selection_is_one_of_four_forms(selection: dict[str, Any]) -> None:
    """How images are counted, in which unit, where they are and what is done go together; a null fits nothing."""
    assert refusal(text(rule(**selection))) == "instance failed to match exactly one schema (matched 0 out of 4)\n"


def test_a_count_of_days_says_so() -> None:
    """A rule that counts days and does not say it is refused."""
    days = without("countUnit", rule(countType="sinceImagePushed")["selection"])
    assert refusal(text({**rule(), "selection": days})).startswith("instance failed to match exactly one schema")


@pytest.mark.parametrize(
    "action",
    [
        {"type": "expire", "targetStorageClass": None},
        {"type": "expire", "targetStorageClass": "archive"},
        {"type": "transition"},
    ],
)
def test_an_action_is_one_of_two_forms(action: dict[str, Any]) -> None:
    """An image expires, or goes to a storage class that is named."""
    assert refusal(text({**rule(), "action": action})).startswith(
        "instance failed to match exactly one schema (matched 0 out of 2)"
    )


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ([rule(1, "tagged")], "Must specify tagPrefixList or tagPatternList when tagStatus=TAGGED."),
        (
            [rule(1, "tagged", tagPrefixList=["a"], tagPatternList=["b*"])],
            "Must specify only one of tagPrefixList and tagPatternList when tagStatus=TAGGED.",
        ),
        (
            [rule(1, "untagged", tagPrefixList=["a"])],
            "Must not specify tagPrefixList or tagPatternList when tagStatus=UNTAGGED.",
        ),
        (
            [rule(1, "any", tagPatternList=["a"])],
            "Must not specify tagPrefixList or tagPatternList when tagStatus=ANY.",
        ),
        ([rule(1, "tagged", tagPatternList=["*a*b*c*d*"])], "A tag pattern can have at most 4 wildcards (*)."),
        ([rule(1, "untagged"), rule(1, "any")], "Rule priorities must be unique."),
        (
            [rule(1, "untagged"), rule(2, "untagged", count=9)],
            "Only one rule can select Untagged images per storage class.",
        ),
        (
            [rule(1, "any"), rule(2, "untagged")],
            "Rule for tagStatus=ANY must have the lowest priority per storage class",
        ),
        ([rule(1, "any"), rule(2, "any")], "Rule for tagStatus=ANY must have the lowest priority per storage class"),
        (
            [rule(1, "tagged", tagPrefixList=["a", "b"]), rule(2, "tagged", tagPrefixList=["b"])],
            "Tag prefixes and tag patterns must be distinct across the rules of a storage class.",
        ),
    ],
)
def test_rules_that_do_not_go_together(rules: list[dict[str, Any]], sentence: str) -> None:
    """What no single member does wrong is refused in a sentence of its own."""
    assert refusal(text(*rules)) == sentence


def test_the_last_place_is_one_of_each_storage_class() -> None:
    """A rule for any image of the archive may stand before those for other images."""
    archived = rule(1, countType="sinceImageTransitioned", storageClass="archive", count=90)
    check(text(archived, rule(2, "untagged"), rule(3, "any")))
