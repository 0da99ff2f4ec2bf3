"""A registry's own operations: DescribeRegistry, Get- and PutAccountSetting, and the pull time update exclusions."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.bed.access import document, plain, statement, trusting

from .query import client

ACCOUNT = "123456789012"
OTHER = "210987654321"
NOON = 1_772_366_400.0
ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"
PULLER = f"arn:aws:iam::{ACCOUNT}:role/ci/puller"
SETTINGS = "BASIC_SCAN_TYPE_VERSION, REGISTRY_POLICY_SCOPE, BLOB_MOUNTING"


def invalid(member: str, reason: str) -> tuple[int, str, str]:
    sentence = f"Invalid parameter at '{member}' failed to satisfy constraint: '{reason}'"
    return 400, "InvalidParameterException", sentence


def test_a_fresh_registry(wire: Any) -> None:
    """DescribeRegistry never fails: a registry that nobody touched replicates nothing."""
    assert wire("DescribeRegistry") == {"registryId": ACCOUNT, "replicationConfiguration": {"rules": []}}


@pytest.mark.parametrize(
    ("name", "default", "values"),
    [
        ("BASIC_SCAN_TYPE_VERSION", "AWS_NATIVE", ["AWS_NATIVE"]),
        ("REGISTRY_POLICY_SCOPE", "V2", ["V2"]),
        ("BLOB_MOUNTING", "ENABLED", ["DISABLED", "DISABLED", "ENABLED"]),
    ],
)
def test_settings(wire: Any, name: str, default: str, values: list[str]) -> None:
    """A setting has its default until it is put, and then what was put last, in its own region alone."""
    assert wire("GetAccountSetting", name=name) == {"name": name, "value": default}
    for value in values:
        assert wire("PutAccountSetting", name=name, value=value) == {"name": name, "value": value}
        assert wire("GetAccountSetting", name=name) == {"name": name, "value": value}
        elsewhere = wire.send("GetAccountSetting", {"name": name}, ACCOUNT, "eu-west-1")
        assert elsewhere.body["value"] == default


@pytest.mark.parametrize("operation", ["GetAccountSetting", "PutAccountSetting"])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "Member must have length greater than or equal to 1"),
        ("N" * 65, "Member must have length less than or equal to 64"),
        ("N" * 64, f"Member must satisfy enum value set: [{SETTINGS}]"),
        ("blob_mounting", f"Member must satisfy enum value set: [{SETTINGS}]"),
    ],
)
def test_a_name_that_is_no_settings(wire: Any, operation: str, name: str, reason: str) -> None:
    """A name that is no setting's is refused, with the names that are."""
    members = {"name": name} | ({"value": "V2"} if operation == "PutAccountSetting" else {})
    assert wire.refused(operation, **members) == invalid("name", reason)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("BASIC_SCAN_TYPE_VERSION", "CLAIR", "AWS_NATIVE"),
        ("REGISTRY_POLICY_SCOPE", "V1", "V2"),
        ("BLOB_MOUNTING", "enabled", "ENABLED or DISABLED"),
        ("BLOB_MOUNTING", "", "ENABLED or DISABLED"),
    ],
)
def test_a_value_that_it_may_not_have(wire: Any, name: str, value: str, allowed: str) -> None:
    """A value that would not count is refused, and the setting stays as it was."""
    before = wire("GetAccountSetting", name=name)
    assert wire.refused("PutAccountSetting", name=name, value=value) == (
        400,
        "ValidationException",
        f"The account setting {name} may be {allowed} here",
    )
    assert wire("GetAccountSetting", name=name) == before


def test_a_policy_asks_for_the_setting(wire: Any) -> None:
    """ecr:AccountSetting lets a policy give one setting and keep the others."""
    iam = client(wire, "iam")
    iam("CreateUser", UserName="ann")
    asked = statement(
        "Allow",
        ["ecr:PutAccountSetting", "ecr:GetAccountSetting"],
        Condition={"StringEquals": {"ecr:AccountSetting": "BLOB_MOUNTING"}},
    )
    iam("PutUserPolicy", UserName="ann", PolicyName="mounting", PolicyDocument=document(asked))
    ann = replace(wire, keys={ACCOUNT: iam.new_key("ann")})
    ann("PutAccountSetting", name="BLOB_MOUNTING", value="DISABLED")
    denied = plain(ann.refused("GetAccountSetting", name="REGISTRY_POLICY_SCOPE"))
    assert denied[1] == "AccessDeniedException"


@pytest.fixture
def people(wire: Any) -> Any:
    """A client of a registry in whose account there are the user ann and the role puller."""
    iam = client(wire, "iam")
    iam("CreateUser", UserName="ann")
    iam("CreateRole", RoleName="puller", Path="/ci/", AssumeRolePolicyDocument=trusting({"AWS": ACCOUNT}))
    return wire


def excluded(wire: Any, **members: Any) -> Any:
    return wire("ListPullTimeUpdateExclusions", **members)["pullTimeUpdateExclusions"]


