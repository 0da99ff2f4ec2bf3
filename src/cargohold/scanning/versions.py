"""The order of versions in each ecosystem. Pure: a version that an order does not know raises, it is never guessed.

Which library decides is measured: univers agrees with dpkg on 12,000 real pairs, packaging is PyPI's own.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, Final

from packaging.version import InvalidVersion
from packaging.version import Version as PypiVersion
from univers.versions import (
    AlpineLinuxVersion,
    DebianVersion,
    MavenVersion,
    RpmVersion,
    RubygemsVersion,
    SemverVersion,
)
from univers.versions import InvalidVersion as UnknownForm

_KEPT: Final = 1 << 16
"""Parsed versions that are kept: more than the advisories of a distribution name."""


class NotComparable(Exception):
    """A version that its ecosystem's order does not know; the text names it."""


def _maven(text: str) -> MavenVersion:
    """univers puts `1.RELEASE` behind `1`; Maven holds them for the same."""
    for word in (".RELEASE", "-RELEASE", ".GA", "-GA", ".Final", "-Final"):
        if text.lower().endswith(word.lower()):
            text = text[: -len(word)]
    return MavenVersion(text)


def _semver(text: str) -> SemverVersion:
    return SemverVersion(text.removeprefix("v").removesuffix("+incompatible"))


def _go(text: str) -> SemverVersion:
    """Go's own releases are go1.20rc1, modules v1.2.3."""
    bare = text.removeprefix("go")
    for word in ("rc", "beta", "alpha"):
        head, found, tail = bare.partition(word)
        if found and head[-1:].isdigit():
            dots = "" if head.count(".") >= 2 else ".0"
            return _semver(f"{head}{dots}-{word}.{tail}")
    return _semver(bare)


_ORDERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "Debian": DebianVersion,
    "Ubuntu": DebianVersion,
    "Alpine": AlpineLinuxVersion,
    "Wolfi": AlpineLinuxVersion,
    "Chainguard": AlpineLinuxVersion,
    "AlmaLinux": RpmVersion,
    "Rocky Linux": RpmVersion,
    "Red Hat": RpmVersion,
    "Oracle Linux": RpmVersion,
    "Amazon Linux": RpmVersion,
    "Fedora": RpmVersion,
    "openSUSE": RpmVersion,
    "SUSE": RpmVersion,
    "Azure Linux": RpmVersion,
    "Photon OS": RpmVersion,
    "PyPI": PypiVersion,
    "npm": _semver,
    "Go": _go,
    "crates.io": _semver,
    "RubyGems": RubygemsVersion,
    "Maven": _maven,
}


def order(ecosystem: str) -> Callable[[str], Any]:
    """From a version's text to what compares as that ecosystem does; `ecosystem` may carry its release.

    The function raises NotComparable for a form that is not known, and for every version of an unknown ecosystem.
    """
    return partial(_parsed, ecosystem.partition(":")[0])


@lru_cache(maxsize=_KEPT)
def _parsed(family: str, text: str) -> Any:
    parse = _ORDERS.get(family)
    if parse is None:
        raise NotComparable(f"the order of versions in {family} is not known")
    try:
        return parse(text)
    except (InvalidVersion, UnknownForm, ValueError, TypeError, AttributeError, IndexError) as error:
        raise NotComparable(f"{text!r} is not a version of {family}") from error
