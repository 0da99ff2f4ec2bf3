"""Why something is allowed or denied: the statements that decide, those that nearly would, what is missing. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from cargohold.access import evaluate
from cargohold.access.evaluate import Ask, Decision, Held
from cargohold.access.policy import Kind, Match
from cargohold.access.sources import Sources, Written, line_of
from cargohold.access.suggest import Suggestion, suggestions

Part = Literal["denies", "allows", "condition"]
"""What a statement does: `condition` would allow it, but for a condition that does not hold."""

_GIVES: Final[dict[Kind, tuple[Kind, ...]]] = {
    "identity": ("identity",),
    "boundary": ("boundary",),
    "session": ("session",),
    "resource": ("resource", "trust"),
    "trust": ("trust",),
}
"""The kinds of policies that can give what is missing of each."""


@dataclass(frozen=True, slots=True)
class Told:
    """A statement that has a part in it."""

    part: Part
    written: Written

    @property
    def first_line(self) -> int:
        return line_of(self.written.source.text, self.written.span.start)

    @property
    def last_line(self) -> int:
        return line_of(self.written.source.text, self.written.span.end)


@dataclass(frozen=True, slots=True)
class Explanation:
    ask: Ask
    allowed: bool
    explicit_deny: bool
    reason: str
    """As AWS's sentence ends; empty where it is allowed."""
    missing: Kind | None
    statements: tuple[Told, ...]
    """Denials first, then what allows, then what nearly would."""
    suggestions: tuple[Suggestion, ...]
    """What to add, all of it; empty where a statement denies, which no other outweighs."""


def explain(ask: Ask, sources: Sources, more: Held | None = None) -> Explanation:
    """`more` stands for the principal's own policies where those are not looked at."""
    held, resource = more or sources.held, sources.resource
    decision = evaluate.decide(ask, held, resource)
    bounds = next((source.label for source in sources.given if source.kind == "boundary"), "")
    return Explanation(
        ask=ask,
        allowed=decision.allowed,
        explicit_deny=not decision.allowed and decision.missing is None,
        reason=_reason(sources, decision),
        missing=decision.missing,
        statements=(*_matched(sources, decision), *_nearly(ask, sources, decision)),
        suggestions=suggestions(ask, held, resource, bounds),
    )


def _reason(sources: Sources, decision: Decision) -> str:
    """With the ARN of the policy that denies, where it has one; the evaluator knew it by another name."""
    first = next(iter(decision.matched), None)
    if decision.allowed or decision.missing is not None or first is None:
        return decision.reason
    arn = _find(sources, [first])[0].source.name
    return f"{decision.reason}: {arn}" if arn.startswith("arn:") else decision.reason


def _matched(sources: Sources, decision: Decision) -> Iterator[Told]:
    for written in _find(sources, decision.matched):
        yield Told("denies" if written.statement.effect == "Deny" else "allows", written)


def _find(sources: Sources, matched: Sequence[Match]) -> list[Written]:
    """Those of the sources: a policy that stands for others has no text."""
    return [sources.find(each) for each in matched if each.policy]


def _nearly(ask: Ask, sources: Sources, decision: Decision) -> Iterator[Told]:
    """Statements of the kind that is missing which would allow it in another context."""
    if decision.missing is None:
        return
    bounded = sources.held.boundary is not None
    for written in sources.statements:
        statement = written.statement
        if written.source.kind not in _GIVES[decision.missing] or statement.effect != "Allow":
            continue
        test = statement.test(ask.resource) if statement.actions.cover(ask.action.lower()) else False
        who = statement.principals
        named = who is None or bool(who.grant(ask.principal, ask.context, bounded=bounded))
        if test is not None and test is not False and named and not test(ask.context):
            yield Told("condition", written)