def test_excluding_and_including(people: Any) -> None:
    """Users and roles are excluded and included again, and listed by their ARNs meanwhile."""
    assert people("ListPullTimeUpdateExclusions") == {"pullTimeUpdateExclusions": []}
    for arn in (ANN, PULLER):
        registered = people("RegisterPullTimeUpdateExclusion", principalArn=arn)
        assert registered == {"principalArn": arn, "createdAt": NOON}
    assert excluded(people) == [PULLER, ANN]
    assert people("DeregisterPullTimeUpdateExclusion", principalArn=ANN) == {"principalArn": ANN}
    assert excluded(people) == [PULLER]


def test_twice(people: Any) -> None:
    """A second registration and a second deregistration are refused, in words."""
    people("RegisterPullTimeUpdateExclusion", principalArn=ANN)
    assert people.refused("RegisterPullTimeUpdateExclusion", principalArn=ANN) == (
        400,
        "ExclusionAlreadyExistsException",
        f"The pull time update exclusion for the principal '{ANN}' already exists in the registry with id '{ACCOUNT}'",
    )
    people("DeregisterPullTimeUpdateExclusion", principalArn=ANN)
    assert people.refused("DeregisterPullTimeUpdateExclusion", principalArn=ANN) == (
        400,
        "ExclusionNotFoundException",
        f"The pull time update exclusion for the principal '{ANN}' does not exist in the registry with id '{ACCOUNT}'",
    )


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:iam::{ACCOUNT}:user/nobody",
        f"arn:aws:iam::{ACCOUNT}:role/ann",
        f"arn:aws:iam::{ACCOUNT}:role/puller",
        "arn:aws-cn:iam::123456789012:user/ann",
    ],
)
def test_nobody(people: Any, arn: str) -> None:
    """Who is not there, under that kind and path, cannot be excluded."""
    assert people.refused("RegisterPullTimeUpdateExclusion", principalArn=arn) == (
        400,
        "ValidationException",
        f"The principal {arn} does not exist",
    )


@pytest.mark.parametrize("operation", ["RegisterPullTimeUpdateExclusion", "DeregisterPullTimeUpdateExclusion"])
@pytest.mark.parametrize(
    "arn", [f"arn:aws:sts::{ACCOUNT}:assumed-role/puller/ci", f"arn:aws:iam::{ACCOUNT}:root", "ann", ANN + "x" * 200]
)
def test_what_is_no_user_or_role(people: Any, operation: str, arn: str) -> None:
    """A session, an account, a name and an ARN that is too long are refused by the model's own constraints."""
    status, code, sentence = people.refused(operation, principalArn=arn)
    assert (status, code) == (400, "InvalidParameterException")
    assert sentence.startswith("Invalid parameter at 'principalArn' failed to satisfy constraint: ")


def test_the_quota_of_exclusions(wire_with: Callable[..., Any]) -> None:
    """A registry excludes as many principals as its limit, and not one more."""
    wire = wire_with(pull_time_exclusions=1)
    iam = client(wire, "iam")
    for name in ("ann", "bob"):
        iam("CreateUser", UserName=name)
    wire("RegisterPullTimeUpdateExclusion", principalArn=ANN)
    bob = f"arn:aws:iam::{ACCOUNT}:user/bob"
    assert wire.refused("RegisterPullTimeUpdateExclusion", principalArn=bob) == (
        400,
        "LimitExceededException",
        (
            f"The registry with id '{ACCOUNT}' already has the maximum allowed number of pull time update exclusions "
            "which is '1'"
        ),
    )
    assert excluded(wire) == [ANN]


def test_who_is_made_anew(people: Any) -> None:
    """A user made anew is another one: it can be excluded in place of the one who had the name, and is listed once."""
    iam = client(people, "iam")
    people("RegisterPullTimeUpdateExclusion", principalArn=ANN)
    iam("DeleteUser", UserName="ann")
    iam("CreateUser", UserName="ann")
    people("RegisterPullTimeUpdateExclusion", principalArn=ANN)
    assert excluded(people) == [ANN]


def test_pages_of_exclusions(people: Any) -> None:
    """Every exclusion is on one page, and a registry of another account or region has none."""
    for arn in (ANN, PULLER):
        people("RegisterPullTimeUpdateExclusion", principalArn=arn)
    first = people("ListPullTimeUpdateExclusions", maxResults=1)
    assert first["pullTimeUpdateExclusions"] == [PULLER]
    last = people("ListPullTimeUpdateExclusions", maxResults=1, nextToken=first["nextToken"])
    assert last == {"pullTimeUpdateExclusions": [ANN]}
    for account, region in ((ACCOUNT, "eu-west-1"), (OTHER, "us-east-1")):
        assert people.send("ListPullTimeUpdateExclusions", {}, account, region).body == {"pullTimeUpdateExclusions": []}
    assert people.refused("ListPullTimeUpdateExclusions", maxResults=1001)[1] == "InvalidParameterException"
