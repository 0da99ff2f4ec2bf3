"""Managed and inline policies on the wire, attached to users, groups and roles."""

import json
from typing import Any
from urllib.parse import quote, unquote

import pytest

from cargohold.identity.quotas import Quotas

from .conftest import ACCOUNT, NOON, OTHER, Wire
from .query import Query, client
from .recordings import assert_as_recorded, recorded

READ_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
PUSH = f"arn:aws:iam::{ACCOUNT}:policy/team/push"
KINDS = ("User", "Group", "Role")
each_kind = pytest.mark.parametrize("kind", KINDS)


def allowing(action: str | list[str], **members: Any) -> str:
    """A policy of one statement."""
    statement = {"Effect": "Allow", "Action": action, "Resource": "*", **members}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


ALLOW_ECR = allowing("ecr:*")


@pytest.fixture
def iam(wire: Wire) -> Query:
    """IAM, asked by the account's administrator."""
    return client(wire, "iam")


@pytest.fixture
def push(iam: Query) -> str:
    """The ARN of a policy of the account."""
    made = iam("CreatePolicy", PolicyName="push", Path="/team/", PolicyDocument=ALLOW_ECR)["Policy"]
    assert made["Arn"] == PUSH
    return PUSH


def make(iam: Query, kind: str, name: str = "deploy") -> dict[str, str]:
    """A new user, group or role; the member that names it."""
    trust = allowing("sts:AssumeRole").replace('"Resource": "*"', f'"Principal": {{"AWS": "{ACCOUNT}"}}')
    iam(f"Create{kind}", **{f"{kind}Name": name}, **({"AssumeRolePolicyDocument": trust} if kind == "Role" else {}))
    return {f"{kind}Name": name}


# As AWS answered


@pytest.mark.parametrize("kind", ["User", "Role"])
def test_attach_as_recorded(iam: Query, kind: str) -> None:
    """CreatePolicy and attaching answer as AWS did, for policies that are there, and for all that is none."""
    theirs = recorded("iam", f"TestIAMIntegrations::test_{kind.lower()}_attach_policy")
    named, known = make(iam, kind), {"<partition>": "aws"}
    arn = f"arn:aws:iam::{ACCOUNT}:policy/push"
    for operation, members, reply in (
        ("CreatePolicy", {"PolicyName": "push", "PolicyDocument": ALLOW_ECR}, "create_policy_response"),
        (f"Attach{kind}Policy", named | {"PolicyArn": "longpolicynamebutnoarn"}, "non_existent_malformed_policy_arn"),
        (f"Attach{kind}Policy", named | {"PolicyArn": "a-policy-name-that-exists"}, "existing_policy_name_provided"),
        (f"Attach{kind}Policy", named | {"PolicyArn": f"{arn}123"}, "valid_arn_not_existent"),
        (f"Attach{kind}Policy", named | {"PolicyArn": arn}, "valid_policy_arn"),
    ):
        assert_as_recorded(iam.send(operation, members)[1], theirs[reply], ACCOUNT, known)


def test_delete_as_recorded(iam: Query) -> None:
    """A policy that is not there is refused as AWS did."""
    theirs = recorded("iam", "TestIAMIntegrations::test_delete_non_existent_policy_returns_no_such_entity")
    _, ours = iam.send("DeletePolicy", {"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/non-existent-policy"})
    assert_as_recorded(ours, theirs["delete-non-existent-policy-exc"], ACCOUNT)


@pytest.mark.parametrize("kind", ["User", "Group"])
def test_encoding_as_recorded(iam: Query, kind: str) -> None:
    """What was already written with percent signs is read back with them."""
    theirs = recorded("iam", f"TestIAMPolicyEncoding::test_put_{kind.lower()}_policy_encoding")
    resource = "arn:aws:apigateway:us-east-1::/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Faaeeieije"
    document = allowing(["apigatway:PUT"], Resource=[resource])
    named = make(iam, kind)
    iam(f"Put{kind}Policy", **named, PolicyName="p", PolicyDocument=document)
    _, ours = iam.send(f"Get{kind}Policy", named | {"PolicyName": "p"})
    ours["PolicyDocument"] = json.loads(unquote(ours["PolicyDocument"]))
    assert_as_recorded(ours, theirs["get-policy-response"], ACCOUNT, {"<partition>": "aws", "<region>": "us-east-1"})


