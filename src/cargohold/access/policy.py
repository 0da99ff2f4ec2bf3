"""A policy, compiled: read once per version, so that a decision only looks up and compares.

Source: IAM User Guide, "IAM JSON policy element reference".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal, NamedTuple

from cargohold.access import conditions, grammar
from cargohold.access.conditions import Test
from cargohold.access.grammar import Form, Kind, check
from cargohold.access.patterns import (
    Accepts,
    Context,
    Parts,
    Template,
    matcher,
    parse,
    resource_matcher,
    segments,
    template,
)
from cargohold.access.principal_element import Principals, principals
from cargohold.core.errors import MalformedPolicyDocument

__all__ = ["Effect", "Form", "Kind", "Match", "Policy", "Statement", "check", "compile_policy"]

Effect = Literal["Allow", "Deny"]


@dataclass(frozen=True, slots=True)
class Match:
    """A statement that matched a request; where it stands."""

    policy: str
    """The ARN of a managed policy, the name of an inline one, else nothing."""
    kind: Kind
    sid: str | None
    index: int
    """Its place in the policy, from 0."""
    effect: Effect


@dataclass(frozen=True, slots=True)
class Actions:
    """An Action element, or NotAction; names in lower case, for case does not count."""

    names: frozenset[str]
    patterns: tuple[Accepts, ...]
    excepted: bool

    def cover(self, action: str) -> bool:
        """`action` is in lower case."""
        if action in self.names:
            return not self.excepted
        for accepts in self.patterns:
            if accepts(action):
                return not self.excepted
        return self.excepted


@dataclass(frozen=True, slots=True)
class Resources:
    """A Resource element, or NotResource; patterns with variables wait for a request's values."""

    fixed: tuple[Accepts, ...]
    open: tuple[Template, ...]
    excepted: bool

    def cover(self, resource: str) -> bool | None:
        """None: the variables' values decide."""
        for accepts in self.fixed:
            if accepts(resource):
                return not self.excepted
        return None if self.open else self.excepted

    def cover_in(self, resource: str, context: Context) -> bool:
        """Decides what the variables leave open; one without a value keeps the whole of NotResource from matching."""
        found = False
        for pattern in self.open:
            accepts = pattern.accepts(context)
            if accepts is not None:
                found = found or accepts(resource)
            elif self.excepted:
                return False
        return found is not self.excepted


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: whose, what, on what and when."""

    sid: str | None
    index: int
    effect: Effect
    matched: Match
    actions: Actions
    resources: Resources | None
    """None: whatever the policy is attached to."""
    principals: Principals | None
    """None outside of policies of resources."""
    tests: tuple[Test, ...]
    """Its conditions."""
    keys: frozenset[str]
    """The condition keys and variables it reads, in lower case."""

    def test(self, resource: str) -> Test | Literal[False] | None:
        """What is left to ask of the context for that resource; None: nothing, False: it never matches."""
        covered = True if self.resources is None else self.resources.cover(resource)
        if covered is False:
            return False
        tests = self.tests
        if covered is None and self.resources is not None:
            tests = (partial(self.resources.cover_in, resource), *tests)
        if len(tests) <= 1:
            return tests[0] if tests else None
        return partial(_all, tests)


def _all(tests: Sequence[Test], context: Context) -> bool:
    for test in tests:  # noqa: SIM110 - a generator costs as much as the loop
        if not test(context):
            return False
    return True


class Chosen(NamedTuple):
    """What a set of policies says on one action and resource."""

    denies: tuple[Match, ...]
    """Statements that match whatever the context."""
    allows: tuple[Match, ...]
    open: tuple[tuple[Statement, Test | None], ...]
    """Statements for which the context, or who asks, decides."""


class Candidates(dict[tuple[str, str], Chosen]):
    """By action and resource, the statements of some policies that can match; filled as it is asked, and bounded.

    A principal asks the same few things again and again, so a decision begins with one look-up.
    """

    LIMIT: Final = 128

    def __init__(self, statements: Iterable[Statement]) -> None:
        super().__init__()
        self._statements = tuple(statements)
        self._by_action: dict[str, tuple[Statement, ...]] = {}

    def __missing__(self, key: tuple[str, str]) -> Chosen:
        if len(self) >= self.LIMIT:
            self.clear()
        found = self[key] = self._chosen(*key)
        return found

    def _chosen(self, action: str, resource: str) -> Chosen:
        tests = [(statement, statement.test(resource)) for statement in self._covering(action)]
        still = [(statement, test) for statement, test in tests if test is not False]
        certain = [of for of, test in still if test is None and of.principals is None]
        return Chosen(
            tuple(of.matched for of in certain if of.effect == "Deny"),
            tuple(of.matched for of in certain if of.effect == "Allow"),
            tuple((of, test) for of, test in still if test is not None or of.principals is not None),
        )

    def _covering(self, action: str) -> tuple[Statement, ...]:
        found = self._by_action.get(action)
        if found is None:
            if len(self._by_action) >= self.LIMIT:
                self._by_action.clear()
            folded = action.lower()
            found = tuple(statement for statement in self._statements if statement.actions.cover(folded))
            self._by_action[action] = found
        return found


@dataclass(frozen=True, slots=True)
class Policy:
    """`name` is the ARN of a managed policy, the name of an inline one, else empty."""

    name: str
    kind: Kind
    statements: tuple[Statement, ...]
    candidates: Candidates = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "candidates", Candidates(self.statements))


TRUSTED: Final = frozenset({"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"})
"""What a role's trust policy gives to who asks with policies of its own."""

