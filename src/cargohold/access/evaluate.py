"""Decides: may this principal do this action on this resource, in this context? Pure; policies come compiled.

A deny that matches wins. Else, in the account that owns the resource, the principal's own policies or the resource's
policy must allow it; across accounts both. Permissions boundary and session policies bound what the principal's own
policies give, and what a resource's policy gives to less than the principal itself.
Sources: IAM User Guide, "Policy evaluation logic", "Policy evaluation for requests within a single account",
"Cross-account policy evaluation logic", "Troubleshoot access denied error messages".
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, NamedTuple

from cargohold.access.patterns import Context
from cargohold.access.policy import Candidates, Chosen, Kind, Match, Policy
from cargohold.access.principal_element import DIRECT, ENTITY, EVERYONE, is_root
from cargohold.identity.principals import Principal

_FOR_EVERYBODY: Final = frozenset({"sts:GetCallerIdentity", "sts:GetSessionToken"})
"""No policy can deny them: who has credentials may know whose they are, and have them for a while."""

_DENY_WORDS: Final[dict[Kind, str]] = {
    "identity": "an identity-based policy",
    "boundary": "a permissions boundary",
    "session": "a session policy",
    "resource": "a resource-based policy",
    "trust": "a resource-based policy",
}
_ALLOW_WORDS: Final[dict[Kind, str]] = {
    "identity": "identity-based policy",
    "boundary": "permissions boundary",
    "session": "session policy",
    "resource": "resource-based policy",
}


class Ask(NamedTuple):
    """One question."""

    principal: Principal
    action: str
    """As AWS writes it: `ecr:BatchGetImage`."""
    resource: str
    """An ARN; `*` for an action that knows no resources."""
    owner: str
    """The account that the resource is of."""
    context: Context


@dataclass(frozen=True, slots=True)
class Held:
    """What bounds and allows a principal, whatever is asked; kept as long as its policies stay as they are."""

    identity: tuple[Policy, ...] = ()
    """Of the user and its groups, or of the role."""
    boundary: Policy | None = None
    session: tuple[Policy, ...] = ()
    """Empty: nothing was passed when the session began."""
    own: Candidates = field(init=False, repr=False, compare=False)
    limits: tuple[tuple[Kind, Candidates], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        limits: list[tuple[Kind, Candidates]] = []
        if self.boundary is not None:
            limits.append(("boundary", self.boundary.candidates))
        if self.session:
            limits.append(("session", Candidates(chain.from_iterable(policy.statements for policy in self.session))))
        own = Candidates(chain.from_iterable(policy.statements for policy in self.identity))
        object.__setattr__(self, "own", own)
        object.__setattr__(self, "limits", tuple(limits))


class Decision(NamedTuple):
    allowed: bool
    reason: str = ""
    """Ends AWS's sentence where it is denied, and may be empty even then."""
    matched: tuple[Match, ...] = ()
    """The statements that matched, denials first."""
    missing: Kind | None = None
    """The kind of policy whose allow is missing."""


class _Found(NamedTuple):
    """What one set of policies says in the end."""

    denies: tuple[Match, ...]
    allows: tuple[Match, ...]
    grants: int = 0
    """How those that allow name who asks: bits of `principal_element`."""


def decide(ask: Ask, held: Held, resource: Sequence[Policy] = ()) -> Decision:
    """`resource` are the policies of what is asked for: a repository's, its registry's, a role's trust policy."""
    key = (ask.action, ask.resource)
    chosen = held.own[key]
    denies, allows = (chosen.denies, chosen.allows) if not chosen.open else _settled(chosen, ask.context)
    if allows and not denies and not resource and not held.limits and ask.owner == ask.principal.account:
        return Decision(True, "", allows)
    decision = _weighed(ask, held, resource, _Found(denies, allows))
    if ask.action in _FOR_EVERYBODY and not decision.allowed:
        return Decision(allowed=True, matched=decision.matched)
    return decision


def _settled(chosen: Chosen, context: Context) -> tuple[tuple[Match, ...], tuple[Match, ...]]:
    """Denials and allows, after the context was asked."""
    denies, allows = list(chosen.denies), list(chosen.allows)
    for statement, test in chosen.open:
        if test is None or test(context):
            (denies if statement.effect == "Deny" else allows).append(statement.matched)
    return tuple(denies), tuple(allows)


def _weighed(ask: Ask, held: Held, resource: Sequence[Policy], own: _Found) -> Decision:
    key = (ask.action, ask.resource)
    denies, allows, limits = own.denies, own.allows, {}
    for kind, candidates in held.limits:
        limits[kind] = found = _Found(*_settled(candidates[key], ask.context))
        denies, allows = denies + found.denies, allows + found.allows
    given = _given(ask, resource, bounded=held.boundary is not None)
    denies, allows = denies + given.denies, allows + given.allows
    if denies:
        return Decision(allowed=False, reason=_with_explicit_deny(denies[0]), matched=denies + allows)
    trust = any(policy.kind == "trust" for policy in resource)
    missing = _missing(ask, own, limits, given, trust=trust)
    if missing is None:
        return Decision(allowed=True, matched=allows)
    reason = "" if trust else f"because no {_ALLOW_WORDS[missing]} allows the {ask.action} action"
    return Decision(allowed=False, reason=reason, matched=allows, missing=missing)


def _given(ask: Ask, resource: Sequence[Policy], *, bounded: bool) -> _Found:
    """What the policies of the resource say to who asks."""
    denies: list[Match] = []
    allows: list[Match] = []
    grants = 0
    for policy in resource:
        for statement, test in policy.candidates[ask.action, ask.resource].open:
            who = statement.principals
            grant = 0 if who is None else who.grant(ask.principal, ask.context, bounded=bounded)
            if not grant or (test is not None and not test(ask.context)):
                continue
            if statement.effect == "Deny":
                denies.append(statement.matched)
            else:
                allows.append(statement.matched)
                grants |= grant
    return _Found(tuple(denies), tuple(allows), grants)


def _missing(ask: Ask, own: _Found, limits: dict[Kind, _Found], given: _Found, *, trust: bool) -> Kind | None:
    """The kind of policy whose allow is missing; None: it is allowed."""
    grants, who = given.grants, ask.principal
    if who.kind in ("service", "web-identity"):
        return None if grants & DIRECT else "resource"
    if who.kind == "anonymous":
        return None if grants & (EVERYONE | DIRECT) else "resource"
    within = ask.owner == who.account
    if within and grants & DIRECT:
        return None
    if within and trust and not grants:
        return "resource"
    personal = within and grants & (ENTITY | EVERYONE)
    if not (personal or own.allows or is_root(who)):
        return "identity"
    for kind, found in limits.items():
        spared = kind == "boundary" and within and grants & EVERYONE
        if not found.allows and not spared:
            return kind
    return None if within or grants else "resource"


def _with_explicit_deny(denied: Match) -> str:
    """AWS names the policy where it has an ARN of its own, since 2026."""
    named = f": {denied.policy}" if denied.policy.startswith("arn:") else ""
    return f"with an explicit deny in {_DENY_WORDS[denied.kind]}{named}"
