"""Inline policies of users, groups and roles."""

import asyncio

import pytest

from cargohold.core.errors import LimitExceeded
from cargohold.database.schema.identity import inline_policy
from cargohold.identity.entity import Kind, Named

from .home import ALLOW_ECR, HOME, Home
from .test_attachments import each_kind, made
from .test_policies import sized

DENY_ECR = ALLOW_ECR.replace("Allow", "Deny")
MOST = {"user": 2_048, "group": 5_120, "role": 10_240}


def names(home: Home, named: Named, limit: int = 100) -> list[str]:
    """Page after page."""
    found: list[str] = []
    after = None
    while True:
        page = home.run(home.inline.page(named, after, limit))
        found += page.items
        if page.after is None:
            return found
        after = page.after


@each_kind
def test_put_get_list_and_delete(home: Home, kind: Kind) -> None:
    """A document is read back byte by byte, takes the place of the one of its name, and goes."""
    named = made(home, kind)
    spaced = ALLOW_ECR.replace(",", " ,\n\t")
    for document in (ALLOW_ECR, spaced):
        home.run(home.inline.put(named, "push", document))
        assert home.run(home.inline.get(Named(HOME, kind, "DEPLOY"), "push")) == document
    assert names(home, named) == ["push"]
    home.run(home.inline.delete(named, "push"))
    absent = ("NoSuchEntity", f"The {kind} policy with name push cannot be found.")
    assert home.refusal(home.inline.get(named, "push")) == home.refusal(home.inline.delete(named, "push")) == absent
    assert names(home, named) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_names_come_in_order(home: Home, limit: int) -> None:
    """Names that differ in case only are two policies; each is on one page."""
    named = made(home, "role")
    for name in ("push", "Push", "a"):
        home.run(home.inline.put(named, name, ALLOW_ECR))
    assert names(home, named, limit) == ["Push", "a", "push"]


@each_kind
def test_all_together_have_a_size(home: Home, kind: Kind) -> None:
    """The characters of all of an entity's documents are counted, white space aside, up to the edge and not over it."""
    named, most = made(home, kind), MOST[kind]
    refusal = ("LimitExceeded", f"Maximum policy size of {most} bytes exceeded for {kind} Deploy")
    assert home.refusal(home.inline.put(named, "whole", sized(most + 1))) == refusal
    home.run(home.inline.put(named, "whole", sized(most).replace(',"', ' ,\n"')))
    home.run(home.inline.put(named, "whole", sized(most - 1_000)))
    assert home.refusal(home.inline.put(named, "rest", sized(1_001))) == refusal
    home.run(home.inline.put(named, "rest", sized(1_000)))
    assert home.refusal(home.inline.put(named, "rest", sized(1_001))) == refusal


def test_the_size_holds_between_processes(home: Home, beside: Home) -> None:
    """Of two who put a document at once that do not fit together, one does."""
    named = made(home, "user")

    async def race() -> list[object]:
        attempts = [house.inline.put(named, f"p{house is home}", sized(1_100)) for house in (home, beside)]
        return await asyncio.gather(*attempts, return_exceptions=True)

    results = home.run(race())
    assert sorted(str(type(each)) for each in results) == sorted([str(LimitExceeded), str(type(None))])
    assert len(names(home, named)) == 1


@each_kind
def test_who_is_not_there(home: Home, kind: Kind) -> None:
    """Whatever is asked of a user, group or role that is not there says its name as it was given."""
    nobody = Named(HOME, kind, "Nobody")
    absent = ("NoSuchEntity", f"The {kind} with name Nobody cannot be found.")
    for work in (
        home.inline.put(nobody, "p", ALLOW_ECR),
        home.inline.get(nobody, "p"),
        home.inline.delete(nobody, "p"),
        home.inline.page(nobody, None, 1),
    ):
        assert home.refusal(work) == absent


def test_malformed(home: Home) -> None:
    """What breaks the grammar is refused and leaves the policy as it was; an old version may stand there."""
    named = made(home, "user")
    home.run(home.inline.put(named, "p", ALLOW_ECR.replace("2012-10-17", "2008-10-17")))
    assert home.refusal(home.inline.put(named, "p", "{}"))[0] == "MalformedPolicyDocument"
    assert "2008" in home.run(home.inline.get(named, "p"))
    assert home.rows(inline_policy) == 1


def test_every_change_ends_what_was_compiled(home: Home) -> None:
    """Putting and deleting raise the account's access version."""
    named = made(home, "group")
    for work in (home.inline.put(named, "p", DENY_ECR), home.inline.delete(named, "p")):
        before = home.version()
        home.run(work)
        assert home.version() == before + 1
