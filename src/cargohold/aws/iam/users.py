"""Operations on users and their tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cargohold.access.demand import Demand, Entity
from cargohold.aws.iam import present
from cargohold.aws.iam.caller import user_name
from cargohold.aws.iam.demands import account, on_new, on_user, under_path
from cargohold.aws.iam.paging import listing
from cargohold.aws.operation import Call, Scope, operation
from cargohold.identity import tags
from cargohold.identity.users import NewUser

if TYPE_CHECKING:
    from cargohold.aws.iam.empty import Empty
    from cargohold.aws.shapes.iam import (
        CreateUserRequest,
        CreateUserResponse,
        DeleteUserRequest,
        GetUserRequest,
        GetUserResponse,
        ListUsersRequest,
        ListUsersResponse,
        ListUserTagsRequest,
        ListUserTagsResponse,
        Tag,
        TagUserRequest,
        UntagUserRequest,
        UpdateUserRequest,
    )
    from cargohold.aws.shapes.iam import User as Shown
    from cargohold.identity.users import User


def read_tags(given: Sequence[Tag]) -> dict[str, str]:
    """Values by key; raises InvalidInput."""
    return tags.read((tag["Key"], tag["Value"]) for tag in given)


@operation("CreateUser", on_new("user", "iam:CreateUser", "iam:TagUser"))
async def create_user(call: Call, request: CreateUserRequest) -> CreateUserResponse:
    new = NewUser(
        name=request["UserName"],
        path=request.get("Path", "/"),
        tags=read_tags(request.get("Tags", ())),
        boundary=request.get("PermissionsBoundary"),
    )
    return {"User": _whole(await call.services.users.create(call.scope.account, new))}


@operation("GetUser", on_user("iam:GetUser"))
async def get_user(call: Call, request: GetUserRequest) -> GetUserResponse:
    """The user named, or the caller; with tags and permissions boundary, which ListUsers leaves out."""
    return {"User": _whole(await call.services.users.get(call.scope.account, user_name(call, request)))}


@operation("ListUsers", under_path("user", "iam:ListUsers"))
async def list_users(call: Call, request: ListUsersRequest) -> ListUsersResponse:
    prefix = request.get("PathPrefix", "/")
    wanted = listing(call, "ListUsers", request, prefix)
    page = await call.services.users.page(call.scope.account, prefix, wanted.after, wanted.limit)
    return {"Users": [present.user(each) for each in page.items], **wanted.end(page.after)}


def _update_demands(scope: Scope, request: UpdateUserRequest) -> Sequence[Demand]:
    """On the user as it is, and on the one that it becomes."""
    here, name = account(scope), request["UserName"]
    found = Demand("iam:UpdateUser", here, entity=Entity("user", name))
    if "NewUserName" not in request and "NewPath" not in request:
        return (found,)
    wanted = Entity("user", name, new_name=request.get("NewUserName", ""), new_path=request.get("NewPath", ""))
    return (found, Demand("iam:UpdateUser", here, entity=wanted))


@operation("UpdateUser", _update_demands)
async def update_user(call: Call, request: UpdateUserRequest) -> Empty:
    new_name, new_path = request.get("NewUserName"), request.get("NewPath")
    await call.services.users.rename(call.scope.account, request["UserName"], new_name, new_path)
    return {}


@operation("DeleteUser", on_user("iam:DeleteUser"))
async def delete_user(call: Call, request: DeleteUserRequest) -> Empty:
    await call.services.users.delete(call.scope.account, request["UserName"])
    return {}


@operation("TagUser", on_user("iam:TagUser"))
async def tag_user(call: Call, request: TagUserRequest) -> Empty:
    await call.services.users.tag(call.scope.account, request["UserName"], read_tags(request["Tags"]))
    return {}


@operation("UntagUser", on_user("iam:UntagUser"))
async def untag_user(call: Call, request: UntagUserRequest) -> Empty:
    await call.services.users.untag(call.scope.account, request["UserName"], request["TagKeys"])
    return {}


@operation("ListUserTags", on_user("iam:ListUserTags"))
async def list_user_tags(call: Call, request: ListUserTagsRequest) -> ListUserTagsResponse:
    name = request["UserName"]
    wanted = listing(call, "ListUserTags", request, name.lower())
    page = await call.services.users.list_tags(call.scope.account, name, wanted.after, wanted.limit)
    return {"Tags": present.tags(page.items), **wanted.end(page.after)}


def _whole(user: User) -> Shown:
    shown = present.user(user.entity)
    if user.boundary is not None:
        shown["PermissionsBoundary"] = present.boundary(user.boundary)
    if user.tags:
        shown["Tags"] = present.tags(user.tags.items())
    return shown
