"""Accounts: each begins with an administrator, who has AWS's AdministratorAccess, and a key of that user."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from cargohold.core.clock import Clock
from cargohold.core.errors import Corrupt, EntityAlreadyExists, ValidationError
from cargohold.core.paging import Page, cut
from cargohold.database import Database
from cargohold.encryption.root import Root
from cargohold.identity import aliases, keys, store
from cargohold.identity.access_key import ACTIVE, DEVELOPMENT_KEY, NewKey
from cargohold.identity.account import Account
from cargohold.identity.entity import Entity
from cargohold.identity.quotas import Quotas
from cargohold.identity.store import accounts, usage, users
from cargohold.identity.store import keys as key_store
from cargohold.identity.store.accounts import Counted
from cargohold.identity.unique_id import new_id

__all__ = ["ADMINISTRATOR", "Account", "Accounts", "Counted", "NewAccount", "NewKey"]

ADMINISTRATOR: Final = "administrator"
ADMINISTRATOR_ACCESS: Final = "ANPAIWMBCKSKIEE64ZLYK"
"""AWS's id of the managed policy that allows everything."""

_QUOTAS: Final = Quotas()
_ID: Final = re.compile(r"[0-9]{12}")


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account when it is made, with the first key of its administrator."""

    account: Account
    key: NewKey


class Accounts:
    def __init__(self, database: Database, root: Root, clock: Clock, quotas: Quotas = _QUOTAS) -> None:
        self._database = database
        self._root = root
        self._clock = clock
        self.quotas = quotas

    async def bootstrap(self, account_id: str, keep: Callable[[NewKey], None] | None = None) -> NewKey | None:
        """Makes the account, its administrator and a key; None when the account is already there.

        `keep` writes the key down before it is committed, so that no account is left behind whose key nobody knows;
        it may be called again with the same key.
        """
        key, user_id, now = keys.new_key(), new_id("AIDA"), self._clock()

        def work(connection: Connection) -> NewKey | None:
            if not accounts.add_account(connection, account_id, now):
                return None
            self._furnish(connection, Entity(user_id, account_id, "user", "/", ADMINISTRATOR, now), key)
            if keep is not None:
                keep(key)
            return key

        return await self._database.write(work)

    async def create(self, alias: str | None = None, account_id: str | None = None) -> NewAccount:
        """Another account, under a random id where none is given, with its administrator and a key.

        Raises ValidationError for an id or alias of the wrong form, and EntityAlreadyExists for one that is taken.
        """
        made = Account(account_id or _random_id(), alias, self._clock())
        if _ID.fullmatch(made.id) is None:
            raise ValidationError("An account's id is 12 digits.")
        if alias is not None:
            aliases.check(alias)
        key, user_id = keys.new_key(), new_id("AIDA")

        def work(connection: Connection) -> None:
            if not accounts.add_account(connection, made.id, made.created_at):
                raise EntityAlreadyExists(f"The account {made.id} already exists.")
            if alias is not None and not accounts.save_alias(connection, made.id, alias):
                raise EntityAlreadyExists(f"The account alias {alias} already exists.")
            self._furnish(connection, Entity(user_id, made.id, "user", "/", ADMINISTRATOR, made.created_at), key)

        await self._database.write(work)
        return NewAccount(made, key)

    async def list(self, after: str | None = None, limit: int = 100) -> Page[Account]:
        """Up to `limit` accounts by id, behind the id `after`."""
        found = await self._database.read(lambda connection: accounts.list_page(connection, after or "", limit + 1))
        return cut(found, limit, lambda each: each.id)

    async def count(self, account_id: str) -> Counted:
        """How many users, roles, groups and policies the account has."""
        return await self._database.read(lambda connection: accounts.count_all(connection, account_id))

    async def has_our_root(self, account_id: str) -> bool:
        """Whether the secrets of the account's keys open under this root key; True when there are none."""
        key = await self._database.read(lambda connection: key_store.find_key_of_account(connection, account_id))
        try:
            return key is None or bool(self._root.open(key.sealed_secret, key.id))
        except Corrupt:
            return False

    async def set_development_key(self, account_id: str, *, enabled: bool) -> None:
        """Gives the account's administrator the key pair `test`/`test`, or takes it from whoever has it."""
        development, now = NewKey(DEVELOPMENT_KEY, DEVELOPMENT_KEY), self._clock()

        def work(connection: Connection) -> None:
            store.hold(connection, account_id)  # servers that start at once all do this
            user_id = users.find_user_id(connection, account_id, ADMINISTRATOR) if enabled else None
            held = None if user_id is None else key_store.find_locked(connection, DEVELOPMENT_KEY, user_id)
            if held is not None:
                key_store.save_status(connection, held.id, ACTIVE)
                return
            key_store.delete_key(connection, DEVELOPMENT_KEY)
            if user_id is not None:
                keys.save(connection, self._root, development, user_id, now)

        await self._database.write(work)

    def _furnish(self, connection: Connection, administrator: Entity, key: NewKey) -> None:
        """What a new account begins with."""
        store.bump(connection, administrator.account)
        users.add_user(connection, administrator)
        usage.add_attachment(connection, administrator.id, ADMINISTRATOR_ACCESS, administrator.created_at)
        keys.save(connection, self._root, key, administrator.id, administrator.created_at)


def _random_id() -> str:
    return str(secrets.randbelow(9 * 10**11) + 10**11)
