"""Operations that try policies out: the policy simulator, and the context keys that it may have to be given.

They decide as the guard does, with the policies that are attached and with those that the request brings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from cargohold.access.context_keys import context_keys, once
from cargohold.access.demand import Demand, Entity
from cargohold.access.holdings import parse_entity
from cargohold.access.simulate import ANYTHING, TYPES, Result, Simulation, simulate, together
from cargohold.access.sources import Source, Sources, Written, position
from cargohold.aws.iam import simulation as read
from cargohold.aws.iam.demands import account, on_anything
from cargohold.aws.iam.paging import listing
from cargohold.aws.operation import Call, Scope, operation
from cargohold.core.errors import InvalidInput, MalformedPolicyDocument, PolicyEvaluation
from cargohold.identity.principals import Principal

if TYPE_CHECKING:
    from cargohold.aws.shapes.iam import (
        EvaluationResult,
        GetContextKeysForCustomPolicyRequest,
        GetContextKeysForPolicyResponse,
        GetContextKeysForPrincipalPolicyRequest,
        Position,
        ResourceSpecificResult,
        SimulateCustomPolicyRequest,
        SimulatePolicyResponse,
        SimulatePrincipalPolicyRequest,
        Statement,
    )

MOST_DECISIONS: Final = 2_000
"""On one page; IAM may answer with fewer results than were asked for."""

MOST_STATEMENTS: Final = 100_000
"""Looked at for one page, once for each decision: about a second's work."""

_TEMPLATES: Final = {
    ("ecr", "repository"): "arn:${Partition}:ecr:${Region}:${Account}:repository/${RepositoryName}",
    ("ecr-public", "repository"): "arn:${Partition}:ecr-public::${Account}:repository/${RepositoryName}",
    ("iam", "user"): "arn:${Partition}:iam::${Account}:user/${UserNameWithPath}",
    ("iam", "group"): "arn:${Partition}:iam::${Account}:group/${GroupNameWithPath}",
    ("iam", "role"): "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}",
    ("iam", "policy"): "arn:${Partition}:iam::${Account}:policy/${PolicyNameWithPath}",
}
"""What several resources of one type are called together, by service and type, as in the service reference."""


@dataclass(frozen=True, slots=True)
class _Page:
    """The actions that one answer is about."""

    actions: Sequence[str]
    resources: Sequence[str]
    end: Mapping[str, Any]


def _on_source(action: str) -> Any:
    """Demands the action on the user, group or role whose policies are asked."""

    def demands(scope: Scope, request: Mapping[str, Any]) -> Sequence[Demand]:
        arn = request["PolicySourceArn"]
        found = parse_entity(arn)
        if found is None or found.account != scope.account:
            return (Demand(action, account(scope), arn=arn),)
        entity = Entity(found.kind, found.name, found.path, exact=True)
        return (Demand(action, account(scope), entity=entity),)

    return demands


@operation("SimulateCustomPolicy", on_anything("iam:SimulateCustomPolicy"))
async def simulate_custom_policy(call: Call, request: SimulateCustomPolicyRequest) -> SimulatePolicyResponse:
    actions = read.actions(request["ActionNames"])
    caller = read.entity(request["CallerArn"]) if "CallerArn" in request else None
    sources = [
        *read.given(request["PolicyInputList"], "identity", "PolicyInputList"),
        *read.boundary(request.get("PermissionsBoundaryPolicyInputList", ())),
        *read.resource_policy(request.get("ResourcePolicy"), caller, actions),
    ]
    nobody = Principal("", "", call.scope.account, "user", "")
    made = Simulation(
        caller=nobody if caller is None else caller.principal,
        sources=await asyncio.to_thread(Sources, sources),
        context=read.context(request.get("ContextEntries", ())),
        owner=read.owner(request.get("ResourceOwner")),
        levels=read.levels(request.get("OrderedOrganizationPolicyInputList", ())),
    )
    return await _answer(made, _page(call, "SimulateCustomPolicy", request, made))


@operation("SimulatePrincipalPolicy", _on_source("iam:SimulatePrincipalPolicy"))
async def simulate_principal_policy(call: Call, request: SimulatePrincipalPolicyRequest) -> SimulatePolicyResponse:
    """The policies of a user, with its groups', of a group or of a role, and those that the request brings."""
    actions = read.actions(request["ActionNames"])
    of = read.owned(call.scope.account, request["PolicySourceArn"])
    caller = read.entity(request.get("CallerArn", of.text))
    given = [
        *read.given(request.get("PolicyInputList", ()), "identity", "PolicyInputList"),
        *read.resource_policy(request.get("ResourcePolicy"), caller, actions),
    ]
    boundary = read.boundary(request.get("PermissionsBoundaryPolicyInputList", ()))
    holdings = await call.services.holders.get(of)
    attached = read.kept(holdings.sources, request.get("PolicyExclusionList", ()))
    held = [source for source in attached if not boundary or source.kind != "boundary"]
    made = Simulation(
        caller=holdings.principal if caller == of else caller.principal,
        sources=await asyncio.to_thread(_stored, [*held, *given, *boundary]),
        context=read.context(request.get("ContextEntries", ())),
        owner=read.owner(request.get("ResourceOwner")),
    )
    return await _answer(made, _page(call, "SimulatePrincipalPolicy", request, made))


