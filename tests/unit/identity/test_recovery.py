"""identity.recovery: whatever was done to an account, its administrator may do everything again."""

import pytest

from cargohold.core.errors import CargoholdError
from cargohold.identity.access_key import NewKey
from cargohold.identity.entity import Named
from cargohold.identity.quotas import Quotas
from cargohold.identity.recovery import Recovered, Recovery

from .home import HOME, NOON, OTHER, ROOT, Home

ADMINISTRATOR = Named(HOME, "user", "administrator")
ADMINISTRATOR_ACCESS = "arn:aws:iam::aws:policy/AdministratorAccess"
READ_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
DENY = '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}'


def recover(home: Home, account: str = HOME) -> Recovered:
    return home.run(Recovery(home.database, ROOT, home.clock, Quotas()).recover(account))


def attached(home: Home) -> list[str]:
    return [each.arn for each in home.run(home.attachments.page(ADMINISTRATOR, "/", None, 9)).items]


def keys(home: Home) -> set[str]:
    return {each.id for each in home.run(home.keys.page(HOME, "administrator", None, 9))[1].items}


def test_an_administrator_who_took_his_own_access_away(home: Home) -> None:
    """AdministratorAccess is attached again and the access version raised, so that it counts on the next request."""
    home.run(home.attachments.detach(ADMINISTRATOR, ADMINISTRATOR_ACCESS))
    before = home.version()
    done = recover(home)
    assert attached(home) == [ADMINISTRATOR_ACCESS]
    assert home.version() > before
    assert not done.made
    assert done.key.access_key_id in keys(home)


def test_all_that_limits_is_taken_off_and_told(home: Home) -> None:
    """Boundary, other policies, inline policies and groups are gone from the user, and the answer names each."""
    own = home.policy("deny", DENY)
    home.run(home.attachments.attach(ADMINISTRATOR, own.arn))
    home.run(home.boundaries.put(ADMINISTRATOR, READ_ONLY))
    home.run(home.inline.put(ADMINISTRATOR, "shut", DENY))
    home.run(home.groups.create(HOME, "Closed", "/"))
    home.run(home.groups.add_user(HOME, "closed", "administrator"))
    removed = recover(home).removed
    assert (removed.boundary, removed.policies, removed.groups) == (READ_ONLY, (own.arn,), ("Closed",))
    assert removed.inline_policies == (("shut", DENY),)
    assert attached(home) == [ADMINISTRATOR_ACCESS]
    assert home.run(home.inline.page(ADMINISTRATOR, None, 9)).items == ()
    again = recover(home).removed
    assert (again.boundary, again.policies, again.inline_policies, again.groups) == (None, (), (), ())
    assert home.read(own.arn).arn == own.arn


def test_a_missing_administrator_is_made(home: Home) -> None:
    """An account whose administrator was renamed gets another one; the old one stays as he is."""
    home.run(home.users.rename(HOME, "administrator", "boss", None))
    done = recover(home)
    assert done.made
    assert done.other_keys == ()
    assert keys(home) == {done.key.access_key_id}
    assert attached(home) == [ADMINISTRATOR_ACCESS]


def test_a_third_key_takes_the_place_of_the_oldest_inactive_one(home: Home) -> None:
    """Nothing that works stops: an inactive key makes room, and where all are active the new one comes on top."""
    (first,) = keys(home)
    home.now = NOON + 1
    second = home.key("administrator").access_key_id
    home.run(home.keys.set_status(HOME, "administrator", first, "Inactive"))
    done = recover(home)
    assert done.removed.key == first
    assert [each.id for each in done.other_keys] == [second]
    on_top = recover(home)
    assert on_top.removed.key is None
    assert keys(home) == {second, done.key.access_key_id, on_top.key.access_key_id}


def test_an_unknown_account_is_refused(home: Home) -> None:
    """Nothing is made in an account that is not there."""
    refusal = home.refusal(Recovery(home.database, ROOT, home.clock, Quotas()).recover(OTHER))
    assert refusal == ("NoSuchEntity", f"There is no account {OTHER}.")


def test_nothing_happens_where_the_key_cannot_be_written_down(home: Home) -> None:
    """Nobody would know the key, so the account stays as it was."""

    def fail(_: NewKey) -> None:
        raise CargoholdError("disk full")

    before = keys(home)
    with pytest.raises(CargoholdError, match="disk full"):
        home.run(Recovery(home.database, ROOT, home.clock, Quotas()).recover(HOME, fail))
    assert keys(home) == before
