"""Who the caller is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cargohold.access.demand import Demand
from cargohold.aws.operation import Call, Scope, operation
from cargohold.core.arn import Registry

if TYPE_CHECKING:
    from cargohold.aws.shapes.sts import GetCallerIdentityRequest, GetCallerIdentityResponse


def _demands(scope: Scope, _: GetCallerIdentityRequest) -> Sequence[Demand]:
    return (Demand("sts:GetCallerIdentity", Registry(scope.account, scope.region)),)


@operation("GetCallerIdentity", _demands)
async def get_caller_identity(call: Call, _: GetCallerIdentityRequest) -> GetCallerIdentityResponse:
    """The principal's unique id, account and ARN; every known principal may ask."""
    principal = call.admission.principal
    return {"UserId": principal.id, "Account": principal.account, "Arn": principal.arn}
