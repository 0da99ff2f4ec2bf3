"""Statements on the settings of registries: values by name, of those that somebody set."""

from typing import Final

from sqlalchemy import Connection, bindparam, select

from cargohold.core.arn import Registry
from cargohold.database.locking import insert
from cargohold.database.schema.registry import registry, registry_setting
from cargohold.registry.store.repositories import add_registry

_FIND: Final = (
    select(registry_setting.c.value)
    .join(registry, registry.c.id == registry_setting.c.registry_id)
    .where(
        registry.c.account == bindparam("account"),
        registry.c.region == bindparam("region"),
        registry.c.kind == bindparam("kind"),
        registry_setting.c.name == bindparam("setting"),
    )
)
_ADD: Final = insert(registry_setting)
_SAVE: Final = _ADD.on_conflict_do_update(
    index_elements=[registry_setting.c.registry_id, registry_setting.c.name], set_={"value": _ADD.excluded.value}
)


def find_setting(connection: Connection, of: Registry, name: str) -> str | None:
    """The value; None where nobody set it."""
    values = {"account": of.account, "region": of.region, "kind": of.kind, "setting": name}
    return connection.execute(_FIND, values).scalar_one_or_none()


def save_setting(connection: Connection, of: Registry, name: str, value: str) -> None:
    registry_id = add_registry(connection, of)
    connection.execute(_SAVE, {"registry_id": registry_id, "name": name, "value": value})
