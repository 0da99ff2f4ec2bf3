"""Statements on inline policies: documents that belong to one user, group or role."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from cargohold.database.locking import insert
from cargohold.database.schema.identity import inline_policy

_OF_ENTITY: Final = inline_policy.c.entity_id == bindparam("entity")
_CALLED: Final = inline_policy.c.name == bindparam("called")
_NAMES: Final = select(inline_policy.c.name).where(_OF_ENTITY).order_by(inline_policy.c.name)
_OTHERS: Final = select(inline_policy.c.document).where(_OF_ENTITY, inline_policy.c.name != bindparam("called"))
_FIND: Final = select(inline_policy.c.document).where(_OF_ENTITY, _CALLED)
_DELETE: Final = delete(inline_policy).where(_OF_ENTITY, _CALLED).returning(inline_policy.c.name)


def list_names(connection: Connection, entity_id: str) -> Sequence[str]:
    """The names of all of an entity's inline policies, in order."""
    return connection.execute(_NAMES, {"entity": entity_id}).scalars().all()


def list_other_documents(connection: Connection, entity_id: str, name: str) -> Sequence[str]:
    """The documents of an entity's inline policies but the one of this name."""
    return connection.execute(_OTHERS, {"entity": entity_id, "called": name}).scalars().all()


def find_inline(connection: Connection, entity_id: str, name: str) -> str | None:
    """The document of that name."""
    return connection.execute(_FIND, {"entity": entity_id, "called": name}).scalar_one_or_none()


def save_inline(connection: Connection, entity_id: str, name: str, document: str, now: int) -> None:
    """Adds a document, or puts it in place of the one of that name."""
    adding = insert(inline_policy).values(entity_id=entity_id, name=name, document=document, created_at=now)
    replacing = adding.on_conflict_do_update(index_elements=["entity_id", "name"], set_={"document": document})
    connection.execute(replacing)


def delete_inline(connection: Connection, entity_id: str, name: str) -> bool:
    """Whether there was one."""
    return connection.execute(_DELETE, {"entity": entity_id, "called": name}).first() is not None
