"""What ECR Public's operations have in common: their region, their demands, and how a registry may be called.

Source: AWS service authorization reference, "Actions, resources, and condition keys for Amazon Elastic Container
Registry Public"; Amazon ECR Public API reference (`registryId` of the operations that push).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cargohold.access.demand import Demand
from cargohold.aws.operation import Call, Operation, Scope
from cargohold.aws.operation import operation as of_any_service
from cargohold.core.arn import PUBLIC_REGION
from cargohold.core.errors import RegistryNotFound, RepositoryNotFound, UnsupportedCommand

if TYPE_CHECKING:
    from cargohold.services import Services

Demands = Callable[[Scope, Any], Sequence[Demand]]
Handler = Callable[[Call, Any], Awaitable[Mapping[str, object]]]

_DIGITS = 12


def operation(name: str, demands: Demands) -> Callable[[Handler], Operation]:
    """Makes an Operation that is refused with UnsupportedCommand outside of the public registries' region."""

    def here(scope: Scope, request: Any) -> Sequence[Demand]:
        if scope.region != PUBLIC_REGION:
            raise UnsupportedCommand(scope.region)
        return demands(scope, request)

    return of_any_service(name, here)


def on_repository(name: str) -> Demands:
    """Demands the action of that name on the repository of the request's `repositoryName` and `registryId`."""

    def demands(scope: Scope, request: Any) -> Sequence[Demand]:
        return (Demand(f"ecr-public:{name}", scope.registry(request), request["repositoryName"]),)

    return demands


def on_registry(name: str) -> Demands:
    """Demands the action of that name on the caller's own registry: no other can be named."""

    def demands(scope: Scope, _: Any) -> Sequence[Demand]:
        registry = scope.registry({})
        return (Demand(f"ecr-public:{name}", registry, arn=registry.arn),)

    return demands


def shared(name: str, of_ecr: Operation) -> Operation:
    """ECR's own handler, on a public repository."""
    return operation(name, on_repository(name))(of_ecr.handler)


def by_alias(made: Operation) -> Operation:
    """As it is, of a `registryId` that may be an alias too; RegistryNotFound for one that nobody has."""
    return replace(made, meant=_of_account)


def by_alias_or_absent(made: Operation) -> Operation:
    """As by_alias, of an operation that declares no RegistryNotFound: with the alias the repository is not there."""
    return replace(made, meant=_of_account_or_absent)


async def _of_account_or_absent(services: Services, request: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return await _of_account(services, request)
    except RegistryNotFound:
        raise RepositoryNotFound(request["repositoryName"], request["registryId"]) from None


async def _of_account(services: Services, request: Mapping[str, Any]) -> Mapping[str, Any]:
    named = request.get("registryId", "")
    if not named or (len(named) == _DIGITS and named.isdecimal()):
        return request
    return {**request, "registryId": await services.public.registries.get_account(named)}