NO_TRUST: Final = Policy("", "trust", ())
"""What the guard gives for a role that is not there: nobody may assume it, whatever the caller's policies say."""


def compile_policy(text: str, kind: Kind, name: str = "") -> Policy:
    """Compiles a policy that was accepted when it was written; raises MalformedPolicyDocument where it cannot be read.

    Without a Version it is of 2008-10-17, which knows no variables.
    """
    document = grammar.read(text, kind)
    written = document.get("Statement")
    blocks = written if isinstance(written, list) else [written]
    variables = document.get("Version") == "2012-10-17"
    try:
        statements = [
            _statement(block, Match(name, kind, block.get("Sid"), index, block["Effect"]), variables=variables)
            for index, block in enumerate(blocks)
        ]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise MalformedPolicyDocument(grammar.SYNTAX) from error
    if not statements:
        raise MalformedPolicyDocument(grammar.SYNTAX)
    return Policy(name, kind, tuple(statements))


def _statement(block: dict[str, Any], matched: Match, *, variables: bool) -> Statement:
    if matched.effect not in {"Allow", "Deny"}:
        raise ValueError(matched.effect)
    resources = _element(block, "Resource")
    parsed = [] if resources is None else [segments(parse(text, variables=variables)) for text in resources[0]]
    who = _principals(block, matched)
    tests = tuple(_tests(block.get("Condition") or {}, variables=variables))
    return Statement(
        sid=matched.sid,
        index=matched.index,
        effect=matched.effect,
        matched=matched,
        actions=_actions(block),
        resources=None if resources is None else _resources(parsed, excepted=resources[1]),
        principals=who,
        tests=tests,
        keys=_keys(block, variables=variables),
    )


def _element(block: dict[str, Any], name: str) -> tuple[list[str], bool] | None:
    """The values of an element or of its negation, and whether it was that."""
    for written in (name, f"Not{name}"):
        if written in block:
            value = block[written]
            return ([value] if isinstance(value, str) else [str(text) for text in value]), written != name
    return None


def _actions(block: dict[str, Any]) -> Actions:
    found = _element(block, "Action")
    if found is None:
        raise ValueError("no action")
    texts = [text.lower() for text in found[0]]
    patterns = [text for text in texts if "*" in text or "?" in text]
    return Actions(
        frozenset(texts).difference(patterns),
        tuple(matcher(parse(text, variables=False)) for text in patterns),
        found[1],
    )


def _resources(parsed: Sequence[tuple[Parts, ...]], *, excepted: bool) -> Resources:
    templates = [template(pieces, resource_matcher) for pieces in parsed]
    fixed = [resource_matcher(pieces) for pieces, of in zip(parsed, templates, strict=True) if of is None]
    return Resources(tuple(fixed), tuple(of for of in templates if of is not None), excepted)


def _principals(block: dict[str, Any], matched: Match) -> Principals | None:
    if matched.kind not in {"resource", "trust"}:
        return None
    denies = matched.effect == "Deny"
    if "NotPrincipal" in block:
        return principals(block["NotPrincipal"], excepted=True, denies=denies)
    return principals(block.get("Principal", {}), excepted=False, denies=denies)


def _tests(block: dict[str, Any], *, variables: bool) -> Iterable[Test]:
    for name, keys in block.items():
        if not keys:
            continue
        operator = conditions.operator(name)
        if operator is None:
            raise ValueError(name)
        for key, values in keys.items():
            yield conditions.compiled(operator, key, grammar.texts(values), variables=variables)


def _keys(block: dict[str, Any], *, variables: bool) -> frozenset[str]:
    asked = block.get("Condition") or {}
    found = {key.lower() for keys in asked.values() for key in keys}
    if variables:
        resources = _element(block, "Resource")
        found.update(conditions.variables_in(resources[0] if resources else ()))
        for keys in asked.values():
            for values in keys.values():
                found.update(conditions.variables_in(grammar.texts(values)))
    return frozenset(found)
