"""What operations on a registry demand, its settings, templates and exclusions: rows of the table in
test_demands_aws.py.
"""

from collections.abc import Sequence
from typing import Any

ACCOUNT = "123456789012"
UNDER = f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/"
USER = {"principalArn": f"arn:aws:iam::{ACCOUNT}:user/scanner"}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/templates"
WHOLE = {
    "prefix": "prod/",
    "appliedFor": ["CREATE_ON_PUSH"],
    "resourceTags": [{"Key": "k", "Value": "v"}],
    "repositoryPolicy": "{}",
    "lifecyclePolicy": "{}",
    "customRoleArn": ROLE,
}

Row = tuple[str, str, dict[str, Any], list[tuple[str, str]]]


def _on_registry(name: str, /, **members: Any) -> Row:
    return ("ecr", name, members, [(f"ecr:{name}", "*")])


def _whole(name: str) -> Row:
    of_template = ("CreateRepository", "TagResource", "SetRepositoryPolicy", "PutLifecyclePolicy")
    covered = [(f"ecr:{action}", f"{UNDER}prod/*") for action in of_template]
    return ("ecr", name, WHOLE, [(f"ecr:{name}", "*"), *covered, ("iam:PassRole", ROLE)])


def _plain(name: str, /, **members: Any) -> Row:
    covered = "*" if members["prefix"] == "ROOT" else f"{members['prefix']}/*"
    return ("ecr", name, members, [(f"ecr:{name}", "*"), ("ecr:CreateRepository", f"{UNDER}{covered}")])


ROWS: Sequence[Row] = [
    _on_registry("DescribeRegistry"),
    _on_registry("GetAccountSetting", name="BLOB_MOUNTING"),
    _on_registry("PutAccountSetting", name="BLOB_MOUNTING", value="ENABLED"),
    _on_registry("RegisterPullTimeUpdateExclusion", **USER),
    _on_registry("DeregisterPullTimeUpdateExclusion", **USER),
    _on_registry("ListPullTimeUpdateExclusions"),
    _on_registry("DescribeRepositoryCreationTemplates"),
    _on_registry("DeleteRepositoryCreationTemplate", prefix="prod"),
    _plain("CreateRepositoryCreationTemplate", prefix="prod", appliedFor=["CREATE_ON_PUSH"]),
    _plain("CreateRepositoryCreationTemplate", prefix="ROOT", appliedFor=["CREATE_ON_PUSH"], repositoryPolicy=""),
    _plain("UpdateRepositoryCreationTemplate", prefix="prod", lifecyclePolicy=""),
    _whole("CreateRepositoryCreationTemplate"),
    _whole("UpdateRepositoryCreationTemplate"),
]
