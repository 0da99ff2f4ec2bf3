"""The database engines that rooms and doors are tested on, as one kind of thing.

A test's database is a copy of one that was furnished once: migrating takes longer than most tests.
"""

import asyncio
import shutil
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString
from unittest.mock import patch

import psycopg

from cargohold.database import Database, migrate, migrate_postgresql
from cargohold.database.postgresql import PostgreSQL
from cargohold.database.sqlite import SQLite

from .postgresql import PostgresServer

CONNECTIONS = 8
"""What each handle may use of PostgreSQL's."""

Place = str
"""Where a database is: a file's path, or a URL; what `open` takes and another process can be given."""


class Engine(ABC):
    """Makes databases and opens them."""

    name: str

    @abstractmethod
    def make(self, folder: Path) -> Place:
        """A new database at head. Nothing else may lie in `folder`."""

    @abstractmethod
    def copy(self, place: Place, folder: Path) -> Place:
        """A copy of a database that nobody has open."""

    @abstractmethod
    def drop(self, place: Place) -> None:
        """Removes what does not lie in its folder."""

    @abstractmethod
    def open(self, place: Place) -> Database:
        """A handle as another process would have it."""

    @abstractmethod
    @contextmanager
    def borrowed(self, place: Place) -> Iterator[Database]:
        """A handle for the length of a test, that another test may have had before: faster to get than a new one."""

    @abstractmethod
    def close(self) -> None:
        """Ends what the engine itself has open."""


class SQLiteEngine(Engine):
    name = "sqlite"

    def make(self, folder: Path) -> Place:
        migrate.upgrade(folder / "cargohold.db")
        return str(folder / "cargohold.db")

    def copy(self, place: Place, folder: Path) -> Place:
        return str(shutil.copy(place, folder / "cargohold.db"))

    def drop(self, place: Place) -> None:
        """It lies in its folder."""

    def open(self, place: Place) -> SQLite:
        return SQLite.open(Path(place))

    @contextmanager
    def borrowed(self, place: Place) -> Iterator[Database]:
        database = self.open(place)
        yield database
        asyncio.run(database.close())

    def close(self) -> None:
        """It has nothing open."""


class PostgreSQLEngine(Engine):
    """Dropped copies are used again, with the handles that were lent on them: emptying and filling one takes a few
    milliseconds, making one a hundred, and a new handle connects and compiles every statement anew."""

    name = "postgresql"

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self._contents: dict[Place, Contents] = {}
        self._originals: dict[Place, Place] = {}
        self._dropped: dict[Place, list[Place]] = defaultdict(list)
        self._connections: dict[Place, psycopg.Connection[Any]] = {}
        self._lent: dict[Place, PostgreSQL] = {}

    def make(self, folder: Path) -> Place:
        place = self.server.create()
        migrate_postgresql.upgrade(place)
        return place

    def copy(self, place: Place, folder: Path) -> Place:
        if place not in self._contents:
            self._contents[place] = Contents(place)
        if self._dropped[place]:
            copied = self._dropped[place].pop()
        else:
            copied = self.server.create(f"TEMPLATE {place.rpartition('/')[2]}")
            self._originals[copied] = place
            self._connections[copied] = psycopg.connect(copied)
        self._contents[place].restore(self._connections[copied])
        return copied

    def drop(self, place: Place) -> None:
        self._dropped[self._originals[place]].append(place)

    def open(self, place: Place) -> PostgreSQL:
        return PostgreSQL.open(place, CONNECTIONS)

    @contextmanager
    def borrowed(self, place: Place) -> Iterator[Database]:
        if place not in self._lent:
            self._lent[place] = self.open(place)
        yield self._lent[place]

    def close(self) -> None:
        for database in self._lent.values():
            asyncio.run(database.close())
        for connection in self._connections.values():
            connection.close()


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The text of each statement that the database reads with inside the block."""
    sent: list[str] = []
    if isinstance(database, SQLite):
        database._raw_reader.set_trace_callback(sent.append)
        yield sent
        database._raw_reader.set_trace_callback(None)
        return
    execute = psycopg.Cursor.execute

    def recording(cursor: Any, query: str, *arguments: Any, **options: Any) -> Any:
        sent.append(query)
        return execute(cursor, query, *arguments, **options)

    with patch.object(psycopg.Cursor, "execute", recording):
        yield sent


class Contents:
    """Every row of a database, and where its sequences stand."""

    _TABLES: LiteralString = """
        SELECT quote_ident(relname) FROM pg_class
        WHERE relkind = %s AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
    """
    _UNCHECKED = "SET LOCAL session_replication_role = replica; SET LOCAL lock_timeout = '10s'"

    def __init__(self, place: Place) -> None:
        with psycopg.connect(place) as connection, connection.cursor() as cursor:
            tables = [name for (name,) in cursor.execute(self._TABLES, ["r"])]
            rows = {table: _rows(cursor, table) for table in tables}
            sequences = [name for (name,) in cursor.execute(self._TABLES, ["S"])]
            standing = [_standing(cursor, name) for name in sequences]
        emptied = (f"DELETE FROM {table}" for table in tables)  # noqa: S608
        self._emptying = "; ".join([self._UNCHECKED, *emptied, *standing])
        self._rows = {table: text for table, text in rows.items() if text}

    def restore(self, connection: psycopg.Connection[Any]) -> None:
        """Gives a copy, in which nothing runs, these rows instead of its own."""
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute(self._emptying)  # type: ignore[arg-type]
            for table, rows in self._rows.items():
                with cursor.copy(f"COPY {table} FROM STDIN") as filling:  # type: ignore[arg-type]
                    filling.write(rows)


def _rows(cursor: psycopg.Cursor[Any], table: str) -> bytes:
    with cursor.copy(f"COPY {table} TO STDOUT") as copied:  # type: ignore[arg-type]
        return b"".join(copied)


def _standing(cursor: psycopg.Cursor[Any], sequence: str) -> str:
    """The statement that puts a sequence where it stands now."""
    last, _, called = cursor.execute(f"TABLE {sequence}").fetchone() or (1, 0, False)  # type: ignore[arg-type]
    return f"SELECT setval('{sequence}', {last}, {called})"
