"""Policies attached to and put into users, groups and roles on the wire, and what they decide at once."""

import json
from typing import Any
from urllib.parse import quote, unquote

import pytest

from cargohold.identity.quotas import Quotas

from .conftest import ACCOUNT, Wire
from .query import Query, client
from .test_iam_policies import ADMINISTRATOR, ALLOW_ECR, KINDS, PUSH, READ_ONLY, allowing, make

each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def iam(wire: Wire) -> Query:
    """IAM, asked by the account's administrator."""
    return client(wire, "iam")


@pytest.fixture
def push(iam: Query) -> str:
    """The ARN of a policy of the account."""
    iam("CreatePolicy", PolicyName="push", Path="/team/", PolicyDocument=ALLOW_ECR)
    return PUSH


# Attached ones


@each_kind
def test_attach_list_and_detach(iam: Query, push: str, kind: str) -> None:
    """A policy is attached, listed with its ARN and as used, and detached, once."""
    named = make(iam, kind)
    for arn in (push, push, READ_ONLY):
        iam(f"Attach{kind}Policy", **named, PolicyArn=arn)
    expected = [
        {"PolicyName": "AmazonEC2ContainerRegistryReadOnly", "PolicyArn": READ_ONLY},
        {"PolicyName": "push", "PolicyArn": push},
    ]
    for limit in (1, 2, 100):
        listed = iam.every(f"ListAttached{kind}Policies", "AttachedPolicies", **named, MaxItems=limit)
        assert listed == expected
    below = iam(f"ListAttached{kind}Policies", **named, PathPrefix="/team/")["AttachedPolicies"]
    assert below == expected[1:]
    assert iam("GetPolicy", PolicyArn=push)["Policy"]["AttachmentCount"] == 1
    assert iam("ListEntitiesForPolicy", PolicyArn=push)[f"Policy{kind}s"][0][f"{kind}Name"] == "deploy"
    iam(f"Detach{kind}Policy", **named, PolicyArn=push)
    absent = (404, "NoSuchEntity", f"Policy {push} was not found.")
    assert iam.refused(f"Detach{kind}Policy", **named, PolicyArn=push) == absent
    assert iam("GetPolicy", PolicyArn=push)["Policy"]["AttachmentCount"] == 0


@each_kind
def test_who_is_not_there(iam: Query, kind: str) -> None:
    """A user, group or role that is not there is told by its kind and name, whatever is asked of it."""
    nobody = {f"{kind}Name": "nobody"}
    absent = (404, "NoSuchEntity", f"The {kind.lower()} with name nobody cannot be found.")
    for operation, members in (
        (f"Attach{kind}Policy", {"PolicyArn": READ_ONLY}),
        (f"Detach{kind}Policy", {"PolicyArn": READ_ONLY}),
        (f"ListAttached{kind}Policies", {}),
        (f"Put{kind}Policy", {"PolicyName": "p", "PolicyDocument": ALLOW_ECR}),
        (f"Get{kind}Policy", {"PolicyName": "p"}),
        (f"Delete{kind}Policy", {"PolicyName": "p"}),
        (f"List{kind}Policies", {}),
    ):
        assert iam.refused(operation, **nobody, **members) == absent


def test_who_uses_a_policy(iam: Query, push: str) -> None:
    """Users, groups and roles come by kind, page after page; filters leave others out, a boundary counts as use."""
    for kind in KINDS:
        iam(f"Attach{kind}Policy", **make(iam, kind), PolicyArn=push)
    make(iam, "User", "bound")
    iam("PutUserPermissionsBoundary", UserName="bound", PermissionsBoundary=push)

    def users_of(limit: int, **members: Any) -> list[str]:
        found: list[str] = []
        marker: dict[str, str] = {}
        while True:
            answer = iam("ListEntitiesForPolicy", PolicyArn=push, MaxItems=limit, **members, **marker)
            found += [each[f"{kind}Name"] for kind in KINDS for each in answer[f"Policy{kind}s"]]
            if not answer["IsTruncated"]:
                return found
            marker = {"Marker": answer["Marker"]}

    for limit in (1, 2, 4, 100):
        assert sorted(users_of(limit)) == ["bound", "deploy", "deploy", "deploy"]
        assert users_of(limit, EntityFilter="User") == ["bound", "deploy"]
        assert users_of(limit, EntityFilter="LocalManagedPolicy") == []
        assert users_of(limit, PolicyUsageFilter="PermissionsBoundary") == ["bound"]
        assert users_of(limit, PolicyUsageFilter="PermissionsPolicy", EntityFilter="User") == ["deploy"]
        assert users_of(limit, PathPrefix="/team/") == []
    assert iam("GetPolicy", PolicyArn=push)["Policy"]["PermissionsBoundaryUsageCount"] == 1


