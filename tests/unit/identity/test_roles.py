"""Roles of an account, and whom their trust policies name."""

import asyncio
import json
import re
from typing import Any

import pytest
from sqlalchemy import select

from cargohold.core.errors import EntityAlreadyExists
from cargohold.database.schema.identity import (
    identity_tag,
    permissions_boundary,
    policy_attachment,
    principal,
    role,
    session,
)
from cargohold.identity.entity import Named
from cargohold.identity.quotas import Quotas
from cargohold.identity.role import NewRole

from .home import ALLOW_ECR, HOME, NOON, OTHER, TRUST, Home
from .test_policies import sized

READ_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
ADMINISTRATOR = f"arn:aws:iam::{HOME}:user/administrator"


def trust(*names: str, **members: Any) -> str:
    """A trust policy that lets these principals take a role."""
    statement = {"Effect": "Allow", "Principal": {"AWS": list(names)}, "Action": "sts:AssumeRole", **members}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def stored(home: Home) -> str:
    """The trust policy of the only role, as it is kept."""
    asked = select(role.c.trust_policy)
    return home.run(home.database.read(lambda connection: str(connection.execute(asked).scalar_one())))


def names(home: Home, prefix: str = "/", limit: int = 100) -> list[str]:
    found: list[str] = []
    after = None
    while True:
        page = home.run(home.roles.page(HOME, prefix, after, limit))
        found += [each.name for each in page.items]
        if page.after is None:
            return found
        after = page.after


def test_a_role_is_read_back_as_it_was_made(home: Home) -> None:
    """Everything that a role is made of comes back as it was given, under an id like AWS's; it was never used."""
    document = TRUST.replace(",", " ,\n")
    options = {"path": "/ci/", "description": "d", "longest_session": 43_200, "boundary": READ_ONLY, "tags": {"k": "v"}}
    made = home.role("Deploy", document, **options)
    assert re.fullmatch(r"AROA[A-Z2-7]{17}", made.id)
    assert (made.arn, made.created_at) == (f"arn:aws:iam::{HOME}:role/ci/Deploy", NOON)
    assert (made.trust_policy, made.description, made.longest_session) == (document, "d", 43_200)
    assert (made.boundary, made.tags, made.used_at, made.used_in_region) == (READ_ONLY, {"k": "v"}, None, None)
    assert home.run(home.roles.get(HOME, "dEPLOY")) == made
    assert home.role("plain").longest_session == 3_600


def test_names_are_unique_regardless_of_case(home: Home) -> None:
    """A name that differs in case only is taken, under another path too; a user of the same name is no hindrance."""
    home.role("Deploy")
    taken = ("EntityAlreadyExists", "Role with name DEPLOY already exists.")
    assert home.refusal(home.roles.create(HOME, NewRole("DEPLOY", TRUST, path="/x/"))) == taken
    home.user("deploy")


def test_of_many_who_make_a_role_one_does(home: Home, beside: Home) -> None:
    """A name is given once, also between processes."""

    async def race() -> list[object]:
        attempts = [(home, beside)[n % 2].roles.create(HOME, NewRole("deploy", TRUST)) for n in range(4)]
        return await asyncio.gather(*attempts, return_exceptions=True)

    results = home.run(race())
    assert [type(each) for each in results].count(EntityAlreadyExists) == 3


def test_who_is_not_there(home: Home) -> None:
    """Whatever is asked of a role that is not there, or is a user's name, says the name as it was given."""
    home.user("Nobody")
    absent = ("NoSuchEntity", "The role with name Nobody cannot be found.")
    for work in (
        home.roles.get(HOME, "Nobody"),
        home.roles.require(HOME, "Nobody"),
        home.roles.update(HOME, "Nobody", description="d"),
        home.roles.set_trust(HOME, "Nobody", TRUST),
        home.roles.delete(HOME, "Nobody"),
        home.roles.tag(HOME, "Nobody", {"k": "v"}),
        home.roles.untag(HOME, "Nobody", ["k"]),
        home.roles.list_tags(HOME, "Nobody", None, 1),
    ):
        assert home.refusal(work) == absent


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 100])
def test_pages(home: Home, limit: int) -> None:
    """Every role is on one page, by name regardless of case; a path leaves others out."""
    for name, path in (("c", "/"), ("B", "/team/"), ("a", "/team/red/"), ("d", "/Team/")):
        home.role(name, path=path)
    assert names(home, limit=limit) == ["a", "B", "c", "d"]
    assert names(home, "/team/", limit) == ["a", "B"]


