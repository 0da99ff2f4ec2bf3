"""What most of ECR's operations need: one action on the repository that the request names, or in the caller's registry.

An operation that needs anything else says so beside itself.
Source: AWS service authorization reference, "Actions, resources, and condition keys for Amazon ECR".
"""

from collections.abc import Callable, Sequence
from typing import Any

from cargohold.access.demand import Demand
from cargohold.aws.operation import Call, Scope
from cargohold.core.arn import Registry


def on_repository(action: str) -> Callable[[Scope, Any], Sequence[Demand]]:
    """Demands the action on the repository of the request's `repositoryName` and `registryId`."""

    def demands(scope: Scope, request: Any) -> Sequence[Demand]:
        return (Demand(action, scope.registry(request), request["repositoryName"]),)

    return demands


def on_registry(action: str) -> Callable[[Scope, Any], Sequence[Demand]]:
    """Demands the action, which knows no resource but `*`, in the caller's own registry: no other can be named."""

    def demands(scope: Scope, _: Any) -> Sequence[Demand]:
        return (Demand(action, own_registry(scope)),)

    return demands


def own_registry(of: Scope | Call) -> Registry:
    """The caller's own registry in the region of the request, whatever the request says."""
    scope = of if isinstance(of, Scope) else of.scope
    return Registry(scope.account, scope.region)
