"""What most of ECR's operations need: one action on the repository that the request names.

An operation that needs anything else says so beside itself.
Source: AWS service authorization reference, "Actions, resources, and condition keys for Amazon ECR".
"""

from collections.abc import Callable, Sequence
from typing import Any

from cargohold.access.demand import Demand
from cargohold.aws.operation import Scope


def on_repository(action: str) -> Callable[[Scope, Any], Sequence[Demand]]:
    """Demands the action on the repository of the request's `repositoryName` and `registryId`."""

    def demands(scope: Scope, request: Any) -> Sequence[Demand]:
        return (Demand(action, scope.registry(request), request["repositoryName"]),)

    return demands
