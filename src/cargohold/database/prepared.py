"""Point reads that every request makes, compiled once and asked of the driver itself.

Through SQLAlchemy's execution such a read takes some 50 µs, of which the database's own work is 7; this is for the two
or three hottest. The price: rows are as the driver gives them (SQLite's booleans are 0 and 1).
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, Select
from sqlalchemy.engine import Dialect

_STYLES: Final = {"sqlite": "named", "postgresql": "pyformat"}
"""How each driver wants parameters that have names."""


class Prepared:
    """One SELECT, and its text for each engine that has asked it."""

    __slots__ = ("_statement", "_texts")

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._texts: dict[str, tuple[str, dict[str, Any]]] = {}

    def first(self, connection: Connection, values: Mapping[str, object]) -> tuple[Any, ...] | None:
        """The first row, in the transaction that the connection is in; None when there is none."""
        text, constants = self._texts.get(connection.dialect.name) or self._compile(connection.dialect)
        driver: Any = connection.connection.driver_connection
        rows: list[tuple[Any, ...]] = driver.execute(text, {**constants, **values}).fetchall()
        return rows[0] if rows else None

    def _compile(self, dialect: Dialect) -> tuple[str, dict[str, Any]]:
        spoken = type(dialect)(paramstyle=_STYLES[dialect.name])  # type: ignore[call-arg]
        compiled = self._statement.compile(dialect=spoken)
        constants = {name: value for name, value in compiled.params.items() if value is not None}
        made = self._texts[dialect.name] = (str(compiled), constants)
        return made
