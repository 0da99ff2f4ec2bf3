"""Constraints of the API's model, compiled once per operation: required members, sizes, ranges, enums and patterns.

boto3 and the AWS CLI check only required members, types and minimum sizes, so everything is checked here. Two
wordings: ECR names the first member that is wrong, the other services list them all.
Sources: sentences recorded on AWS (IAM, STS, KMS) and reported of ECR.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from cargohold.aws.model import Service, Shape
from cargohold.core.errors import InvalidParameter, Malformed

Check = Callable[[Any], Sequence["Violation"]]

SHORT_WORDING: Final = frozenset({"ecr", "ecr-public"})
"""The services that speak ECR's wording."""

LINEAR: Final[Mapping[str, str]] = {
    # A separator may stand between two others, which lets the model's own pattern try 2^n ways to match.
    r"^[a-z0-9*](?:[._\-/a-z0-9*]?[a-z0-9*]+)*$": r"[a-z0-9*]+(?:[._\-/][a-z0-9*]+)*",
}
"""Patterns of the model that could be made to run for ever, and the same language written without that."""

LETTERS_SEPARATORS_NUMBERS: Final = r"\p{L}\p{Z}\p{N}_"
"""Unicode's, in the patterns of IAM's and STS's tags."""

_OURS = r"\w \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""The same classes as Python has them: `\\w` is letters, numbers and the underscore, the rest is every separator."""

_LONGEST_QUOTE = 1_000


