"""AssumeRoleWithWebIdentity: a session of a role for who has a token of an issuer that the role's account knows.

Nobody signs it. The token proves who asks, the role's trust policy decides: who may not have the role does not learn
whether it is there.
Sources: AWS STS API reference, AssumeRoleWithWebIdentity; IAM user guide, "Available keys for AWS OIDC federation".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cargohold.access.demand import Demand
from cargohold.aws.operation import Call, Scope, operation
from cargohold.aws.sts.assume import check_limits, role_entity, role_named
from cargohold.aws.sts.present import credentials
from cargohold.core.arn import Registry, session_arn
from cargohold.core.errors import NotTrusted, ValidationError
from cargohold.identity.principals import Principal
from cargohold.identity.session_request import Wanted
from cargohold.identity.web_identities import WebIdentity

if TYPE_CHECKING:
    from cargohold.aws.shapes.sts import AssumeRoleWithWebIdentityRequest, AssumeRoleWithWebIdentityResponse

ACTION: Final = "sts:AssumeRoleWithWebIdentity"


def _demands(scope: Scope, request: AssumeRoleWithWebIdentityRequest) -> Sequence[Demand]:
    """On the role, whose trust policy is asked once the token is proven."""
    check_limits(request)
    if "ProviderId" in request:
        raise ValidationError("ProviderId is for OAuth 2.0 access tokens: an OpenID Connect token names its issuer.")
    named = role_named(request["RoleArn"])
    if named is None:
        raise NotTrusted(ACTION)
    return (Demand(ACTION, Registry(named.account, scope.region), entity=role_entity(named)),)


@operation("AssumeRoleWithWebIdentity", _demands)
async def assume_role_with_web_identity(
    call: Call, request: AssumeRoleWithWebIdentityRequest
) -> AssumeRoleWithWebIdentityResponse:
    """Temporary credentials of the role; they end with the provider that vouched for them."""
    (demand,) = _demands(call.scope, request)
    web = await call.services.web_identities.proven(demand.registry.account, request["WebIdentityToken"])
    call.trail.principal = principal = _principal(web)
    asked = replace(demand, facts=_facts(web, request))
    role_id = await call.services.trust.require(principal, [asked], call.surroundings)
    issued = await call.services.sessions.assume(role_id, _wanted(request), None, web)
    if issued is None:
        raise NotTrusted(ACTION)
    session = issued.session
    return {
        **credentials(issued),
        "AssumedRoleUser": {
            "AssumedRoleId": f"{session.principal_id}:{session.name}",
            "Arn": session_arn(session.account, "assumed-role", f"{issued.role_name}/{session.name}"),
        },
        "PackedPolicySize": issued.packed_size,
        "SubjectFromWebIdentityToken": web.claims.subject,
        "Provider": web.provider.arn,
        "Audience": web.claims.audience,
        "SourceIdentity": None,
    }


def _principal(web: WebIdentity) -> Principal:
    return Principal(web.id, web.provider.arn, web.provider.account, "web-identity", web.claims.subject)


def _facts(
    web: WebIdentity, request: AssumeRoleWithWebIdentityRequest
) -> tuple[tuple[str, str | tuple[str, ...]], ...]:
    claims = ((f"{web.provider.url}:{name}", value) for name, value in web.claims.values.items())
    return (
        *claims,
        ("aws:FederatedProvider", web.provider.arn),
        ("sts:RoleSessionName", request["RoleSessionName"]),
    )


def _wanted(request: AssumeRoleWithWebIdentityRequest) -> Wanted:
    return Wanted(
        name=request["RoleSessionName"],
        seconds=request.get("DurationSeconds"),
        policy=request.get("Policy"),
        policy_arns=tuple(each.get("arn", "") for each in request.get("PolicyArns", [])),
        token_size=request.get("MinimumSessionTokenSize", 0),
    )
