"""Roles on the wire, as boto3, the CLI and terraform ask for them."""

import json
from typing import Any
from urllib.parse import quote, unquote

import pytest

from cargohold.identity.accounts import NewKey
from cargohold.identity.quotas import Quotas

from .conftest import ACCOUNT, NOON, OTHER, Wire
from .query import Query, client
from .recordings import assert_as_recorded, recorded

ABSENT = (404, "NoSuchEntity", "The role with name nobody cannot be found.")
READ_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
ENCODED_SOURCE = "arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Faaeeieije"


def trusting(principal: Any, **members: Any) -> str:
    """A trust policy."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **members}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


EC2 = trusting({"Service": "ec2.amazonaws.com"})


@pytest.fixture
def iam(wire: Wire) -> Query:
    """IAM, asked by the account's administrator."""
    return client(wire, "iam")


def read(reply: Any) -> Any:
    """A parsed reply with the documents in it decoded, as boto3 gives them."""
    if isinstance(reply, list):
        return [read(each) for each in reply]
    if not isinstance(reply, dict):
        return reply
    documents = ("AssumeRolePolicyDocument", "PolicyDocument", "Document")
    return {name: json.loads(unquote(each)) if name in documents else read(each) for name, each in reply.items()}


def send(iam: Query, operation: str, **members: Any) -> Any:
    return read(iam.send(operation, members)[1])


def assume(wire: Wire, role: str) -> Query:
    """STS, asked by a session of the role, which the administrator begins."""
    sts = client(wire, "sts")
    asked = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/{role}", "RoleSessionName": "build"}
    given = sts("AssumeRole", **asked)["Credentials"]
    return sts.by(NewKey(given["AccessKeyId"], given["SecretAccessKey"]), given["SessionToken"])


# As AWS answered


def test_create_get_and_list_as_recorded(iam: Query) -> None:
    """CreateRole, GetRole and ListRoles answer with the members that AWS answered with."""
    theirs = recorded("iam", "TestIAMIntegrations::test_create_describe_role")
    known = {"<partition>": "aws", "<path-prefix>": "ci"}
    made = send(iam, "CreateRole", RoleName="deploy", Path="/ci/", AssumeRolePolicyDocument=EC2)
    assert_as_recorded(made, theirs["create_role_result"], ACCOUNT, known)
    assert_as_recorded(send(iam, "GetRole", RoleName="deploy"), theirs["get_role_result"], ACCOUNT, known)
    assert_as_recorded(send(iam, "ListRoles", PathPrefix="/ci/"), theirs["list_roles_result"], ACCOUNT, known)


def test_tags_as_recorded(iam: Query) -> None:
    """CreateRole and GetRole answer with the tags, ListRoles without them."""
    theirs = recorded("iam", "TestRoles::test_role_with_tags")
    known = {"<partition>": "aws"}
    members = {"RoleName": "deploy", "Path": "/role-with-tags/", "AssumeRolePolicyDocument": EC2}
    made = send(iam, "CreateRole", **members, Tags=[{"Key": "test", "Value": "value"}])
    assert_as_recorded(made, theirs["create-role-response"], ACCOUNT, known)
    assert_as_recorded(send(iam, "GetRole", RoleName="deploy"), theirs["get-role-response"], ACCOUNT, known)
    listed = send(iam, "ListRoles", PathPrefix="/role-with-tags/")
    assert_as_recorded(listed, theirs["list-role-response"], ACCOUNT, known)


def test_boundary_as_recorded(iam: Query) -> None:
    """ListRoles does not tell a role's permissions boundary."""
    theirs = recorded("iam", "TestIAMIntegrations::test_list_roles_with_permission_boundary")
    known = {"<partition>": "aws", "<path-prefix>": "ci"}
    made = send(iam, "CreateRole", RoleName="deploy", Path="/ci/", AssumeRolePolicyDocument=EC2)
    assert_as_recorded(made, theirs["created_role"], ACCOUNT, known)
    iam("PutRolePermissionsBoundary", RoleName="deploy", PermissionsBoundary=READ_ONLY)
    assert_as_recorded(send(iam, "ListRoles", PathPrefix="/ci/"), theirs["list_roles_result"], ACCOUNT, known)


