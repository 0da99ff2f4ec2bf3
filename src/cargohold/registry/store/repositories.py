"""Statements on registries, repositories and resource tags."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, exists, func, select, update

from cargohold.core.arn import Registry, Target
from cargohold.core.errors import RepositoryNotFound
from cargohold.database.locking import for_share, insert
from cargohold.database.prepared import Prepared
from cargohold.database.schema.registry import image, registry, repository, resource_tag
from cargohold.registry.repository import NewRepository, Repository

_COLUMNS: Final = (
    repository.c.id,
    repository.c.name,
    repository.c.created_at,
    repository.c.tag_mutability,
    repository.c.tag_mutability_filters,
    repository.c.scan_on_push,
    repository.c.encryption_type,
    repository.c.kms_key,
)
_OF_REGISTRY: Final = (
    (registry.c.account == bindparam("account"))
    & (registry.c.region == bindparam("region"))
    & (registry.c.kind == bindparam("kind"))
)
_LIVE: Final = repository.c.deleted_at.is_(None)

_GET: Final = select(*_COLUMNS).where(repository.c.id == bindparam("id"), _LIVE)
_SHARE: Final = Prepared(for_share(_GET))
_LOCK: Final = _GET.with_for_update()
_LIST: Final = select(*_COLUMNS).where(repository.c.id.in_(bindparam("ids", expanding=True)), _LIVE)
_PAGE: Final = (
    select(*_COLUMNS)
    .join(registry, registry.c.id == repository.c.registry_id)
    .where(_OF_REGISTRY, _LIVE, repository.c.name > bindparam("after"))
    .order_by(repository.c.name)
    .limit(bindparam("limit"))
)
_REGISTRY: Final = select(registry.c.id).where(_OF_REGISTRY)
_ADD_REGISTRY: Final = insert(registry).on_conflict_do_nothing()
_COUNT: Final = select(func.count()).where(repository.c.registry_id == bindparam("registry_id"), _LIVE)
_HOLD_QUOTA: Final = (
    select(registry.c.id)
    .join(repository, repository.c.registry_id == registry.c.id)
    .where(repository.c.id == bindparam("of"))
    .with_for_update(key_share=True, of=registry)
)
_ADD: Final = (
    insert(repository)
    .on_conflict_do_nothing(index_elements=[repository.c.registry_id, repository.c.name], index_where=_LIVE)
    .returning(repository.c.id)
)
_SAVE_MUTABILITY: Final = (
    update(repository)
    .where(repository.c.id == bindparam("of"), _LIVE)
    .values(tag_mutability=bindparam("mode"), tag_mutability_filters=bindparam("filters"))
    .returning(*_COLUMNS)
)
_SAVE_SCAN_ON_PUSH: Final = (
    update(repository)
    .where(repository.c.id == bindparam("of"), _LIVE)
    .values(scan_on_push=bindparam("flag"))
    .returning(*_COLUMNS)
)
_ADD_TAGS: Final = insert(resource_tag)
_SAVE_TAGS: Final = _ADD_TAGS.on_conflict_do_update(
    index_elements=[resource_tag.c.repository_id, resource_tag.c.key], set_={"value": _ADD_TAGS.excluded.value}
)
_OF_REPOSITORY: Final = resource_tag.c.repository_id == bindparam("of")
_TAGS: Final = select(resource_tag.c.key, resource_tag.c.value).where(_OF_REPOSITORY)
_COUNT_TAGS: Final = select(func.count()).where(_OF_REPOSITORY)
_DELETE_TAGS: Final = delete(resource_tag).where(
    _OF_REPOSITORY, resource_tag.c.key.in_(bindparam("keys", expanding=True))
)
_HAS_IMAGES: Final = select(exists().where(image.c.repository_id == bindparam("id"), image.c.deleted_at.is_(None)))
_DELETE: Final = (
    update(repository).where(repository.c.id == bindparam("of")).values(state="deleted", deleted_at=bindparam("now"))
)


def get_repository(connection: Connection, target: Target) -> Repository:
    """The repository as this read sees it. Raises RepositoryNotFound."""
    return _built(connection.execute(_GET, {"id": target.existing}).one_or_none(), target)


def get_shared(connection: Connection, target: Target) -> Repository:
    """The repository, which nobody deletes from until the transaction ends. Raises RepositoryNotFound."""
    return _built(_SHARE.first(connection, {"id": target.existing}), target)


def get_locked(connection: Connection, target: Target) -> Repository:
    """The repository, which nobody adds to or deletes from until the transaction ends. Raises RepositoryNotFound."""
    return _built(connection.execute(_LOCK, {"id": target.existing}).one_or_none(), target)


def list_repositories(connection: Connection, of: Registry, ids: Sequence[int]) -> dict[int, Repository]:
    """The live ones among `ids`, by id."""
    return {row[0]: _from_row(row, of) for row in connection.execute(_LIST, {"ids": ids})}


def list_page(connection: Connection, of: Registry, after: str, limit: int) -> list[Repository]:
    """Up to `limit` repositories by name, behind the name `after`."""
    rows = connection.execute(_PAGE, {**_named(of), "after": after, "limit": limit})
    return [_from_row(row, of) for row in rows]


def add_registry(connection: Connection, of: Registry) -> int:
    """The registry's id; its row is made when there is none yet."""
    found: int | None = connection.execute(_REGISTRY, _named(of)).scalar_one_or_none()
    if found is None:
        connection.execute(_ADD_REGISTRY, _named(of))
        found = connection.execute(_REGISTRY, _named(of)).scalar_one()
    return found


