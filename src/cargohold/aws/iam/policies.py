"""Operations on managed policies, their tags, and who uses them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from cargohold.aws.iam import present, present_policies
from cargohold.aws.iam.demands import on_anything, on_new, on_own_policy, on_policy
from cargohold.aws.iam.paging import listing
from cargohold.aws.iam.users import read_tags
from cargohold.aws.operation import Call, operation
from cargohold.identity.policies import BOTH, NewPolicy
from cargohold.identity.policy import UsedBy, Wanted, parse

if TYPE_CHECKING:
    from cargohold.aws.iam.empty import Empty
    from cargohold.aws.shapes.iam import (
        CreatePolicyRequest,
        CreatePolicyResponse,
        DeletePolicyRequest,
        GetPolicyRequest,
        GetPolicyResponse,
        ListEntitiesForPolicyRequest,
        ListEntitiesForPolicyResponse,
        ListPoliciesRequest,
        ListPoliciesResponse,
        ListPolicyTagsRequest,
        ListPolicyTagsResponse,
        TagPolicyRequest,
        UntagPolicyRequest,
    )
    from cargohold.identity.entity import Kind
    from cargohold.identity.policies import Owner
    from cargohold.identity.policy import Way

_OWNERS: Final[Mapping[str, tuple[Owner, ...]]] = {"All": BOTH, "AWS": ("aws",), "Local": ("account",)}
_WAYS: Final[Mapping[str, Way]] = {"PermissionsPolicy": "attached", "PermissionsBoundary": "boundary"}
_KINDS: Final[Mapping[str, tuple[Kind, ...]]] = {"User": ("user",), "Group": ("group",), "Role": ("role",)}


@operation("CreatePolicy", on_new("policy", "iam:CreatePolicy", "iam:TagPolicy", "PolicyName"))
async def create_policy(call: Call, request: CreatePolicyRequest) -> CreatePolicyResponse:
    new = NewPolicy(
        name=request["PolicyName"],
        document=request["PolicyDocument"],
        path=request.get("Path", "/"),
        description=request.get("Description"),
        tags=read_tags(request.get("Tags", ())),
    )
    shown = present_policies.whole_policy(await call.services.policies.create(call.scope.account, new))
    shown["Tags"] = shown["Tags"] or None
    return {"Policy": shown}


@operation("GetPolicy", on_policy("iam:GetPolicy"))
async def get_policy(call: Call, request: GetPolicyRequest) -> GetPolicyResponse:
    """With description and tags, which ListPolicies leaves out."""
    found = await call.services.policies.get(call.scope.account, parse(request["PolicyArn"]))
    return {"Policy": present_policies.whole_policy(found)}


@operation("ListPolicies", on_anything("iam:ListPolicies"))
async def list_policies(call: Call, request: ListPoliciesRequest) -> ListPoliciesResponse:
    """The account's own policies and those of AWS; `OnlyAttached` and `PolicyUsageFilter` leave out what is unused."""
    scope, usage = request.get("Scope", "All"), request.get("PolicyUsageFilter", "")
    used: Way | None = "either" if request.get("OnlyAttached") else None
    wanted = Wanted(request.get("PathPrefix", "/"), _WAYS.get(usage, used))
    page = listing(call, "ListPolicies", request, scope, wanted.path, wanted.used or "")
    found = await call.services.policies.page(
        call.scope.account, _OWNERS[scope], wanted, after=page.after, limit=page.limit
    )
    return {"Policies": [present_policies.policy(each) for each in found.items], **page.end(found.after)}


@operation("DeletePolicy", on_own_policy("iam:DeletePolicy"))
async def delete_policy(call: Call, request: DeletePolicyRequest) -> Empty:
    await call.services.policies.delete(call.scope.account, parse(request["PolicyArn"]))
    return {}


@operation("ListEntitiesForPolicy", on_policy("iam:ListEntitiesForPolicy"))
async def list_entities_for_policy(call: Call, request: ListEntitiesForPolicyRequest) -> ListEntitiesForPolicyResponse:
    """Groups, roles and users that have the policy attached or are bounded by it."""
    arn, kind, usage = request["PolicyArn"], request.get("EntityFilter", ""), request.get("PolicyUsageFilter", "")
    # A filter for policies leaves none of those who use them, as on AWS.
    kinds = _KINDS.get(kind, () if kind else UsedBy().kinds)
    wanted = UsedBy(_WAYS.get(usage, "either"), kinds, request.get("PathPrefix", "/"))
    page = listing(call, "ListEntitiesForPolicy", request, arn, kind, usage, wanted.path)
    found = await call.services.policies.users_of(
        call.scope.account, parse(arn), wanted, after=page.after, limit=page.limit
    )
    return {
        "PolicyGroups": [{"GroupName": each.name, "GroupId": each.id} for each in found.items if each.kind == "group"],
        "PolicyUsers": [{"UserName": each.name, "UserId": each.id} for each in found.items if each.kind == "user"],
        "PolicyRoles": [{"RoleName": each.name, "RoleId": each.id} for each in found.items if each.kind == "role"],
        **page.end(found.after),
    }


@operation("TagPolicy", on_own_policy("iam:TagPolicy"))
async def tag_policy(call: Call, request: TagPolicyRequest) -> Empty:
    await call.services.policies.tag(call.scope.account, parse(request["PolicyArn"]), read_tags(request["Tags"]))
    return {}


@operation("UntagPolicy", on_own_policy("iam:UntagPolicy"))
async def untag_policy(call: Call, request: UntagPolicyRequest) -> Empty:
    await call.services.policies.untag(call.scope.account, parse(request["PolicyArn"]), request["TagKeys"])
    return {}


@operation("ListPolicyTags", on_policy("iam:ListPolicyTags"))
async def list_policy_tags(call: Call, request: ListPolicyTagsRequest) -> ListPolicyTagsResponse:
    arn = request["PolicyArn"]
    wanted = listing(call, "ListPolicyTags", request, arn)
    page = await call.services.policies.list_tags(call.scope.account, parse(arn), wanted.after, wanted.limit)
    return {"Tags": present.tags(page.items), **wanted.end(page.after)}
