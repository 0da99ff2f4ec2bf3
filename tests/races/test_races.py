"""Everybody at once, on hot blobs: pushers, deleters, lifecycle, archive, collectors, verification and undo.

One invariant, looked at all the time: no live image ever lacks a blob. `--long` runs each for minutes.
"""

import asyncio
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from .yard import Yard

EACH = (
    "collected",
    "blobs verified",
    "pushes",
    "uploads",
    "deletions",
    "evaluations",
    "archived or restored",
    "jobs",
    "looks",
)
SHORT, LONG = 6.0, 300.0


@pytest.mark.slow
def test_no_live_image_ever_lacks_a_blob(yard_of: Callable[[int], Yard], long: bool) -> None:
    """Four processes push, delete, expire, archive and collect the same blobs, and every image stays whole."""

    async def story() -> None:
        yard = yard_of(4)
        await yard.open("hot", "warm")
        one, two, three, four = yard.processes
        busy = [each.push for each in (one, two, three) for _ in range(2)]
        takers = [one.delete, three.remove_blob, three.archive_or_restore, two.expire]
        keepers = [three.work_off, four.work_off, four.reap, four.verify, yard.look]
        keepers += [three.collect, four.collect]
        with capture_logs():
            await yard.run(LONG if long else SHORT, busy, takers + keepers)
            left = [] if yard.violations else await yard.settled()
        print(f"\n{dict(yard.done)}\nrefused: {dict(yard.refused)}")  # figures for docs/reliability.md
        assert yard.violations == []
        assert left == []
        assert all(yard.done[name] > 0 for name in EACH), yard.done

    asyncio.run(story())
