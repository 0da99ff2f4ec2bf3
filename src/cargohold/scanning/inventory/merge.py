"""An image's inventory from those of its layers. Pure.

A higher layer's file hides a lower one's of the same path; whiteouts take away what lies below.
Source: OCI image-spec, "Image Layer Filesystem Changeset", section "Whiteouts".
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from cargohold.scanning.inventory import node, os_release
from cargohold.scanning.inventory.evidence import Evidence, LayerInventory
from cargohold.scanning.package import Distribution, Inventory, Package


@dataclass(frozen=True, slots=True)
class _Placed:
    evidence: Evidence
    packages: tuple[Package, ...]
    """Those of the evidence, each with the lowest layer that has it in this version."""


def merge(layers: Sequence[LayerInventory]) -> Inventory:
    """What the whole image holds; `layers` are in the manifest's order, the lowest first."""
    files: dict[str, _Placed] = {}
    for layer in layers:
        _hide(files, layer)
        for path, evidence in layer.evidence.items():
            files[path] = _Placed(evidence, tuple(_placed(evidence.packages, files.get(path), layer.digest)))
    owned = {path for each in files.values() for path in each.evidence.owned}
    packages = [_marked(package, owned) for each in files.values() for package in each.packages]
    notes = tuple(each.evidence.note for each in files.values() if each.evidence.note)
    return Inventory(_distribution(files), tuple(_without_pinned_twice(packages)), notes)


def _hide(files: dict[str, _Placed], layer: LayerInventory) -> None:
    """Takes away what this layer's whiteouts name; its own files come after that."""
    gone = set(layer.removed)
    empty = set(layer.emptied)
    if not gone and not empty:
        return
    for path in list(files):
        parents = set(_parents(path))
        if path in gone or parents & gone or parents & empty:
            del files[path]


def _parents(path: str) -> Iterator[str]:
    """Every directory above a path, the root, which is empty, last."""
    while path:
        path = path.rpartition("/")[0]
        yield path


def _placed(packages: Iterable[Package], before: _Placed | None, digest: str) -> Iterator[Package]:
    lower = {_same(each): each.layer for each in before.packages} if before else {}
    for package in packages:
        yield replace(package, layer=lower.get(_same(package), digest))


def _same(package: Package) -> tuple[str, str, str]:
    return package.name, package.version, package.arch


def _marked(package: Package, owned: set[str]) -> Package:
    return replace(package, owned=True) if package.path in owned else package


def _distribution(files: dict[str, _Placed]) -> Distribution:
    found = (files[path].evidence.distribution for path in os_release.PATHS if path in files)
    return next((each for each in found if each is not None), Distribution(""))


def _without_pinned_twice(packages: Iterable[Package]) -> Iterator[Package]:
    """Without what a lockfile pins and node_modules holds in that version."""
    every = list(packages)
    installed = {(each.name, each.version) for each in every if node.INSTALLED.search(each.path)}
    for package in every:
        pinned = package.kind == "npm" and package.path.endswith(node.LOCKFILES)
        if not pinned or (package.name, package.version) not in installed:
            yield package
