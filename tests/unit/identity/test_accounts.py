"""The first account and the keys that it begins with."""

import re

import pytest
from sqlalchemy import Connection, func, select, update

from cargohold.core.errors import Corrupt, UnknownCredential
from cargohold.database.schema.identity import access_key, account, principal
from cargohold.identity.accounts import Accounts, NewKey

from .conftest import ACCOUNT, NOON, House, sign

TEST = NewKey("test", "test")
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
    assert (row.account_id, row.kind, row.path, row.name, row.administrator, row.created_at) == (
        ACCOUNT,
        "user",
        "/",
        "administrator",
        True,
        NOON,
    )


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
