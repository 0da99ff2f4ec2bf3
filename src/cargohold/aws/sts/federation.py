"""GetFederationToken: a session for somebody a user vouches for, who may do what both the user and its policies allow.

Sources: AWS STS API reference, GetFederationToken; IAM user guide, "Permissions for GetFederationToken": without a
session policy nothing is allowed but what a resource's policy gives to the federated user by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cargohold.access.demand import Demand
from cargohold.aws.operation import Call, Scope, operation
from cargohold.aws.sts.assume import check_limits, tag_facts
from cargohold.aws.sts.present import credentials
from cargohold.core.arn import Registry, session_arn
from cargohold.core.errors import NotForSessions
from cargohold.identity.session_request import Wanted

if TYPE_CHECKING:
    from cargohold.aws.shapes.sts import GetFederationTokenRequest, GetFederationTokenResponse


def _demands(scope: Scope, request: GetFederationTokenRequest) -> Sequence[Demand]:
    """On the federated user, by its name; session tags need leave of their own."""
    if scope.session is not None:
        raise NotForSessions("GetFederationToken")
    check_limits(request)
    arn = session_arn(scope.account, "federated-user", request["Name"])
    tags = request.get("Tags", [])
    actions = ("sts:GetFederationToken", "sts:TagSession") if tags else ("sts:GetFederationToken",)
    return [Demand(each, Registry(scope.account, scope.region), arn=arn, facts=tag_facts(tags)) for each in actions]


@operation("GetFederationToken", _demands)
async def get_federation_token(call: Call, request: GetFederationTokenRequest) -> GetFederationTokenResponse:
    """Temporary credentials of the federated user; they end with the key that asked, and do not reach IAM."""
    wanted = Wanted(
        name=request["Name"],
        seconds=request.get("DurationSeconds"),
        policy=request.get("Policy"),
        policy_arns=tuple(each.get("arn", "") for each in request.get("PolicyArns", [])),
        tags=tuple((tag["Key"], tag["Value"]) for tag in request.get("Tags", [])),
        token_size=request.get("MinimumSessionTokenSize", 0),
    )
    issued = await call.services.sessions.federate(str(call.credential.access_key_id), wanted)
    session = issued.session
    return {
        **credentials(issued),
        "FederatedUser": {
            "FederatedUserId": f"{session.account}:{session.name}",
            "Arn": session_arn(session.account, "federated-user", session.name),
        },
        "PackedPolicySize": issued.packed_size,
    }
