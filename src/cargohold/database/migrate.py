"""Brings a database file to the schema that this program knows. Alembic is imported only when the file is behind.

The migrations are `migrations/versions/NNNN_<what>.py`, one line without branches, so the highest number is the head.
"""

import sqlite3
from pathlib import Path
from typing import Final, cast

MIGRATIONS: Final = Path(__file__).with_name("migrations")


class SchemaTooNew(Exception):
    """The file was written by a newer version of this program."""

    def __init__(self, path: Path, found: str, head: str) -> None:
        super().__init__(
            f"{path} was made by a newer version of Cargohold: its schema is {found}, this version knows up to {head}. "
            "Start the newer version, or restore a backup that was made before it."
        )


def upgrade(path: Path) -> None:
    """Makes the file when it is not there, and brings it to head; safe when several processes do it at once.

    Raises SchemaTooNew when the file's revision is unknown to this program.
    """
    known = known_revisions()
    connection = _connect(path)
    try:
        if _current(connection, path, known) == known[-1]:
            return
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()
    _run(path, known)


def known_revisions() -> tuple[str, ...]:
    """The revisions that this program has migrations for, oldest first."""
    return tuple(sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*_*.py")))


def _current(connection: sqlite3.Connection, path: Path, known: tuple[str, ...]) -> str | None:
    """The file's revision, None when it has no schema yet."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if row is None:
        return None
    if row[0] not in known:
        raise SchemaTooNew(path, row[0], known[-1])
    return str(row[0])


def _run(path: Path, known: tuple[str, ...]) -> None:
    """One transaction around all migrations: another process waits at BEGIN IMMEDIATE and then finds nothing to do."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    engine = create_engine("sqlite+pysqlite://", creator=lambda: _connect(path), poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        raw = cast("sqlite3.Connection", connection.connection.driver_connection)
        if _current(raw, path, known) != known[-1]:
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=60, isolation_level=None)