def test_update(home: Home) -> None:
    """What is given is changed, and what is not given stays."""
    home.role("deploy", description="d")
    assert home.run(home.roles.update(HOME, "deploy", longest_session=7_200)).description == "d"
    changed = home.run(home.roles.update(HOME, "Deploy", description=""))
    assert (changed.description, changed.longest_session) == ("", 7_200)
    assert home.run(home.roles.update(HOME, "deploy")) == changed


def test_a_trust_policy_keeps_whom_it_names(home: Home) -> None:
    """Users and roles are kept by their ids and shown by their ARNs, as they are now; who is gone shows as an id."""
    home.user("alice")
    alice = f"arn:aws:iam::{HOME}:user/alice"
    document = trust(alice, ADMINISTRATOR, f"arn:aws:iam::{HOME}:root")
    home.role("deploy", document)
    assert alice not in stored(home)
    assert json.loads(home.run(home.roles.get(HOME, "deploy")).trust_policy) == json.loads(document)
    home.run(home.users.rename(HOME, "alice", "bob", "/team/"))
    shown = home.run(home.roles.page(HOME, "/", None, 1)).items[0].trust_policy
    assert json.loads(shown)["Statement"][0]["Principal"]["AWS"][0] == f"arn:aws:iam::{HOME}:user/team/bob"
    home.run(home.users.delete(HOME, "bob"))
    home.user("alice")
    shown = home.run(home.roles.get(HOME, "deploy")).trust_policy
    assert json.loads(shown)["Statement"][0]["Principal"]["AWS"][0].startswith("AIDA")