@each_kind
def test_the_eleventh_is_refused(wire_with: Any, kind: str) -> None:
    """More policies than the quota says are not attached."""
    iam = client(wire_with(Quotas(attached_policies=1)), "iam")
    named = make(iam, kind)
    iam(f"Attach{kind}Policy", **named, PolicyArn=READ_ONLY)
    refusal = (409, "LimitExceeded", f"Cannot exceed quota for PoliciesPer{kind}: 1")
    assert iam.refused(f"Attach{kind}Policy", **named, PolicyArn=ADMINISTRATOR) == refusal


# Inline ones


@each_kind
def test_put_get_list_and_delete(iam: Query, kind: str) -> None:
    """An inline policy is read back as it was written, encoded as RFC 3986 has it, listed by name and deleted."""
    named = make(iam, kind)
    document = allowing("ecr:*", Sid="a").replace(",", " ,\n\t")
    for name in ("b", "a", "C"):
        iam(f"Put{kind}Policy", **named, PolicyName=name, PolicyDocument=document)
    got = iam(f"Get{kind}Policy", **named, PolicyName="a")
    assert got == {**named, "PolicyName": "a", "PolicyDocument": quote(document, safe="")}
    for limit in (1, 2, 3, 100):
        assert iam.every(f"List{kind}Policies", "PolicyNames", **named, MaxItems=limit) == ["C", "a", "b"]
    iam(f"Delete{kind}Policy", **named, PolicyName="a")
    absent = (404, "NoSuchEntity", f"The {kind.lower()} policy with name a cannot be found.")
    assert iam.refused(f"Get{kind}Policy", **named, PolicyName="a") == absent
    assert iam.refused(f"Delete{kind}Policy", **named, PolicyName="a") == absent


@pytest.mark.parametrize(("kind", "most"), [("User", 2_048), ("Group", 5_120), ("Role", 10_240)])
def test_sizes(iam: Query, kind: str, most: int) -> None:
    """All inline policies together may be as long as AWS lets them, and one character more is refused."""
    named, least = make(iam, kind), len("".join(allowing("ecr:*", Sid="").split()))
    exact, more = (allowing("ecr:*", Sid="x" * (most - least + over)) for over in (0, 1))
    sentence = f"Maximum policy size of {most} bytes exceeded for {kind.lower()} deploy"
    refusal = (409, "LimitExceeded", sentence)
    assert iam.refused(f"Put{kind}Policy", **named, PolicyName="p", PolicyDocument=more) == refusal
    iam(f"Put{kind}Policy", **named, PolicyName="p", PolicyDocument=exact)
    assert iam.refused(f"Put{kind}Policy", **named, PolicyName="q", PolicyDocument=ALLOW_ECR) == refusal


# In force


def test_changes_are_in_force_on_the_next_request(iam: Query, push: str) -> None:
    """What is attached, put, set as default or bounded decides the very next request, and so does its taking away."""
    alice = iam.by_new_user("alice")
    named = {"UserName": "alice"}

    def allowed() -> bool:
        return alice.send("ListRoles", {})[0] == 200

    may = allowing("iam:ListRoles")
    assert not allowed()
    for give, take in (
        (("PutUserPolicy", {"PolicyName": "p", "PolicyDocument": may}), ("DeleteUserPolicy", {"PolicyName": "p"})),
        (("AttachUserPolicy", {"PolicyArn": ADMINISTRATOR}), ("DetachUserPolicy", {"PolicyArn": ADMINISTRATOR})),
    ):
        iam(give[0], **named, **give[1])
        assert allowed()
        iam(take[0], **named, **take[1])
        assert not allowed()
    iam("AttachUserPolicy", **named, PolicyArn=push)
    assert not allowed()
    iam("CreatePolicyVersion", PolicyArn=push, PolicyDocument=may, SetAsDefault=True)
    assert allowed()
    iam("PutUserPermissionsBoundary", **named, PermissionsBoundary=READ_ONLY)
    assert not allowed()
    iam("DeleteUserPermissionsBoundary", **named)
    assert allowed()
    iam("SetDefaultPolicyVersion", PolicyArn=push, VersionId="v1")
    assert not allowed()


