"""Users of an account."""

import asyncio
import re

import pytest

from cargohold.core.errors import LimitExceeded
from cargohold.database.schema.identity import identity_tag, permissions_boundary, principal, session
from cargohold.identity.quotas import Quotas
from cargohold.identity.users import NewUser

from .home import HOME, NOON, OTHER, Home

POWER_USER = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser"


def names(home: Home, prefix: str = "/", after: str | None = None, limit: int = 100) -> list[str]:
    return [user.name for user in home.run(home.users.page(HOME, prefix, after, limit)).items]


def test_a_user_is_read_back_as_it_was_made(home: Home) -> None:
    """Name, path, tags and permissions boundary come back as they were given, under an id like AWS's."""
    made = home.user("Alice", "/team/red/", tags={"Cost Center": "42"}, boundary=POWER_USER)
    assert re.fullmatch(r"AIDA[A-Z2-7]{17}", made.entity.id)
    assert made.entity.arn == f"arn:aws:iam::{HOME}:user/team/red/Alice"
    assert (made.entity.created_at, made.tags, made.boundary) == (NOON, {"Cost Center": "42"}, POWER_USER)
    assert home.run(home.users.get(HOME, "Alice")) == made


def test_names_are_unique_regardless_of_case(home: Home) -> None:
    """A name that differs in case only is taken, finds its user, and shows the case in which it was made."""
    home.user("Alice")
    refusal = ("EntityAlreadyExists", "User with name ALICE already exists.")
    assert home.refusal(home.users.create(HOME, NewUser("ALICE"))) == refusal
    assert home.run(home.users.get(HOME, "aLICE")).entity.name == "Alice"


def test_accounts_have_users_of_their_own(home: Home) -> None:
    """A name that is taken in one account is free in another, and is not found from there."""
    home.run(home.accounts.bootstrap(OTHER))
    home.user("alice")
    absent = ("NoSuchEntity", "The user with name alice cannot be found.")
    assert home.refusal(home.users.get(OTHER, "alice")) == absent
    made = home.run(home.users.create(OTHER, NewUser("alice")))
    assert made.entity.account == OTHER


def test_what_names_nobody_is_told_so(home: Home) -> None:
    """Whatever is asked of a user that is not there says its name as it was given."""
    absent = ("NoSuchEntity", "The user with name Nobody cannot be found.")
    for work in (
        home.users.get(HOME, "Nobody"),
        home.users.require(HOME, "Nobody"),
        home.users.rename(HOME, "Nobody", "somebody", None),
        home.users.delete(HOME, "Nobody"),
        home.users.tag(HOME, "Nobody", {"k": "v"}),
        home.users.untag(HOME, "Nobody", ["k"]),
        home.users.list_tags(HOME, "Nobody", None, 1),
        home.groups.page_of_user(HOME, "Nobody", None, 1),
        home.keys.create(HOME, "Nobody"),
        home.keys.page(HOME, "Nobody", None, 1),
    ):
        assert home.refusal(work) == absent


def test_pages(home: Home) -> None:
    """Users are listed by name regardless of case, page after page, each once."""
    for name in ("carol", "Bob", "alice", "Dave"):
        home.user(name)
    assert names(home) == ["administrator", "alice", "Bob", "carol", "Dave"]
    found, after = [], None
    while True:
        page = home.run(home.users.page(HOME, "/", after, 2))
        found += [user.name for user in page.items]
        if (after := page.after) is None:
            break
    assert found == names(home)
    assert home.run(home.users.page(HOME, "/", None, 5)).after is None


def test_path_prefix(home: Home) -> None:
    """A prefix of a path is taken letter by letter; what would be a wildcard in SQL is none."""
    home.user("a", "/team/red/")
    home.user("b", "/team/")
    home.user("c", "/teams/")
    home.user("d", "/te%m/")
    assert names(home, "/team/") == ["a", "b"]
    assert names(home, "/team") == ["a", "b", "c"]
    assert names(home, "/te%") == ["d"]
    assert names(home, "/te_m") == []
    assert names(home, "/Team/") == []


