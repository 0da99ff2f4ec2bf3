"""Operations on the policies of repositories and of the registry: Set/Get/DeleteRepositoryPolicy, Put/Get/Delete-
RegistryPolicy.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cargohold.aws.ecr import present
from cargohold.aws.ecr.demands import on_registry, on_repository, own_registry
from cargohold.aws.operation import Call, operation

if TYPE_CHECKING:
    from cargohold.aws.shapes.ecr import (
        DeleteRegistryPolicyRequest,
        DeleteRegistryPolicyResponse,
        DeleteRepositoryPolicyRequest,
        DeleteRepositoryPolicyResponse,
        GetRegistryPolicyRequest,
        GetRegistryPolicyResponse,
        GetRepositoryPolicyRequest,
        GetRepositoryPolicyResponse,
        PutRegistryPolicyRequest,
        PutRegistryPolicyResponse,
        SetRepositoryPolicyRequest,
        SetRepositoryPolicyResponse,
    )

_set_demands = on_repository("ecr:SetRepositoryPolicy")


@operation("SetRepositoryPolicy", _set_demands)
async def set_repository_policy(call: Call, request: SetRepositoryPolicyRequest) -> SetRepositoryPolicyResponse:
    """In place of the policy that there is; unless forced, not one that its writer could never set again."""
    target, text = call.target(request), request["policyText"]
    (demand,) = _set_demands(call.scope, request)
    stays_open = None if request.get("force") else partial(call.admission.would_allow, demand)
    await call.services.resource_policies.set_repository_policy(target, text, stays_open)
    return present.repository_policy(target, text)


@operation("GetRepositoryPolicy", on_repository("ecr:GetRepositoryPolicy"))
async def get_repository_policy(call: Call, request: GetRepositoryPolicyRequest) -> GetRepositoryPolicyResponse:
    target = call.target(request)
    return present.repository_policy(target, await call.services.resource_policies.get_repository_policy(target))


@operation("DeleteRepositoryPolicy", on_repository("ecr:DeleteRepositoryPolicy"))
async def delete_repository_policy(
    call: Call, request: DeleteRepositoryPolicyRequest
) -> DeleteRepositoryPolicyResponse:
    """The answer is the policy that was deleted."""
    target = call.target(request)
    return present.repository_policy(target, await call.services.resource_policies.delete_repository_policy(target))


_put_demands = on_registry("ecr:PutRegistryPolicy")


@operation("PutRegistryPolicy", _put_demands)
async def put_registry_policy(call: Call, request: PutRegistryPolicyRequest) -> PutRegistryPolicyResponse:
    """In force on every request of the registry, as ECR's policy scope V2 has it; not one that locks its writer out."""
    registry, text = own_registry(call), request["policyText"]
    (demand,) = _put_demands(call.scope, request)
    stays_open = partial(call.admission.would_allow, demand)
    await call.services.resource_policies.put_registry_policy(registry, text, stays_open)
    return present.registry_policy(registry, text)


@operation("GetRegistryPolicy", on_registry("ecr:GetRegistryPolicy"))
async def get_registry_policy(call: Call, _: GetRegistryPolicyRequest) -> GetRegistryPolicyResponse:
    registry = own_registry(call)
    return present.registry_policy(registry, await call.services.resource_policies.get_registry_policy(registry))


@operation("DeleteRegistryPolicy", on_registry("ecr:DeleteRegistryPolicy"))
async def delete_registry_policy(call: Call, _: DeleteRegistryPolicyRequest) -> DeleteRegistryPolicyResponse:
    """The answer is the policy that was deleted."""
    registry = own_registry(call)
    return present.registry_policy(registry, await call.services.resource_policies.delete_registry_policy(registry))
