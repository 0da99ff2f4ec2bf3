"""Access keys: at most two of a user, so that one can be changed for the other while both work.

A secret is sealed before it reaches the database, and told once.
Source: IAM user guide, "Managing access keys for IAM users".
"""

import secrets
from base64 import b64encode

from sqlalchemy import Connection

from cargohold.core.clock import Clock
from cargohold.core.errors import LimitExceeded, NoSuchEntity
from cargohold.core.paging import Page, cut
from cargohold.database import Database
from cargohold.encryption.root import Root
from cargohold.identity import store
from cargohold.identity.access_key import ACTIVE, AccessKey, NewKey, Use
from cargohold.identity.entity import Entity, Named
from cargohold.identity.quotas import Quotas
from cargohold.identity.store import entities, keys, users
from cargohold.identity.unique_id import new_id


def new_key() -> NewKey:
    """A key pair that nobody had: a secret of 40 characters, 240 random bits."""
    return NewKey(new_id("AKIA"), b64encode(secrets.token_bytes(30)).decode())


def save(connection: Connection, root: Root, key: NewKey, user_id: str, now: int) -> AccessKey:
    """Gives a user an active key, with its secret sealed."""
    stored = AccessKey(key.access_key_id, user_id, ACTIVE, now)
    keys.add_key(connection, stored, root.seal(key.secret_access_key.encode(), key.access_key_id))
    return stored


class AccessKeys:
    def __init__(self, database: Database, root: Root, clock: Clock, quotas: Quotas) -> None:
        self._database = database
        self._root = root
        self._clock = clock
        self._quotas = quotas

    async def create(self, account: str, user: str) -> tuple[Entity, AccessKey, NewKey]:
        """The user, its new key, and the only sight of its secret. Raises NoSuchEntity and LimitExceeded."""
        key, now = new_key(), self._clock()

        def work(connection: Connection) -> tuple[Entity, AccessKey]:
            store.hold(connection, account)
            found = entities.get_entity(connection, Named(account, "user", user))
            if keys.count_keys(connection, found.id) >= self._quotas.access_keys:
                raise LimitExceeded.quota("AccessKeysPerUser", self._quotas.access_keys)
            return found, save(connection, self._root, key, found.id, now)

        found, stored = await self._database.write(work)
        return found, stored, key

    async def page(self, account: str, user: str, after: str | None, limit: int) -> tuple[Entity, Page[AccessKey]]:
        """The user, and up to `limit` of its keys by id, behind the id `after`. Raises NoSuchEntity."""

        def work(connection: Connection) -> tuple[Entity, list[AccessKey]]:
            found = entities.get_entity(connection, Named(account, "user", user))
            return found, keys.list_page(connection, found.id, after or "", limit + 1)

        found, listed = await self._database.read(work)
        return found, cut(listed, limit, lambda each: each.id)

    async def set_status(self, account: str, user: str, key_id: str, status: str) -> None:
        """Active or Inactive, in force on the next request. Raises NoSuchEntity."""

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            keys.save_status(connection, _held(connection, account, user, key_id).id, status)

        await self._database.write(work)

    async def delete(self, account: str, user: str, key_id: str) -> None:
        """Ends the key, and each session that was issued to it. Raises NoSuchEntity."""

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            keys.delete_key(connection, _held(connection, account, user, key_id).id)

        await self._database.write(work)

    async def find_use(self, account: str, key_id: str) -> Use | None:
        """Whose key it is and its last use; None when the account has no such key."""
        found = await self._database.read(lambda connection: keys.find_use(connection, key_id))
        return found if found is not None and found.account == account else None


def _held(connection: Connection, account: str, user: str, key_id: str) -> AccessKey:
    """A key of a user, held; raises NoSuchEntity."""
    found = entities.get_entity(connection, Named(account, "user", user))
    users.lock(connection, found.id)
    key = keys.find_locked(connection, key_id, found.id)
    if key is None:
        raise NoSuchEntity(f"The Access Key with id {key_id} cannot be found.")
    return key
