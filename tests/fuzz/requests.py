"""Requests, made from the model and a seed: mostly right, to get behind the checks; often wrong in one place."""

import json
import random
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cargohold.aws import model
from cargohold.aws.model import Shape
from cargohold.aws.served import OPERATIONS
from tests.bed.place import ACCOUNT, ELSEWHERE, OTHER, Caller

from .population import Pool

SERVICES: Final = tuple(service for service in ("ecr", "ecr-public") if service in OPERATIONS)

NUMBERS: Final = (0, -1, 1, 2, 100, 101, 1000, 1001, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 2**64, 10**40, -(2**63) - 1)
TEXTS: Final = (
    "",
    " ",
    "\0",
    "a\0b",
    "a" * 257,
    "a" * 10_241,
    "é",
    "e\u0301",
    "a\ud800b",
    "\U0001f433",
    "\u202e",
    "../../etc/passwd",
    "a//b",
    "a/",
    "%00",
    "%2f",
    "' OR 1=1 --",
    "%' ESCAPE '",
    "*",
    "****",
    "{}",
    "null",
    "sha256:" + "0" * 64,
    "sha256:" + "0" * 63,
    "sha512:" + "f" * 128,
    "md5:00",
    "arn:aws:ecr:us-east-1:123456789012:repository/",
    "arn:aws:ecr:::repository/app",
    "arn:::::",
    "a" * 100 + "!",
    '{"Version":"2012-10-17","Statement":' + "[" * 60 + "]" * 60 + "}",
    '{"rules":' + "[" * 5000,
    '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":null,"layers":[null]}',
)
HOSTILE: Final[tuple[Any, ...]] = (
    None,
    True,
    False,
    [],
    {},
    [[]],
    [None],
    {"": None},
    1.5,
    1e308,
    -0.0,
    *NUMBERS,
    *TEXTS,
)
"""What may stand where anything else was expected."""

BODIES: Final = (
    b"",
    b"{}",
    b"null",
    b"[]",
    b'"text"',
    b"{",
    b"{}{}",
    b'{"a":1,"a":2}',
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b'{"repositoryName":NaN}',
    b'{"maxResults":Infinity}',
    b'{"maxResults":1e999}',
    b'{"repositoryName":"\\ud800"}',
    b'{"repositoryName":"app\\u0000"}',
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b'{"maxResults":' + b"9" * 5_000 + b"}",
)
"""Bodies that are hardly JSON, or no object."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request before it is signed."""

    service: str
    operation: str
    body: bytes
    caller: Caller


class Maker:
    """Makes requests; the same seed and the same pool make the same ones."""

    def __init__(self, seed: int, pool: Pool) -> None:
        self._chance = random.Random(seed)  # noqa: S311  # no secret
        self._pool = pool
        self._every = [(service, operation.name) for service in SERVICES for operation in OPERATIONS[service]]
        self._order: list[tuple[str, str]] = []

    def make(self) -> Ask:
        """Each operation comes once before any comes again."""
        if not self._order:
            self._order = self._every[:]
            self._chance.shuffle(self._order)
        service, operation = self._order.pop()
        return Ask(service, operation, self._body(service, operation), self._caller(service))

    def _caller(self, service: str) -> Caller:
        account = OTHER if self._happens(0.15) else ACCOUNT
        return Caller(account, ELSEWHERE) if self._happens(0.05) else Caller(account)

    def _body(self, service: str, operation: str) -> bytes:
        if self._happens(0.03):
            return self._chance.choice(BODIES)
        known = model.load(service)
        asked = known.operations[operation].input
        # A few requests are wrong in many places; most are wrong in one or none.
        wrong = self._chance.choice((0.0, 0.0, 0.03, 0.03, 0.15, 0.5))
        request = (
            _Drawing(self._chance, self._pool, known.shapes, wrong).structure(known.shapes[asked]) if asked else {}
        )
        return json.dumps(request).encode()

    def _happens(self, probability: float) -> bool:
        return self._chance.random() < probability


@dataclass(frozen=True, slots=True)
class _Drawing:
    """Draws values of shapes; `wrong` is how likely each is not what its shape wants."""

    chance: random.Random
    pool: Pool
    shapes: Mapping[str, Shape]
    wrong: float

    def structure(self, shape: Shape) -> dict[str, Any]:
        required, generous = shape.get("required", ()), self.chance.choice((0.15, 0.4, 1.0))
        drawn: dict[str, Any] = {}
        for member, part in shape["members"].items():
            likely = 1 - self.wrong / 4 if member in required else generous
            if self.chance.random() < likely:
                drawn[member] = self.value(member, part["shape"])
        if self.chance.random() < self.wrong:
            drawn[self.chance.choice(("unknown", "__type", "RegistryId", "repositoryname", ""))] = self.hostile()
        return drawn

    def value(self, member: str, name: str) -> Any:
        if self.chance.random() < self.wrong:
            return self.hostile()
        shape = self.shapes[name]
        kind = shape["type"]
        if kind == "structure":
            return self.structure(shape)
        if kind == "list":
            return [self.value(_singular(member), shape["member"]["shape"]) for _ in range(self.length(shape))]
        if self.chance.random() < self.wrong:
            return self.edge(shape)
        return self.plain(member, shape)

    def hostile(self) -> Any:
        return self.chance.choice(HOSTILE)

    def length(self, shape: Shape) -> int:
        """Mostly a few; sometimes as many as there may be, and one more."""
        most = min(shape.get("max", 101), 1000)
        if self.chance.random() < self.wrong:
            return int(self.chance.choice((0, most, most + 1, 101)))
        return self.chance.randint(max(shape.get("min", 0), 1), min(3, most))

    def edge(self, shape: Shape) -> Any:
        """A number or a text at its limit or one past it."""
        edges = [
            edge + step for edge in (shape.get("min"), shape.get("max")) if edge is not None for step in (-1, 0, 1)
        ]
        if shape["type"] in ("integer", "long"):
            return self.chance.choice([*edges, *NUMBERS])
        lengths = [edge for edge in edges if 0 <= edge <= 40_000] or [0, 256, 257]
        return self.chance.choice(("a", "0", "é", "a/")) * self.chance.choice(lengths)

    def plain(self, member: str, shape: Shape) -> Any:
        """What a client means: of an enumeration, of what is known, or a short text."""
        kind = shape["type"]
        if known := self.pool.of(member):
            drawn = self.chance.choice(known)
            return b64encode(drawn).decode() if isinstance(drawn, bytes) else drawn
        if "enum" in shape:
            return self.chance.choice(shape["enum"])
        return _PLAIN.get(kind, _text)(self.chance)


def _text(chance: random.Random) -> str:
    return "".join(chance.choices("abcdefghij0123456789", k=chance.randint(2, 12)))


_PLAIN: Final[Mapping[str, Callable[[random.Random], Any]]] = {
    "boolean": lambda chance: chance.random() < 0.5,
    "integer": lambda chance: chance.randint(1, 20),
    "long": lambda chance: chance.randint(0, 20),
    "blob": lambda chance: b64encode(chance.randbytes(chance.randint(1, 64))).decode(),
}

_SINGULARS: Final = {
    "repositoryNames": "repositoryName",
    "registryIds": "registryId",
    "layerDigests": "layerDigest",
    "prefixes": "prefix",
}


def _singular(member: str) -> str:
    """The member of which a list holds many."""
    return _SINGULARS.get(member, member)


def operations() -> Sequence[tuple[str, str]]:
    """Every operation that requests are made for."""
    return [(service, operation.name) for service in SERVICES for operation in OPERATIONS[service]]
