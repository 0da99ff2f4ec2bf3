"""All of an account: users, groups, roles and policies with what hangs on each."""

import json

import pytest

from cargohold.database.schema.identity import group_member
from cargohold.identity.account_details import EVERYTHING, LARGEST_PAGE, Detail, EntityDetail, Part
from cargohold.identity.entity import Named
from cargohold.identity.policy import parse

from .home import ALLOW_ECR, HOME, OTHER, TRUST, Home

READ_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
PULL_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"


@pytest.fixture
def full(home: Home) -> Home:
    """An account in which everything hangs on something."""
    home.run(home.accounts.bootstrap(OTHER))
    home.user("Alice", tags={"k": "v"})
    home.run(home.groups.create(HOME, "admins", "/"))
    home.run(home.groups.create(HOME, "Builders", "/"))
    for group in ("Builders", "admins"):
        home.run(home.groups.add_user(HOME, group, "Alice"))
    home.role(
        "deploy", TRUST.replace('"Service": "ecs-tasks.amazonaws.com"', f'"AWS": "arn:aws:iam::{HOME}:user/Alice"')
    )
    push = home.policy("Push", path="/team/", description="d").arn
    home.policy("unused")
    home.run(home.versions.create(HOME, parse(push), ALLOW_ECR, default=True))
    for named in (Named(HOME, "user", "Alice"), Named(HOME, "group", "admins"), Named(HOME, "role", "deploy")):
        home.run(home.attachments.attach(named, push))
        home.run(home.inline.put(named, "own", ALLOW_ECR))
    home.run(home.attachments.attach(Named(HOME, "user", "Alice"), READ_ONLY))
    home.run(home.boundaries.put(Named(HOME, "role", "deploy"), PULL_ONLY))
    return home


def details(home: Home, parts: tuple[Part, ...] = tuple(EVERYTHING), limit: int = 100) -> list[Detail]:
    """Page after page."""
    found: list[Detail] = []
    after = None
    while True:
        page = home.run(home.details.page(HOME, parts, after, limit))
        assert 0 < len(page.items) <= limit
        found += page.items
        if page.after is None:
            return found
        after = page.after


def names(found: list[Detail]) -> list[str]:
    return [each.entity.name if isinstance(each, EntityDetail) else each.policy.name for each in found]


ORDER = [
    *("administrator", "Alice"),
    *("admins", "Builders"),
    "deploy",
    *("Push", "unused"),
    *("AdministratorAccess", "AmazonEC2ContainerRegistryPullOnly", "AmazonEC2ContainerRegistryReadOnly"),
]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 7, 9, 10, 100])
def test_pages(full: Home, limit: int) -> None:
    """Users, groups, roles and policies, of AWS's only those in use, are each on one page, whatever its size."""
    assert names(details(full, limit=limit)) == sorted(ORDER[:2], key=str.lower) + ORDER[2:]


@pytest.mark.parametrize("limit", [1, 2, 100])
@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("user",), ["administrator", "Alice"]),
        (("group", "account policy"), ["admins", "Builders", "Push", "unused"]),
        (("role", "user"), ["administrator", "Alice", "deploy"]),
        (("aws policy", "role"), ["deploy", *ORDER[-3:]]),
    ],
)
def test_parts(full: Home, parts: tuple[Part, ...], expected: list[str], limit: int) -> None:
    """A filter leaves out what is of another kind."""
    assert names(details(full, parts, limit)) == expected


def test_what_hangs_on_each(full: Home) -> None:
    """A user, a group and a role come with their policies, groups, boundary and tags, and whom a role trusts."""
    found = {
        each.entity.name: each for each in details(full, ("user", "group", "role")) if isinstance(each, EntityDetail)
    }
    alice, admins, deploy = found["Alice"], found["admins"], found["deploy"]
    push = f"arn:aws:iam::{HOME}:policy/team/Push"
    assert [each.arn for each in alice.attached] == [READ_ONLY, push]
    assert (alice.inline, alice.groups, alice.tags) == ([("own", ALLOW_ECR)], ["admins", "Builders"], [("k", "v")])
    assert ([each.arn for each in admins.attached], admins.inline, admins.groups) == ([push], [("own", ALLOW_ECR)], ())
    assert (deploy.boundary, alice.boundary) == (PULL_ONLY, None)
    assert deploy.role is not None
    assert json.loads(deploy.role.trust_policy)["Statement"][0]["Principal"] == {"AWS": alice.entity.arn}
    assert alice.role is admins.role is None


def test_versions_of_policies(full: Home) -> None:
    """A policy comes with all its versions, the newest first, and how often it is used in the account."""
    policies = {each.policy.name: each for each in details(full) if not isinstance(each, EntityDetail)}
    push = policies["Push"]
    assert [(each.number, each.default, each.document) for each in push.versions] == [
        (2, True, ALLOW_ECR),
        (1, False, ALLOW_ECR),
    ]
    assert (push.policy.usage.attachments, push.policy.description) == (3, "d")
    pull = policies["AmazonEC2ContainerRegistryPullOnly"]
    assert (pull.policy.usage.attachments, pull.policy.usage.boundaries, len(pull.versions)) == (0, 1, 1)


def test_a_page_is_never_longer_than_the_longest(home: Home) -> None:
    """However many are asked for, a page ends where it is long enough, and the next goes on."""
    for number in range(LARGEST_PAGE):
        home.user(f"u{number:03}")
    page = home.run(home.details.page(HOME, ("user",), None, 1_000))
    assert len(page.items) == LARGEST_PAGE
    rest = home.run(home.details.page(HOME, ("user",), page.after, 1_000))
    assert (names(list(rest.items)), rest.after) == ([f"u{LARGEST_PAGE - 1:03}"], None)


def test_groups_do_not_mix(full: Home) -> None:
    """Who is in no group has none, though others are."""
    assert full.rows(group_member) == 2
    found = {each.entity.name: each for each in details(full, ("user",)) if isinstance(each, EntityDetail)}
    assert found["administrator"].groups == ()
