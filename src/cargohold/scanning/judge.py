"""What an inventory and what is known come to. Pure: nothing is called clean that was not looked at.

Basic scanning is about the distribution's packages alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from cargohold.scanning.advisories.database import AdvisoryFile
from cargohold.scanning.configuration import ScanType
from cargohold.scanning.ecosystems import ecosystem
from cargohold.scanning.finding import Finding, Matches
from cargohold.scanning.match import match
from cargohold.scanning.package import Inventory
from cargohold.scanning.scan import COMPLETED, UNSUPPORTED, State

_SYSTEM: Final = ("deb", "apk", "rpm")
_NOTES: Final = 5
_NAMES: Final = 10
"""How many are told of one by one."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a scan ended."""

    state: State
    description: str
    inventory: Inventory | None = None
    findings: tuple[Finding, ...] = ()
    version: str = ""
    source_updated_at: int = 0


def judge(inventory: Inventory, scan_type: ScanType, known: AdvisoryFile) -> Result:
    """How the scan of an image that holds this ends."""
    looked_at = tuple(each for each in inventory.packages if scan_type == "ENHANCED" or each.kind in _SYSTEM)
    if not looked_at:
        return Result("UNSUPPORTED", UNSUPPORTED, inventory, version=known.version)
    uncovered = _uncovered(replace(inventory, packages=looked_at), known)
    if uncovered and len(uncovered) == len({ecosystem(each, inventory.distribution) for each in looked_at}):
        reason = (
            f"No advisories have been imported for {', '.join(uncovered)}: nothing of the image could be looked up."
        )
        return Result("FAILED", reason, inventory, version=known.version)
    matches = match(replace(inventory, packages=looked_at), known.lookup, known.scores, known.memory)
    description = " ".join([COMPLETED, *_remarks(uncovered, inventory.notes, matches)])
    findings = tuple(_with_signals(each, known) for each in matches.findings)
    return Result("COMPLETE", description, inventory, findings, known.version, known.updated_at)


def _with_signals(finding: Finding, known: AdvisoryFile) -> Finding:
    likelihood = known.likelihood(finding.vulnerability)
    exploited = known.exploited(finding.vulnerability) is not None
    return replace(finding, exploited=exploited, likelihood=likelihood.score if likelihood else None)


def _uncovered(inventory: Inventory, known: AdvisoryFile) -> list[str]:
    """Where packages come from of which no advisory speaks at all; "an unknown distribution" for what has no name."""
    families = {ecosystem(each, inventory.distribution) for each in inventory.packages}
    return sorted(name or "an unknown distribution" for name in families if name is None or not known.covers(name))


def _remarks(uncovered: Sequence[str], notes: Sequence[str], matches: Matches) -> list[str]:
    """What a reader has to know beside the findings."""
    remarks = list(notes[:_NOTES])
    if len(notes) > len(remarks):
        remarks.append(f"{len(notes) - len(remarks)} more files could not be read.")
    if uncovered:
        remarks.append(
            f"Packages of {', '.join(uncovered)} were not looked up: no advisories have been imported for them."
        )
    if matches.undecided:
        names = sorted({each.package.name for each in matches.undecided})
        remarks.append(
            f"Versions that could not be compared: {', '.join(names[:10])}{', …' if len(names) > 10 else ''}."
        )
    return remarks
