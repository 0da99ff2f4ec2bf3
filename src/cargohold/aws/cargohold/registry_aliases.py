"""CreateRegistryAlias: a public registry's name of somebody's choice, which on AWS one asks its support for.

All accounts share the names, so that it is the first account's to give them, as accounts are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cargohold.access.demand import Demand
from cargohold.aws.cargohold.demands import on_accounts
from cargohold.aws.operation import Call, Scope, operation
from cargohold.core.arn import public_registry

if TYPE_CHECKING:
    from cargohold.aws.shapes.cargohold import CreateRegistryAliasRequest, CreateRegistryAliasResponse


def _demands(scope: Scope, request: CreateRegistryAliasRequest) -> Sequence[Demand]:
    return (on_accounts("cargohold:CreateRegistryAlias", scope, request.get("accountId") or scope.account),)


@operation("CreateRegistryAlias", _demands)
async def create_registry_alias(call: Call, request: CreateRegistryAliasRequest) -> CreateRegistryAliasResponse:
    registry = public_registry(request.get("accountId") or call.scope.account)
    publisher = await call.services.public.registries.add_alias(registry, request["alias"])
    return {
        "registryUri": f"{call.services.addresses.public_name}/{publisher.primary}",
        "aliases": [alias.name for alias in publisher.aliases],
    }
