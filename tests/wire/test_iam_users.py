"""Users on the wire, as boto3, the CLI and terraform ask for them."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from cargohold.identity.quotas import Quotas

from .conftest import ACCOUNT, NOON, OTHER, Wire
from .query import Query, client
from .recordings import assert_as_recorded, recorded

ABSENT = (404, "NoSuchEntity", "The user with name nobody cannot be found.")
OF_A_USER = "TestIAMServiceSpecificCredentials::test_service_specific_credential_lifecycle[codecommit.amazonaws.com]"
OF_NOBODY = "TestIAMServiceSpecificCredentials::test_create_service_specific_credential_invalid_user"
OF_ANOTHER_SERVICE = "TestIAMServiceSpecificCredentials::test_list_service_specific_credential_different_service"


@pytest.fixture
def iam(wire: Wire) -> Query:
    """IAM, asked by the account's administrator."""
    return client(wire, "iam")


def may(iam: Query, user: str, action: str | list[str], resource: str = "*", **more: Any) -> None:
    """Lets a user do something, by an inline policy."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam("PutUserPolicy", UserName=user, PolicyName="may", PolicyDocument=document)


def test_create_as_recorded(iam: Query) -> None:
    """CreateUser answers as AWS did."""
    theirs = recorded("iam", OF_A_USER)["create-user-response"]
    _, ours = iam.send("CreateUser", {"UserName": "alice"})
    assert_as_recorded(ours, theirs, ACCOUNT)


def test_nobody_as_recorded(iam: Query) -> None:
    """A user that is not there is refused as AWS did."""
    theirs = recorded("iam", OF_NOBODY)["invalid-user-name-exception"]
    _, ours = iam.send("GetUser", {"UserName": "non-existent-user"})
    assert_as_recorded(ours, theirs, ACCOUNT)


def test_create_get_and_list(iam: Query) -> None:
    """What CreateUser made is read back as it was written; lists leave tags and boundary out, as on AWS."""
    tags = [{"Key": "Cost Center", "Value": "42"}, {"Key": "Straße", "Value": ""}]
    boundary = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
    made = iam("CreateUser", UserName="Alice", Path="/team/red/", Tags=tags, PermissionsBoundary=boundary)["User"]
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/team/red/Alice"
    assert made["CreateDate"].timestamp() * 1000 == NOON
    assert made["Tags"] == tags
    assert made["PermissionsBoundary"] == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary}
    assert iam("GetUser", UserName="alice")["User"] == made
    plain = {name: value for name, value in made.items() if name not in ("Tags", "PermissionsBoundary")}
    assert iam("ListUsers", PathPrefix="/team/") == {"Users": [plain], "IsTruncated": False}


def test_the_caller(iam: Query) -> None:
    """GetUser without a name is about whoever asks."""
    assert iam("GetUser")["User"]["UserName"] == "administrator"
    alice = iam.by_new_user("alice")
    may(iam, "alice", "iam:GetUser", f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}")
    assert alice("GetUser")["User"]["UserName"] == "alice"
    denied = alice.refused("GetUser", UserName="administrator")
    assert denied[:2] == (403, "AccessDenied")
    assert f"iam:GetUser on resource: arn:aws:iam::{ACCOUNT}:user/administrator" in denied[2]


def test_a_role_is_no_user(wire: Wire, iam: Query) -> None:
    """A role's session that asks for its own user, or its own keys, is told to name one."""
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    role = iam("CreateRole", RoleName="operator", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    access = "arn:aws:iam::aws:policy/AdministratorAccess"
    iam("AttachRolePolicy", RoleName="operator", PolicyArn=access)
    session = client(wire, "sts")("AssumeRole", RoleArn=role, RoleSessionName="alice")["Credentials"]
    key = type(iam.key)(session["AccessKeyId"], session["SecretAccessKey"])
    operator = iam.by(key, session["SessionToken"])
    iam("CreateUser", UserName="alice")
    unnamed = (400, "ValidationError", "Must specify userName when calling with non-User credentials")
    assert operator.refused("GetUser") == unnamed
    assert operator.refused("ListAccessKeys") == unnamed
    assert operator("GetUser", UserName="alice")["User"]["UserName"] == "alice"


def test_taken_names(iam: Query) -> None:
    """A name is taken in whichever case, by CreateUser and by UpdateUser."""
    iam("CreateUser", UserName="Alice")
    iam("CreateUser", UserName="bob")
    assert iam.refused("CreateUser", UserName="ALICE") == (
        409,
        "EntityAlreadyExists",
        "User with name ALICE already exists.",
    )
    assert iam.refused("UpdateUser", UserName="bob", NewUserName="alice")[:2] == (409, "EntityAlreadyExists")


def test_update(iam: Query) -> None:
    """UpdateUser moves and renames a user, who keeps id, keys and policies; an empty answer says that it is done."""
    made = iam("CreateUser", UserName="alice")["User"]
    key = iam.new_key("alice")
    may(iam, "alice", "iam:GetUser")
    assert iam("UpdateUser", UserName="alice", NewUserName="Eve", NewPath="/moved/") == {}
    assert iam.refused("GetUser", UserName="alice")[1] == "NoSuchEntity"
    renamed = iam.by(key)("GetUser")["User"]
    assert renamed == made | {"UserName": "Eve", "Path": "/moved/", "Arn": f"arn:aws:iam::{ACCOUNT}:user/moved/Eve"}


def test_update_needs_both_ends(iam: Query) -> None:
    """Whoever renames or moves a user needs to be allowed that of the user as it is, and as it becomes."""
    deputy = iam.by_new_user("deputy")
    may(iam, "deputy", "iam:UpdateUser", f"arn:aws:iam::{ACCOUNT}:user/team/*")
    iam("CreateUser", UserName="alice", Path="/team/")
    iam("CreateUser", UserName="bob")
    deputy("UpdateUser", UserName="alice", NewUserName="carol")
    out = deputy.refused("UpdateUser", UserName="carol", NewPath="/")
    assert f"iam:UpdateUser on resource: arn:aws:iam::{ACCOUNT}:user/carol" in out[2]
    into = deputy.refused("UpdateUser", UserName="bob", NewPath="/team/")
    assert f"iam:UpdateUser on resource: arn:aws:iam::{ACCOUNT}:user/bob" in into[2]
    assert iam("GetUser", UserName="carol")["User"]["Path"] == "/team/"


def test_terraform_deletes(iam: Query) -> None:
    """A user goes as terraform and the CLI take it away: each list is asked, each thing removed, then the user."""
    iam("CreateUser", UserName="alice")
    iam("CreateGroup", GroupName="admins")
    iam("AddUserToGroup", GroupName="admins", UserName="alice")
    access = "arn:aws:iam::aws:policy/AdministratorAccess"
    iam("AttachUserPolicy", UserName="alice", PolicyArn=access)
    may(iam, "alice", "ecr:*")
    key = iam.new_key("alice").access_key_id
    conflict = (409, "DeleteConflict")
    steps: list[tuple[str, str, dict[str, str]]] = [
        ("delete policies", "DeleteUserPolicy", {"UserName": "alice", "PolicyName": "may"}),
        ("detach all policies", "DetachUserPolicy", {"UserName": "alice", "PolicyArn": access}),
        ("delete access keys", "DeleteAccessKey", {"UserName": "alice", "AccessKeyId": key}),
        ("remove users from group", "RemoveUserFromGroup", {"UserName": "alice", "GroupName": "admins"}),
    ]
    for before, operation, members in steps:
        refused = iam.refused("DeleteUser", UserName="alice")
        assert refused == (*conflict, f"Cannot delete entity, must {before} first.")
        assert iam(operation, **members) == {}
    assert iam("ListGroupsForUser", UserName="alice") == {"Groups": [], "IsTruncated": False}
    assert iam("ListAccessKeys", UserName="alice") == {"AccessKeyMetadata": [], "IsTruncated": False}
    nothing = {
        "ListSSHPublicKeys": "SSHPublicKeys",
        "ListMFADevices": "MFADevices",
        "ListSigningCertificates": "Certificates",
    }
    for operation, result in nothing.items():
        assert iam(operation, UserName="alice") == {result: [], "IsTruncated": False}
    assert iam("ListVirtualMFADevices", AssignmentStatus="Any") == {"VirtualMFADevices": [], "IsTruncated": False}
    no_password = (404, "NoSuchEntity", "Login Profile for User alice cannot be found.")
    assert iam.refused("GetLoginProfile", UserName="ALICE") == no_password
    assert iam.refused("DeleteLoginProfile", UserName="alice") == no_password
    assert iam("DeleteUser", UserName="alice") == {}
    for operation in (*nothing, "GetLoginProfile", "DeleteLoginProfile", "GetUser", "DeleteUser", "ListUserTags"):
        assert iam.refused(operation, UserName="nobody") == ABSENT


def test_service_specific_credentials_as_recorded(iam: Query) -> None:
    """A user without credentials of other services answers as AWS did, for one user and for all."""
    theirs = recorded("iam", OF_ANOTHER_SERVICE)["list-service-specific-credentials-response-wrong-service"]
    iam("CreateUser", UserName="alice")
    answer = iam("ListServiceSpecificCredentials", UserName="alice")
    assert answer["ServiceSpecificCredentials"] == theirs["ServiceSpecificCredentials"] == []
    assert iam("ListServiceSpecificCredentials", AllUsers=True)["ServiceSpecificCredentials"] == []
    assert iam.refused("ListServiceSpecificCredentials", UserName="nobody") == ABSENT


def test_a_deleted_user_is_nobody(iam: Query) -> None:
    """The key of a deleted user opens nothing, and whoever is made under its name is another user."""
    alice = iam.by_new_user("alice")
    old = iam("GetUser", UserName="alice")["User"]["UserId"]
    iam("DeleteAccessKey", UserName="alice", AccessKeyId=alice.key.access_key_id)
    iam("DeleteUser", UserName="alice")
    assert alice.refused("GetUser") == (
        403,
        "InvalidClientTokenId",
        "The security token included in the request is invalid.",
    )
    assert iam("CreateUser", UserName="alice")["User"]["UserId"] != old


def test_pages_to_the_end(iam: Query) -> None:
    """ListUsers gives every user once, page after page, whatever their size."""
    for number in range(7):
        iam("CreateUser", UserName=f"user-{number}", Path="/many/")
    expected = [f"user-{number}" for number in range(7)]
    for size in (1, 3, 7, 1000):
        users = iam.every("ListUsers", "Users", PathPrefix="/many/", MaxItems=size)
        assert [user["UserName"] for user in users] == expected
    assert len(iam.every("ListUsers", "Users")) == 8


def test_markers_are_of_one_list(iam: Query) -> None:
    """A Marker is refused when it was changed, invented, or issued for another path, operation or account."""
    for number in range(3):
        iam("CreateUser", UserName=f"user-{number}", Path="/many/")
        iam("CreateGroup", GroupName=f"group-{number}", Path="/many/")
    iam("CreateUser", UserName="other", Path="/")
    marker = iam("ListUsers", PathPrefix="/many/", MaxItems=1)["Marker"]
    assert len(iam("ListUsers", PathPrefix="/many/", Marker=marker)["Users"]) == 2
    invalid = (400, "ValidationError", "Invalid Marker.")
    assert iam.refused("ListUsers", Marker=marker) == invalid
    assert iam.refused("ListGroups", PathPrefix="/many/", Marker=marker) == invalid
    assert iam.refused("ListUsers", PathPrefix="/many/", Marker=marker[:-1]) == invalid
    assert iam.refused("ListUsers", PathPrefix="/many/", Marker="AAAA") == invalid
    elsewhere = client(iam.wire, "iam", OTHER)
    assert elsewhere.refused("ListUsers", PathPrefix="/many/", Marker=marker) == invalid


@pytest.mark.parametrize(
    ("operation", "members", "value", "constraint"),
    [
        ("CreateUser", {}, "null at 'userName'", "not be null"),
        ("CreateUser", {"UserName": "a" * 65}, f"'{'a' * 65}' at 'userName'", "have length less than or equal to 64"),
        (
            "CreateUser",
            {"UserName": "a/b"},
            "'a/b' at 'userName'",
            r"satisfy regular expression pattern: [\w+=,.@-]+",
        ),
        (
            "CreateUser",
            {"UserName": "a", "Path": "team/"},
            "'team/' at 'path'",
            r"satisfy regular expression pattern: (\u002F)|(\u002F[\u0021-\u007E]+\u002F)",
        ),
        ("ListUsers", {"MaxItems": 1001}, "'1001' at 'maxItems'", "have value less than or equal to 1000"),
        ("ListUsers", {"MaxItems": 0}, "'0' at 'maxItems'", "have value greater than or equal to 1"),
        (
            "TagUser",
            {"UserName": "alice", "Tags": [{"Key": "a!", "Value": "v"}]},
            "'a!' at 'tags.1.member.key'",
            r"satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+",
        ),
    ],
)
def test_members_of_the_wrong_form(
    iam: Query, operation: str, members: dict[str, Any], value: str, constraint: str
) -> None:
    """A member that breaks the model's constraints is refused in the words of AWS's validation."""
    sentence = f"1 validation error detected: Value {value} failed to satisfy constraint: Member must {constraint}"
    assert iam.refused(operation, **members) == (400, "ValidationError", sentence)


def test_edges_of_the_form(iam: Query) -> None:
    """The longest name, path, tag key and tag value are taken as they are."""
    name, path = "a" * 64, f"/{'p' * 510}/"
    tags = [{"Key": "ключ" * 32, "Value": "値" * 256}]
    made = iam("CreateUser", UserName=name, Path=path, Tags=tags)["User"]
    assert (made["UserName"], made["Path"], made["Tags"]) == (name, path, tags)


def test_tags(iam: Query) -> None:
    """Tags are added, replaced regardless of case, taken away and listed to the end."""
    iam("CreateUser", UserName="alice", Tags=[{"Key": "team", "Value": "red"}])
    assert iam("TagUser", UserName="alice", Tags=[{"Key": "Team", "Value": "blue"}, {"Key": "a", "Value": "1"}]) == {}
    wanted = [{"Key": "a", "Value": "1"}, {"Key": "Team", "Value": "blue"}]
    assert iam("ListUserTags", UserName="alice") == {"Tags": wanted, "IsTruncated": False}
    assert iam.every("ListUserTags", "Tags", UserName="alice", MaxItems=1) == wanted
    assert iam("GetUser", UserName="alice")["User"]["Tags"] == wanted
    assert iam("UntagUser", UserName="alice", TagKeys=["TEAM", "absent"]) == {}
    assert iam("ListUserTags", UserName="alice")["Tags"] == wanted[:1]


def test_tags_that_may_not_be(iam: Query) -> None:
    """A key given twice, a reserved key and one tag too many are refused, and nothing of their request is kept."""
    iam("CreateUser", UserName="alice")
    twice = [{"Key": "Team", "Value": "a"}, {"Key": "team", "Value": "b"}]
    duplicate = (400, "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    assert iam.refused("TagUser", UserName="alice", Tags=twice) == duplicate
    assert iam.refused("CreateUser", UserName="bob", Tags=twice) == duplicate
    assert iam.refused("TagUser", UserName="alice", Tags=[{"Key": "aws:x", "Value": "a"}])[:2] == (400, "InvalidInput")
    fifty = [{"Key": f"key-{number}", "Value": "v"} for number in range(50)]
    iam("TagUser", UserName="alice", Tags=fifty)
    full = (409, "LimitExceeded", "The number of tags has reached the maximum limit.")
    assert iam.refused("TagUser", UserName="alice", Tags=[{"Key": "more", "Value": "v"}]) == full
    many = [*fifty, {"Key": "more", "Value": "v"}]
    assert iam.refused("CreateUser", UserName="bob", Tags=many)[1] == "ValidationError"
    assert len(iam.every("ListUserTags", "Tags", UserName="alice")) == 50


def test_tags_in_policies(iam: Query) -> None:
    """Who creates and tags users may be bound to tags: those of the request, their keys, and those of the user."""
    deputy = iam.by_new_user("deputy")
    creating = ["iam:CreateUser", "iam:TagUser"]
    may(iam, "deputy", creating, Condition={"StringEquals": {"aws:RequestTag/team": "red"}})
    deputy("CreateUser", UserName="alice", Tags=[{"Key": "team", "Value": "red"}])
    assert deputy.refused("CreateUser", UserName="bob", Tags=[{"Key": "team", "Value": "blue"}])[1] == "AccessDenied"
    assert deputy.refused("CreateUser", UserName="bob")[1] == "AccessDenied"
    may(iam, "deputy", "iam:CreateUser")
    untagged = deputy.refused("CreateUser", UserName="bob", Tags=[{"Key": "team", "Value": "red"}])
    assert f"iam:TagUser on resource: arn:aws:iam::{ACCOUNT}:user/bob" in untagged[2]
    may(iam, "deputy", "iam:DeleteUser", Condition={"StringEquals": {"iam:ResourceTag/team": "red"}})
    iam("CreateUser", UserName="carol")
    assert deputy.refused("DeleteUser", UserName="carol")[1] == "AccessDenied"
    assert deputy("DeleteUser", UserName="alice") == {}


def test_what_a_denied_list_names(iam: Query) -> None:
    """A denied list is told on the path that it was asked for, as on AWS."""
    alice = iam.by_new_user("alice")
    denied = alice.refused("ListUsers", PathPrefix="/team/")[2]
    assert f"iam:ListUsers on resource: arn:aws:iam::{ACCOUNT}:user/team/ because no identity-based policy" in denied
    may(iam, "alice", "iam:ListUsers", f"arn:aws:iam::{ACCOUNT}:user/*")
    assert len(alice("ListUsers")["Users"]) == 2


def test_quota(wire_with: Callable[..., Wire]) -> None:
    """The account's last user is made, and one more refused by the quota's name."""
    iam = client(wire_with(quotas=Quotas(users=2)), "iam")
    iam("CreateUser", UserName="alice")
    full = (409, "LimitExceeded", "Cannot exceed quota for UsersPerAccount: 2")
    assert iam.refused("CreateUser", UserName="bob") == full
    assert iam("GetAccountSummary")["SummaryMap"]["UsersQuota"] == 2


def test_accounts_do_not_meet(wire: Wire, iam: Query) -> None:
    """One account's users are neither listed nor found from another, whose administrator may do everything there."""
    iam("CreateUser", UserName="alice")
    other = client(wire, "iam", OTHER)
    assert other.refused("GetUser", UserName="alice")[1] == "NoSuchEntity"
    assert [user["UserName"] for user in other("ListUsers")["Users"]] == ["administrator"]
    assert other.refused("DeleteUser", UserName="alice")[1] == "NoSuchEntity"


def test_iam_is_in_one_region(iam: Query) -> None:
    """IAM takes signatures for us-east-1 alone, whichever regions are served."""
    elsewhere = Query(iam.wire, "iam", iam.key, region="eu-west-1")
    assert elsewhere.refused("ListUsers")[:2] == (403, "SignatureDoesNotMatch")