# Managed policies


def test_everything_is_read_back(iam: Query) -> None:
    """What CreatePolicy was given GetPolicy gives back; ListPolicies leaves description and tags out, as on AWS."""
    tags = [{"Key": "Cost Center", "Value": "42"}]
    members = {"PolicyName": "push", "Path": "/team/", "Description": "may push", "Tags": tags}
    made = iam("CreatePolicy", **members, PolicyDocument=ALLOW_ECR)["Policy"]
    assert made["CreateDate"].timestamp() * 1000 == made["UpdateDate"].timestamp() * 1000 == NOON
    got = iam("GetPolicy", PolicyArn=PUSH)["Policy"]
    assert got == made
    assert (got["Description"], got["Tags"], got["DefaultVersionId"]) == ("may push", tags, "v1")
    plain = {name: each for name, each in got.items() if name not in ("Description", "Tags")}
    assert iam("ListPolicies", Scope="Local") == {"Policies": [plain], "IsTruncated": False}
    version = iam("GetPolicyVersion", PolicyArn=PUSH, VersionId="v1")["PolicyVersion"]
    assert version["Document"] == quote(ALLOW_ECR, safe="")


def test_those_of_aws(iam: Query) -> None:
    """A policy of AWS's is read like any other, and may be attached, but nobody here may change it."""
    got = iam("GetPolicy", PolicyArn=ADMINISTRATOR)["Policy"]
    assert (got["PolicyId"], got["AttachmentCount"]) == ("ANPAIWMBCKSKIEE64ZLYK", 1)
    version = iam("GetPolicyVersion", PolicyArn=ADMINISTRATOR, VersionId="v1")["PolicyVersion"]
    assert json.loads(unquote(version["Document"]))["Statement"][0]["Action"] == "*"
    assert [each["VersionId"] for each in iam("ListPolicyVersions", PolicyArn=ADMINISTRATOR)["Versions"]] == ["v1"]
    assert iam("ListPolicyTags", PolicyArn=ADMINISTRATOR)["Tags"] == []
    for operation, members in (
        ("DeletePolicy", {}),
        ("CreatePolicyVersion", {"PolicyDocument": ALLOW_ECR}),
        ("SetDefaultPolicyVersion", {"VersionId": "v1"}),
        ("DeletePolicyVersion", {"VersionId": "v1"}),
        ("TagPolicy", {"Tags": [{"Key": "k", "Value": "v"}]}),
        ("UntagPolicy", {"TagKeys": ["k"]}),
    ):
        status, code, sentence = iam.refused(operation, PolicyArn=ADMINISTRATOR, **members)
        assert (status, code) == (403, "AccessDenied")
        assert f"is not authorized to perform: iam:{operation} on resource: {ADMINISTRATOR}" in sentence


def test_those_of_others(wire: Wire, iam: Query, push: str) -> None:
    """Another account's policy is neither read nor changed nor attached, and it is not told whether it exists."""
    other = client(wire, "iam", OTHER)
    for arn in (push, push + "-not"):
        for operation in ("GetPolicy", "DeletePolicy", "ListPolicyVersions", "ListEntitiesForPolicy"):
            assert other.refused(operation, PolicyArn=arn)[:2] == (403, "AccessDenied")
        absent = (404, "NoSuchEntity", f"Policy {arn} does not exist or is not attachable.")
        assert other.refused("AttachUserPolicy", UserName="administrator", PolicyArn=arn) == absent
    assert iam("GetPolicy", PolicyArn=push)["Policy"]["AttachmentCount"] == 0


def test_refusals(iam: Query, push: str) -> None:
    """Taken names, malformed and long documents, and a policy that is in use are refused in AWS's words."""
    taken = (409, "EntityAlreadyExists", "A policy called PUSH already exists. Duplicate names are not allowed.")
    assert iam.refused("CreatePolicy", PolicyName="PUSH", PolicyDocument=ALLOW_ECR) == taken
    long = (409, "LimitExceeded", "Cannot exceed quota for PolicySize: 6144")
    assert iam.refused("CreatePolicy", PolicyName="x", PolicyDocument=allowing("ecr:" + "x" * 6_144)) == long
    syntax = (400, "MalformedPolicyDocument", "Syntax errors in policy.")
    assert iam.refused("CreatePolicy", PolicyName="x", PolicyDocument="{") == syntax
    assert iam.refused("CreatePolicyVersion", PolicyArn=push, PolicyDocument="{") == syntax
    iam("AttachUserPolicy", UserName="administrator", PolicyArn=push)
    used = (409, "DeleteConflict", "Cannot delete a policy attached to entities.")
    assert iam.refused("DeletePolicy", PolicyArn=push) == used


