"""The API's models: botocore's own `service-2.json`, read without importing botocore (which costs 150 ms).

The service of our own has its model beside us, in the same format and in folders as botocore looks for them.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

VERSIONS: Final = {
    "ecr": "2015-09-21",
    "ecr-public": "2020-10-30",
    "sts": "2011-06-15",
    "iam": "2010-05-08",
    "cargohold": "2026-11-01",
}
"""The API version of each service that is served."""

OURS: Final = Path(__file__).parent / "models"
"""Where the model of the service of our own is; for a botocore loader's search path too."""

LARGE_MEMBER: Final = 1 << 20
"""A request that may hold a member of this many bytes or characters needs more room than any other."""

Shape = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OperationModel:
    """What the model says of an operation. A shape is named; None where the operation has none."""

    name: str
    input: str | None
    output: str | None
    wrapper: str | None
    """The XML element around a Query answer's members."""
    large: bool
    """Whether a request may hold a large member (LARGE_MEMBER)."""
    unsigned: bool = False
    """Whether it is for who has no key yet: AWS's clients do not sign it."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service of AWS, as its model describes it."""

    name: str
    version: str
    protocol: Literal["json", "query"]
    signing_name: str
    """The service of a signature's scope."""
    target_prefix: str
    """What stands before the dot of `X-Amz-Target`; empty for a Query service."""
    namespace: str
    """The XML namespace of a Query service's answers; empty for a JSON service."""
    operations: Mapping[str, OperationModel]
    shapes: Mapping[str, Shape]


def document(service: str) -> dict[str, Any]:
    """A service's model as it is shipped; raises ModuleNotFoundError where botocore's is asked for and not there."""
    ours = OURS / service / VERSIONS[service] / "service-2.json"
    if ours.exists():
        own: dict[str, Any] = json.loads(ours.read_bytes())
        return own
    spec = importlib.util.find_spec("botocore")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("botocore", name="botocore")
    path = Path(spec.origin).parent / "data" / service / VERSIONS[service] / "service-2.json.gz"
    model: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return model


@cache
def load(service: str) -> Service:
    """A service that is served, from its model; read once."""
    return service_from(service, document(service))


def service_from(name: str, model: Mapping[str, Any]) -> Service:
    """A Service from a model document."""
    metadata, shapes = model["metadata"], model["shapes"]
    return Service(
        name=name,
        version=metadata["apiVersion"],
        protocol=metadata["protocol"],
        signing_name=metadata.get("signingName", metadata["endpointPrefix"]),
        target_prefix=metadata.get("targetPrefix", ""),
        namespace=metadata.get("xmlNamespace", ""),
        operations={name: _operation(entry, shapes) for name, entry in model["operations"].items()},
        shapes=shapes,
    )


def _operation(entry: Mapping[str, Any], shapes: Mapping[str, Shape]) -> OperationModel:
    asked = entry.get("input", {}).get("shape")
    answered = entry.get("output", {})
    members = shapes[asked]["members"].values() if asked else ()
    return OperationModel(
        name=entry["name"],
        input=asked,
        output=answered.get("shape"),
        wrapper=answered.get("resultWrapper"),
        large=any(_is_large(shapes[member["shape"]]) for member in members),
        unsigned=entry.get("authtype") == "none",
    )


def _is_large(shape: Shape) -> bool:
    return shape["type"] in ("string", "blob") and shape.get("max", 0) >= LARGE_MEMBER
