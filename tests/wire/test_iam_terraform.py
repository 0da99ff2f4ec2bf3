"""Terraform's call sequences for users, groups, keys, memberships and aliases: made, read back, changed, gone.

Those for roles and policies stand in test_iam_roles, test_iam_policies and test_iam_attachments, for instance profiles
and providers in test_iam_instance_profiles and test_iam_oidc.
"""

from typing import Any

import pytest

from .conftest import ACCOUNT, Wire
from .query import Query, client

BOUNDARY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser"


@pytest.fixture
def iam(wire: Wire) -> Query:
    """IAM, asked by the account's administrator."""
    return client(wire, "iam")


def test_aws_iam_user(iam: Query) -> None:
    """Create with path, boundary and tags; read back; rename, move, exchange tags and boundary; delete; gone."""
    tags = [{"Key": "team", "Value": "red"}]
    made = iam("CreateUser", UserName="tf", Path="/ci/", PermissionsBoundary=BOUNDARY, Tags=tags)["User"]
    held = iam("GetUser", UserName="tf")["User"]
    assert held["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY
    assert (held["Arn"], held["UserId"], held["Tags"]) == (
        f"arn:aws:iam::{ACCOUNT}:user/ci/tf",
        made["UserId"],
        tags,
    )

    iam("UpdateUser", UserName="tf", NewUserName="tf2", NewPath="/")
    iam("DeleteUserPermissionsBoundary", UserName="tf2")
    iam("UntagUser", UserName="tf2", TagKeys=["team"])
    iam("TagUser", UserName="tf2", Tags=[{"Key": "team", "Value": "blue"}])
    held = iam("GetUser", UserName="tf2")["User"]
    assert (held["Arn"], held["UserId"]) == (f"arn:aws:iam::{ACCOUNT}:user/tf2", made["UserId"])
    assert "PermissionsBoundary" not in held
    assert held["Tags"] == [{"Key": "team", "Value": "blue"}]
    assert iam.refused("GetUser", UserName="tf")[:2] == (404, "NoSuchEntity")

    assert iam("DeleteUser", UserName="tf2") == {}
    assert iam.refused("GetUser", UserName="tf2")[:2] == (404, "NoSuchEntity")
    assert iam.refused("DeleteUser", UserName="tf2")[:2] == (404, "NoSuchEntity")


def test_aws_iam_access_key(iam: Query) -> None:
    """Create, found again in the user's list, made inactive, deleted, no longer in the list."""
    iam("CreateUser", UserName="tf")
    made = iam("CreateAccessKey", UserName="tf")["AccessKey"]
    assert len(made["SecretAccessKey"]) == 40

    def listed() -> list[tuple[str, str]]:
        found = iam("ListAccessKeys", UserName="tf")["AccessKeyMetadata"]
        return [(each["AccessKeyId"], each["Status"]) for each in found]

    assert listed() == [(made["AccessKeyId"], "Active")]
    iam("UpdateAccessKey", UserName="tf", AccessKeyId=made["AccessKeyId"], Status="Inactive")
    assert listed() == [(made["AccessKeyId"], "Inactive")]
    iam("DeleteAccessKey", UserName="tf", AccessKeyId=made["AccessKeyId"])
    assert listed() == []
    assert iam.refused("DeleteAccessKey", UserName="tf", AccessKeyId=made["AccessKeyId"])[:2] == (404, "NoSuchEntity")


def test_aws_iam_group(iam: Query) -> None:
    """Create, read back, rename and move under the same id, delete, gone."""
    made = iam("CreateGroup", GroupName="tf", Path="/ci/")["Group"]
    assert iam("GetGroup", GroupName="tf")["Group"] == made
    iam("UpdateGroup", GroupName="tf", NewGroupName="tf2", NewPath="/")
    held = iam("GetGroup", GroupName="tf2")["Group"]
    assert (held["Arn"], held["GroupId"]) == (f"arn:aws:iam::{ACCOUNT}:group/tf2", made["GroupId"])
    assert iam("DeleteGroup", GroupName="tf2") == {}
    assert iam.refused("GetGroup", GroupName="tf2")[:2] == (404, "NoSuchEntity")


def test_memberships(iam: Query) -> None:
    """aws_iam_group_membership reads a group's users, aws_iam_user_group_membership a user's groups, by pages."""
    users, groups = [f"user{number}" for number in range(3)], [f"group{number}" for number in range(3)]
    for user in users:
        iam("CreateUser", UserName=user)
    for group in groups:
        iam("CreateGroup", GroupName=group)
    for user in users:
        iam("AddUserToGroup", GroupName="group0", UserName=user)
    for group in groups[1:]:
        iam("AddUserToGroup", GroupName=group, UserName="user0")

    def every(operation: str, member: str, name: str, **of: Any) -> list[str]:
        found, marker = [], {}
        while True:
            page = iam(operation, **of, **marker, MaxItems=1)
            found += [each[name] for each in page[member]]
            if not page["IsTruncated"]:
                return found
            marker = {"Marker": page["Marker"]}

    assert every("GetGroup", "Users", "UserName", GroupName="group0") == users
    assert every("ListGroupsForUser", "Groups", "GroupName", UserName="user0") == groups
    for user in users:
        iam("RemoveUserFromGroup", GroupName="group0", UserName=user)
    assert every("GetGroup", "Users", "UserName", GroupName="group0") == []
    assert every("ListGroupsForUser", "Groups", "GroupName", UserName="user0") == groups[1:]


def test_aws_iam_account_alias(iam: Query) -> None:
    """Create, read back, delete, gone."""
    iam("CreateAccountAlias", AccountAlias="by-terraform")
    assert iam("ListAccountAliases")["AccountAliases"] == ["by-terraform"]
    iam("DeleteAccountAlias", AccountAlias="by-terraform")
    assert iam("ListAccountAliases")["AccountAliases"] == []
