"""GetAuthorizationToken: what `docker login` is given for the public registries."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from cargohold.access.demand import Demand
from cargohold.aws.ecr_public.operation import operation
from cargohold.aws.operation import Call, Scope
from cargohold.core.clock import SECOND
from cargohold.identity import public_token, registry_token

if TYPE_CHECKING:
    from cargohold.aws.shapes.ecr_public import GetAuthorizationTokenRequest, GetAuthorizationTokenResponse

_SERVICE: Final = "ecr-public.amazonaws.com"


def _demands(scope: Scope, _: GetAuthorizationTokenRequest) -> Sequence[Demand]:
    registry = scope.registry({})
    facts = (("sts:AWSServiceName", _SERVICE), ("sts:DurationSeconds", str(registry_token.LIFETIME // SECOND)))
    return (
        Demand("ecr-public:GetAuthorizationToken", registry),
        Demand("sts:GetServiceBearerToken", registry, facts=facts),
    )


@operation("GetAuthorizationToken", _demands)
async def get_authorization_token(call: Call, _: GetAuthorizationTokenRequest) -> GetAuthorizationTokenResponse:
    """One password for all public registries, valid 12 hours: decoded `AWS:<password>`, and a Bearer token as it is."""
    services = call.services
    password, expires_at = public_token.issue(services.tokens, call.credential, services.clock())
    token = base64.b64encode(f"{registry_token.USER}:{password}".encode()).decode()
    return {"authorizationData": {"authorizationToken": token, "expiresAt": expires_at}}
