"""A registry's row, to which rooms above tie what they keep of it."""

from sqlalchemy import Connection

from cargohold.core.arn import Registry
from cargohold.registry.store import repositories


def registry_id(connection: Connection, of: Registry) -> int:
    """The row's id; it is made when there is none yet."""
    return repositories.add_registry(connection, of)
