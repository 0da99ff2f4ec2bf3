"""GetAccountAuthorizationDetails: who there is in an account, and what they may do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from cargohold.aws.iam import present, present_policies
from cargohold.aws.iam.demands import on_anything
from cargohold.aws.iam.paging import listing
from cargohold.aws.operation import Call, operation
from cargohold.identity.account_details import EVERYTHING, EntityDetail, Part, PolicyDetail

if TYPE_CHECKING:
    from cargohold.aws.shapes import iam

_PARTS: Final[Mapping[str, Part]] = {
    "User": "user",
    "Group": "group",
    "Role": "role",
    "LocalManagedPolicy": "account policy",
    "AWSManagedPolicy": "aws policy",
}


@operation("GetAccountAuthorizationDetails", on_anything("iam:GetAccountAuthorizationDetails"))
async def get_account_authorization_details(
    call: Call, request: iam.GetAccountAuthorizationDetailsRequest
) -> iam.GetAccountAuthorizationDetailsResponse:
    """Users, groups, roles, the account's policies and those of AWS that it uses; `Filter` leaves others out."""
    parts = [_PARTS[each] for each in request.get("Filter", ())] or EVERYTHING
    wanted = listing(call, "GetAccountAuthorizationDetails", request, *sorted(set(parts)))
    page = await call.services.account_details.page(call.scope.account, parts, wanted.after, wanted.limit)
    people = [each for each in page.items if isinstance(each, EntityDetail)]
    return {
        "UserDetailList": [_user(each) for each in people if each.entity.kind == "user"],
        "GroupDetailList": [_group(each) for each in people if each.entity.kind == "group"],
        "RoleDetailList": [_role(each) for each in people if each.entity.kind == "role"],
        "Policies": [_policy(each) for each in page.items if isinstance(each, PolicyDetail)],
        **wanted.end(page.after),
    }


def _user(detail: EntityDetail) -> iam.UserDetail:
    entity = detail.entity
    return {
        "Path": entity.path,
        "UserName": entity.name,
        "UserId": entity.id,
        "Arn": entity.arn,
        "CreateDate": entity.created_at,
        "UserPolicyList": present_policies.inline(detail.inline) or None,
        "GroupList": list(detail.groups),
        "AttachedManagedPolicies": present_policies.attached(detail.attached),
        "PermissionsBoundary": present.boundary(detail.boundary),
        "Tags": present.tags(detail.tags),
    }


def _group(detail: EntityDetail) -> iam.GroupDetail:
    entity = detail.entity
    return {
        "Path": entity.path,
        "GroupName": entity.name,
        "GroupId": entity.id,
        "Arn": entity.arn,
        "CreateDate": entity.created_at,
        "GroupPolicyList": present_policies.inline(detail.inline),
        "AttachedManagedPolicies": present_policies.attached(detail.attached),
    }


def _role(detail: EntityDetail) -> iam.RoleDetail:
    entity, role = detail.entity, detail.role
    return {
        "Path": entity.path,
        "RoleName": entity.name,
        "RoleId": entity.id,
        "Arn": entity.arn,
        "CreateDate": entity.created_at,
        "AssumeRolePolicyDocument": None if role is None else present_policies.document(role.trust_policy),
        "InstanceProfileList": [present_policies.instance_profile(each) for each in detail.instance_profiles],
        "RolePolicyList": present_policies.inline(detail.inline),
        "AttachedManagedPolicies": present_policies.attached(detail.attached),
        "PermissionsBoundary": present.boundary(detail.boundary),
        "Tags": present.tags(detail.tags),
        "RoleLastUsed": None if role is None else present_policies.last_used(role),
    }


def _policy(detail: PolicyDetail) -> iam.ManagedPolicyDetail:
    policy = detail.policy
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": present_policies.version_id(policy.default_version),
        "AttachmentCount": policy.usage.attachments,
        "PermissionsBoundaryUsageCount": policy.usage.boundaries,
        "IsAttachable": True,
        "Description": policy.description,
        "CreateDate": policy.created_at,
        "UpdateDate": policy.updated_at,
        "PolicyVersionList": [present_policies.whole_version(each) for each in detail.versions],
    }
