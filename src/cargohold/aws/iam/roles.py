"""Operations on roles, their trust policies and tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cargohold.aws.iam import present, present_policies
from cargohold.aws.iam.demands import on_new, on_role, under_path
from cargohold.aws.iam.paging import listing
from cargohold.aws.iam.users import read_tags
from cargohold.aws.operation import Call, operation
from cargohold.identity.role import DEFAULT_SESSION, NewRole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cargohold.aws.iam.empty import Empty
    from cargohold.aws.shapes.iam import (
        CreateRoleRequest,
        CreateRoleResponse,
        DeleteRoleRequest,
        GetRoleRequest,
        GetRoleResponse,
        ListRolesRequest,
        ListRolesResponse,
        ListRoleTagsRequest,
        ListRoleTagsResponse,
        TagRoleRequest,
        UntagRoleRequest,
        UpdateAssumeRolePolicyRequest,
        UpdateRoleDescriptionRequest,
        UpdateRoleDescriptionResponse,
        UpdateRoleRequest,
    )


@operation("CreateRole", on_new("role", "iam:CreateRole", "iam:TagRole"))
async def create_role(call: Call, request: CreateRoleRequest) -> CreateRoleResponse:
    """The new role; how long its sessions may be only GetRole and ListRoles tell."""
    new = NewRole(
        name=request["RoleName"],
        trust_policy=request["AssumeRolePolicyDocument"],
        path=request.get("Path", "/"),
        description=request.get("Description"),
        longest_session=request.get("MaxSessionDuration", DEFAULT_SESSION),
        boundary=request.get("PermissionsBoundary"),
        tags=read_tags(request.get("Tags", ())),
    )
    shown = present_policies.whole_role(await call.services.roles.create(call.scope.account, new))
    shown["MaxSessionDuration"] = shown["RoleLastUsed"] = None
    return {"Role": shown}


@operation("GetRole", on_role("iam:GetRole"))
async def get_role(call: Call, request: GetRoleRequest) -> GetRoleResponse:
    return {"Role": present_policies.whole_role(await call.services.roles.get(call.scope.account, request["RoleName"]))}


@operation("ListRoles", under_path("role", "iam:ListRoles"))
async def list_roles(call: Call, request: ListRolesRequest) -> ListRolesResponse:
    prefix = request.get("PathPrefix", "/")
    wanted = listing(call, "ListRoles", request, prefix)
    page = await call.services.roles.page(call.scope.account, prefix, wanted.after, wanted.limit)
    return {"Roles": [present_policies.role(each) for each in page.items], **wanted.end(page.after)}


@operation("UpdateRole", on_role("iam:UpdateRole"))
async def update_role(call: Call, request: UpdateRoleRequest) -> Empty:
    """Changes what is given; what is left out stays."""
    await call.services.roles.update(call.scope.account, request["RoleName"], **_details(request))
    return {}


@operation("UpdateRoleDescription", on_role("iam:UpdateRoleDescription"))
async def update_role_description(call: Call, request: UpdateRoleDescriptionRequest) -> UpdateRoleDescriptionResponse:
    changed = await call.services.roles.update(call.scope.account, request["RoleName"], **_details(request))
    return {"Role": present_policies.role(changed)}


@operation("UpdateAssumeRolePolicy", on_role("iam:UpdateAssumeRolePolicy"))
async def update_assume_role_policy(call: Call, request: UpdateAssumeRolePolicyRequest) -> Empty:
    await call.services.roles.set_trust(call.scope.account, request["RoleName"], request["PolicyDocument"])
    return {}


@operation("DeleteRole", on_role("iam:DeleteRole"))
async def delete_role(call: Call, request: DeleteRoleRequest) -> Empty:
    await call.services.roles.delete(call.scope.account, request["RoleName"])
    return {}


@operation("TagRole", on_role("iam:TagRole"))
async def tag_role(call: Call, request: TagRoleRequest) -> Empty:
    await call.services.roles.tag(call.scope.account, request["RoleName"], read_tags(request["Tags"]))
    return {}


@operation("UntagRole", on_role("iam:UntagRole"))
async def untag_role(call: Call, request: UntagRoleRequest) -> Empty:
    await call.services.roles.untag(call.scope.account, request["RoleName"], request["TagKeys"])
    return {}


@operation("ListRoleTags", on_role("iam:ListRoleTags"))
async def list_role_tags(call: Call, request: ListRoleTagsRequest) -> ListRoleTagsResponse:
    name = request["RoleName"]
    wanted = listing(call, "ListRoleTags", request, name.lower())
    page = await call.services.roles.list_tags(call.scope.account, name, wanted.after, wanted.limit)
    return {"Tags": present.tags(page.items), **wanted.end(page.after)}


def _details(request: Mapping[str, Any]) -> dict[str, Any]:
    """What a request changes of a role."""
    members = {"description": "Description", "longest_session": "MaxSessionDuration"}
    return {name: request[member] for name, member in members.items() if member in request}
