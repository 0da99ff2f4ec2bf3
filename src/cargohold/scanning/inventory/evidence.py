"""The nouns of a layer's inventory: what one file of it proves, and what it hides of the layers below."""

from dataclasses import dataclass, field

from cargohold.scanning.package import Distribution, Package


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one file says. A file that might hold packages and holds none is evidence too: it hides a lower one."""

    packages: tuple[Package, ...] = ()
    distribution: Distribution | None = None
    owned: tuple[str, ...] = ()
    """Files that belong to packages of the distribution, as far as they could be evidence themselves."""
    note: str = ""
    """What could not be read, a sentence."""


@dataclass(frozen=True, slots=True)
class LayerInventory:
    """What one layer says, by the path of the file that says it."""

    digest: str
    evidence: dict[str, Evidence] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    """Paths that whiteouts take away from the layers below, with what lies under them."""
    emptied: tuple[str, ...] = ()
    """Directories of which nothing of the layers below is left."""
