"""Instance profiles: each holds one role at the most, for the hosts that have it.

Taking the role out ends what those hosts hold of it: on EC2 credentials that were handed out live on for hours.
Source: IAM API reference, "CreateInstanceProfile", "AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile",
"DeleteInstanceProfile"; IAM user guide, "Use instance profiles".
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from sqlalchemy import Connection

from cargohold.core.clock import Clock
from cargohold.core.errors import DeleteConflict, EntityAlreadyExists, LimitExceeded, NoSuchEntity
from cargohold.core.paging import Page, cut
from cargohold.database import Database
from cargohold.identity import principal_names, store, tags
from cargohold.identity.instance_profile import InstanceProfile
from cargohold.identity.quotas import Quotas
from cargohold.identity.role import Role
from cargohold.identity.store import hosts, roles
from cargohold.identity.store import instance_profiles as profiles
from cargohold.identity.store import tags as tag_store
from cargohold.identity.unique_id import new_id

ROLES_EACH: Final = 1
"""A quota that AWS raises for nobody."""


class InstanceProfiles:
    def __init__(self, database: Database, clock: Clock, quotas: Quotas) -> None:
        self._database = database
        self._clock = clock
        self._quotas = quotas

    async def create(self, account: str, name: str, path: str, given: Mapping[str, str]) -> InstanceProfile:
        """An instance profile without a role. Raises EntityAlreadyExists and LimitExceeded."""
        made = InstanceProfile(new_id("AIPA"), account, path, name, self._clock(), tags=given)

        def work(connection: Connection) -> None:
            store.hold(connection, account)
            if profiles.count_profiles(connection, account) >= self._quotas.instance_profiles:
                raise LimitExceeded.quota("InstanceProfilesPerAccount", self._quotas.instance_profiles)
            if not profiles.add_profile(connection, made):
                raise EntityAlreadyExists(f"Instance Profile {name} already exists.")
            tags.add(connection, made.id, given, self._quotas.tags)

        await self._database.write(work)
        return made

    async def get(self, account: str, name: str) -> InstanceProfile:
        """With its role and tags; raises NoSuchEntity."""

        def work(connection: Connection) -> InstanceProfile:
            found = get_profile(connection, account, name)
            whole = _with_roles(connection, account, [found])[0]
            return replace(whole, tags=tag_store.list_tags(connection, found.id))

        return await self._database.read(work)

    async def page(self, account: str, prefix: str, after: str | None, limit: int) -> Page[InstanceProfile]:
        """Up to `limit` profiles below a path by name, behind the folded name `after`, with roles, without tags."""

        def work(connection: Connection) -> list[InstanceProfile]:
            found = profiles.list_page(connection, account, prefix, after or "", limit + 1)
            return _with_roles(connection, account, found)

        return cut(await self._database.read(work), limit, lambda each: each.name.lower())

    async def page_of_role(self, account: str, role: str, after: str | None, limit: int) -> Page[InstanceProfile]:
        """Up to `limit` profiles that hold the role, by name, behind the folded name `after`; raises NoSuchEntity."""

        def work(connection: Connection) -> list[InstanceProfile]:
            found = profiles.list_of_role(connection, _get_role(connection, account, role).id, after or "", limit + 1)
            return _with_roles(connection, account, found)

        return cut(await self._database.read(work), limit, lambda each: each.name.lower())

    async def delete(self, account: str, name: str) -> None:
        """Ends the profile and its invitations; a host that has it stays without one.

        Raises NoSuchEntity, and DeleteConflict while it holds a role.
        """

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            found = get_profile(connection, account, name)
            if profiles.list_roles(connection, [found.id]):
                raise DeleteConflict.until("remove roles from instance profile")
            hosts.delete_invitations(connection, found.id)
            tag_store.delete_all(connection, found.id)
            profiles.delete_profile(connection, found.id)

        await self._database.write(work)

    async def add_role(self, account: str, name: str, role: str) -> None:
        """Raises NoSuchEntity, and LimitExceeded where the profile holds a role already."""

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            profile, added = get_profile(connection, account, name), _get_role(connection, account, role)
            if not profiles.add_role(connection, profile.id, added.id):
                raise LimitExceeded.quota("InstanceSessionsPerInstanceProfile", ROLES_EACH)

        await self._database.write(work)

    async def remove_role(self, account: str, name: str, role: str) -> None:
        """Takes the role out, and ends its sessions on the hosts that have the profile. Raises NoSuchEntity."""

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            profile, removed = get_profile(connection, account, name), _get_role(connection, account, role)
            if not profiles.delete_role(connection, profile.id, removed.id):
                raise NoSuchEntity(f"The role with name {role} cannot be found in instance profile {name}.")
            hosts.delete_sessions(connection, profile.id, removed.id)

        await self._database.write(work)

    async def tag(self, account: str, name: str, given: Mapping[str, str]) -> None:
        """Adds tags; a key that is there, regardless of case, is replaced. Raises NoSuchEntity and LimitExceeded."""

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            tags.add(connection, get_profile(connection, account, name).id, given, self._quotas.tags)

        await self._database.write(work)

    async def untag(self, account: str, name: str, keys: Collection[str]) -> None:
        """Takes tags away; a key that is not there is left out. Raises NoSuchEntity and InvalidInput."""
        tags.check_keys(keys)

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            tags.remove(connection, get_profile(connection, account, name).id, keys)

        await self._database.write(work)

    async def list_tags(self, account: str, name: str, after: str | None, limit: int) -> Page[tuple[str, str]]:
        """Keys and values by key. Raises NoSuchEntity."""

        def work(connection: Connection) -> Page[tuple[str, str]]:
            return tags.page(connection, get_profile(connection, account, name).id, after, limit)

        return await self._database.read(work)


def get_profile(connection: Connection, account: str, name: str) -> InstanceProfile:
    """The profile of that name, regardless of case, without role and tags; raises NoSuchEntity."""
    found = profiles.find_profile(connection, account, name)
    if found is None:
        raise NoSuchEntity(f"Instance Profile {name} cannot be found.")
    return found


def _get_role(connection: Connection, account: str, name: str) -> Role:
    found = roles.find_role(connection, account, name)
    if found is None:
        raise NoSuchEntity.named("role", name)
    return found


def _with_roles(connection: Connection, account: str, found: Sequence[InstanceProfile]) -> list[InstanceProfile]:
    held = profiles.list_roles(connection, [each.id for each in found])
    show = partial(principal_names.show, connection)
    known = {each.id: each.shown(show) for each in roles.list_of_ids(connection, account, set(held.values()))}
    return [replace(each, role=known.get(held.get(each.id, ""))) for each in found]
