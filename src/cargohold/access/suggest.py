"""The smallest statements that would allow what is denied, and where each is to be put. Pure.

A statement names exactly the demand's action and resource, and in a policy of a resource exactly who asks: none allows
more than was asked for. Where a statement denies, none helps, and none is given.
Sources: IAM User Guide, "Policy evaluation logic", "Cross-account policy evaluation logic"; Amazon ECR User Guide,
"Private repository policies", "Private registry permissions".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cargohold.access import evaluate
from cargohold.access.evaluate import Ask, Held
from cargohold.access.policy import TRUSTED, Kind, Policy, compile_policy

_OF_REGISTRY: Final = frozenset({"ecr:CreateRepository", "ecr:ReplicateImage", "ecr:BatchImportUpstreamImage"})
"""What a registry's policy gives and a repository's cannot: the repository may be yet to be made."""

_REPOSITORY: Final = re.compile(r"arn:[^:]+:ecr(?:-public)?:[^:]*:[0-9]{12}:repository/(.+)")
_MOST: Final = 4
"""Kinds of policies that can each miss an allow."""

Statement = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Suggestion:
    kind: Kind
    place: str
    """Where to put the statement, for people."""
    statement: Statement

    @property
    def text(self) -> str:
        """As it is to be written."""
        return json.dumps(self.statement, indent=2)


def suggestions(ask: Ask, held: Held, resource: Sequence[Policy], bounds: str = "") -> tuple[Suggestion, ...]:
    """What has to be added so that it is allowed; empty where it is, where a statement denies, or where nothing helps.

    `bounds` names the permissions boundary. Each addition is tried by the evaluator itself.
    """
    found: list[Suggestion] = []
    for _ in range(_MOST + 1):
        decision = evaluate.decide(ask, held, resource)
        if decision.allowed:
            return tuple(found)
        if decision.missing is None:
            return ()
        suggestion = smallest(ask, decision.missing, bounds)
        if suggestion is None:
            return ()
        found.append(suggestion)
        held, resource = added(held, resource, suggestion)
    return ()


def added(held: Held, resource: Sequence[Policy], suggestion: Suggestion) -> tuple[Held, Sequence[Policy]]:
    """The policies with the statement in its place."""
    text = json.dumps({"Version": "2012-10-17", "Statement": [suggestion.statement]})
    policy = compile_policy(text, suggestion.kind)
    if suggestion.kind == "identity":
        return Held((*held.identity, policy), held.boundary, held.session), resource
    if suggestion.kind == "boundary":
        before = () if held.boundary is None else held.boundary.statements
        return Held(held.identity, Policy("", "boundary", (*before, *policy.statements)), held.session), resource
    if suggestion.kind == "session":
        return Held(held.identity, held.boundary, (*held.session, policy)), resource
    return held, (*resource, policy)


def of_resource(ask: Ask) -> Suggestion | None:
    """The statement for the resource's own policy; None where such a resource has none."""
    statement = {"Effect": "Allow", "Principal": _principal(ask), "Action": ask.action}
    if ask.action in TRUSTED:
        return Suggestion("trust", f"the trust policy of {ask.resource}", statement)
    repository = _REPOSITORY.fullmatch(ask.resource)
    if not ask.action.startswith(("ecr:", "ecr-public:")):
        return None
    if repository is None or ask.action in _OF_REGISTRY:
        place = f"the registry policy of account {ask.owner}"
        return Suggestion("resource", place, {**statement, "Resource": written(ask.resource)})
    return Suggestion("resource", f"the policy of the repository {repository[1]} of account {ask.owner}", statement)


def written(resource: str) -> str:
    """An ARN as a policy writes it: its own `*`, `?` and `$` are no wildcards and begin no variables."""
    return resource if resource == "*" else re.sub(r"[*?$]", lambda found: f"${{{found[0]}}}", resource)


def smallest(ask: Ask, missing: Kind, bounds: str = "") -> Suggestion | None:
    """The statement that is missing in a policy of the kind; None where what is asked for has no such policy."""
    if missing in ("resource", "trust"):
        return of_resource(ask)
    statement = {"Effect": "Allow", "Action": ask.action, "Resource": written(ask.resource)}
    who = ask.principal
    places: Mapping[Kind, str] = {
        "identity": f"an identity-based policy of {who.entity_arn or who.arn}",
        "boundary": f"its permissions boundary, {bounds}" if bounds else "its permissions boundary",
        "session": f"the session policy that {who.arn} is requested with",
    }
    return Suggestion(missing, places[missing], statement)


def _principal(ask: Ask) -> Any:
    who = ask.principal
    return "*" if who.kind == "anonymous" else {"AWS": who.entity_arn or who.arn}
