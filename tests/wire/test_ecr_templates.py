"""Repository creation templates: Create-, Describe-, Update- and DeleteRepositoryCreationTemplate(s)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from .query import client

ACCOUNT = "123456789012"
NOON = 1_772_366_400.0
ROLE = f"arn:aws:iam::{ACCOUNT}:role/templates"
LIFECYCLE = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "selection": {
                    "tagStatus": "untagged",
                    "countType": "sinceImagePushed",
                    "countUnit": "days",
                    "countNumber": 14,
                },
                "action": {"type": "expire"},
            }
        ]
    }
)
PUSH = {"appliedFor": ["CREATE_ON_PUSH"]}
SCENARIOS = "[REPLICATION, PULL_THROUGH_CACHE, CREATE_ON_PUSH]"
PREFIX = r"^([a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*\/?|ROOT)$"


def policy(principal: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "ecr:BatchGetImage"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def invalid(member: str, reason: str) -> tuple[int, str, str]:
    sentence = f"Invalid parameter at '{member}' failed to satisfy constraint: '{reason}'"
    return 400, "InvalidParameterException", sentence


def shown(prefix: str, **differences: Any) -> dict[str, Any]:
    """A template as ECR shows it, made at noon with every default."""
    return {
        "prefix": prefix,
        "encryptionConfiguration": {"encryptionType": "AES256"},
        "resourceTags": [],
        "imageTagMutability": "MUTABLE",
        "appliedFor": ["CREATE_ON_PUSH"],
        "createdAt": NOON,
        "updatedAt": NOON,
    } | differences


def answered(template: dict[str, Any]) -> dict[str, Any]:
    return {"registryId": ACCOUNT, "repositoryCreationTemplate": template}


CREATED: list[Any] = [
    pytest.param({}, {}, id="defaults"),
    pytest.param({"prefix": "ROOT"}, {"prefix": "ROOT"}, id="ROOT"),
    pytest.param({"prefix": "prod/team/"}, {"prefix": "prod/team/"}, id="a slash at the end"),
    pytest.param({"prefix": "a" * 256}, {"prefix": "a" * 256}, id="the longest prefix"),
    pytest.param({"description": "d" * 256}, {"description": "d" * 256}, id="the longest description"),
    pytest.param({"description": ""}, {}, id="an empty description"),
    pytest.param(
        {"appliedFor": ["PULL_THROUGH_CACHE", "REPLICATION", "PULL_THROUGH_CACHE"]},
        {"appliedFor": ["PULL_THROUGH_CACHE", "REPLICATION"]},
        id="scenarios, one twice",
    ),
    pytest.param(
        {
            "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
            "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "dev-*"}],
        },
        {
            "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
            "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "dev-*"}],
        },
        id="mutability",
    ),
    pytest.param(
        {"encryptionConfiguration": {"encryptionType": "AES256", "kmsKey": ""}}, {}, id="AES256 and an empty key"
    ),
    pytest.param(
        {"resourceTags": [{"Key": "team", "Value": "red"}, {"Key": "empty", "Value": ""}], "customRoleArn": ROLE},
        {"resourceTags": [{"Key": "team", "Value": "red"}, {"Key": "empty", "Value": ""}], "customRoleArn": ROLE},
        id="resource tags and a role",
    ),
    pytest.param({"lifecyclePolicy": LIFECYCLE}, {"lifecyclePolicy": LIFECYCLE}, id="a lifecycle policy"),
    pytest.param({"lifecyclePolicy": "", "repositoryPolicy": ""}, {}, id="empty policies"),
]


@pytest.mark.parametrize(("given", "differences"), CREATED)
def test_creating_answers_the_template(wire: Any, given: dict[str, Any], differences: dict[str, Any]) -> None:
    """CreateRepositoryCreationTemplate answers the whole template, which Describe repeats by prefix and in the list."""
    request = {"prefix": "prod", **PUSH, **given}
    expected = shown(request["prefix"], **{key: value for key, value in differences.items() if key != "prefix"})
    assert wire("CreateRepositoryCreationTemplate", **request) == answered(expected)
    whole = {"registryId": ACCOUNT, "repositoryCreationTemplates": [expected]}
    assert wire("DescribeRepositoryCreationTemplates", prefixes=[request["prefix"]]) == whole
    assert wire("DescribeRepositoryCreationTemplates") == whole


REFUSED: list[Any] = [
    pytest.param({"prefix": ""}, invalid("prefix", "Member must have length greater than or equal to 1"), id="none"),
    pytest.param(
        {"prefix": "a" * 257}, invalid("prefix", "Member must have length less than or equal to 256"), id="long"
    ),
    pytest.param({"prefix": "Prod"}, invalid("prefix", f"must satisfy regular expression '{PREFIX}'"), id="pattern"),
    pytest.param(
        {"appliedFor": []},
        invalid("appliedFor", "Member must have length greater than or equal to 1"),
        id="no scenario",
    ),
    pytest.param(
        {"description": "d" * 257},
        invalid("description", "Member must have length less than or equal to 256"),
        id="a long description",
    ),
    pytest.param(
        {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION"},
        invalid(
            "imageTagMutabilityExclusionFilters",
            "ImageTagMutabilityExclusionFilters can't be null when imageTagMutability is set as "
            "IMMUTABLE_WITH_EXCLUSION",
        ),
        id="exclusion without filters",
    ),
    pytest.param(
        {"encryptionConfiguration": {"encryptionType": "KMS"}},
        (
            400,
            "ValidationException",
            "This registry has no KMS yet: create the repository with encryptionType AES256",
        ),
        id="KMS",
    ),
    pytest.param(
        {"resourceTags": [{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}]},
        invalid("resourceTags", "Duplicate tag keys are not allowed"),
        id="a key twice",
    ),
    pytest.param(
        {"resourceTags": [{"Key": f"k{number}", "Value": ""} for number in range(51)]},
        invalid(
            "resourceTags", "The list of tags on the repository is over the limit. The maximum number of tags is 50"
        ),
        id="51 resource tags",
    ),
    pytest.param(
        {"resourceTags": [{"Key": "aws:x", "Value": ""}]},
        invalid("resourceTags", "The tag key 'aws:x' may not be set: what begins with aws: is reserved"),
        id="a reserved key",
    ),
    pytest.param(
        {"customRoleArn": "arn:aws:iam::210987654321:role/theirs"},
        invalid("customRoleArn", "Invalid ARN"),
        id="another account's role",
    ),
    pytest.param({"customRoleArn": "me"}, invalid("customRoleArn", "Invalid ARN"), id="no role"),
    pytest.param(
        {"repositoryPolicy": "{}"}, invalid("repositoryPolicy", "Invalid repository policy provided"), id="no policy"
    ),
    pytest.param(
        {"repositoryPolicy": policy(f"arn:aws:iam::{ACCOUNT}:user/nobody")},
        invalid("repositoryPolicy", "Principal not found"),
        id="a policy for nobody",
    ),
]


@pytest.mark.parametrize(("given", "refusal"), REFUSED)
def test_what_no_repository_could_be_made_like(wire: Any, given: dict[str, Any], refusal: tuple[int, str, str]) -> None:
    """A template that is wrong is refused when it is created, in words, and nothing is kept of it."""
    assert wire.refused("CreateRepositoryCreationTemplate", **{"prefix": "prod", **PUSH, **given}) == refusal
    assert wire("DescribeRepositoryCreationTemplates")["repositoryCreationTemplates"] == []


def test_a_wrong_lifecycle_policy(wire: Any) -> None:
    """A text that PutLifecyclePolicy would refuse is refused in a template."""
    given = {"prefix": "prod", **PUSH, "lifecyclePolicy": '{"rules":[]}'}
    status, code, _ = wire.refused("CreateRepositoryCreationTemplate", **given)
    assert (status, code) == (400, "InvalidParameterException")


def test_a_scenario_that_is_none(wire: Any) -> None:
    """Another scenario than ECR's three is refused by name."""
    refused = wire.refused("CreateRepositoryCreationTemplate", prefix="prod", appliedFor=["CREATE_ON_PULL"])
    reason = f"Member must satisfy constraint: [Member must satisfy enum value set: {SCENARIOS}]"
    assert refused == invalid("appliedFor", reason)