@operation("GetContextKeysForCustomPolicy", on_anything("iam:GetContextKeysForCustomPolicy"))
async def get_context_keys_for_custom_policy(
    _: Call, request: GetContextKeysForCustomPolicyRequest
) -> GetContextKeysForPolicyResponse:
    return _keys(read.given(request["PolicyInputList"], "identity", "PolicyInputList"))


@operation("GetContextKeysForPrincipalPolicy", _on_source("iam:GetContextKeysForPrincipalPolicy"))
async def get_context_keys_for_principal_policy(
    call: Call, request: GetContextKeysForPrincipalPolicyRequest
) -> GetContextKeysForPolicyResponse:
    """Those of the policies attached, of a user's groups too, and of those that the request brings."""
    of = read.owned(call.scope.account, request["PolicySourceArn"])
    given = read.given(request.get("PolicyInputList", ()), "identity", "PolicyInputList")
    holdings = await call.services.holders.get(of)
    return _keys([*(source for source in holdings.sources if source.kind == "identity"), *given])


def _keys(sources: Iterable[Source]) -> GetContextKeysForPolicyResponse:
    asked = (key for source in sources for keys in context_keys(source.text) for key in keys)
    return {"ContextKeyNames": once(asked)}


def _stored(sources: Sequence[Source]) -> Sources:
    """Policies of which some are stored, and were checked long ago."""
    try:
        return Sources(sources)
    except MalformedPolicyDocument:
        raise PolicyEvaluation from None


def _page(call: Call, name: str, request: Mapping[str, Any], of: Simulation) -> _Page:
    """From the action that the Marker says on, as many as were asked for and as one answer may be about.

    Raises InvalidInput where that is not even one.
    """
    actions, resources = request["ActionNames"], read.resources(request.get("ResourceArns", ()))
    asked = {key: value for key, value in request.items() if key not in ("Marker", "MaxItems")}
    wanted = listing(call, name, request, sha256(repr(sorted(asked.items())).encode()).hexdigest())
    looked_at = len(resources) * of.statements
    if looked_at > MOST_STATEMENTS:
        raise InvalidInput(
            f"{of.statements} statements on {len(resources)} resources are more than one simulation may "
            f"look at, which is {MOST_STATEMENTS} in all."
        )
    begin = int(wanted.after or 0)
    end = begin + min(wanted.limit, max(1, MOST_DECISIONS // len(resources)), MOST_STATEMENTS // looked_at)
    return _Page(actions[begin:end], resources, wanted.end(str(end) if end < len(actions) else None))


async def _answer(of: Simulation, page: _Page) -> SimulatePolicyResponse:
    """Deciding thousands of things takes long, so it is not done on the loop."""
    results = await asyncio.to_thread(lambda: [_result(of, action, page.resources) for action in page.actions])
    return {"EvaluationResults": results, "IsTruncated": page.end["IsTruncated"], "Marker": page.end["Marker"]}


def _result(of: Simulation, action: str, resources: Sequence[str]) -> EvaluationResult:
    each = [simulate(of, action, resource) for resource in resources]
    whole = together(_together(resources), each)
    shown: EvaluationResult = {
        "EvalActionName": action,
        "EvalResourceName": whole.resource,
        "EvalDecision": whole.verdict,
        "MatchedStatements": [_statement(matched) for matched in whole.matched],
        "MissingContextValues": list(whole.missing),
    }
    if whole.within_organization is not None:
        shown["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": whole.within_organization}
    if whole.within_boundary is not None:
        shown["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": whole.within_boundary}
    if resources != [ANYTHING]:
        shown["EvalDecisionDetails"] = dict(whole.details)
        shown["ResourceSpecificResults"] = [_specific(result) for result in each]
    elif whole.details:
        shown["EvalDecisionDetails"] = dict(whole.details)
    return shown


def _together(resources: Sequence[str]) -> str:
    """The resource itself where it is one, else what its type is called, or `*`."""
    if len(resources) == 1:
        return resources[0]
    names = {_TEMPLATES.get(_type(resource), ANYTHING) for resource in resources}
    return names.pop() if len(names) == 1 else ANYTHING


def _type(resource: str) -> tuple[str, str]:
    parts = resource.split(":", 5)
    return (parts[2], parts[5].partition("/")[0]) if len(parts) == 6 else ("", "")


def _specific(result: Result) -> ResourceSpecificResult:
    shown: ResourceSpecificResult = {
        "EvalResourceName": result.resource,
        "EvalResourceDecision": result.verdict,
        "MatchedStatements": [_statement(matched) for matched in result.matched],
        "MissingContextValues": list(result.missing),
    }
    if result.details:
        shown["EvalDecisionDetails"] = dict(result.details)
    if result.within_boundary is not None:
        shown["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": result.within_boundary}
    return shown


def _statement(written: Written) -> Statement:
    return {
        "SourcePolicyId": written.source.id,
        "SourcePolicyType": TYPES[written.source.kind],
        "StartPosition": _position(written.source.text, written.span.before),
        "EndPosition": _position(written.source.text, written.span.end),
    }


def _position(text: str, offset: int) -> Position:
    place = position(text, offset)
    return {"Line": place.line, "Column": place.column}
