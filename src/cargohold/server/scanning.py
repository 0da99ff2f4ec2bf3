"""What the worker does about scanning.

What reads images and advisories is imported when there are some to read: a registry that scans nothing starts without
the libraries that this needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from cargohold.core.clock import HOUR, SECOND, system_clock
from cargohold.jobs.schedule import Periodic
from cargohold.registry.blobs import Blobs
from cargohold.registry.limits import Limits
from cargohold.scanning.advisories.source import Source
from cargohold.scanning.advisories.status import FILE
from cargohold.scanning.ignores import MARK
from cargohold.scanning.marking import Marker
from cargohold.scanning.scans import SCAN_IMAGE

if TYPE_CHECKING:
    from cargohold.jobs.queue import Task
    from cargohold.scanning.scanner import Scanner
    from cargohold.server.wiring import Cellar, Plan

UPDATE_EVERY: Final = 2 * SECOND
"""Milliseconds between looks whether advisories are due to be updated, or were asked to be."""
REMATCH_EVERY: Final = 5 * SECOND
"""Milliseconds between looks for images that were matched against other advisories."""


def jobs(plan: Plan, cellar: Cellar) -> Mapping[str, Task]:
    """The tasks of the job queue."""

    async def scan(payload: Mapping[str, Any]) -> None:
        await _scanner(plan, cellar).scan(payload)

    return {SCAN_IMAGE: scan, MARK: Marker(cellar.database, system_clock).mark}


def periodic(plan: Plan, cellar: Cellar) -> Sequence[Periodic]:
    """What is done again and again; nothing where no sources of advisories are set."""
    sources = [Source.parse(each) for each in plan.settings.advisories]

    async def update() -> int:
        from cargohold.scanning.advisories.update import Updater

        every = plan.settings.advisories_hours * HOUR
        return await Updater(cellar.database, plan.folder.advisories, sources, system_clock, every).run()

    async def rematch() -> int:
        return await _scanner(plan, cellar).rematch()

    if not sources:
        return ()
    return (
        Periodic("update advisories", UPDATE_EVERY, update),
        Periodic("match images anew", REMATCH_EVERY, rematch),
    )


def _scanner(plan: Plan, cellar: Cellar) -> Scanner:
    from cargohold.scanning import limits
    from cargohold.scanning.scanner import Scanner

    blobs = Blobs(cellar.database, cellar.stores, system_clock, Limits())
    return Scanner(cellar.database, blobs, plan.folder.advisories / FILE, system_clock, limits.Limits())