def test_versions(iam: Query, push: str) -> None:
    """Versions come with their documents one by one and without them in a list; the sixth is refused."""
    made = iam("CreatePolicyVersion", PolicyArn=push, PolicyDocument=allowing("ecr:Get*"), SetAsDefault=True)
    version = made["PolicyVersion"]
    assert (version["VersionId"], version["IsDefaultVersion"], "Document" in version) == ("v2", True, False)
    assert iam("GetPolicy", PolicyArn=push)["Policy"]["DefaultVersionId"] == "v2"
    for number in (3, 4, 5):
        added = iam("CreatePolicyVersion", PolicyArn=push, PolicyDocument=ALLOW_ECR)["PolicyVersion"]
        assert (added["VersionId"], added["IsDefaultVersion"]) == (f"v{number}", False)
    sentence = (
        "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing "
        "version."
    )
    sixth = iam.refused("CreatePolicyVersion", PolicyArn=push, PolicyDocument=ALLOW_ECR)
    assert sixth == (409, "LimitExceeded", sentence)
    for limit in (1, 2, 5, 6):
        listed = iam.every("ListPolicyVersions", "Versions", PolicyArn=push, MaxItems=limit)
        assert [each["VersionId"] for each in listed] == ["v5", "v4", "v3", "v2", "v1"]
    default = (409, "DeleteConflict", "Cannot delete the default version of a policy.")
    assert iam.refused("DeletePolicyVersion", PolicyArn=push, VersionId="v2") == default
    iam("SetDefaultPolicyVersion", PolicyArn=push, VersionId="v5")
    iam("DeletePolicyVersion", PolicyArn=push, VersionId="v2")
    for version_id in ("v2", "v2.x", "v99999999999"):
        status, code, sentence = iam.refused("GetPolicyVersion", PolicyArn=push, VersionId=version_id)
        assert (status, code) == (404, "NoSuchEntity")
        assert sentence.endswith("does not exist or is not attachable.")


def test_lists(iam: Query, push: str) -> None:
    """Scope, path, attachment and usage each leave policies out, page after page to the end."""
    iam("CreatePolicy", PolicyName="Ant", PolicyDocument=ALLOW_ECR)
    iam("PutUserPermissionsBoundary", UserName="administrator", PermissionsBoundary=ADMINISTRATOR)
    iam("AttachUserPolicy", UserName="administrator", PolicyArn=push)

    def names(limit: int, **members: Any) -> list[str]:
        listed = iam.every("ListPolicies", "Policies", MaxItems=limit, **members)
        return [each["PolicyName"] for each in listed]

    for limit in (1, 3, 14, 1_000):
        everything = names(limit)
        assert everything[:2] == ["Ant", "push"]
        assert len(everything) == len(set(everything)) == 14
        assert names(limit, Scope="AWS") == everything[2:]
        assert names(limit, Scope="Local", PathPrefix="/team/") == ["push"]
        assert names(limit, OnlyAttached=True) == ["push", "AdministratorAccess"]
        assert names(limit, PolicyUsageFilter="PermissionsBoundary") == ["AdministratorAccess"]
        assert names(limit, PolicyUsageFilter="PermissionsPolicy", Scope="Local") == ["push"]


def test_tags(iam: Query, push: str) -> None:
    """Tags of a policy are added, listed page by page and taken away."""
    tags = [{"Key": f"k{number}", "Value": str(number)} for number in range(5)]
    iam("TagPolicy", PolicyArn=push, Tags=tags)
    assert iam.every("ListPolicyTags", "Tags", PolicyArn=push, MaxItems=2) == tags
    iam("UntagPolicy", PolicyArn=push, TagKeys=["K0", "absent"])
    assert iam("GetPolicy", PolicyArn=push)["Policy"]["Tags"] == tags[1:]


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


