"""The policy simulator on the wire: what it decides, on which statements, and what it refuses."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from .conftest import ACCOUNT, OTHER, Wire
from .query import Query, client
from .recordings import assert_as_recorded, recorded

PULL, PUSH = "ecr:BatchGetImage", "ecr:PutImage"
APP = f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/app"
LIB = f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/lib"
THEIRS = f"arn:aws:ecr:eu-west-1:{OTHER}:repository/app"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
DEPLOY = f"arn:aws:iam::{ACCOUNT}:role/deploy"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/run"
TEMPLATE = "arn:${Partition}:ecr:${Region}:${Account}:repository/${RepositoryName}"
AFTER = {"DateGreaterThan": {"aws:CurrentTime": "2018-08-16T12:00:00Z"}}
OF_THE_CLI = (
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*",'
    '"Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}'
)
"""The policy of the AWS CLI's examples, to which it shows AWS's answers."""
TRUST = {"Effect": "Allow", "Principal": {"AWS": ALICE}, "Action": "sts:AssumeRole"}


@pytest.fixture
def iam(wire: Wire) -> Query:
    """IAM, asked by the account's administrator."""
    return client(wire, "iam")


def statement(effect: str, action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def granted(principal: Any, *actions: str, effect: str = "Allow") -> str:
    """A policy of a repository."""
    return document({"Effect": effect, "Principal": principal, "Action": list(actions)})


def entry(key: str, type_: str, *values: str) -> dict[str, Any]:
    return {"ContextKeyName": key, "ContextKeyType": type_, "ContextKeyValues": list(values)}


def custom(iam: Query, *policies: str, action: str = PULL, **members: Any) -> dict[str, Any]:
    """The one result of a simulation of one action."""
    answer = iam("SimulateCustomPolicy", PolicyInputList=list(policies), ActionNames=[action], **members)
    (result,) = answer["EvaluationResults"]
    assert answer["IsTruncated"] is False
    assert result["EvalActionName"] == action
    return dict(result)


def of_alice(iam: Query, *, action: str = PULL, arn: str = ALICE, **members: Any) -> dict[str, Any]:
    answer = iam("SimulatePrincipalPolicy", PolicySourceArn=arn, ActionNames=[action], **members)
    (result,) = answer["EvaluationResults"]
    return dict(result)


def ids(result: Mapping[str, Any]) -> list[str]:
    return [matched["SourcePolicyId"] for matched in result["MatchedStatements"]]


def places(result: Mapping[str, Any]) -> list[tuple[int, int, int, int]]:
    """Of the statements that matched: line and column of their beginning and of their end."""
    return [
        (
            matched["StartPosition"]["Line"],
            matched["StartPosition"]["Column"],
            matched["EndPosition"]["Line"],
            matched["EndPosition"]["Column"],
        )
        for matched in result["MatchedStatements"]
    ]


@pytest.fixture
def alice(iam: Query) -> str:
    """A user who may pull by an inline policy of her own, and push by one of her group's and a managed one."""
    iam("CreateUser", UserName="alice")
    iam("CreateGroup", GroupName="builders")
    iam("AddUserToGroup", UserName="alice", GroupName="builders")
    iam("PutUserPolicy", UserName="alice", PolicyName="pull", PolicyDocument=document(statement("Allow", PULL, APP)))
    pushing = document(statement("Allow", PUSH, "arn:aws:ecr:*:*:repository/${aws:username}", Condition=AFTER))
    iam("PutGroupPolicy", GroupName="builders", PolicyName="push", PolicyDocument=pushing)
    read_only = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
    iam("AttachGroupPolicy", GroupName="builders", PolicyArn=read_only)
    return ALICE


# What is decided


@pytest.mark.parametrize("kind", ["user", "group", "role"])
def test_as_recorded(iam: Query, kind: str) -> None:
    """An entity with one managed policy is simulated as AWS did, positions included; no organization is spoken of."""
    theirs = recorded("iam", f"TestIAMIntegrations::test_simulate_principle_policy[{kind}]")["response"]
    for result in theirs["EvaluationResults"]:
        del result["OrganizationsDecisionDetail"]
    written = {"Version": "2012-10-17", "Statement": statement("Allow", "s3:PutObject")}
    written["Statement"] = {"Sid": "", **written["Statement"]}
    policy = iam("CreatePolicy", PolicyName="put", PolicyDocument=json.dumps(written))["Policy"]["Arn"]
    name = {"user": "UserName", "group": "GroupName", "role": "RoleName"}[kind]
    trust = {"AssumeRolePolicyDocument": document({**TRUST, "Principal": {"AWS": ACCOUNT}})} if kind == "role" else {}
    made = iam(f"Create{kind.title()}", **{name: "deploy"}, **trust)[kind.title()]
    iam(f"Attach{kind.title()}Policy", **{name: "deploy"}, PolicyArn=policy)
    asked = {"ActionNames": ["s3:PutObject", "s3:GetObjectVersion"], "ResourceArns": ["arn:aws:s3:::bucket"]}
    _, ours = iam.send("SimulatePrincipalPolicy", {"PolicySourceArn": made["Arn"], **asked})
    assert_as_recorded(ours, theirs, ACCOUNT)


def test_the_cli_example(iam: Query) -> None:
    """The AWS CLI's own example is allowed by the statement from column 38 to 167, as its documentation shows."""
    now = entry("aws:CurrentTime", "date", "2019-04-25T11:00:00Z")
    result = custom(iam, OF_THE_CLI, action="dynamodb:CreateBackup", ContextEntries=[now])
    assert result == {
        "EvalActionName": "dynamodb:CreateBackup",
        "EvalResourceName": "*",
        "EvalDecision": "allowed",
        "MatchedStatements": [
            {
                "SourcePolicyId": "PolicyInputList.1",
                "SourcePolicyType": "IAM Policy",
                "StartPosition": {"Line": 1, "Column": 38},
                "EndPosition": {"Line": 1, "Column": 167},
            }
        ],
        "MissingContextValues": [],
    }


def test_the_cli_example_too_early(iam: Query) -> None:
    """What no statement allows is an implicit denial, on which no statement matched."""
    then = entry("aws:CurrentTime", "date", "2014-04-25T11:00:00Z")
    result = custom(iam, OF_THE_CLI, action="dynamodb:CreateBackup", ContextEntries=[then])
    assert (result["EvalDecision"], result["MatchedStatements"]) == ("implicitDeny", [])
    assert result["MissingContextValues"] == []


def test_a_missing_key_is_named(iam: Query) -> None:
    """A key that a statement on the action asks for and nobody gave is named as the policy spells it."""
    result = custom(iam, OF_THE_CLI, action="dynamodb:CreateBackup")
    assert (result["EvalDecision"], result["MissingContextValues"]) == ("implicitDeny", ["aws:CurrentTime"])
    assert custom(iam, OF_THE_CLI, action=PULL)["MissingContextValues"] == []


def test_deny_wins_and_is_all_that_matched(iam: Query) -> None:
    """One denial outweighs every allow, and only it is told."""
    result = custom(iam, document(statement("Allow", "*")), document(statement("Deny", "ecr:*")))
    assert (result["EvalDecision"], ids(result)) == ("explicitDeny", ["PolicyInputList.2"])


def test_all_that_allow_are_told(iam: Query) -> None:
    """Each statement that allows is told, in the order of the policies."""
    result = custom(iam, document(statement("Allow", PULL), statement("Allow", "*")), document(statement("Allow", "*")))
    assert ids(result) == ["PolicyInputList.1", "PolicyInputList.1", "PolicyInputList.2"]


def test_positions_in_lines(iam: Query) -> None:
    """A statement begins after the bracket or the statement before it, and ends after its brace, as AWS counts."""
    text = '{\n    "Version": "2012-10-17",\n    "Statement": [\n        {\n            "Effect": "Allow",\n'
    text += '            "Action": "ecr:BatchGetImage",\n            "Resource": "*"\n        },\n'
    text += '        {"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}\n    ]\n}\n'
    assert places(custom(iam, text)) == [(3, 19, 8, 10), (8, 10, 9, 64)]


def test_resources_are_told_one_by_one(iam: Query) -> None:
    """Several resources are one result under their type's name, with the most restrictive verdict, and one each."""
    policy = document(statement("Allow", PULL), statement("Deny", PULL, LIB))
    result = custom(iam, policy, ResourceArns=[APP, LIB])
    assert (result["EvalResourceName"], result["EvalDecision"]) == (TEMPLATE, "explicitDeny")
    told = [(each["EvalResourceName"], each["EvalResourceDecision"]) for each in result["ResourceSpecificResults"]]
    assert told == [(APP, "allowed"), (LIB, "explicitDeny")]
    assert len(result["MatchedStatements"]) == 1
    assert places(result) == places(result["ResourceSpecificResults"][1])


def test_one_resource_is_named(iam: Query) -> None:
    """A single resource stands under its own name, with details that are empty within an account."""
    result = custom(iam, document(statement("Allow", PULL, APP)), ResourceArns=[APP])
    assert (result["EvalResourceName"], result["EvalDecision"], result["EvalDecisionDetails"]) == (APP, "allowed", {})


def test_resources_of_several_types(iam: Query) -> None:
    """What has no type in common is `*`."""
    result = custom(iam, document(statement("Allow", PULL)), ResourceArns=[APP, ALICE, "arn:aws:s3:::bucket"])
    assert result["EvalResourceName"] == "*"


def test_a_resource_handling_option_is_accepted(iam: Query) -> None:
    """ResourceHandlingOption, which is EC2's, changes nothing here."""
    result = custom(iam, document(statement("Allow", PULL)), ResourceHandlingOption="EC2-VPC-InstanceStore")
    assert result["EvalDecision"] == "allowed"


# Context


@pytest.mark.parametrize(
    ("operator", "value", "given"),
    [
        ("StringEquals", "red", entry("ecr:x", "string", "red")),
        ("ForAllValues:StringEquals", ["red", "blue"], entry("ecr:x", "stringList", "blue", "red")),
        ("NumericLessThan", 10, entry("ecr:x", "numeric", "9.5")),
        ("ForAnyValue:NumericEquals", 3, entry("ecr:x", "numericList", "2", "3")),
        ("Bool", True, entry("ecr:x", "boolean", "true")),
        ("ForAnyValue:Bool", "false", entry("ecr:x", "booleanList", "true", "false")),
        ("IpAddress", "192.0.2.0/24", entry("ecr:x", "ip", "192.0.2.7")),
        ("ForAllValues:IpAddress", "2001:db8::/32", entry("ecr:x", "ipList", "2001:db8::1", "2001:db8::2")),
        ("BinaryEquals", "QmluYXJ5", entry("ecr:x", "binary", "QmluYXJ5")),
        ("ForAnyValue:BinaryEquals", "QmluYXJ5", entry("ecr:x", "binaryList", "eHk=", "QmluYXJ5")),
        ("DateLessThan", "2026-01-01", entry("ecr:x", "date", "2025-12-31T23:59:59Z")),
        ("ForAllValues:DateLessThan", "2026-01-01", entry("ecr:x", "dateList", "2025-01-01", "1700000000")),
    ],
)
def test_every_type_of_context(iam: Query, operator: str, value: Any, given: dict[str, Any]) -> None:
    """A value of each type is what its operator compares; without it nothing is allowed, and it is missing."""
    policy = document(statement("Allow", PULL, Condition={operator: {"ecr:X": value}, "Null": {"ecr:X": "false"}}))
    with_it = custom(iam, policy, ContextEntries=[given])
    assert (with_it["EvalDecision"], with_it["MissingContextValues"]) == ("allowed", [])
    without = custom(iam, policy)
    assert (without["EvalDecision"], without["MissingContextValues"]) == ("implicitDeny", ["ecr:X"])


def test_a_list_is_no_single_value(iam: Query) -> None:
    """An operator without a set operator matches no key that was given as a list."""
    policy = document(statement("Allow", PULL, Condition={"StringEquals": {"aws:TagKeys": "team"}}))
    one, many = entry("aws:TagKeys", "string", "team"), entry("aws:TagKeys", "stringList", "team")
    assert custom(iam, policy, ContextEntries=[one])["EvalDecision"] == "allowed"
    assert custom(iam, policy, ContextEntries=[many])["EvalDecision"] == "implicitDeny"


def test_variables_take_what_is_given(iam: Query) -> None:
    """A policy variable has the value of its context entry."""
    policy = document(
        statement("Allow", PULL, f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/${{aws:PrincipalTag/Team}}")
    )
    given = {"ContextKeyName": "aws:principaltag/team", "ContextKeyValues": ["app"]}
    assert custom(iam, policy, ResourceArns=[APP], ContextEntries=[given])["EvalDecision"] == "allowed"
    result = custom(iam, policy, ResourceArns=[APP])
    assert result["ResourceSpecificResults"][0]["MissingContextValues"] == ["aws:PrincipalTag/Team"]


# Boundaries, resources' policies, organizations


@pytest.mark.parametrize(
    ("effect", "action", "decision", "within"),
    [
        ("Allow", "ecr:*", "allowed", True),
        ("Allow", "s3:*", "implicitDeny", False),
        ("Deny", "ecr:*", "explicitDeny", False),
    ],
)
def test_a_boundary_bounds(iam: Query, effect: str, action: str, decision: str, within: bool) -> None:
    """What a permissions boundary does not allow is denied, and the answer says that it was the boundary."""
    bounds = [document(statement(effect, action))]
    result = custom(iam, document(statement("Allow", "*")), PermissionsBoundaryPolicyInputList=bounds)
    assert result["EvalDecision"] == decision
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": within}


def test_a_boundary_that_denies_is_named(iam: Query) -> None:
    """The statement of a boundary that denies is told as the boundary's."""
    bounds = [document(statement("Allow", "*"), statement("Deny", PULL))]
    result = custom(iam, document(statement("Allow", "*")), PermissionsBoundaryPolicyInputList=bounds)
    (matched,) = result["MatchedStatements"]
    assert matched["SourcePolicyId"] == "PermissionsBoundaryPolicyInputList.1"
    assert matched["SourcePolicyType"] == "Permissions Boundary Policy"


def test_a_resource_policy_allows_by_itself(iam: Query) -> None:
    """Within an account a repository's policy that names the user is enough."""
    members = {"ResourcePolicy": granted({"AWS": ALICE}, PULL), "CallerArn": ALICE, "ResourceArns": [APP]}
    result = custom(iam, document(statement("Allow", PUSH)), **members)
    assert result["EvalDecision"] == "allowed"
    (matched,) = result["MatchedStatements"]
    assert (matched["SourcePolicyId"], matched["SourcePolicyType"]) == ("ResourcePolicy", "Resource Policy")


def test_a_resource_policy_of_somebody_else(iam: Query) -> None:
    """A repository's policy that names another gives nothing."""
    other = granted({"AWS": f"arn:aws:iam::{ACCOUNT}:user/bob"}, PULL)
    result = custom(iam, document(statement("Allow", PUSH)), ResourcePolicy=other, CallerArn=ALICE, ResourceArns=[APP])
    assert (result["EvalDecision"], result["MatchedStatements"]) == ("implicitDeny", [])


def test_a_resource_policy_denies(iam: Query) -> None:
    """A denial in a repository's policy outweighs the user's own allow."""
    denying = granted("*", PULL, effect="Deny")
    result = custom(iam, document(statement("Allow", "*")), ResourcePolicy=denying, CallerArn=ALICE)
    assert (result["EvalDecision"], ids(result)) == ("explicitDeny", ["ResourcePolicy"])


@pytest.mark.parametrize(
    ("own", "theirs", "decision", "details"),
    [
        (PULL, PULL, "allowed", ("allowed", "allowed")),
        (PULL, PUSH, "implicitDeny", ("allowed", "implicitDeny")),
        (PUSH, PULL, "implicitDeny", ("implicitDeny", "allowed")),
    ],
)
def test_across_accounts_both_must_allow(
    iam: Query, own: str, theirs: str, decision: str, details: tuple[str, str]
) -> None:
    """A repository of another account needs both policies, and the answer says what each of them does."""
    members = {"ResourcePolicy": granted({"AWS": ACCOUNT}, theirs), "CallerArn": ALICE, "ResourceArns": [THEIRS]}
    result = custom(iam, document(statement("Allow", own)), **members)
    assert result["EvalDecision"] == decision
    assert result["EvalDecisionDetails"] == dict(zip(("IAM Policy", "Resource Policy"), details, strict=True))


def test_an_owner_for_what_names_none(iam: Query) -> None:
    """ResourceOwner says whose a resource is whose ARN names no account."""
    members = {
        "ResourcePolicy": granted({"AWS": f"arn:aws:iam::{ACCOUNT}:user/bob"}, "s3:GetObject"),
        "CallerArn": ALICE,
        "ResourceArns": ["arn:aws:s3:::bucket/key"],
    }
    policy = document(statement("Allow", "s3:*"))
    assert custom(iam, policy, action="s3:GetObject", **members)["EvalDecision"] == "allowed"
    members["ResourceOwner"] = f"arn:aws:iam::{OTHER}:root"
    assert custom(iam, policy, action="s3:GetObject", **members)["EvalDecision"] == "implicitDeny"


def test_a_role_as_caller(iam: Query) -> None:
    """A repository's policy that names a role counts for a role, which AWS's simulator does not take."""
    members = {"ResourcePolicy": granted({"AWS": DEPLOY}, PULL), "CallerArn": DEPLOY, "ResourceArns": [APP]}
    assert custom(iam, document(statement("Allow", PUSH)), **members)["EvalDecision"] == "allowed"


def test_a_trust_policy(iam: Query) -> None:
    """Whether a role may be assumed is decided by its trust policy, which AWS's simulator does not look at."""
    members = {"CallerArn": ALICE, "ResourceArns": [DEPLOY], "action": "sts:AssumeRole"}
    own = document(statement("Allow", "*"))
    assert custom(iam, own, ResourcePolicy=document(TRUST), **members)["EvalDecision"] == "allowed"
    denying = document({**TRUST, "Effect": "Deny"})
    assert custom(iam, own, ResourcePolicy=denying, **members)["EvalDecision"] == "explicitDeny"
    nobody = document({**TRUST, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/bob"}})
    assert custom(iam, own, ResourcePolicy=nobody, **members)["EvalDecision"] == "implicitDeny"


@pytest.mark.parametrize(
    ("levels", "decision", "within"),
    [
        ((("Allow", "*"), ("Allow", "ecr:*")), "allowed", True),
        ((("Allow", "*"), ("Allow", "s3:*")), "implicitDeny", False),
        ((("Deny", PULL), ("Allow", "*")), "explicitDeny", False),
    ],
)
def test_an_organization(iam: Query, levels: Any, decision: str, within: bool) -> None:
    """Each level of an organization must allow; its statements are not told."""
    given = [{"ServiceControlPolicyInputList": [document(statement(*level))]} for level in levels]
    result = custom(iam, document(statement("Allow", "*")), OrderedOrganizationPolicyInputList=given)
    assert result["EvalDecision"] == decision
    assert result["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": within}
    assert bool(result["MatchedStatements"]) is within


# Principals


def test_a_user_with_its_groups(iam: Query, alice: str) -> None:
    """The user's own policies and its groups', inline and managed, each under AWS's name for it."""
    result = of_alice(iam, arn=alice, ResourceArns=[APP])
    assert result["EvalDecision"] == "allowed"
    assert sorted(ids(result)) == ["AmazonEC2ContainerRegistryReadOnly", "user_alice_pull"]


def test_who_asks_is_known(iam: Query, alice: str) -> None:
    """Keys that follow from the user need not be given; the time does."""
    own = f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/alice"
    assert of_alice(iam, arn=alice, action=PUSH, ResourceArns=[own])["MissingContextValues"] == ["aws:CurrentTime"]
    now = [entry("aws:CurrentTime", "date", "2026-01-01T00:00:00Z")]
    result = of_alice(iam, arn=alice, action=PUSH, ResourceArns=[own], ContextEntries=now)
    assert (result["EvalDecision"], ids(result)) == ("allowed", ["group_builders_push"])


def test_another_caller(iam: Query, alice: str) -> None:
    """With CallerArn it is asked as if that one had the policies."""
    now = [entry("aws:CurrentTime", "date", "2026-01-01T00:00:00Z")]
    members = {"CallerArn": f"arn:aws:iam::{ACCOUNT}:user/app", "ResourceArns": [APP], "ContextEntries": now}
    assert of_alice(iam, arn=alice, action=PUSH, **members)["EvalDecision"] == "allowed"


def test_more_policies(iam: Query, alice: str) -> None:
    """Policies that the request brings count beside those that are attached."""
    members = {"PolicyInputList": [document(statement("Deny", PULL))], "ResourceArns": [APP]}
    result = of_alice(iam, arn=alice, **members)
    assert (result["EvalDecision"], ids(result)) == ("explicitDeny", ["PolicyInputList.1"])


def test_its_boundary_and_another(iam: Query, alice: str) -> None:
    """The user's boundary bounds, and one that the request brings takes its place."""
    bounds = iam("CreatePolicy", PolicyName="bounds", PolicyDocument=document(statement("Allow", "s3:*")))["Policy"]
    iam("PutUserPermissionsBoundary", UserName="alice", PermissionsBoundary=bounds["Arn"])
    assert of_alice(iam, arn=alice, ResourceArns=[APP])["EvalDecision"] == "implicitDeny"
    other = [document(statement("Allow", "ecr:*"))]
    members = {"PermissionsBoundaryPolicyInputList": other, "ResourceArns": [APP]}
    assert of_alice(iam, arn=alice, **members)["EvalDecision"] == "allowed"


@pytest.mark.parametrize(
    ("exclusion", "left"),
    [
        ({"PolicyType": "inline"}, ["AmazonEC2ContainerRegistryReadOnly"]),
        ({"PolicyType": "aws-managed"}, ["user_alice_pull"]),
        ({"PolicyType": "user-managed"}, ["AmazonEC2ContainerRegistryReadOnly", "user_alice_pull"]),
        ({"PolicyType": "scp"}, ["AmazonEC2ContainerRegistryReadOnly", "user_alice_pull"]),
        ({"PolicyArn": "arn:aws:iam::aws:policy/AmazonEC2*"}, ["user_alice_pull"]),
        (
            {
                "InlinePolicyIdentifier": {
                    "PolicyName": "pull",
                    "AttachmentType": "user",
                    "AttachmentName": "alice",
                }
            },
            ["AmazonEC2ContainerRegistryReadOnly"],
        ),
    ],
)
def test_policies_are_left_out(iam: Query, alice: str, exclusion: dict[str, Any], left: list[str]) -> None:
    """PolicyExclusionList shows what would be without a policy."""
    result = of_alice(iam, arn=alice, ResourceArns=[APP], PolicyExclusionList=[exclusion])
    assert sorted(ids(result)) == left


def test_a_boundary_is_left_out(iam: Query, alice: str) -> None:
    """The boundary can be left out by its type."""
    bounds = iam("CreatePolicy", PolicyName="bounds", PolicyDocument=document(statement("Allow", "s3:*")))["Policy"]
    iam("PutUserPermissionsBoundary", UserName="alice", PermissionsBoundary=bounds["Arn"])
    without = of_alice(iam, arn=alice, ResourceArns=[APP], PolicyExclusionList=[{"PolicyType": "permission-boundary"}])
    assert without["EvalDecision"] == "allowed"


# Context keys


def test_keys_of_the_cli_example(iam: Query) -> None:
    """Keys come in the order and the spelling that the AWS CLI's example shows, once each."""
    resource = "arn:aws:dynamodb:us-west-2:123456789012:table/${aws:username}"
    policy = document(statement("Allow", "dynamodb:*", resource, Condition=AFTER))
    asked = [policy, document(statement("Allow", "*", Condition={"Bool": {"AWS:username": "true"}}))]
    answer = iam("GetContextKeysForCustomPolicy", PolicyInputList=asked)
    assert answer == {"ContextKeyNames": ["aws:username", "aws:CurrentTime"]}


def test_keys_of_variables_in_conditions(iam: Query) -> None:
    """Variables in values count, defaults and escapes do not, and a policy of 2008 has none."""
    condition = {"StringLike": {"aws:PrincipalTag/team": ["${aws:userid, 'x'}", "${*}"]}}
    policy = document(statement("Allow", "*", Condition=condition))
    answer = iam("GetContextKeysForCustomPolicy", PolicyInputList=[policy])
    assert answer == {"ContextKeyNames": ["aws:PrincipalTag/team", "aws:userid"]}
    old = iam("GetContextKeysForCustomPolicy", PolicyInputList=[policy.replace("2012-10-17", "2008-10-17")])
    assert old == {"ContextKeyNames": ["aws:PrincipalTag/team"]}


def test_keys_of_a_principal(iam: Query, alice: str) -> None:
    """A user's keys are those of its policies, of its groups', and of the policies that are given."""
    more = [document(statement("Deny", "*", Condition={"Null": {"aws:SourceIp": "true"}}))]
    answer = iam("GetContextKeysForPrincipalPolicy", PolicySourceArn=alice, PolicyInputList=more)
    assert sorted(answer["ContextKeyNames"]) == ["aws:CurrentTime", "aws:SourceIp", "aws:username"]


# Paging


def test_pages(iam: Query) -> None:
    """MaxItems counts actions, and a Marker leads on, to the end of the very same simulation only."""
    names = [f"ecr:Action{number}" for number in range(5)]
    asked = {"PolicyInputList": [document(statement("Allow", "*"))], "ActionNames": names}
    results = iam.every("SimulateCustomPolicy", "EvaluationResults", MaxItems=2, **asked)
    assert [result["EvalActionName"] for result in results] == names
    marker = iam("SimulateCustomPolicy", MaxItems=2, **asked)["Marker"]
    assert len(marker) <= 320
    other = {**asked, "ActionNames": names[:4]}
    refused = iam.refused("SimulateCustomPolicy", MaxItems=2, Marker=marker, **other)
    assert refused == (400, "ValidationError", "Invalid Marker.")


def test_many_decisions_are_many_pages(iam: Query) -> None:
    """An answer is about so many decisions that nobody waits for it, and says that there are more."""
    names = [f"ecr:Action{number}" for number in range(5)]
    arns = [f"{APP}{number}" for number in range(900)]
    policies = [document(statement("Allow", "ecr:Action1", APP + "*"))]
    asked = {"PolicyInputList": policies, "ActionNames": names, "ResourceArns": arns}
    first = iam("SimulateCustomPolicy", **asked)
    assert (len(first["EvaluationResults"]), first["IsTruncated"]) == (2, True)
    results = iam.every("SimulateCustomPolicy", "EvaluationResults", **asked)
    assert [result["EvalDecision"] for result in results] == ["implicitDeny", "allowed", *["implicitDeny"] * 3]


def test_many_statements_take_a_page_for_each_action(iam: Query) -> None:
    """A page ends where it would take long to make; all of it together is the answer."""
    policies = [document(*[statement("Allow", "ecr:Action1", f"{APP}{number}") for number in range(250)])]
    arns = [f"{APP}{number}" for number in range(300)]
    asked = {"PolicyInputList": policies, "ActionNames": ["ecr:Action1", "ecr:Action2"], "ResourceArns": arns}
    first = iam("SimulateCustomPolicy", **asked)
    assert (len(first["EvaluationResults"]), first["IsTruncated"]) == (1, True)
    results = iam.every("SimulateCustomPolicy", "EvaluationResults", **asked)
    assert [result["EvalActionName"] for result in results] == ["ecr:Action1", "ecr:Action2"]


def test_more_than_a_simulation_may_look_at(iam: Query) -> None:
    """One action on very many resources by very many statements is refused: it would take a processor for minutes."""
    policies = [document(*[statement("Allow", "ecr:Action1", f"{APP}{number}") for number in range(300)])]
    arns = [f"{APP}{number}" for number in range(400)]
    asked = {"PolicyInputList": policies, "ActionNames": ["ecr:Action1"], "ResourceArns": arns}
    status, code, sentence = iam.refused("SimulateCustomPolicy", **asked)
    assert (status, code) == (400, "InvalidInput")
    assert sentence.startswith("300 statements on 400 resources are more than one simulation may look at")


# What is refused


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"PolicyInputList": ["{"]}, "Syntax errors in policy."),
        ({"PolicyInputList": [granted("*", PULL)]}, "Policy document should not specify a principal."),
        (
            {"PermissionsBoundaryPolicyInputList": [document(statement("Allow", "*"))] * 2},
            "The list of Permissions Boundary policies cannot exceed 1 items.",
        ),
        ({"PermissionsBoundaryPolicyInputList": ["[]"]}, "Syntax errors in policy."),
        ({"ActionNames": ["ecr:*"]}, "Invalid Action Name: ecr:*"),
        ({"ActionNames": ["PutImage"]}, "Invalid Action Name: PutImage"),
        ({"ActionNames": []}, "ActionNames cannot be empty."),
        ({"ResourceArns": ["app"]}, "ResourceNames are not in a valid ARN format: app."),
        ({"ResourceOwner": ACCOUNT}, f"'{ACCOUNT}' is not a valid as a Resource Owner."),
        (
            {"CallerArn": SESSION},
            f"Invalid Entity Arn: {SESSION} does not clearly define entity type and name.",
        ),
        ({"ResourcePolicy": granted("*", PULL)}, "Invalid caller - Caller cannot be null or empty."),
        (
            {"ResourcePolicy": granted("*", PULL), "CallerArn": f"arn:aws:iam::{ACCOUNT}:group/builders"},
            "Invalid caller - Caller must be an IAM user in this context.",
        ),
        ({"ResourcePolicy": "{}", "CallerArn": ALICE}, "Syntax errors in policy."),
        (
            {"ResourcePolicy": document(TRUST), "CallerArn": ALICE, "ActionNames": ["sts:AssumeRole", PULL]},
            f"Invalid Input Actions: sts:AssumeRole, {PULL} require different authorization information.",
        ),
        (
            {"ContextEntries": [entry("aws:x", "numeric", "many")]},
            "Invalid value for context key aws:x of type numeric: many",
        ),
        (
            {"ContextEntries": [entry("aws:x", "boolean", "maybe")]},
            "Invalid value for context key aws:x of type boolean: maybe",
        ),
        ({"ContextEntries": [entry("aws:x", "ip", "home")]}, "Invalid value for context key aws:x of type ip: home"),
        (
            {"ContextEntries": [entry("aws:x", "dateList", "2026-01-01", "soon")]},
            "Invalid value for context key aws:x of type dateList: soon",
        ),
        (
            {"ContextEntries": [entry("aws:x", "binary", "?")]},
            "Invalid value for context key aws:x of type binary: ?",
        ),
        (
            {"ContextEntries": [entry("aws:x", "string", "a", "b")]},
            "Context key aws:x of type string must have exactly one value.",
        ),
        (
            {"ContextEntries": [entry("aws:x", "string", "a"), entry("AWS:X", "string", "b")]},
            "Context key AWS:X is given more than once.",
        ),
        (
            {"ContextEntries": [{"ContextKeyValues": ["a"], "ContextKeyType": "string"}]},
            "A context entry must have a ContextKeyName.",
        ),
        (
            {"OrderedOrganizationPolicyInputList": [{"ServiceControlPolicyInputList": []}]},
            "Organization policy at index 1 must contain at least one service control policy",
        ),
    ],
)
def test_wrong_input(iam: Query, members: dict[str, Any], sentence: str) -> None:
    """Input that is wrong is InvalidInput, in AWS's words where they are known."""
    asked = {"PolicyInputList": [document(statement("Allow", "*"))], "ActionNames": [PULL], **members}
    assert iam.refused("SimulateCustomPolicy", **asked) == (400, "InvalidInput", sentence)