class ValidationFailed(Malformed):
    """Members that break their constraints, in the wording of AWS's services other than ECR."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        count = len(violations)
        listed = "; ".join(violation.sentence for violation in violations)
        super().__init__(f"{count} validation error{'s' if count > 1 else ''} detected: {listed}")


@dataclass(frozen=True, slots=True)
class Violation:
    """A constraint that is broken. `path` is the member as AWS writes it: `tags.1.member.key`."""

    path: str
    quoted: str
    """What a sentence says of the value; empty where it may not be told."""
    constraint: str
    pattern: str | None = None

    def under(self, prefix: str) -> Violation:
        """The same, seen from the value that holds this one."""
        return replace(self, path=f"{prefix}.{self.path}" if self.path else prefix)

    @property
    def sentence(self) -> str:
        return f"Value {self.quoted}at '{self.path}' failed to satisfy constraint: {self.constraint}"

    @property
    def reason(self) -> str:
        """The constraint as ECR words it."""
        return self.constraint if self.pattern is None else f"must satisfy regular expression '{self.pattern}'"


@dataclass(frozen=True, slots=True)
class _Rule:
    constraint: str
    broken: Callable[[Any], bool]
    pattern: str | None = None


def compile_check(service: Service, shape: str | None) -> Callable[[Mapping[str, Any]], None]:
    """The check of a decoded request of this shape; it raises InvalidParameter (ECR) or ValidationFailed."""
    if shape is None:
        return _nothing
    check = _Compiler(service.shapes).check(shape)
    short = service.name in SHORT_WORDING

    def verify(request: Mapping[str, Any]) -> None:
        violations = check(request) if check else ()
        if not violations:
            return
        if short:
            raise InvalidParameter(violations[0].path, violations[0].reason)
        raise ValidationFailed(violations)

    return verify


def _nothing(_: Mapping[str, Any]) -> None:
    """An operation without members accepts any."""


class _Compiler:
    """From a shape to its check, or to None where nothing can be wrong with a value of the right type."""

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self._shapes = shapes

    def check(self, name: str) -> Check | None:
        shape = self._shapes[name]
        if shape["type"] == "structure":
            return self._structure(shape)
        if shape["type"] == "list":
            return self._list(shape)
        if shape["type"] == "map":
            return self._map(shape)
        return _scalar(shape)

    def _structure(self, shape: Shape) -> Check | None:
        required = tuple((member, _spelled(member)) for member in shape.get("required", ()))
        made = ((member, self.check(part["shape"])) for member, part in shape["members"].items())
        members = tuple((member, _spelled(member), check) for member, check in made if check is not None)
        if not required and not members:
            return None

        def check(value: Mapping[str, Any]) -> Sequence[Violation]:
            found = [
                Violation(spelled, "null ", "Member must not be null")
                for member, spelled in required
                if member not in value
            ]
            for member, spelled, check_member in members:
                if member in value:
                    found += [violation.under(spelled) for violation in check_member(value[member])]
            return found

        return check

    def _list(self, shape: Shape) -> Check | None:
        element = shape["member"]["shape"]
        rules = [*_sizes(shape)]
        if self._is_scalar(element):
            rules += _of_each("Member must satisfy constraint", _rules(self._shapes[element]), list)
            return _ruled(rules, secret=self._is_secret(element)) if rules else None
        return _nested(rules, self.check(element), lambda value: enumerate(value, 1))

    def _map(self, shape: Shape) -> Check | None:
        content = shape["value"]["shape"]
        rules = [*_sizes(shape)]
        rules += _of_each("Map keys must satisfy constraint", _rules(self._shapes[shape["key"]["shape"]]), dict.keys)
        if self._is_scalar(content):
            rules += _of_each("Map value must satisfy constraint", _rules(self._shapes[content]), dict.values)
            return _ruled(rules, secret=self._is_secret(content)) if rules else None
        return _nested(rules, self.check(content), dict.items)

    def _is_secret(self, name: str) -> bool:
        return bool(self._shapes[name].get("sensitive", False))

    def _is_scalar(self, name: str) -> bool:
        return self._shapes[name]["type"] not in ("structure", "list", "map")


def _scalar(shape: Shape) -> Check | None:
    rules = tuple(_rules(shape))
    return _ruled(rules, secret=shape.get("sensitive", False)) if rules else None


def _ruled(rules: Sequence[_Rule], *, secret: bool = False) -> Check:
    def check(value: Any) -> Sequence[Violation]:
        return [_violation(rule, value, secret=secret) for rule in rules if rule.broken(value)]

    return check


def _nested(rules: Sequence[_Rule], inner: Check | None, items: Callable[[Any], Iterable[tuple[Any, Any]]]) -> Check:
    """The check of a list or map of structures; they are looked at where its own size is right."""

    def check(value: Any) -> Sequence[Violation]:
        found = [_violation(rule, value) for rule in rules if rule.broken(value)]
        if inner is not None and not found:
            for place, item in items(value):
                found += [violation.under(f"{place}.member") for violation in inner(item)]
        return found

    return check


def _violation(rule: _Rule, value: Any, *, secret: bool = False) -> Violation:
    return Violation("", "" if secret else _quoted(value), rule.constraint, rule.pattern)


def _of_each(sentence: str, rules: Sequence[_Rule], items: Callable[[Any], Any]) -> Iterator[_Rule]:
    """One rule for all scalars of a list or map: AWS names the whole of it, and every constraint of an item."""
    if rules:
        constraint = f"{sentence}: [{', '.join(rule.constraint for rule in rules)}]"
        yield _Rule(constraint, lambda value: any(rule.broken(item) for item in items(value) for rule in rules))


def _rules(shape: Shape) -> list[_Rule]:
    kind = shape["type"]
    if kind in ("string", "blob"):
        rules = [*_sizes(shape)]
        if "pattern" in shape:
            rules.append(_pattern(shape["pattern"], shape.get("max")))
        if "enum" in shape:
            rules.append(_enum(shape["enum"]))
        return rules
    return [*_range(shape)] if kind in ("integer", "long", "float", "double") else []


def _sizes(shape: Shape) -> Iterator[_Rule]:
    if "max" in shape:
        most: int = shape["max"]
        yield _Rule(f"Member must have length less than or equal to {most}", lambda value: len(value) > most)
    if "min" in shape:
        least: int = shape["min"]
        yield _Rule(f"Member must have length greater than or equal to {least}", lambda value: len(value) < least)


def _range(shape: Shape) -> Iterator[_Rule]:
    if "max" in shape:
        most: float = shape["max"]
        yield _Rule(f"Member must have value less than or equal to {most}", lambda value: value > most)
    if "min" in shape:
        least: float = shape["min"]
        yield _Rule(f"Member must have value greater than or equal to {least}", lambda value: value < least)


def _pattern(pattern: str, longest: int | None) -> _Rule:
    """A value that is too long is broken by its length alone: no pattern is tried on it."""
    matches = compile_pattern(pattern).fullmatch

    def broken(value: str) -> bool:
        return (longest is None or len(value) <= longest) and matches(value) is None

    return _Rule(f"Member must satisfy regular expression pattern: {pattern}", broken, pattern)


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """A pattern of the model, which is Java's, as Python's: linear, and of ASCII unless it names Unicode's classes."""
    if LETTERS_SEPARATORS_NUMBERS in pattern:
        return re.compile(pattern.replace(LETTERS_SEPARATORS_NUMBERS, _OURS))
    return re.compile(LINEAR.get(pattern, pattern), re.ASCII)


def _enum(values: Sequence[str]) -> _Rule:
    allowed = frozenset(values)
    return _Rule(
        f"Member must satisfy enum value set: [{', '.join(values)}]",
        lambda value: value not in allowed,
    )


def _quoted(value: object) -> str:
    if isinstance(value, bytes):
        return ""
    if isinstance(value, list):
        text = f"[{', '.join(str(item) for item in value)}]"
    elif isinstance(value, dict):
        text = f"{{{', '.join(f'{key}={item}' for key, item in value.items())}}}"
    else:
        text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"'{text[:_LONGEST_QUOTE]}' "


def _spelled(member: str) -> str:
    """A member as AWS's sentences write it: `RoleSessionName` is `roleSessionName`."""
    return member[:1].lower() + member[1:]
