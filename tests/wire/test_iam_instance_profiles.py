"""Instance profiles on the wire, as boto3, the CLI and terraform ask for them."""

import json
from typing import Any

import pytest

from cargohold.identity.quotas import Quotas

from .conftest import ACCOUNT, NOON, OTHER, Wire
from .query import Query, client

PROFILE = f"arn:aws:iam::{ACCOUNT}:instance-profile/web"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
ABSENT = (404, "NoSuchEntity", "Instance Profile web cannot be found.")
NO_ROLE = (404, "NoSuchEntity", "The role with name web cannot be found.")
STILL_HOLDS = (409, "DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.")
WEB: dict[str, Any] = {"InstanceProfileName": "web"}
BOTH: dict[str, Any] = {**WEB, "RoleName": "web"}
TAGS = [{"Key": "team", "Value": "red"}]


@pytest.fixture
def iam(wire: Wire) -> Query:
    """IAM, asked by the account's administrator."""
    return client(wire, "iam")


def make_role(iam: Query, name: str = "web") -> dict[str, Any]:
    made: dict[str, Any] = iam("CreateRole", RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
    return made


def test_terraform_makes_changes_and_ends_one(iam: Query) -> None:
    """aws_iam_instance_profile: create, add the role, read back, tag, exchange the role, remove, delete, gone."""
    role, other = make_role(iam), make_role(iam, "other")
    made = iam("CreateInstanceProfile", **WEB, Path="/", Tags=TAGS)["InstanceProfile"]
    assert (made["Arn"], made["InstanceProfileName"], made["Path"]) == (PROFILE, "web", "/")
    assert made["InstanceProfileId"].startswith("AIPA")
    assert len(made["InstanceProfileId"]) == 21
    assert (made["Roles"], made["CreateDate"].timestamp() * 1000) == ([], NOON)
    assert iam("GetInstanceProfile", **WEB)["InstanceProfile"] == made
    iam("AddRoleToInstanceProfile", **BOTH)
    held = iam("GetInstanceProfile", **WEB)["InstanceProfile"]
    assert [each["Arn"] for each in held["Roles"]] == [role["Arn"]]
    assert held["Roles"][0]["RoleId"] == role["RoleId"]
    assert held["Tags"] == TAGS
    iam("TagInstanceProfile", **WEB, Tags=[{"Key": "Team", "Value": "blue"}, {"Key": "cost", "Value": "1"}])
    iam("UntagInstanceProfile", **WEB, TagKeys=["COST", "none"])
    assert iam("ListInstanceProfileTags", **WEB)["Tags"] == [{"Key": "Team", "Value": "blue"}]
    iam("RemoveRoleFromInstanceProfile", **BOTH)
    iam("AddRoleToInstanceProfile", **WEB, RoleName="OTHER")
    assert iam("GetInstanceProfile", **WEB)["InstanceProfile"]["Roles"][0]["RoleId"] == other["RoleId"]
    iam("RemoveRoleFromInstanceProfile", **WEB, RoleName="other")
    iam("DeleteInstanceProfile", **WEB)
    assert iam.refused("GetInstanceProfile", **WEB) == ABSENT


def test_terraform_ends_a_role_that_is_in_one(iam: Query) -> None:
    """aws_iam_role with force_detach_policies: its profiles are asked for, it is taken out of them, and deleted."""
    make_role(iam)
    iam("CreateInstanceProfile", **WEB)
    iam("AddRoleToInstanceProfile", **BOTH)
    assert iam.refused("DeleteRole", RoleName="web") == STILL_HOLDS
    for profile in iam("ListInstanceProfilesForRole", RoleName="web")["InstanceProfiles"]:
        assert [role["RoleName"] for role in profile["Roles"]] == ["web"]
        iam("RemoveRoleFromInstanceProfile", InstanceProfileName=profile["InstanceProfileName"], RoleName="web")
    iam("DeleteRole", RoleName="web")
    assert iam("GetInstanceProfile", **WEB)["InstanceProfile"]["Roles"] == []


def test_a_profile_holds_one_role(iam: Query) -> None:
    """A second role is refused in AWS's words, and so is the end of a profile that holds one."""
    make_role(iam)
    make_role(iam, "other")
    iam("CreateInstanceProfile", **WEB)
    iam("AddRoleToInstanceProfile", **BOTH)
    full = (409, "LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
    assert iam.refused("AddRoleToInstanceProfile", **WEB, RoleName="other") == full
    assert iam.refused("AddRoleToInstanceProfile", **BOTH) == full
    assert iam.refused("DeleteInstanceProfile", **WEB) == STILL_HOLDS
    not_there = (404, "NoSuchEntity", "The role with name other cannot be found in instance profile web.")
    assert iam.refused("RemoveRoleFromInstanceProfile", **WEB, RoleName="other") == not_there


def test_names_are_unique_regardless_of_case(iam: Query) -> None:
    """A profile keeps its letters, and nobody gets its name in others; another account may have the same one."""
    iam("CreateInstanceProfile", InstanceProfileName="Web", Path="/ci/")
    taken = (409, "EntityAlreadyExists", "Instance Profile web already exists.")
    assert iam.refused("CreateInstanceProfile", **WEB) == taken
    assert iam("GetInstanceProfile", **WEB)["InstanceProfile"]["Arn"].endswith("instance-profile/ci/Web")
    abroad = client(iam.wire, "iam", OTHER)
    assert abroad("CreateInstanceProfile", **WEB)["InstanceProfile"]["Arn"].split(":")[4] == OTHER


def test_what_is_not_there(iam: Query) -> None:
    """Each operation says which of the two names is not there."""
    for name in ("GetInstanceProfile", "DeleteInstanceProfile", "ListInstanceProfileTags"):
        assert iam.refused(name, **WEB) == ABSENT
    for name in ("AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile"):
        assert iam.refused(name, **BOTH) == ABSENT
    assert iam.refused("TagInstanceProfile", **WEB, Tags=TAGS) == ABSENT
    assert iam.refused("UntagInstanceProfile", **WEB, TagKeys=["x"]) == ABSENT
    iam("CreateInstanceProfile", **WEB)
    assert iam.refused("AddRoleToInstanceProfile", **BOTH) == NO_ROLE
    assert iam.refused("ListInstanceProfilesForRole", RoleName="web") == NO_ROLE


def test_lists_go_by_name_page_by_page(iam: Query) -> None:
    """Lists hold what is below the path, by name regardless of case, with roles and without tags."""
    make_role(iam)
    for name, path in (("b", "/ci/"), ("C", "/ci/"), ("a", "/"), ("d", "/ci/deep/")):
        iam("CreateInstanceProfile", InstanceProfileName=name, Path=path, Tags=TAGS)
        iam("AddRoleToInstanceProfile", InstanceProfileName=name, RoleName="web")
    every = iam.every("ListInstanceProfiles", "InstanceProfiles", MaxItems=1)
    assert [each["InstanceProfileName"] for each in every] == ["a", "b", "C", "d"]
    assert all("Tags" not in each and each["Roles"][0]["RoleName"] == "web" for each in every)
    below = iam.every("ListInstanceProfiles", "InstanceProfiles", PathPrefix="/ci/", MaxItems=2)
    assert [each["InstanceProfileName"] for each in below] == ["b", "C", "d"]
    of_role = iam.every("ListInstanceProfilesForRole", "InstanceProfiles", RoleName="web", MaxItems=3)
    assert of_role == every


def test_the_account_s_details_know_them(iam: Query) -> None:
    """GetAccountAuthorizationDetails shows a role's profiles, and GetAccountSummary counts them."""
    make_role(iam)
    iam("CreateInstanceProfile", **WEB)
    iam("AddRoleToInstanceProfile", **BOTH)
    (detail,) = iam("GetAccountAuthorizationDetails", Filter=["Role"])["RoleDetailList"]
    assert [each["Arn"] for each in detail["InstanceProfileList"]] == [PROFILE]
    assert [each["RoleName"] for each in detail["InstanceProfileList"][0]["Roles"]] == ["web"]
    summary = iam("GetAccountSummary")["SummaryMap"]
    assert (summary["InstanceProfiles"], summary["InstanceProfilesQuota"]) == (1, 1000)


def test_quotas(wire_with: Any) -> None:
    """No account has more profiles than its quota, and no profile more tags than 50."""
    iam = client(wire_with(Quotas(instance_profiles=1, tags=1)), "iam")
    iam("CreateInstanceProfile", **WEB, Tags=TAGS)
    full = (409, "LimitExceeded", "Cannot exceed quota for InstanceProfilesPerAccount: 1")
    assert iam.refused("CreateInstanceProfile", InstanceProfileName="other") == full
    _, code, _ = iam.refused("TagInstanceProfile", **WEB, Tags=[{"Key": "two", "Value": ""}])
    assert code == "LimitExceeded"
    iam("DeleteInstanceProfile", **WEB)
    iam("CreateInstanceProfile", **WEB)
    assert iam("ListInstanceProfileTags", **WEB)["Tags"] == []


def test_who_may_not_pass_a_role_does_not_put_it_into_a_profile(iam: Query) -> None:
    """AddRoleToInstanceProfile needs iam:PassRole on the role, to EC2; a condition on the service is asked."""
    make_role(iam)
    iam("CreateInstanceProfile", **WEB)
    bob = iam.by_new_user("bob")

    def allow(*statements: dict[str, Any]) -> None:
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam("PutUserPolicy", UserName="bob", PolicyName="own", PolicyDocument=document)

    change = {"Effect": "Allow", "Action": "iam:AddRoleToInstanceProfile", "Resource": PROFILE}
    passes = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}
    allow(change)
    status, code, sentence = bob.refused("AddRoleToInstanceProfile", **BOTH)
    assert (status, code) == (403, "AccessDenied")
    assert f"iam:PassRole on resource: arn:aws:iam::{ACCOUNT}:role/web" in sentence
    to_ecs = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    allow(change, {**passes, "Condition": to_ecs})
    assert bob.refused("AddRoleToInstanceProfile", **BOTH)[1] == "AccessDenied"
    allow(change, {**passes, "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}})
    bob("AddRoleToInstanceProfile", **BOTH)


def test_a_profile_s_tags_are_asked(iam: Query) -> None:
    """A condition on the profile's tags decides who may delete it."""
    iam("CreateInstanceProfile", **WEB, Tags=TAGS)
    bob = iam.by_new_user("bob")
    for team, denied in (("blue", True), ("red", False)):
        statement = {
            "Effect": "Allow",
            "Action": "iam:*InstanceProfile",
            "Resource": "*",
            "Condition": {"StringEquals": {"iam:ResourceTag/team": team}},
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": statement})
        iam("PutUserPolicy", UserName="bob", PolicyName="own", PolicyDocument=document)
        status, _ = bob.send("DeleteInstanceProfile", WEB)
        assert (status == 403) is denied