# The whole account


def test_account_details(iam: Query, push: str) -> None:
    """GetAccountAuthorizationDetails tells of everybody and everything, each once, however it is paged."""
    for kind in KINDS:
        named = make(iam, kind)
        iam(f"Attach{kind}Policy", **named, PolicyArn=push)
        iam(f"Put{kind}Policy", **named, PolicyName="own", PolicyDocument=ALLOW_ECR)
    iam("AddUserToGroup", GroupName="deploy", UserName="deploy")
    iam("PutRolePermissionsBoundary", RoleName="deploy", PermissionsBoundary=READ_ONLY)
    lists = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")

    def told(limit: int, **members: Any) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {name: [] for name in lists}
        marker: dict[str, str] = {}
        while True:
            answer = iam("GetAccountAuthorizationDetails", MaxItems=limit, **members, **marker)
            assert sum(len(answer[name]) for name in lists) <= limit
            for name in lists:
                found[name] += answer[name]
            if not answer["IsTruncated"]:
                return found
            marker = {"Marker": answer["Marker"]}

    everything = told(100)
    for limit in (1, 2, 5, 7):
        assert told(limit) == everything
    users, groups, roles, policies = everything.values()
    inline = [{"PolicyName": "own", "PolicyDocument": quote(ALLOW_ECR, safe="")}]
    attached = [{"PolicyName": "push", "PolicyArn": push}]
    assert [each["UserName"] for each in users] == ["administrator", "deploy"]
    assert (users[1]["UserPolicyList"], users[1]["AttachedManagedPolicies"]) == (inline, attached)
    assert (users[1]["GroupList"], groups[0]["GroupPolicyList"]) == (["deploy"], inline)
    assert (roles[0]["RolePolicyList"], roles[0]["InstanceProfileList"]) == (inline, [])
    assert roles[0]["PermissionsBoundary"]["PermissionsBoundaryArn"] == READ_ONLY
    assert unquote(roles[0]["AssumeRolePolicyDocument"]).startswith('{"Version"')
    assert [each["Arn"] for each in policies] == [push, ADMINISTRATOR, READ_ONLY]
    assert policies[0]["PolicyVersionList"][0]["Document"] == quote(ALLOW_ECR, safe="")
    only = told(1, Filter=["Group", "LocalManagedPolicy"])
    assert only == {name: everything[name] if name == "GroupDetailList" else [] for name in lists[:3]} | {
        "Policies": policies[:1]
    }


# As terraform does it


def test_terraforms_policy(iam: Query) -> None:
    """aws_iam_policy is made, read back, changed by further versions, the oldest of which go, and deleted."""
    arn = iam("CreatePolicy", PolicyName="tf", Path="/", PolicyDocument=ALLOW_ECR)["Policy"]["Arn"]

    def document() -> Any:
        version = iam("GetPolicy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
        return json.loads(
            unquote(iam("GetPolicyVersion", PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])
        )

    assert document() == json.loads(ALLOW_ECR)
    for number in range(7):
        versions = iam("ListPolicyVersions", PolicyArn=arn)["Versions"]
        if len(versions) == 5:
            oldest = min(
                (each for each in versions if not each["IsDefaultVersion"]), key=lambda each: each["VersionId"]
            )
            iam("DeletePolicyVersion", PolicyArn=arn, VersionId=oldest["VersionId"])
        changed = allowing(f"ecr:Get{number}*")
        iam("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=changed, SetAsDefault=True)
        assert document() == json.loads(changed)
    iam("TagPolicy", PolicyArn=arn, Tags=[{"Key": "by", "Value": "terraform"}])
    iam("UntagPolicy", PolicyArn=arn, TagKeys=["by"])
    for version in iam("ListPolicyVersions", PolicyArn=arn)["Versions"]:
        if not version["IsDefaultVersion"]:
            iam("DeletePolicyVersion", PolicyArn=arn, VersionId=version["VersionId"])
    assert iam("DeletePolicy", PolicyArn=arn) == {}
    assert iam.refused("GetPolicy", PolicyArn=arn) == (404, "NoSuchEntity", f"Policy {arn} was not found.")


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
