"""The nouns of an inventory: a package, the distribution, and what a whole image holds."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["deb", "apk", "rpm", "pypi", "npm", "golang", "maven", "gem", "cargo"]
"""What manages a package, as package URLs spell it."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """What `os-release` says an image is made of."""

    id: str
    """In lower case: debian, ubuntu, alpine, almalinux, rhel; empty where the image does not say."""
    version: str = ""
    """VERSION_ID: 12, 22.04, 3.18.4; empty for what rolls, such as Debian's testing."""
    codename: str = ""
    name: str = ""
    """PRETTY_NAME, for people."""


@dataclass(frozen=True, slots=True)
class Package:
    """One installed package. Names are as the ecosystem compares them: PyPI's normalised, Maven's group:name."""

    kind: Kind
    name: str
    version: str
    """Whole, with epoch and release where there are any."""
    arch: str = ""
    source_name: str = ""
    """The source package that a deb or apk was built from, where it has another name; an rpm's too, for people."""
    source_version: str = ""
    module: str = ""
    """An rpm's modularity label, `nodejs:12`."""
    license: str = ""
    path: str = ""
    """The file of the image that says so, without a leading slash."""
    layer: str = ""
    """The digest of the lowest layer that has it in this version, as the manifest names it."""
    owned: bool = False
    """A language package whose files belong to a package of the distribution, which mends it itself."""

    @property
    def source(self) -> tuple[str, str]:
        """Name and version of what advisories on sources are about."""
        return self.source_name or self.name, self.source_version or self.version


@dataclass(frozen=True, slots=True)
class Inventory:
    """What an image holds. It is the image's software bill of materials."""

    distribution: Distribution
    packages: tuple[Package, ...]
    notes: tuple[str, ...] = ()
    """What was there and could not be read, each a sentence: it is shown with every result."""
