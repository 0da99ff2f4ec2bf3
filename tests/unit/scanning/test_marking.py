"""Ignore rules: what is there already is marked anew, and again when a rule is over."""

import asyncio
from pathlib import Path

import pytest

from cargohold.core.errors import IgnoreRuleNotFound, InvalidParameter, LimitExceeded
from cargohold.jobs.queue import Queue
from cargohold.scanning import ignores
from cargohold.scanning.ignores import MARK, IgnoreRules, NewRule
from cargohold.scanning.marking import Marker
from tests.unit.registry.bed import HOME, Room
from tests.unit.scanning.bed import OS_RELEASE, stanza
from tests.unit.scanning.test_scanner import STATUS, Bed, entry

HOUR = 3_600_000


@pytest.fixture
def bed(room: Room, tmp_path: Path) -> Bed:
    folder = tmp_path / "scanning"
    folder.mkdir()
    return Bed(room, folder)


def rule(vulnerability: str = "CVE-1-1", until: int | None = None, repository: str = "*") -> NewRule:
    return NewRule(vulnerability, "*", "*", repository, "not reachable", "arn:aws:iam::123456789012:user/ann", until)


async def work(bed: Bed) -> None:
    await Queue(bed.database, {MARK: Marker(bed.database, bed.room.clock).mark}, bed.room.clock).run()


def test_scans_are_counted_anew(bed: Bed) -> None:
    """Every image that the rule is about, no other; what was hidden counts again when the rule is removed or over."""

    async def story() -> None:
        bed.know(entry("Debian:12", "a", "2", "CVE-1-1"))
        rules, targets = IgnoreRules(bed.database, bed.room.clock), []
        for name in ("one", "two", "other"):
            targets.append(await bed.room.repository(name, scan_on_push=True))
            await bed.push(targets[-1], {STATUS: stanza("a", "1"), "etc/os-release": OS_RELEASE})
        await bed.run()

        async def counted() -> list[int]:
            return [(await bed.report(each)).scan.counts.get("HIGH", 0) for each in targets]

        for_good = await rules.add(HOME, rule(repository="t*"))
        await work(bed)
        assert await counted() == [1, 0, 1]
        await rules.add(HOME, rule(until=bed.room.now + HOUR))
        await work(bed)
        assert await counted() == [0, 0, 0]
        bed.room.now += HOUR
        await work(bed)
        assert await counted() == [1, 0, 1]
        await rules.remove(HOME, for_good.id)
        await work(bed)
        assert await counted() == [1, 1, 1]
        assert [each.expires_at for each in await rules.list(HOME)] == [bed.room.now]

    asyncio.run(story())


def test_rules_that_are_refused(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is over before it begins, one too many, and one that is not there."""
    monkeypatch.setattr(ignores, "MOST", 1)
    rules = IgnoreRules(room.database, room.clock)

    async def story() -> None:
        with pytest.raises(InvalidParameter, match="expiresAt"):
            await rules.add(HOME, rule(until=room.now))
        await rules.add(HOME, rule())
        with pytest.raises(LimitExceeded, match="ignore rules which is '1'"):
            await rules.add(HOME, rule())
        with pytest.raises(IgnoreRuleNotFound):
            await rules.remove(HOME, "none")

    asyncio.run(story())
