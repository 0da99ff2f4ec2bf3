"""GetSessionToken: a user's own power for a while, in credentials that end by themselves.

Sources: AWS STS API reference, GetSessionToken; IAM user guide, "Permissions for GetSessionToken": no policy gives or
takes it, and only long-term credentials may ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cargohold.access.demand import Demand
from cargohold.aws.operation import Call, Scope, operation
from cargohold.aws.sts.present import credentials
from cargohold.core.arn import Registry
from cargohold.core.errors import NotForSessions, UnknownMfaDevice

if TYPE_CHECKING:
    from cargohold.aws.shapes.sts import GetSessionTokenRequest, GetSessionTokenResponse


def _demands(scope: Scope, _: GetSessionTokenRequest) -> Sequence[Demand]:
    if scope.session is not None:
        raise NotForSessions("GetSessionToken")
    return (Demand("sts:GetSessionToken", Registry(scope.account, scope.region)),)


@operation("GetSessionToken", _demands)
async def get_session_token(call: Call, request: GetSessionTokenRequest) -> GetSessionTokenResponse:
    """Temporary credentials of the user who asks; they end with the key that asked, and do not reach IAM."""
    if "SerialNumber" in request or "TokenCode" in request:
        raise UnknownMfaDevice
    issued = await call.services.sessions.of_user(
        str(call.credential.access_key_id), request.get("DurationSeconds"), request.get("MinimumSessionTokenSize", 0)
    )
    return {**credentials(issued)}
