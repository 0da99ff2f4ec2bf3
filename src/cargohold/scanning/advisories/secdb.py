"""Alpine's secdb: which version of a package mended which CVE, a JSON document for each release and repository.

Source: Alpine Linux, "secdb" (secdb.alpinelinux.org).
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from cargohold.scanning.advisories.record import Malformed
from cargohold.scanning.advisory import Advisory, Affected, Range

_NEVER: Final = "0"
"""As the version that mends it: the package never was affected."""


def read(document: Any) -> Iterator[Advisory]:
    """One advisory for each CVE of the release. Raises Malformed."""
    if not isinstance(document, dict) or not isinstance(document.get("packages"), list):
        raise Malformed("secdb's document has no packages")
    ecosystem = f"Alpine:{document.get('distroversion', '')}"
    known: dict[str, list[Affected]] = defaultdict(list)
    for entry in document["packages"]:
        package = entry.get("pkg", {}) if isinstance(entry, dict) else {}
        for version, ids in (package.get("secfixes") or {}).items():
            for name in ids if version != _NEVER and isinstance(ids, list) else ():
                range_ = Range((("introduced", "0"), ("fixed", version)))
                known[str(name)].append(Affected(ecosystem, str(package.get("name", "")), ranges=(range_,)))
    for names, affected in known.items():
        yield _advisory(names.split(), tuple(affected))


def _advisory(names: list[str], affected: tuple[Affected, ...]) -> Advisory:
    """An entry is a CVE, with other names of the same behind it."""
    return Advisory(id=names[0] if names else "", source="Alpine", aliases=tuple(names[1:]), affected=affected)
