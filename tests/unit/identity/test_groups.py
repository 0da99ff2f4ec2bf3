"""Groups of an account, and who is in them."""

import asyncio
import re

import pytest

from cargohold.core.errors import LimitExceeded
from cargohold.database.schema.identity import group_member
from cargohold.identity.entity import Entity
from cargohold.identity.quotas import Quotas

from .home import HOME, NOON, Home


def group(home: Home, name: str, path: str = "/") -> Entity:
    return home.run(home.groups.create(HOME, name, path))


def members(home: Home, name: str) -> list[str]:
    return [user.name for user in home.run(home.groups.get(HOME, name, None, 100))[1].items]


def of(home: Home, user: str) -> list[str]:
    return [each.name for each in home.run(home.groups.page_of_user(HOME, user, None, 100)).items]


def test_a_group_is_read_back_as_it_was_made(home: Home) -> None:
    """Name and path come back as they were given, under an id like AWS's, without members."""
    made = group(home, "Admins", "/team/")
    assert re.fullmatch(r"AGPA[A-Z2-7]{17}", made.id)
    assert (made.arn, made.created_at) == (f"arn:aws:iam::{HOME}:group/team/Admins", NOON)
    found, page = home.run(home.groups.get(HOME, "aDMINS", None, 100))
    assert (found, page.items) == (made, ())


def test_names_are_unique_regardless_of_case(home: Home) -> None:
    """A name that differs in case only is taken; a user of the same name is no hindrance."""
    group(home, "Admins")
    taken = ("EntityAlreadyExists", "Group with name ADMINS already exists.")
    assert home.refusal(home.groups.create(HOME, "ADMINS", "/")) == taken
    home.user("admins")


def test_what_names_no_group_is_told_so(home: Home) -> None:
    """Whatever is asked of a group that is not there says its name as it was given."""
    home.user("alice")
    absent = ("NoSuchEntity", "The group with name Nowhere cannot be found.")
    for work in (
        home.groups.get(HOME, "Nowhere", None, 1),
        home.groups.rename(HOME, "Nowhere", "somewhere", None),
        home.groups.delete(HOME, "Nowhere"),
        home.groups.add_user(HOME, "Nowhere", "alice"),
        home.groups.remove_user(HOME, "Nowhere", "alice"),
    ):
        assert home.refusal(work) == absent


def test_members(home: Home) -> None:
    """Who is put in is in once, however often and in whichever case; who is taken out is not."""
    group(home, "admins")
    for name in ("bob", "Alice"):
        home.user(name)
    version = home.version()
    for name in ("bob", "Alice", "BOB"):
        home.run(home.groups.add_user(HOME, "Admins", name))
    assert home.version() > version
    assert members(home, "admins") == ["Alice", "bob"]
    assert of(home, "bob") == ["admins"]
    version = home.version()
    home.run(home.groups.remove_user(HOME, "admins", "Bob"))
    assert home.version() > version
    assert members(home, "admins") == ["Alice"]
    assert of(home, "bob") == []


def test_taking_out_who_is_not_in(home: Home) -> None:
    """A user that is not in the group, and one that is not there at all, cannot be taken out."""
    group(home, "admins")
    home.user("alice")
    outside = "The user with name alice is not in the group with name admins."
    assert home.refusal(home.groups.remove_user(HOME, "admins", "alice")) == ("NoSuchEntity", outside)
    nobody = ("NoSuchEntity", "The user with name nobody cannot be found.")
    assert home.refusal(home.groups.remove_user(HOME, "admins", "nobody")) == nobody
    assert home.refusal(home.groups.add_user(HOME, "admins", "nobody")) == nobody


def test_pages(home: Home) -> None:
    """Groups, a group's members and a user's groups are listed by name regardless of case, page after page."""
    for name in ("c", "B", "a"):
        group(home, name, f"/{name}/")
        home.user(name)
    for name in ("c", "B", "a"):
        home.run(home.groups.add_user(HOME, "a", name))
        home.run(home.groups.add_user(HOME, name, "c"))
    first = home.run(home.groups.page(HOME, "/", None, 2))
    assert ([each.name for each in first.items], first.after) == (["a", "B"], "b")
    rest = home.run(home.groups.page(HOME, "/", first.after, 2))
    assert ([each.name for each in rest.items], rest.after) == (["c"], None)
    assert [each.name for each in home.run(home.groups.page(HOME, "/B", None, 9)).items] == ["B"]
    _, page = home.run(home.groups.get(HOME, "a", "a", 1))
    assert ([each.name for each in page.items], page.after) == (["B"], "b")
    mine = home.run(home.groups.page_of_user(HOME, "c", "a", 2))
    assert ([each.name for each in mine.items], mine.after) == (["B", "c"], None)


