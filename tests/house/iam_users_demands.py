"""What IAM's operations on users, groups, access keys and the account demand: rows of the table in test_demands_aws.py.

The guard puts in what only it can find: the path of what is there, the caller's own name, and whose a key is.
"""

from collections.abc import Sequence
from typing import Any

ARN = "arn:aws:iam::123456789012:"
USER = f"{ARN}user/alice"
GROUP = f"{ARN}group/admins"
KEY = "AKIAIOSFODNN7EXAMPLE"
TAGS = {"Tags": [{"Key": "k", "Value": "v"}]}

Row = tuple[str, str, dict[str, Any], list[tuple[str, str]]]


def _row(name: str, members: dict[str, Any], *resources: str) -> Row:
    """An operation that demands the action of its own name on each resource."""
    return ("iam", name, members, [(f"iam:{name}", resource) for resource in resources])


def _on_user(name: str, **members: Any) -> Row:
    return _row(name, {"UserName": "alice", **members}, USER)


def _on_own(name: str, **members: Any) -> Row:
    """Without a user's name: on the caller's own, whose name is not known yet."""
    return _row(name, members, f"{ARN}user/")


def _on_group(name: str, **members: Any) -> Row:
    return _row(name, {"GroupName": "admins", **members}, GROUP)


ROWS: Sequence[Row] = [
    _on_user("CreateUser"),
    _row("CreateUser", {"UserName": "alice", "Path": "/team/"}, f"{ARN}user/team/alice"),
    ("iam", "CreateUser", {"UserName": "alice", **TAGS}, [("iam:CreateUser", USER), ("iam:TagUser", USER)]),
    _on_user("GetUser"),
    _on_own("GetUser"),
    _row("ListUsers", {}, f"{ARN}user/"),
    _row("ListUsers", {"PathPrefix": "/team/"}, f"{ARN}user/team/"),
    _on_user("UpdateUser"),
    _row("UpdateUser", {"UserName": "alice", "NewUserName": "bob"}, USER, f"{ARN}user/bob"),
    _row("UpdateUser", {"UserName": "alice", "NewPath": "/team/"}, USER, f"{ARN}user/team/alice"),
    _on_user("DeleteUser"),
    _on_user("TagUser", **TAGS),
    _on_user("UntagUser", TagKeys=["k"]),
    _on_user("ListUserTags"),
    _on_group("CreateGroup"),
    _row("CreateGroup", {"GroupName": "admins", "Path": "/team/"}, f"{ARN}group/team/admins"),
    _on_group("GetGroup"),
    _row("ListGroups", {}, f"{ARN}group/"),
    _row("ListGroups", {"PathPrefix": "/team/"}, f"{ARN}group/team/"),
    _on_user("ListGroupsForUser"),
    _on_group("UpdateGroup"),
    _row("UpdateGroup", {"GroupName": "admins", "NewGroupName": "chiefs"}, GROUP, f"{ARN}group/chiefs"),
    _on_group("DeleteGroup"),
    _on_group("AddUserToGroup", UserName="alice"),
    _on_group("RemoveUserFromGroup", UserName="alice"),
    _on_user("CreateAccessKey"),
    _on_own("CreateAccessKey"),
    _on_user("UpdateAccessKey", AccessKeyId=KEY, Status="Inactive"),
    _on_own("UpdateAccessKey", AccessKeyId=KEY, Status="Inactive"),
    _on_user("DeleteAccessKey", AccessKeyId=KEY),
    _on_own("DeleteAccessKey", AccessKeyId=KEY),
    _on_user("ListAccessKeys"),
    _on_own("ListAccessKeys"),
    _on_own("GetAccessKeyLastUsed", AccessKeyId=KEY),
    _row("CreateAccountAlias", {"AccountAlias": "alias"}, "*"),
    _row("ListAccountAliases", {}, "*"),
    _row("DeleteAccountAlias", {"AccountAlias": "alias"}, "*"),
    _row("GetAccountSummary", {}, "*"),
    _on_user("GetLoginProfile"),
    _on_user("DeleteLoginProfile"),
    _on_user("ListMFADevices"),
    _row("ListVirtualMFADevices", {}, f"{ARN}mfa/"),
    _on_user("ListSSHPublicKeys"),
    _on_user("ListSigningCertificates"),
    _on_user("ListServiceSpecificCredentials"),
    _row("ListServiceSpecificCredentials", {"AllUsers": True}, "*"),
]
