"""Aliases of accounts."""

from .home import HOME, OTHER, Home


def test_an_account_has_one_alias(home: Home) -> None:
    """A new alias takes the place of the old one, which is free again."""
    assert home.run(home.aliases.find(HOME)) is None
    for alias in ("first", "second", "second"):
        home.run(home.aliases.set(HOME, alias))
        assert home.run(home.aliases.find(HOME)) == alias
    home.run(home.accounts.bootstrap(OTHER))
    home.run(home.aliases.set(OTHER, "first"))
    assert home.run(home.aliases.find(OTHER)) == "first"


def test_an_alias_is_of_one_account(home: Home) -> None:
    """An alias that another account has is refused, and the account keeps its own."""
    home.run(home.accounts.bootstrap(OTHER))
    home.run(home.aliases.set(OTHER, "taken"))
    home.run(home.aliases.set(HOME, "mine"))
    assert home.refusal(home.aliases.set(HOME, "taken")) == (
        "EntityAlreadyExists",
        "The account alias taken already exists.",
    )
    assert home.run(home.aliases.find(HOME)) == "mine"


def test_deleting(home: Home) -> None:
    """The account's own alias is deleted; one that it does not have cannot be."""
    home.run(home.accounts.bootstrap(OTHER))
    home.run(home.aliases.set(OTHER, "other"))
    home.run(home.aliases.set(HOME, "mine"))
    for alias in ("other", "absent"):
        absent = ("NoSuchEntity", f"The account alias {alias} cannot be found.")
        assert home.refusal(home.aliases.delete(HOME, alias)) == absent
    home.run(home.aliases.delete(HOME, "mine"))
    assert home.run(home.aliases.find(HOME)) is None
    assert home.run(home.aliases.find(OTHER)) == "other"


def test_an_account_id_is_no_alias(home: Home) -> None:
    """Twelve digits, which could be taken for an account, are refused."""
    assert home.refusal(home.aliases.set(HOME, "123456789013"))[0] == "ValidationError"
    home.run(home.aliases.set(HOME, "1234567890123"))
