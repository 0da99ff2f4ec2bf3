"""Public registries: the aliases that address them, and what the gallery says of them and of their repositories.

Everything else of a public repository is as a private one's: rows of a registry whose kind is public.
Source: Amazon ECR Public API reference and user guide, "Public registries".
"""

import asyncio
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Connection

from cargohold.core.arn import Registry, Target
from cargohold.core.clock import Clock
from cargohold.core.errors import InvalidParameter, RegistryNotFound, RepositoryCatalogDataNotFound
from cargohold.core.paging import Page
from cargohold.core.reference import is_alias
from cargohold.core.text import NOT_TEXT, is_sound
from cargohold.database import Database
from cargohold.registry import repository as repository_rules
from cargohold.registry.catalog import Catalog, check
from cargohold.registry.limits import Limits
from cargohold.registry.repositories import Repositories
from cargohold.registry.repository import NewRepository, Repository
from cargohold.registry.store import public, repositories
from cargohold.registry.store.public import Alias, TaggedImage

__all__ = ["Alias", "Catalog", "PublicRegistries", "Publisher", "TaggedImage"]

WINDOW: Final = 200
"""Rows of one read."""

_LETTERS: Final = string.ascii_lowercase
_REST: Final = 7


@dataclass(frozen=True, slots=True)
class Publisher:
    """A public registry as others see it."""

    aliases: tuple[Alias, ...]
    """Every one of them addresses it; empty before its first repository."""

    @property
    def primary(self) -> str | None:
        """The alias that it is addressed by where we name it."""
        return next((alias.name for alias in self.aliases if alias.is_primary), None)


def new_alias() -> str:
    """A default alias as AWS gives them: a letter, then seven letters and digits."""
    return secrets.choice(_LETTERS) + "".join(secrets.choice(_LETTERS + string.digits) for _ in range(_REST))


class PublicRegistries:
    """`repositories` keeps them by the quotas of public registries."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        limits: Limits,
        repositories: Repositories,
        name: Callable[[], str] = new_alias,
    ) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits
        self._repositories = repositories
        self._name = name

    async def find(self, alias: str, name: str) -> Target | None:
        """What `<alias>/<name>` addresses, there or not; None where nobody has the alias."""
        if not is_alias(alias):
            return None
        return await self._database.read(partial(public.find_addressed, alias=alias, name=name))

    async def get_account(self, alias: str) -> str:
        """Whose alias it is. Raises RegistryNotFound."""
        found = await self.find(alias, "")
        if found is None:
            raise RegistryNotFound(alias)
        return found.registry.account

    async def publisher(self, registry: Registry) -> Publisher:
        """The registry's aliases; none where there is no such registry yet."""
        return Publisher(tuple(await self._database.read(partial(public.list_aliases, of=registry))))

    async def create(self, registry: Registry, new: NewRepository, catalog: Catalog | None) -> Repository:
        """A new repository, and with the registry's first one its default alias: whole or not at all.

        Raises what Repositories.create raises, and InvalidParameter for a wrong logo.
        """
        repository_rules.check(new, self._limits)
        if catalog is not None:
            check(catalog)
        return await self._database.write(partial(self._create, registry=registry, new=new, catalog=catalog))

    async def add_alias(self, registry: Registry, name: str) -> Publisher:
        """Gives the registry an alias of the operator's choice, by which it is named from then on.

        Raises InvalidParameter for a word that can be none, or is an alias already, and RegistryNotFound before the
        registry's first repository.
        """
        if not is_alias(name):
            raise InvalidParameter("alias", "must be 2 to 50 lower-case letters, digits and single separators")
        return await self._database.write(partial(self._add_alias, registry=registry, name=name))

    async def display_name(self, registry: Registry) -> str | None:
        """The name that the gallery shows for the registry; None where it has none."""
        return await self._database.read(partial(public.find_display_name, of=registry)) or None

    async def set_display_name(self, registry: Registry, name: str) -> None:
        """Gives the registry a name in place of its own; an empty one takes it away. Raises InvalidParameter."""
        if not is_sound(name):
            raise InvalidParameter("displayName", NOT_TEXT)
        await self._database.write(partial(public.save_display_name, of=registry, name=name))

    async def catalog(self, target: Target) -> Catalog:
        """What the gallery says of a repository. Raises RepositoryNotFound and RepositoryCatalogDataNotFound."""
        found = await self._database.read(partial(public.find_catalog, target=target))
        if found is None:
            raise RepositoryCatalogDataNotFound(target.name, target.registry.account)
        return found

    async def logo(self, target: Target) -> bytes | None:
        """The PNG that the repository's catalog data has. Raises RepositoryNotFound."""
        found = await self._database.read(partial(public.find_catalog, target=target))
        return None if found is None else found.logo

    async def set_catalog(self, target: Target, catalog: Catalog) -> None:
        """Says this in place of all that was said. Raises RepositoryNotFound and InvalidParameter."""
        _ = target.existing
        check(catalog)
        await self._database.write(partial(_save_catalog, target=target, catalog=catalog))

    async def tagged(self, target: Target, after: str | None, limit: int) -> Page[TaggedImage]:
        """Up to `limit` tags in lexical order with their images, behind the tag `after`. Raises RepositoryNotFound."""
        wanted = partial(public.list_tagged, repository_id=target.existing)
        found: list[TaggedImage] = []
        last = after or ""
        while len(found) <= limit:
            rows = await self._database.read(partial(wanted, after=last, limit=WINDOW))
            found += rows
            if len(rows) < WINDOW:
                break
            last = rows[-1].tag
            await asyncio.sleep(0)
        return Page(tuple(found[:limit]), found[limit - 1].tag if len(found) > limit else None)

    def _create(
        self, connection: Connection, registry: Registry, new: NewRepository, catalog: Catalog | None
    ) -> Repository:
        now = self._clock()
        # Holds the registry's row, so that of two first repositories one makes the alias.
        made = self._repositories.add(connection, registry, new, now)
        aliases = public.list_aliases(connection, registry)
        if not any(alias.is_default for alias in aliases):
            while not public.add_alias(connection, registry, Alias(self._name(), not aliases, True), now):
                pass  # somebody has that one
        if catalog is not None:
            public.save_catalog(connection, made.id, catalog)
        return made

    def _add_alias(self, connection: Connection, registry: Registry, name: str) -> Publisher:
        if not public.list_aliases(connection, registry):
            raise RegistryNotFound(registry.account)
        if not public.add_alias(connection, registry, Alias(name, True, False), self._clock()):
            raise InvalidParameter("alias", "is the alias of a registry already")
        return Publisher(tuple(public.list_aliases(connection, registry)))


def _save_catalog(connection: Connection, target: Target, catalog: Catalog) -> None:
    repository = repositories.get_locked(connection, target)
    public.save_catalog(connection, repository.id, catalog)
