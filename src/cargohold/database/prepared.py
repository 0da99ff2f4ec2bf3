"""Statements that most requests make, compiled once and told to the driver itself.

Through SQLAlchemy's execution a point read takes some 50 µs, of which the database's own work is 7, and the writer, one
thread, makes some thirty statements for a small image; this is for what every pull and push does. The price: rows are
as the driver gives them (SQLite's booleans are 0 and 1), and a statement has no list that expands (IN).
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, Delete, Insert, Select, Update
from sqlalchemy.engine import Dialect

_STYLES: Final = {"sqlite": "named", "postgresql": "pyformat"}
"""How each driver wants parameters that have names."""


class Prepared:
    """One statement, and its text for each engine that has asked it. An INSERT is always given the same columns."""

    __slots__ = ("_texts", "statement")

    def __init__(self, statement: Select[Any] | Insert | Update | Delete) -> None:
        self.statement = statement
        self._texts: dict[str, tuple[str, dict[str, Any]]] = {}

    def first(self, connection: Connection, values: Mapping[str, object]) -> tuple[Any, ...] | None:
        """The first row, in the transaction that the connection is in; None when there is none."""
        text, constants = self._texts.get(connection.dialect.name) or self._compile(connection.dialect, values)
        driver: Any = connection.connection.driver_connection
        rows: list[tuple[Any, ...]] = driver.execute(text, {**constants, **values}).fetchall()
        return rows[0] if rows else None

    def change(self, connection: Connection, values: Mapping[str, object]) -> int:
        """How many rows an INSERT, UPDATE or DELETE changed that returns none."""
        text, constants = self._texts.get(connection.dialect.name) or self._compile(connection.dialect, values)
        driver: Any = connection.connection.driver_connection
        return int(driver.execute(text, {**constants, **values}).rowcount)

    def _compile(self, dialect: Dialect, values: Mapping[str, object]) -> tuple[str, dict[str, Any]]:
        spoken = type(dialect)(paramstyle=_STYLES[dialect.name])  # type: ignore[call-arg]
        columns = list(values) if isinstance(self.statement, Insert) else None
        compiled = self.statement.compile(dialect=spoken, column_keys=columns)
        constants = {name: value for name, value in compiled.params.items() if value is not None}
        made = self._texts[dialect.name] = (str(compiled), constants)
        return made
