"""When access keys were last used, as far as it is written down."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection

from cargohold.core.clock import MINUTE
from cargohold.core.errors import StorageBusy
from cargohold.database.schema.identity import access_key_use
from cargohold.identity.key_uses import KeyUses

from .home import HOME, NOON, Home

LATER = 15 * MINUTE


def last(home: Home, key: str) -> tuple[int | None, str | None, str | None]:
    found = home.run(home.keys.find_use(HOME, key))
    assert found is not None
    assert found.user == "alice"
    return found.used_at, found.service, found.region


@pytest.fixture
def key(home: Home) -> str:
    home.user("alice")
    return home.key("alice").access_key_id


def use(home: Home, key: str, service: str = "ecr", region: str = "eu-west-1") -> None:
    async def once() -> None:
        home.uses.record(key, service, region)
        await home.uses.settled()

    home.run(once())


def test_a_key_that_was_never_used(home: Home, key: str) -> None:
    """Nothing is known of a new key's use but whose it is; of no key there is nothing."""
    assert last(home, key) == (None, None, None)
    assert home.run(home.keys.find_use(HOME, "AKIANOBODY")) is None


def test_the_last_use(home: Home, key: str) -> None:
    """The time, the service and the region of a use are written down, and those of one a quarter of an hour later."""
    use(home, key)
    assert last(home, key) == (NOON, "ecr", "eu-west-1")
    home.now += LATER
    use(home, key, "iam", "us-east-1")
    assert last(home, key) == (NOON + LATER, "iam", "us-east-1")


def test_seldom(home: Home, key: str) -> None:
    """Within a quarter of an hour a key's use is not written down again."""
    use(home, key)
    home.now += LATER - 1
    use(home, key, "sts")
    assert last(home, key) == (NOON, "ecr", "eu-west-1")


def test_seldom_between_processes(home: Home, beside: Home, key: str) -> None:
    """What one process wrote down another does not write over within a quarter of an hour, nor with an earlier time."""
    home.now += LATER
    use(home, key)
    for beside.now in (NOON, home.now, home.now + LATER - 1):
        beside.uses = KeyUses(beside.database, beside.clock)
        use(beside, key, "sts")
        assert last(home, key) == (NOON + LATER, "ecr", "eu-west-1")


def test_each_key_for_itself(home: Home, key: str) -> None:
    """One key's use says nothing of another's."""
    other = home.key("alice").access_key_id
    use(home, key)
    use(home, other, "sts")
    assert (last(home, key)[1], last(home, other)[1]) == ("ecr", "sts")


def test_a_key_that_is_gone(home: Home, key: str) -> None:
    """A use that is written down after its key was deleted is left out."""
    home.run(home.keys.delete(HOME, "alice", key))
    use(home, key)
    assert home.rows(access_key_use) == 0


class Waiting:
    """A database whose writes wait until they are let go, and then fail if they shall."""

    def __init__(self, *, fail: bool = False) -> None:
        self.go = asyncio.Event()
        self.fail = fail
        self.writes = 0

    async def write(self, work: Callable[[Connection], Any]) -> Any:
        del work
        await self.go.wait()
        self.writes += 1
        if self.fail:
            raise StorageBusy


def test_nobody_waits() -> None:
    """To record a use returns while the database has not written anything, and many uses are one writing."""

    async def story() -> int:
        database = Waiting()
        uses = KeyUses(database, lambda: NOON)  # type: ignore[arg-type]
        for _ in range(1000):
            uses.record("AKIA1", "ecr", "eu-west-1")
        assert database.writes == 0
        database.go.set()
        await uses.settled()
        return database.writes

    assert asyncio.run(story()) == 1


def test_a_database_that_cannot_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """A use that could not be written down fails nobody, and the log says that it is missing."""
    logged: list[tuple[str, dict[str, object]]] = []
    log = SimpleNamespace(warning=lambda event, **fields: logged.append((event, fields)))
    monkeypatch.setattr("cargohold.identity.key_uses.logs.logger", lambda: log)

    async def story() -> None:
        database = Waiting(fail=True)
        database.go.set()
        uses = KeyUses(database, lambda: NOON)  # type: ignore[arg-type]
        uses.record("AKIA1", "ecr", "eu-west-1")
        await uses.settled()

    asyncio.run(story())
    ((event, fields),) = logged
    assert event == "a use was not written down"
    assert fields.keys() == {"error"}


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many keys there are, the memory of their last writing stays small."""
    monkeypatch.setattr("cargohold.identity.key_uses.REMEMBERED", 10)

    async def story() -> tuple[int, int]:
        database = Waiting()
        database.go.set()
        uses = KeyUses(database, lambda: NOON)  # type: ignore[arg-type]
        for number in range(95):
            uses.record(f"AKIA{number}", "ecr", "eu-west-1")
        await uses.settled()
        return database.writes, len(uses._written)

    assert asyncio.run(story()) == (95, 5)
