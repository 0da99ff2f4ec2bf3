"""Decides as the policy simulator does: actions on resources, by policies and a context that are given. Pure.

Sources: IAM API reference, "SimulateCustomPolicy", "SimulatePrincipalPolicy", "EvaluationResult"; replies recorded on
AWS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from cargohold.access import evaluate
from cargohold.access.context import Value, of_principal
from cargohold.access.context_keys import once
from cargohold.access.evaluate import Ask, Decision, Held
from cargohold.access.policy import Policy, compile_policy
from cargohold.access.sources import Sources, Written
from cargohold.identity.principals import Principal

Verdict = Literal["allowed", "explicitDeny", "implicitDeny"]

ANYTHING: Final = "*"
ALLOW_ALL: Final = compile_policy(
    '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}', "identity"
)
"""Stands for a principal's own policies where only what a resource's says is asked."""

TYPES: Final = {
    "identity": "IAM Policy",
    "boundary": "Permissions Boundary Policy",
    "resource": "Resource Policy",
    "trust": "Resource Policy",
}
"""What the simulator calls the kinds of policies."""

_WORST_FIRST: Final[tuple[Verdict, ...]] = ("explicitDeny", "implicitDeny", "allowed")


@dataclass(frozen=True, slots=True)
class Simulation:
    """All that is given, but for actions and resources."""

    caller: Principal
    sources: Sources
    context: Mapping[str, Value]
    """The entries that were given; keys in lower case."""
    owner: str | None = None
    """The account of a resource whose ARN names none; None: the caller's."""
    levels: Sequence[tuple[Policy, ...]] = ()
    """Of an organization: the service control policies of its root, of each unit, and of the account."""

    @property
    def statements(self) -> int:
        """How many there are to be looked at; one at the least."""
        of_organization = sum(len(policy.statements) for level in self.levels for policy in level)
        return len(self.sources.statements) + of_organization or 1


@dataclass(frozen=True, slots=True)
class Result:
    """What is decided of one action on one resource, or of one on several."""

    resource: str
    verdict: Verdict
    matched: Sequence[Written] = ()
    """The statements that the verdict rests on: none where nothing allows."""
    missing: Sequence[str] = ()
    """Condition keys that a statement on this asks for, and that were not given."""
    details: Mapping[str, Verdict] = field(default_factory=dict)
    """Across accounts, what each type of policy says."""
    within_boundary: bool | None = None
    """None without a boundary."""
    within_organization: bool | None = None
    """None without service control policies."""


def simulate(simulation: Simulation, action: str, resource: str) -> Result:
    """What the policies say of one action on one resource.

    A resource of another account needs its policy too, where there is one among those given: without it only the
    caller's own policies are asked, as AWS does.
    """
    of_resource = simulation.sources.resource
    owner = _owner(simulation, resource) if of_resource else simulation.caller.account
    ask = Ask(simulation.caller, action, resource, owner, _context(simulation, owner))
    refused = _by_organization(simulation, ask)
    if refused is not None:
        return Result(resource, refused, within_organization=False)
    held = simulation.sources.held
    decision = evaluate.decide(ask, held, of_resource)
    boundary = held.boundary
    return Result(
        resource=resource,
        verdict=verdict(decision),
        matched=_matched(simulation.sources, decision),
        missing=_missing(simulation, ask),
        details=_details(ask, held, of_resource) if owner != simulation.caller.account else {},
        within_boundary=None if boundary is None else _half(ask, (boundary,)) == "allowed",
        within_organization=True if simulation.levels else None,
    )


def together(resource: str, results: Sequence[Result]) -> Result:
    """Several resources as one: the most restrictive verdicts, all that were matched or missing."""
    worst = _worst([each.verdict for each in results])
    kinds = {kind: None for each in results for kind in each.details}
    within = [each.within_boundary for each in results if each.within_boundary is not None]
    organizations = [each.within_organization for each in results if each.within_organization is not None]
    matched = {(of.source.id, of.source.kind, of.span.start): of for each in results for of in each.matched}
    effect = {"allowed": "Allow", "explicitDeny": "Deny"}.get(worst)
    return Result(
        resource=resource,
        verdict=worst,
        matched=[of for of in matched.values() if of.statement.effect == effect],
        missing=once(key for each in results for key in each.missing),
        details={kind: _worst([each.details[kind] for each in results if kind in each.details]) for kind in kinds},
        within_boundary=all(within) if within else None,
        within_organization=all(organizations) if organizations else None,
    )


def verdict(decision: Decision) -> Verdict:
    if decision.allowed:
        return "allowed"
    return "explicitDeny" if decision.missing is None else "implicitDeny"


def _worst(verdicts: Sequence[Verdict]) -> Verdict:
    return min(verdicts, key=_WORST_FIRST.index)


def _owner(simulation: Simulation, resource: str) -> str:
    """The account that the ARN names, else the one that is given, else the caller's."""
    parts = resource.split(":", 5)
    named = parts[4] if len(parts) == 6 else ""
    return named or simulation.owner or simulation.caller.account


def _context(simulation: Simulation, owner: str) -> dict[str, Value]:
    """The entries given, and what follows from who asks and for what; what is given wins."""
    known = of_principal(simulation.caller) if simulation.caller.arn else {}
    told = {key: value for key, value in known.items() if value}
    return {**told, "aws:resourceaccount": owner, **simulation.context}


def _by_organization(simulation: Simulation, ask: Ask) -> Verdict | None:
    """The verdict of the first level that does not allow it; each must."""
    within = ask._replace(owner=ask.principal.account)
    said = (verdict(evaluate.decide(within, Held(policies))) for policies in simulation.levels)
    return next((each for each in said if each != "allowed"), None)


def _matched(sources: Sources, decision: Decision) -> list[Written]:
    if decision.missing is not None:
        return []
    effect = "Allow" if decision.allowed else "Deny"
    return [sources.find(match) for match in decision.matched if match.effect == effect]


def _missing(simulation: Simulation, ask: Ask) -> list[str]:
    asked = (key for of in simulation.sources.statements if _may_match(of, ask) for key in of.keys)
    return [key for key in once(asked) if key.lower() not in ask.context]


def _may_match(of: Written, ask: Ask) -> bool:
    statement = of.statement
    who = statement.principals
    return (
        statement.actions.cover(ask.action.lower())
        and statement.test(ask.resource) is not False
        and (who is None or bool(who.grant(ask.principal, ask.context, bounded=False)))
    )


def _details(ask: Ask, held: Held, resource: Sequence[Policy]) -> dict[str, Verdict]:
    details = {
        TYPES["identity"]: _half(ask, held.identity),
        TYPES["resource"]: verdict(evaluate.decide(ask, Held((ALLOW_ALL,)), resource)),
    }
    if held.boundary is not None:
        details[TYPES["boundary"]] = _half(ask, (held.boundary,))
    return details


def _half(ask: Ask, policies: tuple[Policy, ...]) -> Verdict:
    """What these policies of the principal alone say, as if the resource were its account's."""
    return verdict(evaluate.decide(ask._replace(owner=ask.principal.account), Held(policies)))
