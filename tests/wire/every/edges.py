"""From a model: every constraint of every member of an operation's requests, with a value at it and one past it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cargohold.aws.model import Service, Shape

from .desk import ABSENT
from .successes import USER

SAMPLES: Final[Mapping[str, Any]] = {
    "repositoryName": "absent",
    "repositoryNames": "absent",
    "registryId": "123456789012",
    "registryIds": "123456789012",
    "uploadId": "00000000-0000-4000-8000-000000000000",
    "layerDigest": ABSENT,
    "layerDigests": ABSENT,
    "imageDigest": ABSENT,
    "imageTag": "v1",
    "prefix": "absent",
    "prefixes": "absent",
    "principalArn": USER,
    "kmsKey": "arn:aws:kms:us-east-1:123456789012:key/a",
    "filter": "dev",
    "nextToken": "token",
    "lifecyclePolicyText": "a" * 100,
}
"""Values that keep their pattern when their last character is repeated."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One constraint of one member. The requests differ in that member only."""

    path: str
    """The member, as ECR's sentences write it."""
    constraint: str
    """What the sentence says of it."""
    past: Mapping[str, Any]
    at: Mapping[str, Any] | None
    """None where no value is at the edge and keeps the member's other constraints."""


def edges(service: Service, operation: str) -> Iterator[Edge]:
    """Every constraint of an operation's requests."""
    asked = service.operations[operation].input
    if asked is None:
        return
    request = _sample(service, "", asked)
    for path, constraint, past, at in _of_structure(service, service.shapes[asked]):
        is_whole = past is not _MISSING
        yield Edge(
            path,
            constraint,
            {**request, **past} if is_whole else _without(request, path),
            None if at is None else {**request, **at},
        )


_MISSING: Final[Mapping[str, Any]] = {}
Found = tuple[str, str, Any, Any]
"""Path, constraint, the value past the edge and the one at it."""


def _without(request: Mapping[str, Any], member: str) -> dict[str, Any]:
    return {name: value for name, value in request.items() if name != member}


def _of_structure(service: Service, shape: Shape) -> Iterator[Found]:
    """Of each member: what is past it and at it is a structure that has only that member."""
    for member in shape.get("required", ()):
        yield _spelled(member), "Member must not be null", _MISSING, None
    for member, part in shape["members"].items():
        for path, constraint, past, at in _of(service, member, part["shape"]):
            under = f"{_spelled(member)}.{path}" if path else _spelled(member)
            yield under, constraint, {member: past}, None if at is None else {member: at}


def _of(service: Service, member: str, name: str) -> Iterator[Found]:
    shape = service.shapes[name]
    kind = shape["type"]
    if kind == "structure":
        whole = _sample(service, member, name)
        for path, constraint, past, at in _of_structure(service, shape):
            made = (
                {each: value for each, value in whole.items() if _spelled(each) != path}
                if past is _MISSING
                else {**whole, **past}
            )
            yield path, constraint, made, None if at is None else {**whole, **at}
    elif kind == "list":
        yield from _of_list(service, member, shape)
    else:
        yield from (("", *found) for found in _of_scalar(shape, _sample(service, member, name)))


def _of_list(service: Service, member: str, shape: Shape) -> Iterator[Found]:
    element = shape["member"]["shape"]
    one = _sample(service, member, element)
    for constraint, past, at in _sizes(shape, lambda length: [one] * length):
        yield "", constraint, past, at
    nested = service.shapes[element]["type"] in ("structure", "list")
    for path, constraint, past, at in _of(service, member, element):
        yield f"1.member.{path}" if nested else "", constraint, [past], None if at is None else [at]


def _of_scalar(shape: Shape, sample: Any) -> Iterator[tuple[str, Any, Any]]:
    kind = shape["type"]
    if kind in ("integer", "long"):
        yield from _range(shape)
    elif kind in ("string", "blob"):
        yield from _sizes(shape, lambda length: _stretched(sample, length))
        if "enum" in shape:
            yield f"Member must satisfy enum value set: [{', '.join(shape['enum'])}]", "NONE", shape["enum"][-1]
        if "pattern" in shape:
            yield shape["pattern"], _outside(shape), sample


def _sizes(shape: Shape, make: Any) -> Iterator[tuple[str, Any, Any]]:
    if "max" in shape:
        most = shape["max"]
        yield f"Member must have length less than or equal to {most}", make(most + 1), _kept(shape, make(most))
    if shape.get("min", 0) > 0:
        least = shape["min"]
        yield f"Member must have length greater than or equal to {least}", make(least - 1), _kept(shape, make(least))


def _range(shape: Shape) -> Iterator[tuple[str, Any, Any]]:
    if "max" in shape:
        yield f"Member must have value less than or equal to {shape['max']}", shape["max"] + 1, shape["max"]
    if "min" in shape:
        yield f"Member must have value greater than or equal to {shape['min']}", shape["min"] - 1, shape["min"]


def _kept(shape: Shape, value: Any) -> Any:
    """The value, unless it breaks the shape's pattern."""
    pattern = shape.get("pattern")
    return None if pattern and re.fullmatch(pattern, value, re.ASCII) is None else value


def _stretched(sample: Any, length: int) -> Any:
    return sample[:length] + sample[-1:] * (length - len(sample))


def _outside(shape: Shape) -> str:
    return "!" * max(shape.get("min", 1), 1)


def _sample(service: Service, member: str, name: str) -> Any:
    """A value of a shape that keeps its constraints, and means nothing that is there."""
    shape = service.shapes[name]
    kind = shape["type"]
    if kind == "structure":
        required = shape.get("required", ())
        return {each: _sample(service, each, shape["members"][each]["shape"]) for each in required}
    if kind == "list":
        return [_sample(service, member, shape["member"]["shape"])] * max(shape.get("min", 0), 1)
    if "enum" in shape:
        return shape["enum"][0]
    return _SCALARS[kind](member, shape)


_SCALARS: Final[Mapping[str, Any]] = {
    "string": lambda member, shape: SAMPLES.get(member, "a" * max(shape.get("min", 0), 2)),
    "blob": lambda _, __: b"ab",
    "boolean": lambda _, __: True,
    "integer": lambda _, shape: max(shape.get("min", 0), 1),
    "long": lambda _, shape: max(shape.get("min", 0), 1),
}


def _spelled(member: str) -> str:
    return member[:1].lower() + member[1:]
