"""Managed and inline policies on the wire, attached to users, groups and roles."""

import json
from typing import Any
from urllib.parse import quote, unquote

import pytest

from .conftest import ACCOUNT, NOON, OTHER, Wire
from .query import Query, client
from .recordings import assert_as_recorded, recorded

READ_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
PUSH = f"arn:aws:iam::{ACCOUNT}:policy/team/push"
KINDS = ("User", "Group", "Role")


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
