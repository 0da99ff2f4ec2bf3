"""GetAuthorizationToken: the password that `docker login` is given."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cargohold.access.demand import Demand
from cargohold.aws.operation import Call, Scope, operation
from cargohold.core.arn import Registry
from cargohold.identity import registry_token

if TYPE_CHECKING:
    from cargohold.aws.shapes.ecr import GetAuthorizationTokenRequest, GetAuthorizationTokenResponse


def _demands(scope: Scope, _: GetAuthorizationTokenRequest) -> Sequence[Demand]:
    # No repository policy can grant it: its resource is always `*`, whichever registries are listed.
    return (Demand("ecr:GetAuthorizationToken", Registry(scope.account, scope.region)),)


@operation("GetAuthorizationToken", _demands)
async def get_authorization_token(call: Call, request: GetAuthorizationTokenRequest) -> GetAuthorizationTokenResponse:
    """One password, valid 12 hours and in every registry of the region, under each registry that is listed.

    Once decoded it is `AWS:<password>` with exactly that one colon: the CLI splits it there.
    """
    services = call.services
    password, expires_at = registry_token.issue(services.tokens, call.credential, call.region, services.clock())
    token = base64.b64encode(f"AWS:{password}".encode()).decode()
    accounts = request.get("registryIds") or [call.scope.account]
    return {
        "authorizationData": [
            {
                "authorizationToken": token,
                "expiresAt": expires_at,
                "proxyEndpoint": services.addresses.url(Registry(account, call.region)),
            }
            for account in accounts
        ]
    }