def test_renaming_keeps_what_the_user_is(home: Home) -> None:
    """Another name and path leave the id, the keys, the groups, the tags and the policies where they are."""
    made = home.user("alice", tags={"k": "v"})
    key = home.key("alice")
    home.run(home.groups.create(HOME, "admins", "/"))
    home.run(home.groups.add_user(HOME, "admins", "alice"))
    before = home.version()
    home.run(home.users.rename(HOME, "alice", "Eve", "/moved/"))
    assert home.version() > before
    renamed = home.run(home.users.get(HOME, "eve"))
    assert renamed.entity.arn == f"arn:aws:iam::{HOME}:user/moved/Eve"
    assert (renamed.entity.id, renamed.tags) == (made.entity.id, {"k": "v"})
    assert [each.id for each in home.run(home.keys.page(HOME, "Eve", None, 9))[1].items] == [key.access_key_id]
    assert [each.name for each in home.run(home.groups.page_of_user(HOME, "Eve", None, 9)).items] == ["admins"]


def test_renaming_one_part(home: Home) -> None:
    """What is not given stays as it is, and a name may be changed in its case alone."""
    home.user("alice", "/team/")
    home.run(home.users.rename(HOME, "alice", "Alice", None))
    home.run(home.users.rename(HOME, "Alice", None, "/other/"))
    home.run(home.users.rename(HOME, "Alice", None, None))
    assert home.run(home.users.get(HOME, "alice")).entity.arn == f"arn:aws:iam::{HOME}:user/other/Alice"


def test_renaming_to_a_taken_name(home: Home) -> None:
    """A name that another user has, in whichever case, is refused."""
    home.user("alice")
    home.user("bob")
    taken = ("EntityAlreadyExists", "User with name BOB already exists.")
    assert home.refusal(home.users.rename(HOME, "alice", "BOB", None)) == taken


@pytest.mark.parametrize(
    ("tie", "sentence"),
    [
        ("key", "Cannot delete entity, must delete access keys first."),
        ("attachment", "Cannot delete entity, must detach all policies first."),
        ("policy", "Cannot delete entity, must delete policies first."),
        ("group", "Cannot delete entity, must remove users from group first."),
    ],
)
def test_what_hangs_on_a_user_keeps_it(home: Home, tie: str, sentence: str) -> None:
    """A user that still has a key, a policy or a group is not deleted, and is told what must go."""
    user = home.user("alice").entity
    if tie == "key":
        home.key("alice")
    elif tie == "attachment":
        home.attach(user.id)
    elif tie == "policy":
        home.put_policy(user.id)
    else:
        home.run(home.groups.create(HOME, "admins", "/"))
        home.run(home.groups.add_user(HOME, "admins", "alice"))
    assert home.refusal(home.users.delete(HOME, "alice")) == ("DeleteConflict", sentence)
    assert home.run(home.users.get(HOME, "alice")).entity == user


def test_deleting_leaves_nothing(home: Home) -> None:
    """With a user its tags, its boundary and its sessions go; the name is free, and whoever takes it is another."""
    before = [home.rows(table) for table in (principal, identity_tag, permissions_boundary, session)]
    old = home.user("alice", tags={"k": "v"}, boundary=POWER_USER).entity
    home.begin_session("ASIA1", old.id, None)
    version = home.version()
    home.run(home.users.delete(HOME, "ALICE"))
    assert home.version() > version
    assert [home.rows(table) for table in (principal, identity_tag, permissions_boundary, session)] == before
    new = home.user("alice")
    assert new.entity.id != old.id
    assert (new.tags, new.boundary) == ({}, None)


def test_quota(home: Home) -> None:
    """The account's last user is made, and one more refused by the quota's name."""
    home.use(Quotas(users=2))
    home.user("alice")
    full = ("LimitExceeded", "Cannot exceed quota for UsersPerAccount: 2")
    assert home.refusal(home.users.create(HOME, NewUser("bob"))) == full
    assert names(home) == ["administrator", "alice"]


def test_quota_holds_between_processes(home: Home, beside: Home) -> None:
    """Two processes that make users at once make no more than the quota."""
    for each in (home, beside):
        each.use(Quotas(users=5))

    async def race() -> list[object]:
        attempts = (
            room.users.create(HOME, NewUser(f"{number}-{turn}"))
            for turn in range(6)
            for number, room in enumerate((home, beside))
        )
        return await asyncio.gather(*attempts, return_exceptions=True)

    results = home.run(race())
    assert len([result for result in results if isinstance(result, LimitExceeded)]) == 12 - 4
    assert len(names(home)) == 5


def test_a_boundary_that_is_not_there(home: Home) -> None:
    """A user is not made where its permissions boundary names no policy."""
    absent = f"arn:aws:iam::{HOME}:policy/absent"
    kind, _ = home.refusal(home.users.create(HOME, NewUser("alice", boundary=absent)))
    assert kind == "NoSuchEntity"
    assert names(home) == ["administrator"]
