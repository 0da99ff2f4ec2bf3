"""The policies of public repositories: who may push and manage. Whatever they say, everybody may pull."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from cargohold.aws.ecr import present, resource_policies
from cargohold.aws.ecr_public.operation import on_repository, operation, shared
from cargohold.aws.operation import Call

if TYPE_CHECKING:
    from cargohold.aws.shapes.ecr_public import SetRepositoryPolicyRequest, SetRepositoryPolicyResponse

_set_demands = on_repository("SetRepositoryPolicy")


@operation("SetRepositoryPolicy", _set_demands)
async def set_repository_policy(call: Call, request: SetRepositoryPolicyRequest) -> SetRepositoryPolicyResponse:
    """In place of the policy that there is; unless forced, not one that its writer could never set again."""
    target, text = call.target(request), request["policyText"]
    (demand,) = _set_demands(call.scope, request)
    stays_open = None if request.get("force") else partial(call.admission.would_allow, demand)
    await call.services.resource_policies.set_repository_policy(target, text, stays_open)
    return {
        "registryId": target.registry.account,
        "repositoryName": target.name,
        "policyText": present.repository_policy(target, text)["policyText"],
    }


get_repository_policy: Final = shared("GetRepositoryPolicy", resource_policies.get_repository_policy)
delete_repository_policy: Final = shared("DeleteRepositoryPolicy", resource_policies.delete_repository_policy)
