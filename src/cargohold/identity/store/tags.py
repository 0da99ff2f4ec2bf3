"""Statements on the tags of users, roles and managed policies."""

from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import Connection, Integer, bindparam, delete, func, select

from cargohold.database.locking import insert
from cargohold.database.schema.identity import identity_tag

_OF: Final = identity_tag.c.entity_id == bindparam("of")
_LIST: Final = select(identity_tag.c.key, identity_tag.c.value).where(_OF).order_by(identity_tag.c.folded_key)
_PAGE: Final = _LIST.where(identity_tag.c.folded_key > bindparam("after")).limit(bindparam("limit", type_=Integer))
_COUNT: Final = select(func.count()).where(_OF)
_ADD: Final = insert(identity_tag)
_SAVE: Final = _ADD.on_conflict_do_update(
    index_elements=[identity_tag.c.entity_id, identity_tag.c.folded_key],
    set_={"key": _ADD.excluded.key, "value": _ADD.excluded.value},
)
_DELETE: Final = delete(identity_tag).where(_OF, identity_tag.c.folded_key.in_(bindparam("keys", expanding=True)))
_DELETE_ALL: Final = delete(identity_tag).where(_OF)


def list_tags(connection: Connection, entity_id: str) -> dict[str, str]:
    """Every tag's value, by key in the order of the keys in lower case."""
    return {key: value for key, value in connection.execute(_LIST, {"of": entity_id})}  # noqa: C416


def list_page(connection: Connection, entity_id: str, after: str, limit: int) -> list[tuple[str, str]]:
    """Up to `limit` keys with their values, in the same order, behind the key `after` in lower case."""
    values = {"of": entity_id, "after": after, "limit": limit}
    return [(row[0], row[1]) for row in connection.execute(_PAGE, values)]


def count_tags(connection: Connection, entity_id: str) -> int:
    return int(connection.execute(_COUNT, {"of": entity_id}).scalar_one())


def save_tags(connection: Connection, entity_id: str, tags: Mapping[str, str]) -> None:
    """Adds tags; one whose key differs in case only is replaced, its key too."""
    if tags:
        rows = [
            {"entity_id": entity_id, "folded_key": key.lower(), "key": key, "value": value}
            for key, value in tags.items()
        ]
        connection.execute(_SAVE, rows)


def delete_tags(connection: Connection, entity_id: str, keys: Collection[str]) -> None:
    """Takes the tags of those keys away, regardless of case; there need not be any."""
    connection.execute(_DELETE, {"of": entity_id, "keys": [key.lower() for key in keys]})


def delete_all(connection: Connection, entity_id: str) -> None:
    connection.execute(_DELETE_ALL, {"of": entity_id})
