"""The first account and the keys that it begins with."""

import re

import pytest
from sqlalchemy import Connection, func, select, update

from cargohold.core.errors import Corrupt, UnknownCredential
from cargohold.database.schema.identity import access_key, account, policy_attachment, principal, session
from cargohold.identity import aws_managed
from cargohold.identity.accounts import ADMINISTRATOR_ACCESS, Accounts, NewKey

from .conftest import ACCOUNT, NOON, House, sign
from .home import Home

TEST = NewKey("test", "test")
NO_ALIAS = "An account's alias is 3 to 63 lower-case letters, digits and single hyphens, and no account's id."
OTHER = "210987654321"


@pytest.fixture
def accounts(house: House) -> Accounts:
    return Accounts(house.database, house.root, house.clock)


def count(house: House, table: object) -> int:
    def work(connection: Connection) -> int:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()  # type: ignore[arg-type]

    return house.run(house.database.read(work))


def test_key(house: House) -> None:
    """A new key looks like AWS's: AKIA and 16 characters, a secret of 40."""
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", house.key.access_key_id)
    assert re.fullmatch(r"[A-Za-z0-9+/]{40}", house.key.secret_access_key)


def test_administrator(house: House) -> None:
    """The account begins with a user who may do everything, under an id like AWS's."""
    row = house.run(house.database.read(lambda connection: connection.execute(select(principal)).one()))
    assert re.fullmatch(r"AIDA[A-Z2-7]{17}", row.id)
    assert (row.account_id, row.kind, row.path, row.name, row.created_at) == (
        ACCOUNT,
        "user",
        "/",
        "administrator",
        NOON,
    )
    attached = house.run(house.database.read(lambda connection: connection.execute(select(policy_attachment)).one()))
    assert (attached.entity_id, attached.policy_id, attached.created_at) == (row.id, ADMINISTRATOR_ACCESS, NOON)
    assert aws_managed.POLICIES[ADMINISTRATOR_ACCESS].arn == "arn:aws:iam::aws:policy/AdministratorAccess"


def test_second_start(house: House, accounts: Accounts) -> None:
    """An account that is there already is left alone, and no key is written down for it."""
    kept: list[NewKey] = []
    assert house.run(accounts.bootstrap(ACCOUNT, kept.append)) is None
    assert kept == []
    assert [count(house, table) for table in (account, principal, access_key)] == [1, 1, 1]


def test_two_accounts(house: House, accounts: Accounts) -> None:
    """Each account has an administrator and a key of its own."""
    kept: list[NewKey] = []
    other = house.run(accounts.bootstrap(OTHER, kept.append))
    assert other is not None
    assert kept == [other]
    assert house.verify(*sign(other)).account == OTHER
    assert house.verify(*sign(house.key)).account == ACCOUNT


def test_key_that_could_not_be_written_down(house: House, accounts: Accounts) -> None:
    """Where the key cannot be written down no account is made, so that the next start makes it."""

    def fail(_: NewKey) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        house.run(accounts.bootstrap(OTHER, fail))
    assert count(house, account) == 1
    assert house.run(accounts.bootstrap(OTHER)) is not None


def test_secret_is_sealed(house: House) -> None:
    """The database does not hold the secret in the clear."""
    sealed = house.run(house.database.read(lambda connection: connection.execute(select(access_key)).one()))
    assert house.key.secret_access_key.encode() not in sealed.sealed_secret


def test_secret_is_bound_to_its_key(house: House, accounts: Accounts) -> None:
    """A sealed secret that is copied to another key's row opens nothing."""
    other = house.run(accounts.bootstrap(OTHER))
    assert other is not None

    def work(connection: Connection) -> None:
        mine = select(access_key.c.sealed_secret).where(access_key.c.id == other.access_key_id).scalar_subquery()
        connection.execute(
            update(access_key).where(access_key.c.id == house.key.access_key_id).values(sealed_secret=mine)
        )

    house.run(house.database.write(work))
    with pytest.raises(Corrupt):
        house.verify(*sign(NewKey(house.key.access_key_id, other.secret_access_key)))


def test_no_development_key_by_default(house: House) -> None:
    """There is no default secret."""
    with pytest.raises(UnknownCredential):
        house.verify(*sign(TEST))