@pytest.mark.parametrize("path", ["/", "/ci/", "/a/b/c/"])
def test_path_as_recorded(iam: Query, path: str) -> None:
    """A role under a path is made, read and deleted as AWS did it."""
    theirs = recorded("iam", "TestIAMExtensions::test_role_with_path_lifecycle")
    known = {"<partition>": "aws", "<path>": path}
    document = trusting({"Service": "lambda.amazonaws.com"})
    made = send(iam, "CreateRole", RoleName="deploy", Path=path, AssumeRolePolicyDocument=document)
    assert_as_recorded(made, theirs["create-role-response"], ACCOUNT, known)
    assert_as_recorded(send(iam, "GetRole", RoleName="deploy"), theirs["get-role-response"], ACCOUNT, known)
    assert_as_recorded(send(iam, "DeleteRole", RoleName="deploy"), theirs["delete-role-response"], ACCOUNT, known)


def test_trust_policy_as_recorded(iam: Query) -> None:
    """UpdateAssumeRolePolicy answers with nothing, and what is no JSON is refused in AWS's words."""
    theirs = recorded("iam", "TestIAMIntegrations::test_update_assume_role_policy")
    document = trusting({"Service": ["ec2.amazonaws.com"]}, Action=["sts:AssumeRole"])
    made = send(iam, "CreateRole", RoleName="deploy", AssumeRolePolicyDocument=document)
    assert_as_recorded(made, theirs["created_role"], ACCOUNT)
    changed = send(iam, "UpdateAssumeRolePolicy", RoleName="deploy", PolicyDocument=EC2)
    assert_as_recorded(changed, theirs["updated_policy"], ACCOUNT)
    theirs = recorded("iam", "TestIAMExtensions::test_create_role_with_malformed_assume_role_policy_document")
    refused = send(iam, "CreateRole", RoleName="x", AssumeRolePolicyDocument='{"foo": bar}')
    assert_as_recorded(refused, theirs["invalid-json"], ACCOUNT)