def test_what_the_model_refuses(iam: Query) -> None:
    """A type that is none breaks the model, as on AWS."""
    asked = {"PolicyInputList": [document(statement("Allow", "*"))], "ActionNames": [PULL]}
    status, code, sentence = iam.refused(
        "SimulateCustomPolicy", **asked, ContextEntries=[entry("aws:x", "colour", "red")]
    )
    assert (status, code) == (400, "ValidationError")
    assert "contextEntries.1.member.contextKeyType" in sentence


@pytest.mark.parametrize("operation", ["SimulatePrincipalPolicy", "GetContextKeysForPrincipalPolicy"])
def test_whose_policies(iam: Query, alice: str, operation: str) -> None:
    """Policies are read of users, groups and roles of the own account that are there, by their exact ARN."""
    actions = {"ActionNames": [PULL]} if operation.startswith("Simulate") else {}

    def refused(arn: str) -> tuple[int, str, str]:
        return iam.refused(operation, PolicySourceArn=arn, **actions)

    nobody = (404, "NoSuchEntity", "The role with name deploy cannot be found.")
    assert refused(DEPLOY) == nobody
    elsewhere = (404, "NoSuchEntity", "The user with name alice cannot be found.")
    assert refused(f"arn:aws:iam::{ACCOUNT}:user/team/alice") == elsewhere
    theirs = f"arn:aws:iam::{OTHER}:user/alice"
    sentence = (
        f"Invalid Policy Source Arn: caller's account {ACCOUNT} does not have access to policies in account {OTHER}"
    )
    assert refused(theirs) == (400, "InvalidInput", sentence)
    assert refused(SESSION)[:2] == (400, "InvalidInput")


@pytest.mark.parametrize(
    "exclusion",
    [
        {"PolicyType": "inline", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
        {"PolicyArn": "arn:aws:iam::*:policy/everything"},
        {"PolicyArn": "arn:aws:iam::aws:policy/A*B*"},
    ],
)
def test_wrong_exclusions(iam: Query, alice: str, exclusion: dict[str, Any]) -> None:
    """An identifier that names two things, or policies in no way that AWS knows, is refused."""
    asked = {"PolicySourceArn": alice, "ActionNames": [PULL], "PolicyExclusionList": [exclusion]}
    assert iam.refused("SimulatePrincipalPolicy", **asked)[:2] == (400, "InvalidInput")


def test_who_may_not(iam: Query, alice: str) -> None:
    """A user without the permission learns nothing of another's policies."""
    bob = iam.by_new_user("bob")
    status, code, sentence = bob.refused("SimulatePrincipalPolicy", PolicySourceArn=alice, ActionNames=[PULL])
    assert (status, code) == (403, "AccessDenied")
    assert f"iam:SimulatePrincipalPolicy on resource: {alice} because no identity-based policy allows" in sentence
