"""Debian's security tracker, as one JSON document of all source packages.

Source: Debian Security Tracker, "Data export" (security-tracker.debian.org/tracker/data/json).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cargohold.scanning.advisories.record import Malformed
from cargohold.scanning.advisory import Advisory, Affected, Range

RELEASES: Final[Mapping[str, str]] = {
    "stretch": "9",
    "buster": "10",
    "bullseye": "11",
    "bookworm": "12",
    "trixie": "13",
    "forky": "14",
    "sid": "sid",
}
_NEVER: Final = "0"
"""As the version that mends it: the release never was affected."""


def read(document: Any) -> Iterator[Advisory]:
    """One advisory for each CVE and source package. Raises Malformed."""
    if not isinstance(document, dict):
        raise Malformed("the tracker's data is no object")
    for package, cves in document.items():
        for name, said in cves.items() if isinstance(cves, dict) else ():
            releases = said.get("releases") if isinstance(said, dict) else None
            if not isinstance(releases, dict):
                raise Malformed(f"{name} of {package} has no releases")
            affected = tuple(each for release, state in releases.items() for each in _affected(package, release, state))
            if affected:
                yield _advisory(name, said, affected)


def _advisory(name: str, said: Mapping[str, Any], affected: tuple[Affected, ...]) -> Advisory:
    return Advisory(
        id=name,
        source="Debian",
        details=str(said.get("description", "")),
        references=(f"https://security-tracker.debian.org/tracker/{name}",),
        affected=affected,
    )


def _affected(package: str, release: str, state: Mapping[str, Any]) -> Iterator[Affected]:
    """None for a release that never was affected, and where Debian has not made up its mind."""
    number, fixed = RELEASES.get(release), state.get("fixed_version")
    if number is None or state.get("status") not in ("open", "resolved") or fixed == _NEVER:
        return
    mended = [("fixed", fixed)] if state["status"] == "resolved" and isinstance(fixed, str) else []
    yield Affected(
        ecosystem=f"Debian:{number}",
        name=package,
        ranges=(Range((("introduced", "0"), *mended)),),  # type: ignore[arg-type]
        urgency=str(state.get("urgency", "")).rstrip("*"),
    )
