"""Access keys of users."""

import asyncio
import re

from sqlalchemy import select

from cargohold.core.errors import LimitExceeded
from cargohold.database.schema.identity import access_key, access_key_use, session

from .home import HOME, NOON, OTHER, ROOT, Home


def listed(home: Home, user: str = "alice") -> dict[str, str]:
    """Statuses by key."""
    return {key.id: key.status for key in home.run(home.keys.page(HOME, user, None, 100))[1].items}


def test_a_new_key(home: Home) -> None:
    """A key looks like AWS's, is active, belongs to its user, and its secret is told once and stored sealed."""
    user = home.user("Alice").entity
    found, key, new = home.run(home.keys.create(HOME, "alice"))
    assert (found, key.user_id, key.status, key.created_at) == (user, user.id, "Active", NOON)
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", key.id)
    assert re.fullmatch(r"[A-Za-z0-9+/]{40}", new.secret_access_key)
    assert new.secret_access_key not in repr(new)
    asked = select(access_key.c.sealed_secret).where(access_key.c.id == key.id)
    sealed = bytes(home.run(home.database.read(lambda connection: connection.execute(asked).scalar_one())))
    assert new.secret_access_key.encode() not in sealed
    assert ROOT.open(sealed, key.id).decode() == new.secret_access_key


def test_two_keys_at_the_most(home: Home) -> None:
    """A user has two keys, whatever their status, so that one can be changed for the other; a third is refused."""
    home.user("alice")
    first, second = home.key("alice"), home.key("alice")
    home.run(home.keys.set_status(HOME, "alice", first.access_key_id, "Inactive"))
    full = ("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
    assert home.refusal(home.keys.create(HOME, "alice")) == full
    home.run(home.keys.delete(HOME, "alice", first.access_key_id))
    third = home.key("alice")
    assert listed(home) == {second.access_key_id: "Active", third.access_key_id: "Active"}


def test_quota_holds_between_processes(home: Home, beside: Home) -> None:
    """Two processes that make keys of one user at once make no more than two."""
    home.user("alice")

    async def race() -> list[object]:
        attempts = [room.keys.create(HOME, "alice") for room in (home, beside) for _ in range(3)]
        return await asyncio.gather(*attempts, return_exceptions=True)

    assert len([each for each in home.run(race()) if isinstance(each, LimitExceeded)]) == 4
    assert len(listed(home)) == 2


def test_the_development_key_counts_against_no_quota(home: Home) -> None:
    """An administrator who has the development key may have two keys beside it."""
    home.run(home.accounts.set_development_key(HOME, enabled=True))
    home.key("administrator")
    assert len(listed(home, "administrator")) == 3
    assert home.refusal(home.keys.create(HOME, "administrator"))[0] == "LimitExceeded"


def test_status(home: Home) -> None:
    """A key is switched off and on again, and what processes compiled ends with each change."""
    home.user("alice")
    key = home.key("alice").access_key_id
    for status in ("Inactive", "Inactive", "Active"):
        version = home.version()
        home.run(home.keys.set_status(HOME, "ALICE", key, status))
        assert listed(home) == {key: status}
        assert home.version() > version


def test_keys_of_others(home: Home) -> None:
    """A key is changed only in the name of its own user, and not from another account."""
    home.run(home.accounts.bootstrap(OTHER))
    home.user("alice")
    home.user("bob")
    key = home.key("alice").access_key_id
    absent = ("NoSuchEntity", f"The Access Key with id {key} cannot be found.")
    assert home.refusal(home.keys.delete(HOME, "bob", key)) == absent
    assert home.refusal(home.keys.set_status(HOME, "bob", key, "Inactive")) == absent
    assert home.refusal(home.keys.delete(OTHER, "administrator", key)) == absent
    assert listed(home) == {key: "Active"}
    assert home.run(home.keys.find_use(OTHER, key)) is None


def test_deleting_ends_sessions(home: Home) -> None:
    """With a key go the sessions that were issued to it, and no others."""
    user = home.user("alice").entity
    first, second = home.key("alice").access_key_id, home.key("alice").access_key_id
    home.begin_session("ASIA1", user.id, first)
    home.begin_session("ASIA2", user.id, second)
    version = home.version()
    home.run(home.keys.delete(HOME, "alice", first))
    assert home.version() > version
    assert listed(home) == {second: "Active"}
    left = home.run(home.database.read(lambda connection: connection.execute(select(session.c.id)).scalars().all()))
    assert left == ["ASIA2"]
    assert home.refusal(home.keys.delete(HOME, "alice", first))[0] == "NoSuchEntity"


def test_a_used_key_can_be_deleted(home: Home) -> None:
    """What was written down of a key's use goes with the key."""
    home.user("alice")
    key = home.key("alice").access_key_id
    home.run(use(home, key))
    home.run(home.keys.delete(HOME, "alice", key))
    assert home.rows(access_key_use) == 0


def test_pages(home: Home) -> None:
    """Keys are listed by id, page after page, with the user in its own case."""
    home.user("Alice")
    ids = sorted(home.key("alice").access_key_id for _ in range(2))
    user, first = home.run(home.keys.page(HOME, "alice", None, 1))
    assert (user.name, [key.id for key in first.items], first.after) == ("Alice", ids[:1], ids[0])
    _, second = home.run(home.keys.page(HOME, "alice", first.after, 1))
    assert ([key.id for key in second.items], second.after) == (ids[1:], None)


async def use(home: Home, key: str, service: str = "ecr", region: str = "eu-west-1") -> None:
    home.uses.record(key, service, region)
    await home.uses.settled()
