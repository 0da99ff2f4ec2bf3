"""Who the caller is, and whose an access key is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cargohold.access.demand import Demand
from cargohold.aws.operation import Call, Scope, operation
from cargohold.core.arn import Registry
from cargohold.core.errors import ValidationError

if TYPE_CHECKING:
    from cargohold.aws.shapes.sts import (
        GetAccessKeyInfoRequest,
        GetAccessKeyInfoResponse,
        GetCallerIdentityRequest,
        GetCallerIdentityResponse,
    )


def _needs_to_know(scope: Scope, _: GetCallerIdentityRequest) -> Sequence[Demand]:
    return (Demand("sts:GetCallerIdentity", Registry(scope.account, scope.region)),)


def _needs_to_ask(scope: Scope, _: GetAccessKeyInfoRequest) -> Sequence[Demand]:
    return (Demand("sts:GetAccessKeyInfo", Registry(scope.account, scope.region)),)


@operation("GetCallerIdentity", _needs_to_know)
async def get_caller_identity(call: Call, _: GetCallerIdentityRequest) -> GetCallerIdentityResponse:
    """The principal's unique id, account and ARN; every known principal may ask."""
    principal = call.admission.principal
    return {"UserId": principal.id, "Account": principal.account, "Arn": principal.arn}


@operation("GetAccessKeyInfo", _needs_to_ask)
async def get_access_key_info(call: Call, request: GetAccessKeyInfoRequest) -> GetAccessKeyInfoResponse:
    """The account of an access key, whichever account asks and whatever the key's state, as on AWS."""
    account = await call.services.sessions.account_of(request["AccessKeyId"])
    if account is None:
        raise ValidationError("The AWS access key ID provided does not exist in our records.")
    return {"Account": account}
