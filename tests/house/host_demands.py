"""What operations on instance profiles and hosts demand: rows of the table in test_demands_aws.py."""

from collections.abc import Sequence
from typing import Any

ACCOUNT = "123456789012"
PROFILE = f"arn:aws:iam::{ACCOUNT}:instance-profile/web"
HOSTS = f"arn:aws:cargohold::{ACCOUNT}:host/"
NAMED = {"InstanceProfileName": "web"}
TAGS = {"Tags": [{"Key": "k", "Value": "v"}]}

Row = tuple[str, str, dict[str, Any], list[tuple[str, str]]]


def _on_profile(name: str, **members: Any) -> Row:
    return ("iam", name, {**NAMED, **members}, [(f"iam:{name}", PROFILE)])


ROWS: Sequence[Row] = [
    _on_profile("CreateInstanceProfile"),
    (
        "iam",
        "CreateInstanceProfile",
        {**NAMED, **TAGS, "Path": "/ci/"},
        [
            (f"iam:{action}", f"arn:aws:iam::{ACCOUNT}:instance-profile/ci/web")
            for action in ("CreateInstanceProfile", "TagInstanceProfile")
        ],
    ),
    _on_profile("GetInstanceProfile"),
    ("iam", "ListInstanceProfiles", {}, [("iam:ListInstanceProfiles", f"arn:aws:iam::{ACCOUNT}:instance-profile/")]),
    _on_profile("DeleteInstanceProfile"),
    (
        "iam",
        "AddRoleToInstanceProfile",
        {**NAMED, "RoleName": "deploy"},
        [("iam:AddRoleToInstanceProfile", PROFILE), ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/deploy")],
    ),
    _on_profile("RemoveRoleFromInstanceProfile", RoleName="deploy"),
    _on_profile("TagInstanceProfile", **TAGS),
    _on_profile("UntagInstanceProfile", TagKeys=["k"]),
    _on_profile("ListInstanceProfileTags"),
    ("cargohold", "InviteHost", {"instanceProfileName": "web"}, [("cargohold:InviteHost", PROFILE)]),
    ("cargohold", "ListHosts", {}, [("cargohold:ListHosts", f"{HOSTS}*")]),
    ("cargohold", "RevokeHost", {"host": "box"}, [("cargohold:RevokeHost", f"{HOSTS}*")]),
    (
        "cargohold",
        "GetHostCredentials",
        {"hostId": "i-0123456789abcdef0"},
        [("cargohold:GetHostCredentials", f"{HOSTS}i-0123456789abcdef0")],
    ),
]