@pytest.mark.parametrize("again", ["prod", "prod/"])
def test_a_prefix_is_taken_once(wire: Any, again: str) -> None:
    """A second template of a prefix is refused, with a slash at its end or without, and the first stays."""
    wire("CreateRepositoryCreationTemplate", prefix="prod", **PUSH)
    assert wire.refused("CreateRepositoryCreationTemplate", prefix=again, **PUSH, imageTagMutability="IMMUTABLE") == (
        400,
        "TemplateAlreadyExistsException",
        f"The repository creation template with prefix '{again}' already exists in the registry with id '{ACCOUNT}'",
    )
    assert wire("DescribeRepositoryCreationTemplates")["repositoryCreationTemplates"] == [shown("prod")]


def test_the_quota(wire_with: Callable[..., Any]) -> None:
    """A registry has as many templates as its limit, and not one more."""
    wire = wire_with(creation_templates=2)
    for prefix in ("a", "b"):
        wire("CreateRepositoryCreationTemplate", prefix=prefix, **PUSH)
    assert wire.refused("CreateRepositoryCreationTemplate", prefix="c", **PUSH) == (
        400,
        "LimitExceededException",
        (
            f"The registry with id '{ACCOUNT}' already has the maximum allowed number of repository creation templates "
            "which is '2'"
        ),
    )


