"""Groups: users who have the same policies together.

Source: IAM API reference and user guide, "IAM user groups".
"""

from functools import partial
from typing import Final

from sqlalchemy import Connection

from cargohold.core.clock import Clock
from cargohold.core.errors import DeleteConflict, EntityAlreadyExists, LimitExceeded, NoSuchEntity
from cargohold.core.paging import Page, cut
from cargohold.database import Database
from cargohold.identity import store
from cargohold.identity.entity import Entity, Named
from cargohold.identity.quotas import Quotas
from cargohold.identity.store import entities, groups
from cargohold.identity.unique_id import new_id

_KIND: Final = "group"


class Groups:
    def __init__(self, database: Database, clock: Clock, quotas: Quotas) -> None:
        self._database = database
        self._clock = clock
        self._quotas = quotas

    async def create(self, account: str, name: str, path: str) -> Entity:
        """An empty group without policies. Raises EntityAlreadyExists and LimitExceeded."""
        group = Entity(new_id("AGPA"), account, _KIND, path, name, self._clock())
        return await self._database.write(partial(self._add, group=group))

    async def get(self, account: str, name: str, after: str | None, limit: int) -> tuple[Entity, Page[Entity]]:
        """The group, and up to `limit` of its users behind the name `after` in lower case. Raises NoSuchEntity."""

        def work(connection: Connection) -> tuple[Entity, list[Entity]]:
            group = entities.get_entity(connection, Named(account, _KIND, name))
            return group, groups.list_members(connection, group.id, after or "", limit + 1)

        group, members = await self._database.read(work)
        return group, cut(members, limit, lambda each: each.folded_name)

    async def page(self, account: str, path_prefix: str, after: str | None, limit: int) -> Page[Entity]:
        """Up to `limit` groups below a path by name, behind the name `after` in lower case."""

        def work(connection: Connection) -> list[Entity]:
            return groups.list_page(connection, account, path_prefix, after or "", limit + 1)

        return cut(await self._database.read(work), limit, lambda each: each.folded_name)

    async def page_of_user(self, account: str, user: str, after: str | None, limit: int) -> Page[Entity]:
        """Up to `limit` groups that a user is in, likewise. Raises NoSuchEntity."""

        def work(connection: Connection) -> list[Entity]:
            found = entities.get_entity(connection, Named(account, "user", user))
            return groups.list_of_user(connection, found.id, after or "", limit + 1)

        return cut(await self._database.read(work), limit, lambda each: each.folded_name)

    async def rename(self, account: str, name: str, new_name: str | None, new_path: str | None) -> None:
        """Another name, path or both; members and policies stay. Raises NoSuchEntity and EntityAlreadyExists."""

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            group = entities.get_entity(connection, Named(account, _KIND, name))
            wanted = new_name or group.name
            if groups.find_group_id(connection, account, wanted) not in (None, group.id):
                raise EntityAlreadyExists.named("Group", wanted)
            groups.save_name(connection, group.id, new_path or group.path, wanted)

        await self._database.write(work)

    async def delete(self, account: str, name: str) -> None:
        """Raises NoSuchEntity, and DeleteConflict while it has members or policies."""

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            group = entities.get_entity(connection, Named(account, _KIND, name))
            _check_ties(groups.list_ties(connection, group.id))
            groups.delete_group(connection, group.id)

        await self._database.write(work)

    async def add_user(self, account: str, name: str, user: str) -> None:
        """One that is in the group already stays in it. Raises NoSuchEntity and LimitExceeded."""

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            group, member = _both(connection, account, name, user)
            groups.add_member(connection, group.id, member.id)
            if groups.count_of_user(connection, member.id) > self._quotas.groups_per_user:
                raise LimitExceeded.quota("GroupsPerUser", self._quotas.groups_per_user)

        await self._database.write(work)

    async def remove_user(self, account: str, name: str, user: str) -> None:
        """Raises NoSuchEntity, also where the user is not in the group."""

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            group, member = _both(connection, account, name, user)
            if not groups.delete_member(connection, group.id, member.id):
                raise NoSuchEntity(f"The user with name {user} is not in the group with name {name}.")

        await self._database.write(work)

    def _add(self, connection: Connection, group: Entity) -> Entity:
        store.hold(connection, group.account)
        if groups.find_group_id(connection, group.account, group.name) is not None:
            raise EntityAlreadyExists.named("Group", group.name)
        if groups.count_groups(connection, group.account) >= self._quotas.groups:
            raise LimitExceeded.quota("GroupsPerAccount", self._quotas.groups)
        groups.add_group(connection, group)
        return group


def _both(connection: Connection, account: str, group: str, user: str) -> tuple[Entity, Entity]:
    found = entities.get_entity(connection, Named(account, _KIND, group))
    return found, entities.get_entity(connection, Named(account, "user", user))


def _check_ties(ties: groups.Ties) -> None:
    """Raises DeleteConflict for the first thing that must go before its group."""
    if ties.members:
        raise DeleteConflict.until("remove users from group")
    if ties.policies:
        raise DeleteConflict.until("delete policies")
    if ties.attachments:
        raise DeleteConflict.until("detach all policies")
