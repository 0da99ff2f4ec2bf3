"""Brings a database to the schema that this program knows: SQLite's file here, PostgreSQL's in migrate_postgresql.

Alembic is imported only when the database is behind. The migrations are `migrations/versions/NNNN_<what>.py`, one line
without branches, so the highest number is the head. The next one is written by hand; test_migrate.py says in what it
differs from `database.schema`.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from cargohold.database.faults import translated

if TYPE_CHECKING:
    from sqlalchemy import Connection

MIGRATIONS: Final = Path(__file__).with_name("migrations")

WAIT_SECONDS: Final = 60
"""How long one process waits while another migrates."""


class DatabaseUnusable(Exception):
    """The database is not one that this program can use; the sentence says why and what to do."""


class SchemaTooNew(DatabaseUnusable):
    """The database was written by a newer version of this program."""

    def __init__(self, database: object, found: str, head: str) -> None:
        super().__init__(
            f"{database} was made by a newer version of Cargohold: its schema is {found}, this version knows up to "
            f"{head}. Start the newer version, or restore a backup that was made before it."
        )


class SchemaTooOld(DatabaseUnusable):
    """The database is behind, and who asks is not to change that."""

    def __init__(self, database: object) -> None:
        super().__init__(
            f"{database} is not at this version's schema: start the server of this version once, or use the "
            "command of the version that runs."
        )


class FolderUnusable(DatabaseUnusable):
    """The folder's filesystem cannot share a write-ahead log between processes."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"SQLite cannot keep a write-ahead log beside {path}: put the data on a local disk.")


def upgrade(path: Path) -> None:
    """Makes the file when it is not there, and brings it to head; safe when several processes do it at once.

    Raises SchemaTooNew when the file's revision is unknown to this program, FolderUnusable, Corrupt when the file is no
    database, StorageFull, and StorageBusy when somebody else held it for longer than WAIT_SECONDS.
    """
    with translated:
        with closing(_connect(path)) as connection:
            is_behind = _is_behind(connection, path)
            _keep_log(connection, path)
        if is_behind:
            _migrate(path)


def require_head(path: Path) -> None:
    """Raises SchemaTooOld or SchemaTooNew unless the file is there and at head, and Corrupt when it is no database."""
    if not path.exists():
        raise SchemaTooOld(path)
    with translated, closing(_connect(path)) as connection:
        if _is_behind(connection, path):
            raise SchemaTooOld(path)


def known_revisions() -> list[str]:
    """The revisions that this program has migrations for, oldest first."""
    return sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)


def is_behind(found: str, database: object) -> bool:
    """Whether migrations are missing from a database whose revision is `found`; raises SchemaTooNew, naming it."""
    known = known_revisions()
    if found not in known:
        raise SchemaTooNew(database, found, known[-1])
    return found != known[-1]


def run(connection: "Connection") -> None:
    """Runs the missing migrations in the connection's transaction, which the caller ends."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _is_behind(connection: sqlite3.Connection, path: Path) -> bool:
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
        return True
    (found,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return is_behind(found, path)


def _keep_log(connection: sqlite3.Connection, path: Path) -> None:
    """Switches the file to a write-ahead log for good. Who does so beside another is refused at once, and waits."""
    while connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
        else:
            if mode != "wal":
                raise FolderUnusable(path)


def _migrate(path: Path) -> None:
    """All migrations in one transaction: another process waits at its beginning, and then finds nothing to do."""
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    engine = create_engine("sqlite+pysqlite://", creator=lambda: _connect(path), poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        if _is_behind(cast("sqlite3.Connection", connection.connection.driver_connection), path):
            run(connection)
            connection.commit()
