"""Statements on creation templates. A registry that makes or changes them is held, so that a prefix is there once."""

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, select, update

from cargohold.core.arn import Registry
from cargohold.database.locking import insert
from cargohold.database.schema.registry import creation_template as template
from cargohold.database.schema.registry import registry
from cargohold.registry.creation_template import Template
from cargohold.registry.store.repositories import add_registry

_COLUMNS: Final = (
    template.c.prefix,
    template.c.applied_for,
    template.c.description,
    template.c.encryption_type,
    template.c.kms_key,
    template.c.tag_mutability,
    template.c.tag_mutability_filters,
    template.c.resource_tags,
    template.c.repository_policy,
    template.c.lifecycle_policy,
    template.c.custom_role_arn,
    template.c.created_at,
    template.c.updated_at,
)
_LIST: Final = (
    select(*_COLUMNS)
    .join(registry, registry.c.id == template.c.registry_id)
    .where(
        registry.c.account == bindparam("account"),
        registry.c.region == bindparam("region"),
        registry.c.kind == bindparam("kind"),
    )
    .order_by(template.c.prefix)
)
_NAMED: Final = _LIST.where(template.c.prefix.in_(bindparam("prefixes", expanding=True)))
_PAGE: Final = _LIST.where(template.c.prefix > bindparam("after")).limit(bindparam("limit"))
_HOLD: Final = select(registry.c.id).where(registry.c.id == bindparam("of")).with_for_update(key_share=True)
_COUNT: Final = select(func.count()).where(template.c.registry_id == bindparam("of"))
_ADD: Final = insert(template)
_ONE: Final = (template.c.registry_id == bindparam("of")) & (template.c.prefix == bindparam("named"))
_DELETE: Final = delete(template).where(_ONE)
_SAVE: Final = update(template).where(_ONE)


def hold(connection: Connection, of: Registry) -> int:
    """The registry's id; nobody else makes, changes or deletes its templates until the transaction ends."""
    registry_id = add_registry(connection, of)
    connection.execute(_HOLD, {"of": registry_id}).all()
    return registry_id


def list_named(connection: Connection, of: Registry, prefixes: Sequence[str]) -> list[Template]:
    """Those whose prefix is written like one of these."""
    values = {"account": of.account, "region": of.region, "kind": of.kind, "prefixes": list(prefixes)}
    return [_from_row(row) for row in connection.execute(_NAMED, values)]


def list_page(connection: Connection, of: Registry, after: str, limit: int) -> list[Template]:
    """Up to `limit` templates by prefix, behind the prefix `after`."""
    values = {"account": of.account, "region": of.region, "kind": of.kind, "after": after, "limit": limit}
    return [_from_row(row) for row in connection.execute(_PAGE, values)]


def count_templates(connection: Connection, registry_id: int) -> int:
    return int(connection.execute(_COUNT, {"of": registry_id}).scalar_one())


def add_template(connection: Connection, registry_id: int, new: Template) -> None:
    """Keeps a template whose prefix is free."""
    connection.execute(_ADD, {"registry_id": registry_id, **_values(new)})


def save_template(connection: Connection, registry_id: int, changed: Template) -> None:
    """Puts this in place of what the template of its prefix said."""
    connection.execute(_SAVE, {"of": registry_id, "named": changed.prefix, **_values(changed)})


def delete_template(connection: Connection, registry_id: int, prefix: str) -> None:
    connection.execute(_DELETE, {"of": registry_id, "named": prefix})


def _values(of: Template) -> dict[str, Any]:
    return {
        "prefix": of.prefix,
        "applied_for": json.dumps(of.applied_for),
        "description": of.description,
        "encryption_type": of.encryption_type,
        "kms_key": of.kms_key,
        "tag_mutability": of.tag_mutability,
        "tag_mutability_filters": json.dumps(of.tag_mutability_filters),
        "resource_tags": json.dumps(dict(of.resource_tags)),
        "repository_policy": of.repository_policy,
        "lifecycle_policy": of.lifecycle_policy,
        "custom_role_arn": of.custom_role_arn,
        "created_at": of.created_at,
        "updated_at": of.updated_at,
    }


def _from_row(row: Sequence[Any]) -> Template:
    prefix, applied_for, description, encryption_type, kms_key, mode, filters, tags, *rest = row
    policy, lifecycle, role, created_at, updated_at = rest
    return Template(
        prefix=prefix,
        applied_for=tuple(json.loads(applied_for)),
        description=description,
        encryption_type=encryption_type,
        kms_key=kms_key,
        tag_mutability=mode,
        tag_mutability_filters=tuple(json.loads(filters)),
        resource_tags=json.loads(tags),
        repository_policy=policy,
        lifecycle_policy=lifecycle,
        custom_role_arn=role,
        created_at=created_at,
        updated_at=updated_at,
    )