def test_whom_nobody_is(home: Home) -> None:
    """A principal that does not exist is refused, when a role is made and when its trust policy is changed."""
    ghost = f"arn:aws:iam::{HOME}:user/ghost"
    refusal = ("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{ghost}"')
    assert home.refusal(home.roles.create(HOME, NewRole("deploy", trust(ghost)))) == refusal
    assert home.rows(role) == 0
    home.role("deploy")
    assert home.refusal(home.roles.set_trust(HOME, "deploy", trust(ghost))) == refusal
    abroad = f"arn:aws:iam::{OTHER}:root"
    unknown = ("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{abroad}"')
    assert home.refusal(home.roles.set_trust(HOME, "deploy", trust(abroad))) == unknown
    home.run(home.accounts.bootstrap(OTHER))
    home.run(home.roles.set_trust(HOME, "deploy", trust(abroad)))
    assert json.loads(stored(home)) == json.loads(trust(abroad))


def test_a_role_may_name_itself_only_when_it_is_there(home: Home) -> None:
    """A trust policy cannot name the role that it is made with, but can once the role exists."""
    own = f"arn:aws:iam::{HOME}:role/deploy"
    assert home.refusal(home.roles.create(HOME, NewRole("deploy", trust(own))))[0] == "MalformedPolicyDocument"
    home.role("deploy")
    home.run(home.roles.set_trust(HOME, "deploy", trust(own)))


def test_text_that_is_no_character(home: Home) -> None:
    """An escape of half a character, which no database can store, is kept as the escape that was written."""
    document = trust(ADMINISTRATOR, Condition={"StringEquals": {"sts:ExternalId": "?"}}).replace("?", "\\ud800")
    home.role("deploy", document)
    assert json.loads(home.run(home.roles.get(HOME, "deploy")).trust_policy) == json.loads(document)


def test_size_of_trust(home: Home) -> None:
    """A trust policy may have 2,048 characters, white space aside, and none more."""
    text = TRUST.replace(" ", "").replace('"Effect"', '"Sid":"","Effect"')
    longest = text.replace('""', '"' + "x" * (2_048 - len(text)) + '"')
    home.role("deploy", longest.replace(",", " ,\n"))
    too_long = ("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")
    longer = longest.replace("xx", "xxx", 1)
    assert home.refusal(home.roles.create(HOME, NewRole("more", longer))) == too_long
    assert home.refusal(home.roles.set_trust(HOME, "deploy", longer)) == too_long
    home.run(home.roles.set_trust(HOME, "deploy", longest))


def test_malformed_trust(home: Home) -> None:
    """What is no trust policy is refused, and the role keeps the one that it has."""
    home.role("deploy")
    for document, sentence in (
        ("{", "This policy contains invalid Json"),
        (ALLOW_ECR, "Missing required field Principal"),
        (sized(2_048), "Missing required field Principal"),
    ):
        assert home.refusal(home.roles.set_trust(HOME, "deploy", document)) == ("MalformedPolicyDocument", sentence)
        assert home.refusal(home.roles.create(HOME, NewRole("x", document))) == ("MalformedPolicyDocument", sentence)
    assert stored(home) == TRUST


def test_what_hangs_on_a_role_keeps_it(home: Home) -> None:
    """While a role has inline or attached policies it cannot be deleted."""
    home.role("deploy")
    deploy = Named(HOME, "role", "deploy")
    home.run(home.attachments.attach(deploy, READ_ONLY))
    home.run(home.inline.put(deploy, "p", ALLOW_ECR))
    conflict = "DeleteConflict"
    assert home.refusal(home.roles.delete(HOME, "deploy")) == (
        conflict,
        "Cannot delete entity, must delete policies first.",
    )
    home.run(home.inline.delete(deploy, "p"))
    assert home.refusal(home.roles.delete(HOME, "deploy")) == (
        conflict,
        "Cannot delete entity, must detach all policies first.",
    )
    home.run(home.attachments.detach(deploy, READ_ONLY))
    home.run(home.roles.delete(HOME, "DEPLOY"))


def test_deleting_ends_sessions_and_leaves_nothing(home: Home) -> None:
    """A deleted role's sessions, boundary and tags go with it; one of its name made anew is another role."""
    made = home.role("deploy", boundary=READ_ONLY, tags={"k": "v"})
    home.begin_session("ASIA1", made.id, None)
    home.run(home.roles.delete(HOME, "deploy"))
    left = [home.rows(table) for table in (role, session, permissions_boundary, identity_tag)]
    assert left == [0, 0, 0, 0]
    assert (home.rows(principal), home.rows(policy_attachment)) == (1, 1)  # the administrator's
    assert home.role("deploy").id != made.id


def test_tags(home: Home) -> None:
    """Tags are added, replaced regardless of case, listed by key and taken away, up to their quota."""
    home.use(Quotas(tags=3))
    home.role("deploy", tags={"Team": "red"})
    home.run(home.roles.tag(HOME, "deploy", {"team": "blue", "a": "1"}))
    assert home.run(home.roles.get(HOME, "deploy")).tags == {"a": "1", "team": "blue"}
    page = home.run(home.roles.list_tags(HOME, "deploy", None, 1))
    assert (page.items, page.after) == ((("a", "1"),), "a")
    assert home.run(home.roles.list_tags(HOME, "deploy", "a", 1)).items == (("team", "blue"),)
    full = ("LimitExceeded", "The number of tags has reached the maximum limit.")
    assert home.refusal(home.roles.tag(HOME, "deploy", {"b": "", "c": ""})) == full
    home.run(home.roles.untag(HOME, "deploy", ["TEAM", "absent"]))
    assert home.run(home.roles.list_tags(HOME, "deploy", None, 100)).items == (("a", "1"),)


def test_quota(home: Home) -> None:
    """The role over the account's quota is refused, and not before; users are not counted."""
    home.use(Quotas(roles=1))
    home.user("alice")
    home.role("one")
    refusal = ("LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1")
    assert home.refusal(home.roles.create(HOME, NewRole("two", TRUST))) == refusal


def test_a_boundary_that_is_not_there(home: Home) -> None:
    """A role whose boundary does not exist is not made."""
    arn = f"arn:aws:iam::{HOME}:policy/nothing"
    absent = ("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.")
    assert home.refusal(home.roles.create(HOME, NewRole("deploy", TRUST, boundary=arn))) == absent
    assert home.rows(role) == 0


def test_every_change_ends_what_was_compiled(home: Home) -> None:
    """Whatever changes a role raises the account's access version."""
    for work in (
        lambda: home.roles.create(HOME, NewRole("deploy", TRUST)),
        lambda: home.roles.update(HOME, "deploy", longest_session=7_200),
        lambda: home.roles.set_trust(HOME, "deploy", TRUST),
        lambda: home.roles.tag(HOME, "deploy", {"k": "v"}),
        lambda: home.roles.untag(HOME, "deploy", ["k"]),
        lambda: home.roles.delete(HOME, "deploy"),
    ):
        before = home.version()
        home.run(work())
        assert home.version() == before + 1
