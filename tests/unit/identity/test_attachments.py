"""Managed policies attached to users, groups and roles, and permissions boundaries."""

import asyncio

import pytest

from cargohold.core.errors import LimitExceeded
from cargohold.database.schema.identity import permissions_boundary, policy_attachment
from cargohold.identity.entity import Kind, Named
from cargohold.identity.quotas import Quotas

from .home import HOME, OTHER, Home

READ_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
TASKS = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"

KINDS: tuple[Kind, ...] = ("user", "group", "role")
each_kind = pytest.mark.parametrize("kind", KINDS)


def made(home: Home, kind: Kind, name: str = "Deploy") -> Named:
    """A new user, group or role."""
    if kind == "user":
        home.user(name)
    elif kind == "group":
        home.run(home.groups.create(HOME, name, "/"))
    else:
        home.role(name)
    return Named(HOME, kind, name)


def attached(home: Home, named: Named, prefix: str = "/", limit: int = 100) -> list[str]:
    """ARNs, page after page."""
    arns: list[str] = []
    after = None
    while True:
        page = home.run(home.attachments.page(named, prefix, after, limit))
        arns += [each.arn for each in page.items]
        if page.after is None:
            return arns
        after = page.after


@each_kind
def test_attach_and_detach(home: Home, kind: Kind) -> None:
    """A policy is attached once, however often and in whichever case of the name, and detached once."""
    named, arn = made(home, kind), home.policy("Push").arn
    for name in ("Deploy", "dEPLOY"):
        home.run(home.attachments.attach(Named(HOME, kind, name), arn))
    home.run(home.attachments.attach(named, READ_ONLY))
    assert attached(home, named) == [READ_ONLY, arn]
    home.run(home.attachments.detach(named, arn))
    assert attached(home, named) == [READ_ONLY]
    assert home.refusal(home.attachments.detach(named, arn)) == ("NoSuchEntity", f"Policy {arn} was not found.")


@each_kind
@pytest.mark.parametrize("limit", [1, 3, 4, 100])
def test_lists(home: Home, kind: Kind, limit: int) -> None:
    """Policies come by name regardless of case, on one page each; one of AWS's name stands beside AWS's."""
    named = made(home, kind)
    own = [home.policy(name).arn for name in ("zebra", "Ant", "AmazonEC2ContainerRegistryReadOnly")]
    for arn in (TASKS, READ_ONLY, *own):
        home.run(home.attachments.attach(named, arn))
    zebra, ant, namesake = own
    assert attached(home, named, limit=limit) == [namesake, READ_ONLY, TASKS, ant, zebra]
    assert attached(home, named, "/service-role/", limit) == [TASKS]


@each_kind
def test_ten_may_be_attached(home: Home, kind: Kind) -> None:
    """The eleventh policy is refused; what is attached already may be attached again."""
    named = made(home, kind)
    arns = [home.policy(f"p{number}").arn for number in range(11)]
    for arn in arns[:10]:
        home.run(home.attachments.attach(named, arn))
    refusal = ("LimitExceeded", f"Cannot exceed quota for PoliciesPer{kind.title()}: 10")
    assert home.refusal(home.attachments.attach(named, arns[10])) == refusal
    home.run(home.attachments.attach(named, arns[0]))
    assert home.rows(policy_attachment) == 11  # with the administrator's


def test_the_quota_holds_between_processes(home: Home, beside: Home) -> None:
    """Of many who attach at once, as many succeed as the quota lets."""
    for house in (home, beside):
        house.use(Quotas(attached_policies=3))
    named = made(home, "role")
    arns = [home.policy(f"p{number}").arn for number in range(8)]

    async def race() -> list[object]:
        attempts = [(home, beside)[number % 2].attachments.attach(named, arn) for number, arn in enumerate(arns)]
        return await asyncio.gather(*attempts, return_exceptions=True)

    results = home.run(race())
    assert [type(each) for each in results if each is not None] == [LimitExceeded] * 5
    assert len(attached(home, named)) == 3


@each_kind
def test_who_is_not_there(home: Home, kind: Kind) -> None:
    """Whatever is asked of a user, group or role that is not there says its name as it was given."""
    nobody = Named(HOME, kind, "Nobody")
    absent = ("NoSuchEntity", f"The {kind} with name Nobody cannot be found.")
    for work in (
        home.attachments.attach(nobody, READ_ONLY),
        home.attachments.detach(nobody, READ_ONLY),
        home.attachments.page(nobody, "/", None, 1),
        home.boundaries.put(nobody, READ_ONLY),
        home.boundaries.delete(nobody),
    ):
        assert home.refusal(work) == absent


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:iam::{HOME}:policy/Nothing",
        f"arn:aws:iam::{HOME}:policy/push",
        f"arn:aws:iam::{OTHER}:policy/Push",
        "arn:aws:iam::aws:policy/Nothing",
    ],
)
def test_a_policy_that_is_not_there(home: Home, arn: str) -> None:
    """A policy that does not exist, or is another account's, is neither attached nor a boundary."""
    home.policy("Push")
    named = made(home, "role")
    absent = ("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.")
    assert home.refusal(home.attachments.attach(named, arn)) == absent
    assert home.refusal(home.boundaries.put(named, arn)) == absent
    assert home.refusal(home.attachments.detach(named, arn)) == ("NoSuchEntity", f"Policy {arn} was not found.")


def test_another_accounts_policy_is_not_attachable(home: Home) -> None:
    """A policy that another account has cannot be attached, and it is not told that it exists."""
    home.run(home.accounts.bootstrap(OTHER))
    made(home, "role")
    arn = home.policy("Push").arn
    theirs = Named(OTHER, "user", "administrator")
    absent = ("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.")
    assert home.refusal(home.attachments.attach(theirs, arn)) == absent
    assert home.refusal(home.boundaries.put(theirs, arn)) == absent


@pytest.mark.parametrize("kind", ["user", "role"])
def test_boundaries(home: Home, kind: Kind) -> None:
    """A boundary takes another's place and is lifted, again too."""
    named, arn = made(home, kind), home.policy("Bound").arn

    def bound() -> str | None:
        if kind == "role":
            return home.run(home.roles.get(HOME, "Deploy")).boundary
        return home.run(home.users.get(HOME, "Deploy")).boundary

    for each in (arn, READ_ONLY, READ_ONLY):
        home.run(home.boundaries.put(named, each))
        assert bound() == each
    for _ in range(2):
        home.run(home.boundaries.delete(named))
        assert bound() is None
    assert home.rows(permissions_boundary) == 0


def test_every_change_ends_what_was_compiled(home: Home) -> None:
    """Attaching, detaching and bounding raise the account's access version."""
    named = made(home, "role")
    for work in (
        home.attachments.attach(named, READ_ONLY),
        home.attachments.detach(named, READ_ONLY),
        home.boundaries.put(named, READ_ONLY),
        home.boundaries.delete(named),
    ):
        before = home.version()
        home.run(work)
        assert home.version() == before + 1
