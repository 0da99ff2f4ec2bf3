"""What the gallery says of a public repository, and what it may be. Pure.

Sources: Amazon ECR Public API reference, RepositoryCatalogDataInput; user guide, "Public repository catalog data" (a
logo is a PNG of 60 to 2048 pixels on each side).
"""

from dataclasses import dataclass
from typing import Final

from cargohold.core.errors import InvalidParameter
from cargohold.core.text import NOT_TEXT, is_sound

_PNG: Final = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"
_SIDES: Final = range(60, 2049)


@dataclass(frozen=True, slots=True)
class Catalog:
    """The catalog data of one repository; `about` and `usage` are GitHub flavored Markdown, `logo` is a PNG."""

    description: str | None = None
    about: str | None = None
    usage: str | None = None
    architectures: tuple[str, ...] = ()
    """In any words; the gallery shows those that it knows."""
    operating_systems: tuple[str, ...] = ()
    logo: bytes | None = None


def check(catalog: Catalog) -> None:
    """Raises InvalidParameter for what cannot be kept and for a logo that is no PNG of the right size.

    Lengths are the API's model's to check.
    """
    said = (catalog.description, catalog.about, catalog.usage, *catalog.architectures, *catalog.operating_systems)
    if not all(is_sound(text or "") for text in said):
        raise InvalidParameter("catalogData", NOT_TEXT)
    logo = catalog.logo
    if not logo:
        return
    sides = (int.from_bytes(logo[16:20]), int.from_bytes(logo[20:24]))
    if not logo.startswith(_PNG) or len(logo) < len(_PNG) + 8 or not all(side in _SIDES for side in sides):
        reason = f"must be a PNG of {_SIDES.start} to {_SIDES.stop - 1} pixels on each side"
        raise InvalidParameter("catalogData.logoImageBlob", reason)