def test_attaching_may_be_limited_to_a_policy(iam: Query) -> None:
    """Who may attach one policy only, by iam:PolicyARN, attaches that and no other."""
    alice = iam.by_new_user("alice")
    condition = {"ArnEquals": {"iam:PolicyARN": READ_ONLY}}
    document = allowing("iam:AttachUserPolicy", Condition=condition)
    iam("PutUserPolicy", UserName="alice", PolicyName="p", PolicyDocument=document)
    alice("AttachUserPolicy", UserName="alice", PolicyArn=READ_ONLY)
    assert alice.refused("AttachUserPolicy", UserName="alice", PolicyArn=ADMINISTRATOR)[:2] == (403, "AccessDenied")


def test_power_may_be_handed_on_within_a_boundary(iam: Query, push: str) -> None:
    """Who may give policies only to whom a boundary holds gives them to those, and neither to others nor without it."""
    alice = iam.by_new_user("alice")
    condition = {"StringEquals": {"iam:PermissionsBoundary": push}}
    actions = ["iam:CreateUser", "iam:PutUserPermissionsBoundary", "iam:AttachUserPolicy", "iam:DetachUserPolicy"]
    document = allowing(actions, Condition=condition)
    iam("PutUserPolicy", UserName="alice", PolicyName="p", PolicyDocument=document)
    denied = (403, "AccessDenied")
    assert alice.refused("CreateUser", UserName="bob")[:2] == denied
    assert alice.refused("CreateUser", UserName="bob", PermissionsBoundary=ADMINISTRATOR)[:2] == denied
    alice("CreateUser", UserName="bob", PermissionsBoundary=push)
    alice("AttachUserPolicy", UserName="bob", PolicyArn=ADMINISTRATOR)
    assert alice.refused("AttachUserPolicy", UserName="alice", PolicyArn=ADMINISTRATOR)[:2] == denied
    alice("PutUserPermissionsBoundary", UserName="bob", PermissionsBoundary=push)
    other = {"UserName": "bob", "PermissionsBoundary": ADMINISTRATOR}
    assert alice.refused("PutUserPermissionsBoundary", **other)[:2] == denied
    assert alice.refused("DeleteUserPermissionsBoundary", UserName="bob")[:2] == denied
    iam("PutUserPermissionsBoundary", **other)
    assert alice.refused("DetachUserPolicy", UserName="bob", PolicyArn=ADMINISTRATOR)[:2] == denied


def test_a_name_in_another_case_is_no_way_around_a_deny(iam: Query) -> None:
    """A policy that denies on a role's ARN denies whatever case the role's name is asked in."""
    make(iam, "Role", "Prod")
    alice = iam.by_new_user("alice")
    deny = {"Effect": "Deny", "Action": "*", "Resource": f"arn:aws:iam::{ACCOUNT}:role/Prod"}
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow, deny]})
    iam("PutUserPolicy", UserName="alice", PolicyName="p", PolicyDocument=document)
    for name in ("Prod", "prod", "PROD"):
        assert alice.refused("PutRolePolicy", RoleName=name, PolicyName="p", PolicyDocument=ALLOW_ECR)[0] == 403
        assert alice.refused("AttachRolePolicy", RoleName=name, PolicyArn=READ_ONLY)[0] == 403
    # What it would be called if it were made: its name is taken, and that is what is told to who may make roles.
    assert alice.refused("GetRole", RoleName="pROD")[0] == 403


# As terraform does it


@pytest.mark.parametrize("kind", KINDS)
def test_terraforms_inline_policy(iam: Query, kind: str) -> None:
    """aws_iam_role_policy and its likes are put, read back, put again and deleted; then they are told to be gone."""
    named = make(iam, kind)
    for document in (ALLOW_ECR, allowing("ecr:Get*")):
        iam(f"Put{kind}Policy", **named, PolicyName="tf", PolicyDocument=document)
        got = iam(f"Get{kind}Policy", **named, PolicyName="tf")["PolicyDocument"]
        assert json.loads(unquote(got)) == json.loads(document)
    iam(f"Delete{kind}Policy", **named, PolicyName="tf")
    assert iam.refused(f"Get{kind}Policy", **named, PolicyName="tf")[:2] == (404, "NoSuchEntity")


@pytest.mark.parametrize("kind", KINDS)
def test_terraforms_attachment(iam: Query, push: str, kind: str) -> None:
    """aws_iam_role_policy_attachment and its likes are attached, found on the list, detached and gone from it."""
    named = make(iam, kind)
    assert iam(f"Attach{kind}Policy", **named, PolicyArn=push) == {}
    listed = iam(f"ListAttached{kind}Policies", **named)["AttachedPolicies"]
    assert [each["PolicyArn"] for each in listed] == [push]
    assert iam(f"Detach{kind}Policy", **named, PolicyArn=push) == {}
    assert iam(f"ListAttached{kind}Policies", **named)["AttachedPolicies"] == []
