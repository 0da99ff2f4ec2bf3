"""What IAM's operations on roles and policies demand: rows of the table in test_demands_aws.py."""

from collections.abc import Sequence
from typing import Any

ACCOUNT = "123456789012"
OTHER = "210987654321"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deploy"
POLICY = f"arn:aws:iam::{ACCOUNT}:policy/team/push"
OF_AWS = "arn:aws:iam::aws:policy/AdministratorAccess"
OF_OTHER = f"arn:aws:iam::{OTHER}:policy/push"
TAGS = {"Tags": [{"Key": "k", "Value": "v"}]}

Row = tuple[str, str, dict[str, Any], list[tuple[str, str]]]


def _row(name: str, request: dict[str, Any], resource: str = "*", *others: str) -> Row:
    """An operation that demands the action of its own name, and others, on one resource."""
    return ("iam", name, request, [(f"iam:{action}", resource) for action in (name, *others)])


def _on_role(name: str, **members: Any) -> Row:
    return _row(name, {"RoleName": "deploy", **members}, ROLE)


def _on_policy(name: str, **members: Any) -> Row:
    return _row(name, {"PolicyArn": POLICY, **members}, POLICY)


def _of_each(action: str, objects: str, **members: Any) -> list[Row]:
    """The three operations that do one thing to a user, a group and a role."""
    return [
        _row(
            f"{action}{kind}{objects}",
            {f"{kind}Name": "deploy", **members},
            f"arn:aws:iam::{ACCOUNT}:{kind.lower()}/deploy",
        )
        for kind in ("User", "Group", "Role")
    ]


ROWS: Sequence[Row] = [
    _row("CreateRole", {"RoleName": "deploy", "AssumeRolePolicyDocument": "{}"}, ROLE),
    _row(
        "CreateRole",
        {"RoleName": "deploy", "Path": "/ci/", "AssumeRolePolicyDocument": "{}", **TAGS},
        f"arn:aws:iam::{ACCOUNT}:role/ci/deploy",
        "TagRole",
    ),
    _on_role("GetRole"),
    _row("ListRoles", {}, f"arn:aws:iam::{ACCOUNT}:role/"),
    _row("ListRoles", {"PathPrefix": "/ci/"}, f"arn:aws:iam::{ACCOUNT}:role/ci/"),
    _on_role("UpdateRole"),
    _on_role("UpdateRoleDescription", Description="x"),
    _on_role("UpdateAssumeRolePolicy", PolicyDocument="{}"),
    _on_role("DeleteRole"),
    _on_role("TagRole", **TAGS),
    _on_role("UntagRole", TagKeys=["k"]),
    _on_role("ListRoleTags"),
    _on_role("ListInstanceProfilesForRole"),
    _row(
        "CreatePolicy",
        {"PolicyName": "push", "Path": "/team/", "PolicyDocument": "{}"},
        POLICY,
    ),
    _row("CreatePolicy", {"PolicyName": "push", "Path": "/team/", "PolicyDocument": "{}", **TAGS}, POLICY, "TagPolicy"),
    _on_policy("GetPolicy"),
    _row("GetPolicy", {"PolicyArn": OF_AWS}, OF_AWS),
    _row("GetPolicy", {"PolicyArn": OF_OTHER}, OF_OTHER),
    _row("ListPolicies", {}),
    _on_policy("DeletePolicy"),
    _row("DeletePolicy", {"PolicyArn": OF_AWS}, OF_AWS),
    _on_policy("ListEntitiesForPolicy"),
    _on_policy("TagPolicy", **TAGS),
    _on_policy("UntagPolicy", TagKeys=["k"]),
    _on_policy("ListPolicyTags"),
    _on_policy("CreatePolicyVersion", PolicyDocument="{}"),
    _on_policy("GetPolicyVersion", VersionId="v1"),
    _on_policy("ListPolicyVersions"),
    _on_policy("SetDefaultPolicyVersion", VersionId="v1"),
    _on_policy("DeletePolicyVersion", VersionId="v1"),
    *_of_each("Attach", "Policy", PolicyArn=OF_AWS),
    *_of_each("Detach", "Policy", PolicyArn=OF_AWS),
    *_of_each("ListAttached", "Policies"),
    *_of_each("Put", "Policy", PolicyName="push", PolicyDocument="{}"),
    *_of_each("Get", "Policy", PolicyName="push"),
    *_of_each("Delete", "Policy", PolicyName="push"),
    *_of_each("List", "Policies"),
    *(row for row in _of_each("Put", "PermissionsBoundary", PermissionsBoundary=OF_AWS) if "Group" not in row[1]),
    *(row for row in _of_each("Delete", "PermissionsBoundary") if "Group" not in row[1]),
    _row("GetAccountAuthorizationDetails", {}),
]
