"""Groups on the wire, as boto3, the CLI and terraform ask for them."""

import json
from collections.abc import Callable

import pytest

from cargohold.identity.quotas import Quotas

from .conftest import ACCOUNT, Wire
from .query import Query, client

ABSENT = (404, "NoSuchEntity", "The group with name nowhere cannot be found.")


@pytest.fixture
def iam(wire: Wire) -> Query:
    """IAM, asked by the account's administrator."""
    return client(wire, "iam")


def test_create_get_and_list(iam: Query) -> None:
    """What CreateGroup made is read back as it was written, with its members, who show neither tags nor boundary."""
    made = iam("CreateGroup", GroupName="Admins", Path="/team/")["Group"]
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:group/team/Admins"
    assert set(made) == {"Path", "GroupName", "GroupId", "Arn", "CreateDate"}
    assert iam("GetGroup", GroupName="admins") == {"Group": made, "Users": [], "IsTruncated": False}
    assert iam("ListGroups", PathPrefix="/team/") == {"Groups": [made], "IsTruncated": False}
    assert iam("ListGroups", PathPrefix="/other/") == {"Groups": [], "IsTruncated": False}
    alice = iam("CreateUser", UserName="alice", Tags=[{"Key": "k", "Value": "v"}])["User"]
    assert iam("AddUserToGroup", GroupName="ADMINS", UserName="ALICE") == {}
    del alice["Tags"]
    assert iam("GetGroup", GroupName="Admins")["Users"] == [alice]
    assert iam("ListGroupsForUser", UserName="alice") == {"Groups": [made], "IsTruncated": False}


