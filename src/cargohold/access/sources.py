"""Policies with the text that they were compiled from, so that a decision can show the statements it rests on. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from cargohold.access.context_keys import context_keys
from cargohold.access.evaluate import Held
from cargohold.access.policy import Kind, Match, Policy, Statement, compile_policy
from cargohold.access.positions import Span, spans

Origin = Literal["inline", "managed", "aws-managed", "given"]


@dataclass(frozen=True, slots=True)
class Source:
    """One policy as it was written."""

    text: str
    kind: Kind
    id: str
    """What AWS's simulator calls it."""
    name: str = ""
    """The ARN of a managed policy, the name of an inline one."""
    label: str = ""
    """What it is, for people: `the inline policy push of group builders`."""
    account: str = ""
    """Whose it is."""
    origin: Origin = "given"
    owner: tuple[str, str] = ("", "")
    """Of an inline policy: the kind and the name of the entity that it is part of."""


@dataclass(frozen=True, slots=True)
class Written:
    """A statement with the text that it was written in."""

    source: Source
    statement: Statement
    span: Span
    keys: tuple[str, ...]
    """The condition keys that it asks for, as they are spelled."""

    @property
    def text(self) -> str:
        return self.source.text[self.span.start : self.span.end]


@dataclass(frozen=True, slots=True)
class Sources:
    """Some policies, compiled. A match leads back to its source; raises MalformedPolicyDocument when it is made."""

    given: Sequence[Source]
    _policies: tuple[Policy, ...] = field(init=False, repr=False)
    _written: tuple[tuple[Written, ...], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        policies = tuple(compile_policy(of.text, of.kind, str(place)) for place, of in enumerate(self.given))
        written = tuple(_written(of, policy) for of, policy in zip(self.given, policies, strict=True))
        object.__setattr__(self, "_policies", policies)
        object.__setattr__(self, "_written", written)

    def of_kind(self, *kinds: Kind) -> tuple[Policy, ...]:
        return tuple(policy for policy in self._policies if policy.kind in kinds)

    @property
    def held(self) -> Held:
        """What bounds and allows the principal."""
        return Held(self.of_kind("identity"), next(iter(self.of_kind("boundary")), None), self.of_kind("session"))

    @property
    def resource(self) -> tuple[Policy, ...]:
        """What the resource's own policies say."""
        return self.of_kind("resource", "trust")

    @property
    def statements(self) -> tuple[Written, ...]:
        return tuple(each for of_policy in self._written for each in of_policy)

    def find(self, match: Match) -> Written:
        """The statement that matched a decision which was made with these policies."""
        return self._written[int(match.policy)][match.index]

    def named(self, match: Match) -> Match:
        """The match with its policy's own name."""
        return replace(match, policy=self.find(match).source.name)


def _written(source: Source, policy: Policy) -> tuple[Written, ...]:
    parts = zip(policy.statements, spans(source.text), context_keys(source.text), strict=True)
    return tuple(Written(source, statement, span, keys) for statement, span, keys in parts)
