"""Operations on groups and their members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cargohold.access.demand import Demand, Entity
from cargohold.aws.iam import present
from cargohold.aws.iam.demands import account, on_group, on_new, on_user, under_path
from cargohold.aws.iam.paging import listing
from cargohold.aws.operation import Call, Scope, operation

if TYPE_CHECKING:
    from cargohold.aws.iam.empty import Empty
    from cargohold.aws.shapes.iam import (
        AddUserToGroupRequest,
        CreateGroupRequest,
        CreateGroupResponse,
        DeleteGroupRequest,
        GetGroupRequest,
        GetGroupResponse,
        ListGroupsForUserRequest,
        ListGroupsForUserResponse,
        ListGroupsRequest,
        ListGroupsResponse,
        RemoveUserFromGroupRequest,
        UpdateGroupRequest,
    )


@operation("CreateGroup", on_new("group", "iam:CreateGroup"))
async def create_group(call: Call, request: CreateGroupRequest) -> CreateGroupResponse:
    path = request.get("Path", "/")
    return {"Group": present.group(await call.services.groups.create(call.scope.account, request["GroupName"], path))}


@operation("GetGroup", on_group("iam:GetGroup"))
async def get_group(call: Call, request: GetGroupRequest) -> GetGroupResponse:
    """The group with a page of its users."""
    name = request["GroupName"]
    wanted = listing(call, "GetGroup", request, name.lower())
    group, page = await call.services.groups.get(call.scope.account, name, wanted.after, wanted.limit)
    users = [present.user(each) for each in page.items]
    return {"Group": present.group(group), "Users": users, **wanted.end(page.after)}


@operation("ListGroups", under_path("group", "iam:ListGroups"))
async def list_groups(call: Call, request: ListGroupsRequest) -> ListGroupsResponse:
    prefix = request.get("PathPrefix", "/")
    wanted = listing(call, "ListGroups", request, prefix)
    page = await call.services.groups.page(call.scope.account, prefix, wanted.after, wanted.limit)
    return {"Groups": [present.group(each) for each in page.items], **wanted.end(page.after)}


@operation("ListGroupsForUser", on_user("iam:ListGroupsForUser"))
async def list_groups_for_user(call: Call, request: ListGroupsForUserRequest) -> ListGroupsForUserResponse:
    name = request["UserName"]
    wanted = listing(call, "ListGroupsForUser", request, name.lower())
    page = await call.services.groups.page_of_user(call.scope.account, name, wanted.after, wanted.limit)
    return {"Groups": [present.group(each) for each in page.items], **wanted.end(page.after)}


def _update_demands(scope: Scope, request: UpdateGroupRequest) -> Sequence[Demand]:
    """On the group as it is, and on the one that it becomes."""
    here, name = account(scope), request["GroupName"]
    found = Demand("iam:UpdateGroup", here, entity=Entity("group", name))
    if "NewGroupName" not in request and "NewPath" not in request:
        return (found,)
    wanted = Entity("group", name, new_name=request.get("NewGroupName", ""), new_path=request.get("NewPath", ""))
    return (found, Demand("iam:UpdateGroup", here, entity=wanted))


@operation("UpdateGroup", _update_demands)
async def update_group(call: Call, request: UpdateGroupRequest) -> Empty:
    new_name, new_path = request.get("NewGroupName"), request.get("NewPath")
    await call.services.groups.rename(call.scope.account, request["GroupName"], new_name, new_path)
    return {}


@operation("DeleteGroup", on_group("iam:DeleteGroup"))
async def delete_group(call: Call, request: DeleteGroupRequest) -> Empty:
    await call.services.groups.delete(call.scope.account, request["GroupName"])
    return {}


@operation("AddUserToGroup", on_group("iam:AddUserToGroup"))
async def add_user_to_group(call: Call, request: AddUserToGroupRequest) -> Empty:
    await call.services.groups.add_user(call.scope.account, request["GroupName"], request["UserName"])
    return {}


@operation("RemoveUserFromGroup", on_group("iam:RemoveUserFromGroup"))
async def remove_user_from_group(call: Call, request: RemoveUserFromGroupRequest) -> Empty:
    await call.services.groups.remove_user(call.scope.account, request["GroupName"], request["UserName"])
    return {}
