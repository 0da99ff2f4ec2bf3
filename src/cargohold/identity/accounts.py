"""Accounts and the keys that they begin with. Secrets are sealed before they reach the database."""

import secrets
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection

from cargohold.core.clock import Clock
from cargohold.core.errors import Corrupt
from cargohold.database import Database
from cargohold.encryption.root import Root
from cargohold.identity.store import accounts, keys, users

ADMINISTRATOR: Final = "administrator"
DEVELOPMENT_KEY: Final = "test"

_ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True, slots=True)
class NewKey:
    """An access key when it is made: the only time that its secret can be read."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


class Accounts:
    def __init__(self, database: Database, root: Root, clock: Clock) -> None:
        self._database = database
        self._root = root
        self._clock = clock

    async def bootstrap(self, account_id: str, keep: Callable[[NewKey], None] | None = None) -> NewKey | None:
        """Makes the account, its administrator and a key; None when the account is already there.

        `keep` writes the key down before it is committed, so that no account is left behind whose key nobody knows;
        it may be called again with another key, which then counts.
        """
        key = NewKey("AKIA" + _random_id(16), b64encode(secrets.token_bytes(30)).decode())
        user_id = "AIDA" + _random_id(17)

        def work(connection: Connection) -> NewKey | None:
            now = self._clock()
            if not accounts.add_account(connection, account_id, now):
                return None
            users.add_user(connection, users.User(user_id, account_id, "/", ADMINISTRATOR, True, now))
            self._save_key(connection, key, user_id, now)
            if keep is not None:
                keep(key)
            return key

        return await self._database.write(work)

    async def has_our_root(self, account_id: str) -> bool:
        """Whether the secrets of the account's administrator open under this root key; True when there are none."""

        def work(connection: Connection) -> keys.Key | None:
            user_id = users.find_user_id(connection, account_id, ADMINISTRATOR)
            return None if user_id is None else keys.find_key_of_user(connection, user_id)

        key = await self._database.read(work)
        try:
            return key is None or bool(self._root.open(key.sealed_secret, key.id))
        except Corrupt:
            return False

    async def set_development_key(self, account_id: str, *, enabled: bool) -> None:
        """Gives the account's administrator the key pair `test`/`test`, or takes it from whoever has it."""

        def work(connection: Connection) -> None:
            user_id = users.find_user_id(connection, account_id, ADMINISTRATOR)
            if enabled and user_id is not None:
                self._save_key(connection, NewKey(DEVELOPMENT_KEY, DEVELOPMENT_KEY), user_id, self._clock())
            else:
                keys.delete_key(connection, DEVELOPMENT_KEY)

        await self._database.write(work)

    def _save_key(self, connection: Connection, key: NewKey, user_id: str, now: int) -> None:
        sealed = self._root.seal(key.secret_access_key.encode(), key.access_key_id)
        keys.save_key(connection, key.access_key_id, user_id, sealed, now)


def _random_id(length: int) -> str:
    return "".join(secrets.choice(_ID_ALPHABET) for _ in range(length))
