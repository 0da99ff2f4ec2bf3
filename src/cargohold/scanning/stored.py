"""How inventories and findings are kept in rows: JSON, compressed where there is much of it."""

import json
import zlib
from dataclasses import asdict, fields
from typing import Any, Final

from cargohold.scanning.advisory import Vector
from cargohold.scanning.finding import Finding
from cargohold.scanning.inventory.evidence import Evidence, LayerInventory
from cargohold.scanning.package import Distribution, Inventory, Package

_FINDING, _PACKAGE, _VECTOR = (tuple(each.name for each in fields(kind)) for kind in (Finding, Package, Vector))
FORMAT: Final = 1
"""Of a layer's inventory; raised when more is read out of a layer, so that layers are read again."""


def pack_layer(layer: LayerInventory) -> bytes:
    return _packed(asdict(layer))


def unpack_layer(payload: bytes) -> LayerInventory:
    found = _unpacked(payload)
    evidence = {path: _evidence(each) for path, each in found["evidence"].items()}
    return LayerInventory(found["digest"], evidence, tuple(found["removed"]), tuple(found["emptied"]))


def pack_inventory(inventory: Inventory) -> bytes:
    return _packed(asdict(inventory))


def unpack_inventory(payload: bytes) -> Inventory:
    found = _unpacked(payload)
    packages = tuple(Package(**each) for each in found["packages"])
    return Inventory(Distribution(**found["distribution"]), packages, tuple(found["notes"]))


def pack_finding(finding: Finding) -> str:
    # Written out: `asdict` copies each value, and takes most of the time in which an image is matched anew.
    plain = {name: getattr(finding, name) for name in _FINDING}
    plain["package"] = {name: getattr(finding.package, name) for name in _PACKAGE}
    plain["vectors"] = [{name: getattr(vector, name) for name in _VECTOR} for vector in finding.vectors]
    return json.dumps(plain, separators=(",", ":"))


def unpack_finding(payload: str) -> Finding:
    found = json.loads(payload)
    return Finding(
        **{
            **found,
            "package": Package(**found["package"]),
            "vectors": tuple(Vector(**each) for each in found["vectors"]),
            "references": tuple(found["references"]),
            "related": tuple(found["related"]),
        }
    )


def _evidence(found: dict[str, Any]) -> Evidence:
    distribution = found["distribution"]
    return Evidence(
        packages=tuple(Package(**each) for each in found["packages"]),
        distribution=None if distribution is None else Distribution(**distribution),
        owned=tuple(found["owned"]),
        note=found["note"],
    )


def _packed(found: Any) -> bytes:
    # Paths may hold bytes that are no UTF-8: they are escaped, and come back as they were.
    return zlib.compress(json.dumps(found, separators=(",", ":")).encode("ascii"), 6)


def _unpacked(payload: bytes) -> Any:
    return json.loads(zlib.decompress(payload))
