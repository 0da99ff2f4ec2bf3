"""Operations on the versions of managed policies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cargohold.aws.iam import present_policies
from cargohold.aws.iam.demands import on_own_policy, on_policy
from cargohold.aws.iam.paging import listing
from cargohold.aws.operation import Call, operation
from cargohold.identity.policy import parse

if TYPE_CHECKING:
    from cargohold.aws.iam.empty import Empty
    from cargohold.aws.shapes.iam import (
        CreatePolicyVersionRequest,
        CreatePolicyVersionResponse,
        DeletePolicyVersionRequest,
        GetPolicyVersionRequest,
        GetPolicyVersionResponse,
        ListPolicyVersionsRequest,
        ListPolicyVersionsResponse,
        SetDefaultPolicyVersionRequest,
    )

_VERSION: Final = re.compile(r"v([1-9][0-9]{0,8})")
_NONE: Final = 0
"""The number of no version."""


@operation("CreatePolicyVersion", on_own_policy("iam:CreatePolicyVersion"))
async def create_policy_version(call: Call, request: CreatePolicyVersionRequest) -> CreatePolicyVersionResponse:
    """The new version, without its document."""
    name, default = parse(request["PolicyArn"]), request.get("SetAsDefault", False)
    made = await call.services.policy_versions.create(
        call.scope.account, name, request["PolicyDocument"], default=default
    )
    return {"PolicyVersion": present_policies.version(made)}


@operation("GetPolicyVersion", on_policy("iam:GetPolicyVersion"))
async def get_policy_version(call: Call, request: GetPolicyVersionRequest) -> GetPolicyVersionResponse:
    name, number = parse(request["PolicyArn"]), _number(request["VersionId"])
    found = await call.services.policy_versions.get(call.scope.account, name, number)
    return {"PolicyVersion": present_policies.whole_version(found)}


@operation("ListPolicyVersions", on_policy("iam:ListPolicyVersions"))
async def list_policy_versions(call: Call, request: ListPolicyVersionsRequest) -> ListPolicyVersionsResponse:
    """The newest first, without their documents."""
    arn = request["PolicyArn"]
    wanted = listing(call, "ListPolicyVersions", request, arn)
    page = await call.services.policy_versions.page(call.scope.account, parse(arn), wanted.after, wanted.limit)
    return {"Versions": [present_policies.version(each) for each in page.items], **wanted.end(page.after)}


@operation("SetDefaultPolicyVersion", on_own_policy("iam:SetDefaultPolicyVersion"))
async def set_default_policy_version(call: Call, request: SetDefaultPolicyVersionRequest) -> Empty:
    name, number = parse(request["PolicyArn"]), _number(request["VersionId"])
    await call.services.policy_versions.set_default(call.scope.account, name, number)
    return {}


@operation("DeletePolicyVersion", on_own_policy("iam:DeletePolicyVersion"))
async def delete_policy_version(call: Call, request: DeletePolicyVersionRequest) -> Empty:
    name, number = parse(request["PolicyArn"]), _number(request["VersionId"])
    await call.services.policy_versions.delete(call.scope.account, name, number)
    return {}


def _number(version_id: str) -> int:
    """The number in a version's id; an id that the model allows and no version has (`v1.2`) is that of none."""
    parts = _VERSION.fullmatch(version_id)
    return _NONE if parts is None else int(parts[1])
