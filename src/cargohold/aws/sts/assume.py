"""AssumeRole: a session of a role, for somebody whom the role trusts and whose own policies let it.

A role that does not exist is denied like one that trusts nobody: who may not have it does not learn which it is.
Sources: AWS STS API reference, AssumeRole; IAM user guide, "Passing session tags in AWS STS", "Monitor and control
actions taken with assumed roles"; service authorization reference, "… for AWS Security Token Service".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from cargohold.access.demand import Demand, Entity, Facts
from cargohold.aws.operation import Call, Scope, operation
from cargohold.aws.sts.present import credentials
from cargohold.aws.validation import ValidationFailed, Violation
from cargohold.core.arn import IamArn, Registry, parse_iam, session_arn
from cargohold.core.errors import AccessDenied, OperationNotBuilt, UnknownMfaDevice, ValidationError
from cargohold.identity.session_request import PLAIN_LIMIT, Wanted

if TYPE_CHECKING:
    from cargohold.aws.shapes.sts import AssumeRoleRequest, AssumeRoleResponse, Tag

MOST_POLICIES: Final = 10

_ARN: Final = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+", re.DOTALL)


def _demands(scope: Scope, request: AssumeRoleRequest) -> Sequence[Demand]:
    """Session tags and a source identity need leave of their own, also those that the caller's session hands on."""
    _check(scope, request)
    session = scope.session
    handed_on = session is not None and bool(session.transitive_tags)
    actions = ["sts:AssumeRole"]
    if request.get("Tags") or request.get("TransitiveTagKeys") or handed_on:
        actions.append("sts:TagSession")
    if _source_identity(scope, request) is not None:
        actions.append("sts:SetSourceIdentity")
    facts, named = _facts(scope, request), role_named(request["RoleArn"])
    if named is None:
        return [Demand(action, Registry(scope.account, scope.region), arn=request["RoleArn"]) for action in actions]
    registry, entity = Registry(named.account, scope.region), role_entity(named)
    return [Demand(action, registry, entity=entity, facts=facts) for action in actions]


@operation("AssumeRole", _demands)
async def assume_role(call: Call, request: AssumeRoleRequest) -> AssumeRoleResponse:
    """Temporary credentials of a role, with the session's ARN and id."""
    if "SerialNumber" in request or "TokenCode" in request:
        raise UnknownMfaDevice
    named = role_named(request["RoleArn"])
    role_id = None if named is None else call.admission.entity_id(role_entity(named))
    wanted = _wanted(call.scope, request)
    issued = None if role_id is None else await call.services.sessions.assume(role_id, wanted, call.scope.session)
    if issued is None:
        raise AccessDenied(call.admission.principal.arn, "sts:AssumeRole", request["RoleArn"], "")
    session = issued.session
    return {
        **credentials(issued),
        "AssumedRoleUser": {
            "AssumedRoleId": f"{session.principal_id}:{session.name}",
            "Arn": session_arn(session.account, "assumed-role", f"{issued.role_name}/{session.name}"),
        },
        "PackedPolicySize": issued.packed_size,
        "SourceIdentity": session.source_identity,
    }


def role_named(arn: str) -> IamArn | None:
    """What a role's ARN says; None for one of something else. Raises ValidationError for what is no ARN."""
    if _ARN.fullmatch(arn) is None:
        raise ValidationError(f"{arn} is invalid")
    named = parse_iam(arn)
    return named if named is not None and named.kind == "role" else None


def role_entity(named: IamArn) -> Entity:
    """The role that an ARN names, for the guard to find. Its id is what counts afterwards: names can be given anew."""
    return Entity("role", named.name, named.path, exact=True)


def _source_identity(scope: Scope, request: AssumeRoleRequest) -> str | None:
    """Once it is set it goes on from session to session, and nobody may set another one."""
    inherited = None if scope.session is None else scope.session.source_identity
    return inherited or request.get("SourceIdentity")


def _facts(scope: Scope, request: AssumeRoleRequest) -> Facts:
    facts: list[tuple[str, str | tuple[str, ...]]] = [("sts:RoleSessionName", request["RoleSessionName"])]
    if "ExternalId" in request:
        facts.append(("sts:ExternalId", request["ExternalId"]))
    source_identity = _source_identity(scope, request)
    if source_identity is not None:
        facts.append(("sts:SourceIdentity", source_identity))
    facts += tag_facts(request.get("Tags", []))
    if request.get("TransitiveTagKeys"):
        facts.append(("sts:TransitiveTagKeys", tuple(request["TransitiveTagKeys"])))
    return tuple(facts)


def tag_facts(tags: Sequence[Tag]) -> Facts:
    """The context keys that session tags fill."""
    values: Facts = tuple((f"aws:RequestTag/{tag['Key']}", tag["Value"]) for tag in tags)
    return (*values, ("aws:TagKeys", tuple(tag["Key"] for tag in tags))) if tags else ()


def _wanted(scope: Scope, request: AssumeRoleRequest) -> Wanted:
    return Wanted(
        name=request["RoleSessionName"],
        seconds=request.get("DurationSeconds"),
        policy=request.get("Policy"),
        policy_arns=tuple(each.get("arn", "") for each in request.get("PolicyArns", [])),
        tags=tuple((tag["Key"], tag["Value"]) for tag in request.get("Tags", [])),
        transitive_tags=tuple(request.get("TransitiveTagKeys", [])),
        source_identity=_source_identity(scope, request),
        token_size=request.get("MinimumSessionTokenSize", 0),
    )


def _check(scope: Scope, request: AssumeRoleRequest) -> None:
    """What AWS's documentation says and its model does not; raises ValidationFailed and ValidationError."""
    role_named(request["RoleArn"])
    if "ProvidedContexts" in request:
        raise OperationNotBuilt("AssumeRole with ProvidedContexts")
    check_limits(request)
    source_identity = _source_identity(scope, request)
    if request.get("SourceIdentity", source_identity) != source_identity:
        raise ValidationError("The source identity of a session cannot be changed.")


def check_limits(request: Mapping[str, Any]) -> None:
    """How much may limit a session, which the model does not say; raises ValidationFailed."""
    policies = request.get("PolicyArns", [])
    if len(policies) > MOST_POLICIES:
        limit = f"Member must have length less than or equal to {MOST_POLICIES}"
        raise ValidationFailed([Violation("policyArns", "", limit)])
    if len(request.get("Policy", "")) > PLAIN_LIMIT:
        limit = f"Member must have length less than or equal to {PLAIN_LIMIT}"
        raise ValidationFailed([Violation("policy", "", limit)])
