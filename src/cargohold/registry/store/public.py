"""Statements on what public registries alone have: aliases, and what the gallery says of registry and repositories."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, update

from cargohold.core.arn import Registry, Target, public_registry
from cargohold.core.errors import RepositoryNotFound
from cargohold.database.locking import insert
from cargohold.database.prepared import Prepared
from cargohold.database.schema.public import registry_alias, registry_catalog, repository_catalog
from cargohold.database.schema.registry import image, registry, repository, tag
from cargohold.registry.catalog import Catalog
from cargohold.registry.store.repositories import add_registry


@dataclass(frozen=True, slots=True)
class Alias:
    """A name that addresses a registry. The default one was made with its first repository."""

    name: str
    is_primary: bool
    is_default: bool


@dataclass(frozen=True, slots=True)
class TaggedImage:
    """A tag with the image that it names; times are epoch milliseconds, `size` is in bytes."""

    tag: str
    created_at: int
    digest: str
    size: int
    pushed_at: int
    media_type: str
    artifact_type: str | None


_LIVE: Final = repository.c.deleted_at.is_(None)
_OF_ACCOUNT: Final = (registry.c.account == bindparam("account")) & (registry.c.kind == "public")
_ADDRESSED: Final = Prepared(
    select(registry.c.account, repository.c.id)
    .join_from(registry_alias, registry, registry.c.id == registry_alias.c.registry_id)
    .outerjoin(
        repository,
        (repository.c.registry_id == registry.c.id) & (repository.c.name == bindparam("repository")) & _LIVE,
    )
    .where(registry_alias.c.name == bindparam("alias"))
)
_ALIASES: Final = (
    select(registry_alias.c.name, registry_alias.c.is_primary, registry_alias.c.is_default)
    .join_from(registry_alias, registry, registry.c.id == registry_alias.c.registry_id)
    .where(_OF_ACCOUNT)
    .order_by(registry_alias.c.is_default.desc(), registry_alias.c.created_at, registry_alias.c.name)
)
_ADD_ALIAS: Final = insert(registry_alias).on_conflict_do_nothing().returning(registry_alias.c.name)
_UNSET_PRIMARY: Final = (
    update(registry_alias).where(registry_alias.c.registry_id == bindparam("of")).values(is_primary=False)
)
_DISPLAY_NAME: Final = (
    select(registry_catalog.c.display_name)
    .join_from(registry_catalog, registry, registry.c.id == registry_catalog.c.registry_id)
    .where(_OF_ACCOUNT)
)
_ADD_DISPLAY_NAME: Final = insert(registry_catalog)
_SAVE_DISPLAY_NAME: Final = _ADD_DISPLAY_NAME.on_conflict_do_update(
    index_elements=[registry_catalog.c.registry_id], set_={"display_name": _ADD_DISPLAY_NAME.excluded.display_name}
)
_SAID: Final = (
    repository_catalog.c.description,
    repository_catalog.c.about,
    repository_catalog.c.usage,
    repository_catalog.c.architectures,
    repository_catalog.c.operating_systems,
    repository_catalog.c.logo,
)
_CATALOG: Final = (
    select(repository.c.id, repository_catalog.c.repository_id, *_SAID)
    .outerjoin(repository_catalog, repository_catalog.c.repository_id == repository.c.id)
    .where(repository.c.id == bindparam("of"), _LIVE)
)
_ADD_CATALOG: Final = insert(repository_catalog)
_SAVE_CATALOG: Final = _ADD_CATALOG.on_conflict_do_update(
    index_elements=[repository_catalog.c.repository_id],
    set_={column.name: _ADD_CATALOG.excluded[column.name] for column in _SAID},
)
_TAGGED: Final = (
    select(
        tag.c.name,
        tag.c.created_at,
        image.c.digest,
        image.c.size,
        image.c.pushed_at,
        image.c.media_type,
        image.c.artifact_type,
    )
    .join(image, image.c.id == tag.c.image_id)
    .where(tag.c.repository_id == bindparam("repository_id"), tag.c.name > bindparam("after"))
    .order_by(tag.c.name)
    .limit(bindparam("limit"))
)


def find_addressed(connection: Connection, alias: str, name: str) -> Target | None:
    """What `<alias>/<name>` addresses, there or not; None where nobody has the alias."""
    row = _ADDRESSED.first(connection, {"alias": alias, "repository": name})
    return None if row is None else Target(public_registry(row[0]), name, row[1])


def list_aliases(connection: Connection, of: Registry) -> list[Alias]:
    """The registry's, the default one first, then the oldest."""
    rows = connection.execute(_ALIASES, {"account": of.account})
    return [Alias(name, bool(is_primary), bool(is_default)) for name, is_primary, is_default in rows]


def add_alias(connection: Connection, of: Registry, alias: Alias, now: int) -> bool:
    """Gives the registry an alias, primary in place of the one before where it says so; False when somebody has it."""
    registry_id = add_registry(connection, of)
    values = {
        "name": alias.name,
        "registry_id": registry_id,
        "is_primary": False,
        "is_default": alias.is_default,
        "created_at": now,
    }
    if connection.execute(_ADD_ALIAS, values).one_or_none() is None:
        return False
    if alias.is_primary:
        connection.execute(_UNSET_PRIMARY, {"of": registry_id})
        named = update(registry_alias).where(registry_alias.c.name == alias.name)
        connection.execute(named.values(is_primary=True))
    return True


def find_display_name(connection: Connection, of: Registry) -> str | None:
    return connection.execute(_DISPLAY_NAME, {"account": of.account}).scalar_one_or_none()


def save_display_name(connection: Connection, of: Registry, name: str) -> None:
    """Gives the registry, which gets a row when it has none yet, this name in place of its own."""
    connection.execute(_SAVE_DISPLAY_NAME, {"registry_id": add_registry(connection, of), "display_name": name})


def find_catalog(connection: Connection, target: Target) -> Catalog | None:
    """What was said of the repository last; None where nothing ever was. Raises RepositoryNotFound."""
    row = connection.execute(_CATALOG, {"of": target.existing}).one_or_none()
    if row is None:
        raise RepositoryNotFound(target.name, target.registry.account)
    return None if row[1] is None else _built(row[2:])


def save_catalog(connection: Connection, repository_id: int, catalog: Catalog) -> None:
    """Says this of the repository in place of all that was said before."""
    values = {
        "repository_id": repository_id,
        "description": catalog.description,
        "about": catalog.about,
        "usage": catalog.usage,
        "architectures": json.dumps(catalog.architectures),
        "operating_systems": json.dumps(catalog.operating_systems),
        "logo": catalog.logo,
    }
    connection.execute(_SAVE_CATALOG, values)


def list_tagged(connection: Connection, repository_id: int, after: str, limit: int) -> list[TaggedImage]:
    """Up to `limit` tags in lexical order, behind the tag `after`, with their images."""
    values = {"repository_id": repository_id, "after": after, "limit": limit}
    return [TaggedImage(*row) for row in connection.execute(_TAGGED, values)]


def _built(row: Sequence[Any]) -> Catalog:
    description, about, usage, architectures, systems, logo = row
    return Catalog(description, about, usage, tuple(json.loads(architectures)), tuple(json.loads(systems)), logo)