def test_what_a_group_may_its_members_may(iam: Query) -> None:
    """A group's policy counts for a user from the next request after joining until the next after leaving."""
    iam("CreateGroup", GroupName="readers")
    statement = {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam("PutGroupPolicy", GroupName="readers", PolicyName="read", PolicyDocument=document)
    alice = iam.by_new_user("alice")
    assert alice.refused("ListUsers")[1] == "AccessDenied"
    iam("AddUserToGroup", GroupName="readers", UserName="alice")
    assert len(alice("ListUsers")["Users"]) == 2
    iam("UpdateGroup", GroupName="readers", NewGroupName="lookers", NewPath="/moved/")
    assert len(alice("ListUsers")["Users"]) == 2
    iam("RemoveUserFromGroup", GroupName="lookers", UserName="alice")
    assert alice.refused("ListUsers")[1] == "AccessDenied"


def test_update(iam: Query) -> None:
    """UpdateGroup moves and renames a group, which keeps its id; a name that is taken is refused."""
    made = iam("CreateGroup", GroupName="admins")["Group"]
    iam("CreateGroup", GroupName="others")
    assert iam("UpdateGroup", GroupName="admins", NewGroupName="Chiefs", NewPath="/top/") == {}
    renamed = iam("GetGroup", GroupName="chiefs")["Group"]
    assert renamed == made | {"GroupName": "Chiefs", "Path": "/top/", "Arn": f"arn:aws:iam::{ACCOUNT}:group/top/Chiefs"}
    taken = (409, "EntityAlreadyExists", "Group with name OTHERS already exists.")
    assert iam.refused("UpdateGroup", GroupName="Chiefs", NewGroupName="OTHERS") == taken
    assert iam.refused("CreateGroup", GroupName="OTHERS") == taken


def test_update_needs_both_ends(iam: Query) -> None:
    """Whoever moves a group needs to be allowed that of the group as it is, and as it becomes."""
    deputy = iam.by_new_user("deputy")
    on = f"arn:aws:iam::{ACCOUNT}:group/team/*"
    document = json.dumps({"Statement": {"Effect": "Allow", "Action": "iam:UpdateGroup", "Resource": on}})
    iam("PutUserPolicy", UserName="deputy", PolicyName="may", PolicyDocument=document)
    iam("CreateGroup", GroupName="admins", Path="/team/")
    deputy("UpdateGroup", GroupName="admins", NewGroupName="chiefs")
    denied = deputy.refused("UpdateGroup", GroupName="chiefs", NewPath="/")[2]
    assert f"iam:UpdateGroup on resource: arn:aws:iam::{ACCOUNT}:group/chiefs" in denied


def test_terraform_deletes(iam: Query) -> None:
    """A group goes when its members and policies are gone; until then it says what must go."""
    access = "arn:aws:iam::aws:policy/AdministratorAccess"
    document = json.dumps({"Statement": {"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}})
    iam("CreateGroup", GroupName="admins")
    iam("CreateUser", UserName="alice")
    iam("AddUserToGroup", GroupName="admins", UserName="alice")
    iam("PutGroupPolicy", GroupName="admins", PolicyName="may", PolicyDocument=document)
    iam("AttachGroupPolicy", GroupName="admins", PolicyArn=access)
    steps: list[tuple[str, str, dict[str, str]]] = [
        ("remove users from group", "RemoveUserFromGroup", {"UserName": "alice"}),
        ("delete policies", "DeleteGroupPolicy", {"PolicyName": "may"}),
        ("detach all policies", "DetachGroupPolicy", {"PolicyArn": access}),
    ]
    for before, operation, members in steps:
        refused = iam.refused("DeleteGroup", GroupName="admins")
        assert refused == (409, "DeleteConflict", f"Cannot delete entity, must {before} first.")
        assert iam(operation, GroupName="admins", **members) == {}
    assert iam("DeleteGroup", GroupName="admins") == {}
    assert iam("ListGroupsForUser", UserName="alice")["Groups"] == []


def test_what_is_not_there(iam: Query) -> None:
    """A group or a user that is not there, and a membership that is none, are told by name."""
    iam("CreateUser", UserName="alice")
    iam("CreateGroup", GroupName="admins")
    for operation in ("GetGroup", "UpdateGroup", "DeleteGroup"):
        assert iam.refused(operation, GroupName="nowhere") == ABSENT
    for operation in ("AddUserToGroup", "RemoveUserFromGroup"):
        assert iam.refused(operation, GroupName="nowhere", UserName="alice") == ABSENT
        nobody = (404, "NoSuchEntity", "The user with name nobody cannot be found.")
        assert iam.refused(operation, GroupName="admins", UserName="nobody") == nobody
    outside = iam.refused("RemoveUserFromGroup", GroupName="admins", UserName="alice")
    assert outside[:2] == (404, "NoSuchEntity")
    assert iam("AddUserToGroup", GroupName="admins", UserName="alice") == {}
    assert iam("AddUserToGroup", GroupName="admins", UserName="alice") == {}


def test_pages_to_the_end(iam: Query) -> None:
    """Groups, a group's members and a user's groups are given once each, page after page, whatever their size."""
    names = [f"group-{number}" for number in range(5)]
    people = [f"user-{number}" for number in range(5)]
    for group, user in zip(names, people, strict=True):
        iam("CreateGroup", GroupName=group, Path="/many/")
        iam("CreateUser", UserName=user)
    for name in names:
        iam("AddUserToGroup", GroupName=name, UserName="user-0")
    for name in people:
        iam("AddUserToGroup", GroupName="group-0", UserName=name)
    for size in (1, 2, 5, 1000):
        groups = iam.every("ListGroups", "Groups", PathPrefix="/many/", MaxItems=size)
        mine = iam.every("ListGroupsForUser", "Groups", UserName="user-0", MaxItems=size)
        members = iam.every("GetGroup", "Users", GroupName="group-0", MaxItems=size)
        assert [each["GroupName"] for each in groups] == [each["GroupName"] for each in mine] == names
        assert [each["UserName"] for each in members] == people


def test_markers_are_of_one_list(iam: Query) -> None:
    """A Marker of one group's members, or one user's groups, opens no other's."""
    for name in ("a", "b"):
        iam("CreateGroup", GroupName=name)
        iam("CreateUser", UserName=name)
    for group in ("a", "b"):
        for user in ("a", "b"):
            iam("AddUserToGroup", GroupName=group, UserName=user)
    members = iam("GetGroup", GroupName="a", MaxItems=1)["Marker"]
    groups = iam("ListGroupsForUser", UserName="a", MaxItems=1)["Marker"]
    invalid = (400, "ValidationError", "Invalid Marker.")
    assert iam.refused("GetGroup", GroupName="b", Marker=members) == invalid
    assert iam.refused("ListGroupsForUser", UserName="b", Marker=groups) == invalid
    assert [each["UserName"] for each in iam("GetGroup", GroupName="A", Marker=members)["Users"]] == ["b"]


def test_quotas(wire_with: Callable[..., Wire]) -> None:
    """The account's last group and a user's last group are given, and one more refused by the quota's name."""
    iam = client(wire_with(quotas=Quotas(groups=2, groups_per_user=1)), "iam")
    iam("CreateUser", UserName="alice")
    for name in ("a", "b"):
        iam("CreateGroup", GroupName=name)
    full = (409, "LimitExceeded", "Cannot exceed quota for GroupsPerAccount: 2")
    assert iam.refused("CreateGroup", GroupName="c") == full
    iam("AddUserToGroup", GroupName="a", UserName="alice")
    full = (409, "LimitExceeded", "Cannot exceed quota for GroupsPerUser: 1")
    assert iam.refused("AddUserToGroup", GroupName="b", UserName="alice") == full