def test_encoding_as_recorded(iam: Query) -> None:
    """What was already written with percent signs is read back with them: documents are encoded once, decoded once."""
    theirs = recorded("iam", "TestIAMPolicyEncoding::test_put_role_policy_encoding")
    known = {"<partition>": "aws", "<region>": "us-east-1", "<path:1>": "/ci/"}
    condition = {"StringEquals": {"aws:SourceArn": ENCODED_SOURCE}}
    document = trusting({"Service": "lambda.amazonaws.com"}, Condition=condition)
    made = send(iam, "CreateRole", RoleName="deploy", Path="/ci/", AssumeRolePolicyDocument=document)
    assert_as_recorded(made, theirs["create-role-response"], ACCOUNT, known)
    resource = f"arn:aws:apigateway:us-east-1::/tags/{ENCODED_SOURCE}"
    statement = {"Effect": "Allow", "Action": ["apigatway:PUT"], "Resource": [resource]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam("PutRolePolicy", RoleName="deploy", PolicyName="p", PolicyDocument=policy)
    got = send(iam, "GetRolePolicy", RoleName="deploy", PolicyName="p")
    assert_as_recorded(got, theirs["get-policy-response"], ACCOUNT, known)
    assert_as_recorded(send(iam, "GetRole", RoleName="deploy"), theirs["get-role-response"], ACCOUNT, known)
    listed = send(iam, "ListRoles", PathPrefix="/ci/")
    assert_as_recorded(listed, theirs["list-roles-response"], ACCOUNT, known)


# What else there is


def test_everything_is_read_back(iam: Query) -> None:
    """What CreateRole was given GetRole gives back; the document is the given text, encoded as RFC 3986 has it."""
    document = EC2.replace(",", " ,\n\t") + " "
    tags = [{"Key": "Cost Center", "Value": "42"}, {"Key": "Straße", "Value": ""}]
    members = {"RoleName": "Deploy", "Path": "/ci/", "AssumeRolePolicyDocument": document, "Tags": tags}
    options = {"Description": "naïve & <b>", "MaxSessionDuration": 43_200, "PermissionsBoundary": READ_ONLY}
    made = iam("CreateRole", **members, **options)["Role"]
    assert made["AssumeRolePolicyDocument"] == quote(document, safe="")
    boundary = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": READ_ONLY}
    assert (made["Description"], made["Tags"], made["PermissionsBoundary"]) == ("naïve & <b>", tags, boundary)
    assert made["CreateDate"].timestamp() * 1000 == NOON
    got = iam("GetRole", RoleName="deploy")["Role"]
    assert got == made | {"MaxSessionDuration": 43_200, "RoleLastUsed": {}}
    plain = {name: each for name, each in got.items() if name not in ("Tags", "PermissionsBoundary", "RoleLastUsed")}
    assert iam("ListRoles", PathPrefix="/ci/")["Roles"] == [plain]


def test_use_is_told(wire: Wire, iam: Query) -> None:
    """GetRole tells when and where a role was last used, once it was."""
    iam("CreateRole", RoleName="deploy", AssumeRolePolicyDocument=trusting({"AWS": ACCOUNT}))
    assume(wire, "deploy")("GetCallerIdentity")
    wire.runner.run(wire.uses.settled())
    used = iam("GetRole", RoleName="deploy")["Role"]["RoleLastUsed"]
    assert (used["LastUsedDate"].timestamp() * 1000, used["Region"]) == (NOON, "us-east-1")


@pytest.mark.parametrize(("seconds", "fails"), [(3_599, "greater"), (3_600, ""), (43_200, ""), (43_201, "less")])
def test_longest_session(iam: Query, seconds: int, fails: str) -> None:
    """A role's sessions may be allowed an hour to twelve, and nothing else."""
    members = {"RoleName": "deploy", "AssumeRolePolicyDocument": EC2, "MaxSessionDuration": seconds}
    if not fails:
        iam("CreateRole", **members)
        assert iam("GetRole", RoleName="deploy")["Role"]["MaxSessionDuration"] == seconds
        return
    edge = 3_600 if fails == "greater" else 43_200
    sentence = (
        f"1 validation error detected: Value '{seconds}' at 'maxSessionDuration' failed to satisfy constraint: "
        f"Member must have value {fails} than or equal to {edge}"
    )
    assert iam.refused("CreateRole", **members) == (400, "ValidationError", sentence)


def test_update(iam: Query) -> None:
    """UpdateRole changes what it is given; UpdateRoleDescription answers with the role."""
    iam("CreateRole", RoleName="deploy", AssumeRolePolicyDocument=EC2, Description="d")
    assert iam("UpdateRole", RoleName="deploy", MaxSessionDuration=7_200) == {}
    role = iam("UpdateRoleDescription", RoleName="deploy", Description="e")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("e", 7_200)
    iam("UpdateRole", RoleName="deploy", Description="")
    assert iam("GetRole", RoleName="deploy")["Role"]["Description"] == ""


def test_refusals(iam: Query) -> None:
    """Names that are taken, roles that are not there and whom nobody is are refused in AWS's words."""
    iam("CreateRole", RoleName="deploy", AssumeRolePolicyDocument=EC2)
    taken = (409, "EntityAlreadyExists", "Role with name Deploy already exists.")
    assert iam.refused("CreateRole", RoleName="Deploy", AssumeRolePolicyDocument=EC2) == taken
    for operation, members in (
        ("GetRole", {}),
        ("DeleteRole", {}),
        ("UpdateRole", {}),
        ("UpdateRoleDescription", {"Description": ""}),
        ("UpdateAssumeRolePolicy", {"PolicyDocument": EC2}),
        ("TagRole", {"Tags": [{"Key": "k", "Value": "v"}]}),
        ("UntagRole", {"TagKeys": ["k"]}),
        ("ListRoleTags", {}),
        ("ListInstanceProfilesForRole", {}),
        ("PutRolePermissionsBoundary", {"PermissionsBoundary": READ_ONLY}),
        ("DeleteRolePermissionsBoundary", {}),
    ):
        assert iam.refused(operation, RoleName="nobody", **members) == ABSENT
    ghost = trusting({"AWS": f"arn:aws:iam::{ACCOUNT}:user/ghost"})
    unknown = f'Invalid principal in policy: "AWS":"arn:aws:iam::{ACCOUNT}:user/ghost"'
    refusal = (400, "MalformedPolicyDocument", unknown)
    assert iam.refused("UpdateAssumeRolePolicy", RoleName="deploy", PolicyDocument=ghost) == refusal


def test_sizes(iam: Query) -> None:
    """A trust policy has 2,048 characters at most."""
    longer = trusting({"Service": "ec2.amazonaws.com"}, Sid="x" * 2_048)
    refusal = (409, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")
    assert iam.refused("CreateRole", RoleName="deploy", AssumeRolePolicyDocument=longer) == refusal


@pytest.mark.parametrize("limit", [1, 2, 7, 8, 1_000])
def test_pages(iam: Query, limit: int) -> None:
    """Every role is on one page, and a Marker of another list, prefix or account is refused."""
    for number in range(8):
        path = "/even/" if number % 2 == 0 else "/"
        iam("CreateRole", RoleName=f"r{number}", Path=path, AssumeRolePolicyDocument=EC2)
    roles = iam.every("ListRoles", "Roles", MaxItems=limit)
    assert [each["RoleName"] for each in roles] == [f"r{number}" for number in range(8)]
    even = iam.every("ListRoles", "Roles", MaxItems=limit, PathPrefix="/even/")
    assert [each["RoleName"] for each in even] == ["r0", "r2", "r4", "r6"]


def test_markers(wire: Wire, iam: Query) -> None:
    """A Marker of another list, prefix or account, and one that was changed, is refused."""
    for number in range(2):
        iam("CreateRole", RoleName=f"r{number}", AssumeRolePolicyDocument=EC2)
    marker = iam("ListRoles", MaxItems=1)["Marker"]
    refusal = (400, "ValidationError", "Invalid Marker.")
    assert iam.refused("ListRoles", Marker=marker, PathPrefix="/x/") == refusal
    assert iam.refused("ListUsers", Marker=marker) == refusal
    assert iam.refused("ListRoles", Marker=marker[:-2] + "AA") == refusal
    assert client(wire, "iam", OTHER).refused("ListRoles", Marker=marker) == refusal


def test_tags(iam: Query) -> None:
    """Tags are added, listed page by page and taken away."""
    iam("CreateRole", RoleName="deploy", AssumeRolePolicyDocument=EC2)
    tags = [{"Key": f"k{number}", "Value": str(number)} for number in range(5)]
    iam("TagRole", RoleName="deploy", Tags=tags)
    assert iam.every("ListRoleTags", "Tags", RoleName="deploy", MaxItems=2) == tags
    iam("UntagRole", RoleName="DEPLOY", TagKeys=["K0", "absent"])
    assert iam("ListRoleTags", RoleName="deploy")["Tags"] == tags[1:]
    twice = [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]
    sentence = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
    assert iam.refused("TagRole", RoleName="deploy", Tags=twice) == (400, "InvalidInput", sentence)


def test_long_tags_have_pages(iam: Query) -> None:
    """Keys of 128 characters, whichever, are listed page by page: no Marker is longer than AWS's may be."""
    iam("CreateRole", RoleName="deploy", AssumeRolePolicyDocument=EC2)
    tags = [{"Key": letter * 127 + number, "Value": letter * 256} for letter in "aж\U00020000" for number in "12"]
    iam("TagRole", RoleName="deploy", Tags=tags)
    for limit in (1, 2, 5):
        assert iam.every("ListRoleTags", "Tags", RoleName="deploy", MaxItems=limit) == tags
    marker = iam("ListRoleTags", RoleName="deploy", MaxItems=5)["Marker"]
    assert len(marker) <= 320
    iam("UntagRole", RoleName="deploy", TagKeys=[tags[4]["Key"]])
    assert tags[5] in iam("ListRoleTags", RoleName="deploy", Marker=marker)["Tags"]


def test_a_description_keeps_its_lines(iam: Query) -> None:
    """Line ends of every kind, which an XML parser would make one of, are read back as they were written."""
    text = "one\r\ntwo\rthree\tfour\nfive"
    iam("CreateRole", RoleName="deploy", AssumeRolePolicyDocument=EC2, Description=text)
    assert iam("GetRole", RoleName="deploy")["Role"]["Description"] == text


def test_quota_of_tags(wire_with: Any) -> None:
    """The tag over the quota is refused."""
    iam = client(wire_with(Quotas(tags=1)), "iam")
    tags = [{"Key": name, "Value": ""} for name in "ab"]
    refusal = (409, "LimitExceeded", "The number of tags has reached the maximum limit.")
    assert iam.refused("CreateRole", RoleName="deploy", AssumeRolePolicyDocument=EC2, Tags=tags) == refusal


def test_deleting_ends_sessions(wire: Wire, iam: Query) -> None:
    """With its role a session ends at once, and one of its name made anew does not wake it."""
    trust = trusting({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    iam("CreateRole", RoleName="deploy", AssumeRolePolicyDocument=trust)
    session = assume(wire, "deploy")
    assert session("GetCallerIdentity")["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/build"
    iam("DeleteRole", RoleName="deploy")
    iam("CreateRole", RoleName="deploy", AssumeRolePolicyDocument=trust)
    ended = (403, "InvalidClientTokenId", "The security token included in the request is invalid.")
    assert session.refused("GetCallerIdentity") == ended


# As terraform does it


def test_terraforms_role(iam: Query) -> None:
    """aws_iam_role is made, read back, changed member by member, and deleted after its lists were read."""
    iam("CreateRole", RoleName="tf", Path="/", AssumeRolePolicyDocument=EC2, MaxSessionDuration=3_600)
    for _ in range(2):
        assert iam("GetRole", RoleName="tf")["Role"]["MaxSessionDuration"] == 3_600
        assert iam("ListRolePolicies", RoleName="tf") == {"PolicyNames": [], "IsTruncated": False}
        assert iam("ListAttachedRolePolicies", RoleName="tf") == {"AttachedPolicies": [], "IsTruncated": False}
    iam("UpdateAssumeRolePolicy", RoleName="tf", PolicyDocument=trusting({"Service": "ecs-tasks.amazonaws.com"}))
    iam("UpdateRoleDescription", RoleName="tf", Description="by terraform")
    iam("UpdateRole", RoleName="tf", MaxSessionDuration=7_200)
    iam("PutRolePermissionsBoundary", RoleName="tf", PermissionsBoundary=READ_ONLY)
    iam("TagRole", RoleName="tf", Tags=[{"Key": "by", "Value": "terraform"}])
    role = read(iam("GetRole", RoleName="tf"))["Role"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
    assert (role["Description"], role["MaxSessionDuration"]) == ("by terraform", 7_200)
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == READ_ONLY
    iam("DeleteRolePermissionsBoundary", RoleName="tf")
    iam("UntagRole", RoleName="tf", TagKeys=["by"])
    assert not {"PermissionsBoundary", "Tags"} & iam("GetRole", RoleName="tf")["Role"].keys()
    empty = {"InstanceProfiles": [], "IsTruncated": False}
    assert iam("ListInstanceProfilesForRole", RoleName="tf") == empty
    assert iam("ListAttachedRolePolicies", RoleName="tf")["AttachedPolicies"] == []
    assert iam("ListRolePolicies", RoleName="tf")["PolicyNames"] == []
    assert iam("DeleteRole", RoleName="tf") == {}
    assert iam.refused("GetRole", RoleName="tf")[:2] == (404, "NoSuchEntity")


def test_terraforms_forced_detachment(iam: Query) -> None:
    """A role with force_detach_policies is deleted after everything that its lists name is taken from it."""
    iam("CreateRole", RoleName="tf", AssumeRolePolicyDocument=EC2)
    iam("AttachRolePolicy", RoleName="tf", PolicyArn=READ_ONLY)
    iam("PutRolePolicy", RoleName="tf", PolicyName="p", PolicyDocument=ALLOW_ECR)
    conflict = "Cannot delete entity, must delete policies first."
    assert iam.refused("DeleteRole", RoleName="tf") == (409, "DeleteConflict", conflict)
    for name in iam("ListRolePolicies", RoleName="tf")["PolicyNames"]:
        iam("DeleteRolePolicy", RoleName="tf", PolicyName=name)
    conflict = "Cannot delete entity, must detach all policies first."
    assert iam.refused("DeleteRole", RoleName="tf") == (409, "DeleteConflict", conflict)
    for policy in iam("ListAttachedRolePolicies", RoleName="tf")["AttachedPolicies"]:
        iam("DetachRolePolicy", RoleName="tf", PolicyArn=policy["PolicyArn"])
    iam("DeleteRole", RoleName="tf")


ALLOW_ECR = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}]}
)
