"""Operations on instance profiles, the roles in them and their tags.

Putting a role into one needs `iam:PassRole` on the role: who may not have a role may not give it to a host.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from cargohold.access.demand import Demand, Entity, Facts
from cargohold.aws.iam import present, present_policies
from cargohold.aws.iam.demands import account, on_instance_profile, on_new, on_role, under_path
from cargohold.aws.iam.paging import listing
from cargohold.aws.iam.users import read_tags
from cargohold.aws.operation import Call, Scope, operation

if TYPE_CHECKING:
    from cargohold.aws.iam.empty import Empty
    from cargohold.aws.shapes import iam

EC2: Final = "ec2.amazonaws.com"
"""Whom a role in an instance profile is passed to, and must trust."""

PASSED_TO_EC2: Final[Facts] = (("iam:PassedToService", EC2),)
"""The context of iam:PassRole."""


@operation("CreateInstanceProfile", on_new("instance-profile", "iam:CreateInstanceProfile", "iam:TagInstanceProfile"))
async def create_instance_profile(
    call: Call, request: iam.CreateInstanceProfileRequest
) -> iam.CreateInstanceProfileResponse:
    name, path = request["InstanceProfileName"], request.get("Path", "/")
    tags = read_tags(request.get("Tags", ()))
    made = await call.services.instance_profiles.create(call.scope.account, name, path, tags)
    return {"InstanceProfile": present_policies.whole_instance_profile(made)}


@operation("GetInstanceProfile", on_instance_profile("iam:GetInstanceProfile"))
async def get_instance_profile(call: Call, request: iam.GetInstanceProfileRequest) -> iam.GetInstanceProfileResponse:
    found = await call.services.instance_profiles.get(call.scope.account, request["InstanceProfileName"])
    return {"InstanceProfile": present_policies.whole_instance_profile(found)}


@operation("ListInstanceProfiles", under_path("instance-profile", "iam:ListInstanceProfiles"))
async def list_instance_profiles(
    call: Call, request: iam.ListInstanceProfilesRequest
) -> iam.ListInstanceProfilesResponse:
    prefix = request.get("PathPrefix", "/")
    wanted = listing(call, "ListInstanceProfiles", request, prefix)
    page = await call.services.instance_profiles.page(call.scope.account, prefix, wanted.after, wanted.limit)
    profiles = [present_policies.instance_profile(each) for each in page.items]
    return {"InstanceProfiles": profiles, **wanted.end(page.after)}


@operation("ListInstanceProfilesForRole", on_role("iam:ListInstanceProfilesForRole"))
async def list_instance_profiles_for_role(
    call: Call, request: iam.ListInstanceProfilesForRoleRequest
) -> iam.ListInstanceProfilesForRoleResponse:
    role = request["RoleName"]
    wanted = listing(call, "ListInstanceProfilesForRole", request, role.lower())
    page = await call.services.instance_profiles.page_of_role(call.scope.account, role, wanted.after, wanted.limit)
    profiles = [present_policies.instance_profile(each) for each in page.items]
    return {"InstanceProfiles": profiles, **wanted.end(page.after)}


@operation("DeleteInstanceProfile", on_instance_profile("iam:DeleteInstanceProfile"))
async def delete_instance_profile(call: Call, request: iam.DeleteInstanceProfileRequest) -> Empty:
    await call.services.instance_profiles.delete(call.scope.account, request["InstanceProfileName"])
    return {}


def _add_demands(scope: Scope, request: Any) -> Sequence[Demand]:
    role = Entity("role", request["RoleName"])
    return [
        *on_instance_profile("iam:AddRoleToInstanceProfile")(scope, request),
        Demand("iam:PassRole", account(scope), entity=role, facts=PASSED_TO_EC2),
    ]


@operation("AddRoleToInstanceProfile", _add_demands)
async def add_role_to_instance_profile(call: Call, request: iam.AddRoleToInstanceProfileRequest) -> Empty:
    name, role = request["InstanceProfileName"], request["RoleName"]
    await call.services.instance_profiles.add_role(call.scope.account, name, role)
    return {}


@operation("RemoveRoleFromInstanceProfile", on_instance_profile("iam:RemoveRoleFromInstanceProfile"))
async def remove_role_from_instance_profile(call: Call, request: iam.RemoveRoleFromInstanceProfileRequest) -> Empty:
    name, role = request["InstanceProfileName"], request["RoleName"]
    await call.services.instance_profiles.remove_role(call.scope.account, name, role)
    return {}


@operation("TagInstanceProfile", on_instance_profile("iam:TagInstanceProfile"))
async def tag_instance_profile(call: Call, request: iam.TagInstanceProfileRequest) -> Empty:
    tags = read_tags(request["Tags"])
    await call.services.instance_profiles.tag(call.scope.account, request["InstanceProfileName"], tags)
    return {}


@operation("UntagInstanceProfile", on_instance_profile("iam:UntagInstanceProfile"))
async def untag_instance_profile(call: Call, request: iam.UntagInstanceProfileRequest) -> Empty:
    name, keys = request["InstanceProfileName"], request["TagKeys"]
    await call.services.instance_profiles.untag(call.scope.account, name, keys)
    return {}


@operation("ListInstanceProfileTags", on_instance_profile("iam:ListInstanceProfileTags"))
async def list_instance_profile_tags(
    call: Call, request: iam.ListInstanceProfileTagsRequest
) -> iam.ListInstanceProfileTagsResponse:
    name = request["InstanceProfileName"]
    wanted = listing(call, "ListInstanceProfileTags", request, name.lower())
    page = await call.services.instance_profiles.list_tags(call.scope.account, name, wanted.after, wanted.limit)
    return {"Tags": present.tags(page.items), **wanted.end(page.after)}
