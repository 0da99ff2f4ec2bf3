"""Hosts at the same moment: one token makes one host, and what ends beside a session that begins leaves none behind."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from cargohold.core.errors import CargoholdError, InvalidJoinToken, NoInstanceRole, NoSuchEntity
from cargohold.database.schema.identity import access_key, host, session
from cargohold.encryption.tokens import Tokens
from cargohold.identity.hosts import Hosts, Invite
from cargohold.identity.instance_profiles import InstanceProfiles
from cargohold.identity.quotas import Quotas
from cargohold.identity.role import NewRole

from .home import HOME, ROOT, TRUST, Home

ROUNDS = 10


def hosts_of(home: Home) -> Hosts:
    return Hosts(home.database, ROOT, Tokens(ROOT.derive("tokens")), home.clock, Quotas())


def profiles_of(home: Home) -> InstanceProfiles:
    return InstanceProfiles(home.database, home.clock, Quotas())


@pytest.fixture
def invited(home: Home) -> Home:
    """A home with the instance profile `web`."""
    home.run(home.roles.create(HOME, NewRole("web", TRUST)))
    home.run(profiles_of(home).create(HOME, "web", "/", {}))
    home.run(profiles_of(home).add_role(HOME, "web", "web"))
    return home


async def together(*works: Coroutine[Any, Any, Any]) -> list[Any]:
    """What each came to, an error of the tree as itself; any other error is raised."""
    found = await asyncio.gather(*works, return_exceptions=True)
    for each in found:
        if isinstance(each, BaseException) and not isinstance(each, CargoholdError):
            raise each
    return found


def test_a_token_that_two_use_at_once_makes_one_host(invited: Home, beside: Home) -> None:
    """Of two machines that show the same token at the same moment one becomes a host, on whichever process."""
    here, there = hosts_of(invited), hosts_of(beside)
    for number in range(ROUNDS):
        token = invited.run(here.invite(HOME, Invite("web", "us-east-1"))).token
        found = invited.run(together(here.join(token, f"a{number}"), there.join(token, f"b{number}")))
        assert sum(isinstance(each, InvalidJoinToken) for each in found) == 1
    assert len(invited.run(here.page(HOME, None, 100)).items) == ROUNDS


def test_a_host_that_ends_beside_its_request_leaves_no_session(invited: Home, beside: Home) -> None:
    """Revoking beside GetHostCredentials: the session ends with the host, or does not begin."""
    here, there = hosts_of(invited), hosts_of(beside)
    for number in range(ROUNDS):
        token = invited.run(here.invite(HOME, Invite("web", "us-east-1"))).token
        made = invited.run(here.join(token, f"box{number}")).host
        held = invited.run(here.held(HOME, made.id))
        invited.run(together(here.begin_session(held), there.revoke(HOME, made.id)))
        assert [invited.rows(table) for table in (session, host)] == [0, 0]
        with pytest.raises((NoInstanceRole, NoSuchEntity)):
            invited.run(here.begin_session(held))
    assert invited.rows(access_key) == 1


def test_a_role_that_goes_beside_a_request_leaves_no_session(invited: Home, beside: Home) -> None:
    """Taking the role out of the profile beside GetHostCredentials: no session of it is left."""
    here, profiles = hosts_of(invited), profiles_of(beside)
    token = invited.run(here.invite(HOME, Invite("web", "us-east-1"))).token
    made = invited.run(here.join(token, "box")).host
    for _ in range(ROUNDS):
        held = invited.run(here.held(HOME, made.id))
        invited.run(together(here.begin_session(held), profiles.remove_role(HOME, "web", "web")))
        assert invited.rows(session) == 0
        invited.run(profiles.add_role(HOME, "web", "web"))