def test_updating_changes_what_is_named(wire: Any) -> None:
    """UpdateRepositoryCreationTemplate leaves what it does not name; an empty policy takes the policy away."""
    filters = [{"filterType": "WILDCARD", "filter": "dev-*"}]
    mode = {"imageTagMutability": "MUTABLE_WITH_EXCLUSION", "imageTagMutabilityExclusionFilters": filters}
    wire(
        "CreateRepositoryCreationTemplate", prefix="prod", **PUSH, description="one", lifecyclePolicy=LIFECYCLE, **mode
    )
    wire.clock.now += 1_000
    kept = shown("prod", updatedAt=NOON + 1, lifecyclePolicy=LIFECYCLE, **mode)
    tags = [{"Key": "k", "Value": "v"}]
    changed = wire("UpdateRepositoryCreationTemplate", prefix="prod/", description="two", resourceTags=tags)
    assert changed == answered(kept | {"description": "two", "resourceTags": tags})
    wire("UpdateRepositoryCreationTemplate", prefix="prod", imageTagMutability="IMMUTABLE", lifecyclePolicy="")
    again = wire("UpdateRepositoryCreationTemplate", prefix="prod", appliedFor=["REPLICATION"])
    last = {"description": "two", "resourceTags": tags, "imageTagMutability": "IMMUTABLE", "updatedAt": NOON + 1}
    assert again == answered(shown("prod", appliedFor=["REPLICATION"], **last))


def test_updating_is_checked_as_creating_is(wire: Any) -> None:
    """What an update would make wrong is refused, and the template stays as it was."""
    wire("CreateRepositoryCreationTemplate", prefix="prod", **PUSH)
    refusals = [
        ({"appliedFor": []}, invalid("appliedFor", "Member must have length greater than or equal to 1")),
        ({"repositoryPolicy": "{}"}, invalid("repositoryPolicy", "Invalid repository policy provided")),
        ({"customRoleArn": "me"}, invalid("customRoleArn", "Invalid ARN")),
    ]
    for given, refusal in refusals:
        assert wire.refused("UpdateRepositoryCreationTemplate", prefix="prod", **given) == refusal
    assert wire("DescribeRepositoryCreationTemplates")["repositoryCreationTemplates"] == [shown("prod")]


