"""Users: who has a name, keys, groups, tags and policies in an account.

Source: IAM API reference and user guide, "IAM users" and "IAM identifiers".
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from sqlalchemy import Connection

from cargohold.core.clock import Clock
from cargohold.core.errors import DeleteConflict, EntityAlreadyExists, LimitExceeded
from cargohold.core.paging import Page, cut
from cargohold.database import Database
from cargohold.identity import boundaries, store, tags
from cargohold.identity.entity import Entity, Named
from cargohold.identity.quotas import Quotas
from cargohold.identity.store import entities, sessions, usage, users
from cargohold.identity.store import tags as tag_store
from cargohold.identity.unique_id import new_id

_KIND: Final = "user"


@dataclass(frozen=True, slots=True)
class NewUser:
    """What a user is made of; `boundary` is a managed policy's ARN."""

    name: str
    path: str = "/"
    tags: Mapping[str, str] = field(default_factory=dict)
    boundary: str | None = None


@dataclass(frozen=True, slots=True)
class User:
    """A user with what hangs on it; `boundary` is a managed policy's ARN."""

    entity: Entity
    tags: Mapping[str, str]
    boundary: str | None


class Users:
    def __init__(self, database: Database, clock: Clock, quotas: Quotas) -> None:
        self._database = database
        self._clock = clock
        self._quotas = quotas

    async def create(self, account: str, new: NewUser) -> User:
        """A user who may do nothing yet. Raises EntityAlreadyExists, LimitExceeded, and what its boundary breaks."""
        user = Entity(new_id("AIDA"), account, _KIND, new.path, new.name, self._clock())
        return await self._database.write(partial(self._add, user=user, new=new))

    async def get(self, account: str, name: str) -> User:
        """Raises NoSuchEntity."""

        def work(connection: Connection) -> User:
            return _whole(connection, entities.get_entity(connection, Named(account, _KIND, name)))

        return await self._database.read(work)

    async def require(self, account: str, name: str) -> Entity:
        """The user without what hangs on it; raises NoSuchEntity."""
        named = Named(account, _KIND, name)
        return await self._database.read(partial(entities.get_entity, named=named))

    async def page(self, account: str, path_prefix: str, after: str | None, limit: int) -> Page[Entity]:
        """Up to `limit` users below a path by name, behind the name `after` in lower case."""

        def work(connection: Connection) -> list[Entity]:
            return users.list_page(connection, account, path_prefix, after or "", limit + 1)

        return cut(await self._database.read(work), limit, lambda each: each.folded_name)

    async def rename(self, account: str, name: str, new_name: str | None, new_path: str | None) -> None:
        """Another name, path or both; id, keys, groups and policies stay. Raises NoSuchEntity, EntityAlreadyExists."""

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            user = entities.get_entity(connection, Named(account, _KIND, name))
            wanted = new_name or user.name
            if users.find_user_id(connection, account, wanted) not in (None, user.id):
                raise EntityAlreadyExists.named("User", wanted)
            users.save_name(connection, user.id, new_path or user.path, wanted)

        await self._database.write(work)

    async def delete(self, account: str, name: str) -> None:
        """Ends the user and every session of it. Raises NoSuchEntity, and DeleteConflict while anything hangs on it."""

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            user = entities.get_entity(connection, Named(account, _KIND, name))
            users.lock(connection, user.id)
            _check_ties(users.list_ties(connection, user.id))
            sessions.delete_of_principal(connection, user.id)
            tag_store.delete_all(connection, user.id)
            usage.delete_boundary(connection, user.id)
            users.delete_user(connection, user.id)

        await self._database.write(work)

    async def tag(self, account: str, name: str, given: Mapping[str, str]) -> None:
        """Adds tags; a key that the user has, regardless of case, is replaced. Raises NoSuchEntity, LimitExceeded."""

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            user = entities.get_entity(connection, Named(account, _KIND, name))
            tags.add(connection, user.id, given, self._quotas.tags)

        await self._database.write(work)

    async def untag(self, account: str, name: str, keys: Collection[str]) -> None:
        """Takes tags away; a key that the user does not have is left out. Raises NoSuchEntity and InvalidInput."""
        tags.check_keys(keys)

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            user = entities.get_entity(connection, Named(account, _KIND, name))
            tags.remove(connection, user.id, keys)

        await self._database.write(work)

    async def list_tags(self, account: str, name: str, after: str | None, limit: int) -> Page[tuple[str, str]]:
        """Keys and values by key. Raises NoSuchEntity."""

        def work(connection: Connection) -> Page[tuple[str, str]]:
            user = entities.get_entity(connection, Named(account, _KIND, name))
            return tags.page(connection, user.id, after, limit)

        return await self._database.read(work)

    def _add(self, connection: Connection, user: Entity, new: NewUser) -> User:
        store.hold(connection, user.account)
        if users.find_user_id(connection, user.account, user.name) is not None:
            raise EntityAlreadyExists.named("User", user.name)
        if users.count_users(connection, user.account) >= self._quotas.users:
            raise LimitExceeded.quota("UsersPerAccount", self._quotas.users)
        users.add_user(connection, user)
        tags.add(connection, user.id, new.tags, self._quotas.tags)
        if new.boundary is not None:
            boundaries.attach(connection, user, new.boundary)
        return _whole(connection, user)


def _whole(connection: Connection, user: Entity) -> User:
    return User(user, tag_store.list_tags(connection, user.id), boundaries.find_arn(connection, user.id))


def _check_ties(ties: users.Ties) -> None:
    """Raises DeleteConflict for the first thing that must go before its user."""
    if ties.policies:
        raise DeleteConflict.until("delete policies")
    if ties.attachments:
        raise DeleteConflict.until("detach all policies")
    if ties.keys:
        raise DeleteConflict.until("delete access keys")
    if ties.groups:
        raise DeleteConflict.until("remove users from group")