def test_development_key(house: House, accounts: Accounts) -> None:
    """The key pair test/test is the administrator's while it is enabled, and nobody's afterwards."""
    for _ in range(2):
        house.run(accounts.set_development_key(ACCOUNT, enabled=True))
        assert house.verify(*sign(TEST)).account == ACCOUNT
    for _ in range(2):
        house.run(accounts.set_development_key(ACCOUNT, enabled=False))
        with pytest.raises(UnknownCredential):
            house.verify(*sign(TEST))
    assert house.verify(*sign(house.key)).account == ACCOUNT


def test_development_key_moves(house: House, accounts: Accounts) -> None:
    """The development key follows the account that the deployment is started with."""
    house.run(accounts.bootstrap(OTHER))
    house.run(accounts.set_development_key(ACCOUNT, enabled=True))
    house.run(accounts.set_development_key(OTHER, enabled=True))
    assert house.verify(*sign(TEST)).account == OTHER


def test_creating_accounts(home: Home) -> None:
    """Another account gets the id and the alias that are given, or a random id, and a key that is told once."""
    named = home.run(home.accounts.create("backup", OTHER))
    assert (named.account.id, named.account.alias, named.account.created_at) == (OTHER, "backup", NOON)
    random = home.run(home.accounts.create())
    assert re.fullmatch(r"[1-9][0-9]{11}", random.account.id)
    for made in (named, random):
        user, keys = home.run(home.keys.page(made.account.id, "administrator", None, 9))
        assert [key.id for key in keys.items] == [made.key.access_key_id]
        assert user.account == made.account.id
        assert made.key.secret_access_key not in repr(made)
    assert home.rows(policy_attachment) == 3


@pytest.mark.parametrize(
    ("alias", "account_id", "refusal"),
    [
        (None, ACCOUNT, ("EntityAlreadyExists", f"The account {ACCOUNT} already exists.")),
        ("taken", None, ("EntityAlreadyExists", "The account alias taken already exists.")),
        (None, "12345678901", ("ValidationError", "An account's id is 12 digits.")),
        (None, "12345678901a", ("ValidationError", "An account's id is 12 digits.")),
        *(
            (alias, None, ("ValidationError", NO_ALIAS))
            for alias in ("ab", "-ab", "ab-", "a--b", "Abc", "a.b", "a" * 64, "123456789012")
        ),
    ],
)
def test_accounts_that_are_not_created(
    home: Home, alias: str | None, account_id: str | None, refusal: tuple[str, str]
) -> None:
    """An id or alias that is taken, or has the wrong form, is refused, and nothing is left of the account."""
    home.run(home.aliases.set(ACCOUNT, "taken"))
    assert home.refusal(home.accounts.create(alias, account_id)) == refusal
    assert [home.rows(table) for table in (account, principal, access_key)] == [1, 1, 1]


def test_listing_accounts(home: Home) -> None:
    """Accounts are listed by id, page after page, with their aliases."""
    for number in (3, 1, 2):
        home.run(home.accounts.create(f"account-{number}", f"{number}" * 12))
    first = home.run(home.accounts.list(None, 3))
    assert [(each.id, each.alias) for each in first.items] == [
        ("1" * 12, "account-1"),
        (ACCOUNT, None),
        ("2" * 12, "account-2"),
    ]
    second = home.run(home.accounts.list(first.after, 3))
    assert ([each.id for each in second.items], second.after) == (["3" * 12], None)


def test_what_an_account_has(home: Home) -> None:
    """Users and groups are counted account by account."""
    home.run(home.accounts.bootstrap(OTHER))
    home.user("alice")
    home.run(home.groups.create(ACCOUNT, "admins", "/"))
    counted = home.run(home.accounts.count(ACCOUNT))
    assert (counted.users, counted.groups, counted.roles, counted.policies, counted.policy_versions) == (2, 1, 0, 0, 0)
    assert home.run(home.accounts.count(OTHER)).users == 1


def test_the_development_key_ends_what_it_began(home: Home) -> None:
    """The sessions of the development key live on over a start that gives it again, and end when it is taken."""
    home.run(home.accounts.set_development_key(ACCOUNT, enabled=True))
    user = home.run(home.users.require(ACCOUNT, "administrator"))
    home.begin_session("ASIA1", user.id, "test")
    home.run(home.accounts.set_development_key(ACCOUNT, enabled=True))
    assert home.rows(session) == 1
    home.run(home.accounts.set_development_key(ACCOUNT, enabled=False))
    assert home.rows(session) == 0