@pytest.mark.parametrize("operation", ["UpdateRepositoryCreationTemplate", "DeleteRepositoryCreationTemplate"])
def test_a_template_that_is_not_there(wire: Any, operation: str) -> None:
    """Changing or deleting a template that is not there says so."""
    assert wire.refused(operation, prefix="prod") == (
        400,
        "TemplateNotFoundException",
        f"The repository creation template with prefix 'prod' does not exist in the registry with id '{ACCOUNT}'",
    )


def test_deleting_answers_the_template(wire: Any) -> None:
    """DeleteRepositoryCreationTemplate answers the template as it was; after that its prefix is free."""
    wire("CreateRepositoryCreationTemplate", prefix="prod", **PUSH)
    assert wire("DeleteRepositoryCreationTemplate", prefix="prod") == answered(shown("prod"))
    assert wire("DescribeRepositoryCreationTemplates", prefixes=["prod"])["repositoryCreationTemplates"] == []
    assert wire("CreateRepositoryCreationTemplate", prefix="prod", **PUSH) == answered(shown("prod"))


def test_a_policy_keeps_whom_it_names(wire: Any) -> None:
    """A template's policy shows its user by name while the user lives, and by id, not by name, when another has it."""
    iam = client(wire, "iam")
    iam("CreateUser", UserName="ann")
    arn = f"arn:aws:iam::{ACCOUNT}:user/ann"
    wire("CreateRepositoryCreationTemplate", prefix="prod", **PUSH, repositoryPolicy=policy(arn))
    assert _principal(wire) == arn
    iam("DeleteUser", UserName="ann")
    iam("CreateUser", UserName="ann")
    assert _principal(wire).startswith("AIDA")
    wire("UpdateRepositoryCreationTemplate", prefix="prod", description="still")
    assert _principal(wire).startswith("AIDA")


def _principal(wire: Any) -> str:
    (template,) = wire("DescribeRepositoryCreationTemplates")["repositoryCreationTemplates"]
    return str(json.loads(template["repositoryPolicy"])["Statement"][0]["Principal"]["AWS"])


def test_pages(wire: Any) -> None:
    """Every template is on one page, by prefix; a page's token is good for that list alone."""
    for number in range(5):
        wire("CreateRepositoryCreationTemplate", prefix=f"p{number}", **PUSH)
    found, answer = [], wire("DescribeRepositoryCreationTemplates", maxResults=2)
    while True:
        found.append([each["prefix"] for each in answer["repositoryCreationTemplates"]])
        if "nextToken" not in answer:
            break
        token = answer["nextToken"]
        answer = wire("DescribeRepositoryCreationTemplates", maxResults=2, nextToken=token)
    assert found == [["p0", "p1"], ["p2", "p3"], ["p4"]]
    assert wire.refused("DescribeRepositories", nextToken=token)[1] == "InvalidParameterException"


def test_named_and_unknown_prefixes(wire: Any) -> None:
    """Prefixes that are not there are left out of an answer, which has no pages."""
    wire("CreateRepositoryCreationTemplate", prefix="prod", **PUSH)
    answer = wire("DescribeRepositoryCreationTemplates", prefixes=["test", "prod"])
    assert [each["prefix"] for each in answer["repositoryCreationTemplates"]] == ["prod"]
    for member, value in (("maxResults", 5), ("nextToken", "x")):
        assert wire.refused("DescribeRepositoryCreationTemplates", prefixes=["prod"], **{member: value}) == invalid(
            member,
            "This option cannot be used when you specify repository creation templates with prefixes",
        )


def test_a_template_is_of_one_account_and_region(wire: Any) -> None:
    """Another account's registry, and the same account's in another region, do not have the template."""
    wire("CreateRepositoryCreationTemplate", prefix="prod", **PUSH)
    for account, region in ((ACCOUNT, "eu-west-1"), ("210987654321", "us-east-1")):
        answer = wire.send("DescribeRepositoryCreationTemplates", {}, account, region)
        assert answer.body["repositoryCreationTemplates"] == []