def hold_quota(connection: Connection, repository_id: int) -> None:
    """What is counted from here on against a quota of the repository's registry, nobody else adds to until the end."""
    connection.execute(_HOLD_QUOTA, {"of": repository_id}).all()


def count_repositories(connection: Connection, registry_id: int) -> int:
    return int(connection.execute(_COUNT, {"registry_id": registry_id}).scalar_one())


def add_repository(connection: Connection, registry_id: int, new: NewRepository, now: int) -> int | None:
    """The new repository's id, None when the name is taken."""
    values = {
        "registry_id": registry_id,
        "name": new.name,
        "state": "active",
        "created_at": now,
        "tag_mutability": new.tag_mutability,
        "tag_mutability_filters": json.dumps(new.tag_mutability_filters),
        "scan_on_push": new.scan_on_push,
        "encryption_type": new.encryption_type,
        "kms_key": new.kms_key,
        "policy": new.policy,
    }
    added: int | None = connection.execute(_ADD, values).scalar_one_or_none()
    return added


def save_tag_mutability(connection: Connection, target: Target, mode: str, filters: Sequence[str]) -> Repository:
    """The repository with another mode; pushes that are under way end before, or see it. Raises RepositoryNotFound."""
    values = {"of": target.existing, "mode": mode, "filters": json.dumps(filters)}
    return _built(connection.execute(_SAVE_MUTABILITY, values).one_or_none(), target)


def save_scan_on_push(connection: Connection, target: Target, flag: bool) -> Repository:
    """The repository with another flag. Raises RepositoryNotFound."""
    return _built(connection.execute(_SAVE_SCAN_ON_PUSH, {"of": target.existing, "flag": flag}).one_or_none(), target)


def list_resource_tags(connection: Connection, repository_id: int) -> dict[str, str]:
    """Values by key, the keys in the order of their characters, which is the same on every engine."""
    return dict(sorted(tuple(row) for row in connection.execute(_TAGS, {"of": repository_id})))


def count_resource_tags(connection: Connection, repository_id: int) -> int:
    return int(connection.execute(_COUNT_TAGS, {"of": repository_id}).scalar_one())


def save_resource_tags(connection: Connection, repository_id: int, tags: Mapping[str, str]) -> None:
    """Gives the repository these tags beside those that it has; a key that it has gets the new value."""
    if tags:
        rows = [{"repository_id": repository_id, "key": key, "value": value} for key, value in tags.items()]
        connection.execute(_SAVE_TAGS, rows)


def delete_resource_tags(connection: Connection, repository_id: int, keys: Collection[str]) -> None:
    """Takes the tags of those keys away; there need not be any."""
    connection.execute(_DELETE_TAGS, {"of": repository_id, "keys": list(keys)})


def has_images(connection: Connection, repository_id: int) -> bool:
    return bool(connection.execute(_HAS_IMAGES, {"id": repository_id}).scalar_one())


def delete_repository(connection: Connection, repository_id: int, now: int) -> None:
    """Leaves a tombstone; what the repository holds stays until it is collected, so that this could be undone."""
    connection.execute(_DELETE, {"of": repository_id, "now": now})


def _built(row: Sequence[Any] | None, target: Target) -> Repository:
    if row is None:
        raise RepositoryNotFound(target.name, target.registry.account)
    return _from_row(row, target.registry)


def _from_row(row: Sequence[Any], of: Registry) -> Repository:
    id_, name, created_at, tag_mutability, filters, scan_on_push, encryption_type, kms_key = row
    return Repository(
        id=id_,
        registry=of,
        name=name,
        created_at=created_at,
        tag_mutability=tag_mutability,
        tag_mutability_filters=tuple(json.loads(filters)),
        scan_on_push=bool(scan_on_push),
        encryption_type=encryption_type,
        kms_key=kms_key,
    )


def _named(of: Registry) -> dict[str, str]:
    return {"account": of.account, "region": of.region, "kind": of.kind}