def test_renaming_keeps_members(home: Home) -> None:
    """Another name and path leave the id and the members; a name that is taken is refused."""
    made = group(home, "admins")
    group(home, "others")
    home.user("alice")
    home.run(home.groups.add_user(HOME, "admins", "alice"))
    home.run(home.groups.rename(HOME, "ADMINS", "Chiefs", "/top/"))
    home.run(home.groups.rename(HOME, "chiefs", "chiefs", None))
    found, page = home.run(home.groups.get(HOME, "Chiefs", None, 9))
    assert (found.id, found.arn) == (made.id, f"arn:aws:iam::{HOME}:group/top/chiefs")
    assert [user.name for user in page.items] == ["alice"]
    taken = ("EntityAlreadyExists", "Group with name Others already exists.")
    assert home.refusal(home.groups.rename(HOME, "chiefs", "Others", None)) == taken


@pytest.mark.parametrize(
    ("tie", "sentence"),
    [
        ("member", "Cannot delete entity, must remove users from group first."),
        ("policy", "Cannot delete entity, must delete policies first."),
        ("attachment", "Cannot delete entity, must detach all policies first."),
    ],
)
def test_what_hangs_on_a_group_keeps_it(home: Home, tie: str, sentence: str) -> None:
    """A group that still has members or policies is not deleted, and is told what must go."""
    made = group(home, "admins")
    if tie == "member":
        home.user("alice")
        home.run(home.groups.add_user(HOME, "admins", "alice"))
    elif tie == "policy":
        home.put_policy(made.id)
    else:
        home.attach(made.id)
    assert home.refusal(home.groups.delete(HOME, "admins")) == ("DeleteConflict", sentence)


def test_deleting(home: Home) -> None:
    """An empty group goes, and whoever takes its name is another."""
    old = group(home, "admins")
    home.run(home.groups.delete(HOME, "Admins"))
    assert group(home, "admins").id != old.id


def test_quotas(home: Home) -> None:
    """The account's last group, and a user's last, are given; one more is refused by the quota's name."""
    home.use(Quotas(groups=3, groups_per_user=2))
    home.user("alice")
    for name in ("a", "b", "c"):
        group(home, name)
    full = ("LimitExceeded", "Cannot exceed quota for GroupsPerAccount: 3")
    assert home.refusal(home.groups.create(HOME, "d", "/")) == full
    for name in ("a", "b", "a"):
        home.run(home.groups.add_user(HOME, name, "alice"))
    full = ("LimitExceeded", "Cannot exceed quota for GroupsPerUser: 2")
    assert home.refusal(home.groups.add_user(HOME, "c", "alice")) == full
    assert of(home, "alice") == ["a", "b"]
    home.run(home.groups.add_user(HOME, "b", "alice"))


def test_quotas_hold_between_processes(home: Home, beside: Home) -> None:
    """Two processes that put a user into groups at once put it into no more than the quota."""
    home.user("alice")
    for number in range(6):
        group(home, f"g{number}")
    for each in (home, beside):
        each.use(Quotas(groups_per_user=3))

    async def race() -> list[object]:
        rooms = (home.groups, beside.groups)
        attempts = (rooms[number % 2].add_user(HOME, f"g{number}", "alice") for number in range(6))
        return await asyncio.gather(*attempts, return_exceptions=True)

    assert len([each for each in home.run(race()) if isinstance(each, LimitExceeded)]) == 3
    assert home.rows(group_member) == 3


def test_a_group_does_not_go_while_somebody_joins_it(home: Home, beside: Home) -> None:
    """Of one that deletes a group and one that joins it, one is refused, and no membership of nothing stays."""
    home.user("alice")
    for turn in range(5):
        group(home, "admins")

        async def race() -> list[object]:
            joining = beside.groups.add_user(HOME, "admins", "alice")
            return await asyncio.gather(home.groups.delete(HOME, "admins"), joining, return_exceptions=True)

        refused = {type(each).__name__ for each in home.run(race()) if each is not None}
        assert refused in ({"DeleteConflict"}, {"NoSuchEntity"}), turn
        if refused == {"DeleteConflict"}:
            home.run(home.groups.remove_user(HOME, "admins", "alice"))
            home.run(home.groups.delete(HOME, "admins"))
        assert home.rows(group_member) == 0
