"""Brings a PostgreSQL database to the schema that this program knows, and says when it cannot be used at all."""

from contextlib import closing
from typing import Final

import psycopg
from psycopg import errors
from sqlalchemy.exc import DBAPIError

from cargohold.database.migrate import WAIT_SECONDS, DatabaseUnusable, SchemaTooOld, is_behind, run
from cargohold.database.postgresql_driver import Connector, DriverConnection, UrlUnusable
from cargohold.database.postgresql_faults import translated

OLDEST: Final = 14
"""The major version of PostgreSQL that is needed at least."""

_LOCK: Final = 0x6361_7267_6F68_6F6C
"""The advisory lock that one process holds while it migrates; any number that nobody else uses would do."""

_ROOM: Final = """
SELECT least(
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true)::int, 0),
    (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user),
    (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database())
)
"""
"""Connections that the server gives our user in our database."""


def upgrade(url: str, connections: int = 0) -> None:
    """Brings the database to head; safe when several processes do it at once, and on several machines.

    `connections` are what the caller will use. Raises DatabaseUnusable when there are fewer, the database cannot be
    reached or is no home for ours, SchemaTooNew when its revision is unknown to this program; StorageFull, and
    StorageBusy when somebody else migrates for longer than WAIT_SECONDS.
    """
    connector = _connector(url)
    with translated, closing(_opened(connector)) as raw:
        _check(raw, connector, connections)
        if _is_behind(raw, connector):
            _migrate(raw, connector)


def require_head(url: str) -> None:
    """Raises DatabaseUnusable when the database cannot be reached, SchemaTooOld or SchemaTooNew when not at head."""
    connector = _connector(url)
    with translated, closing(_opened(connector)) as raw:
        if _is_behind(raw, connector):
            raise SchemaTooOld(f"The {connector}")


def examine(url: str, connections: int) -> str:
    """The database's name and place, when `upgrade` would accept it; changes nothing. Raises as `upgrade` does."""
    connector = _connector(url)
    with translated, closing(_opened(connector)) as raw:
        _check(raw, connector, connections)
        _is_behind(raw, connector)
    return str(connector)


def _connector(url: str) -> Connector:
    try:
        return Connector(url)
    except UrlUnusable as error:
        raise DatabaseUnusable(str(error)) from None


def _opened(connector: Connector) -> DriverConnection:
    try:
        return connector.open()
    except psycopg.Error as error:
        raise DatabaseUnusable(f"The {connector} cannot be reached: {error}") from None


def _check(raw: DriverConnection, connector: Connector, connections: int) -> None:
    if raw.info.server_version < OLDEST * 10_000:
        found = raw.info.server_version // 10_000
        raise DatabaseUnusable(f"The {connector} is of PostgreSQL {found}, and {OLDEST} or newer is needed.")
    encoding = raw.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise DatabaseUnusable(
            f"The {connector} is encoded in {encoding}, which cannot hold every name: create it with ENCODING 'UTF8'."
        )
    (room,) = raw.execute(_ROOM).fetchone() or (0,)
    if room < connections:
        raise DatabaseUnusable(
            f"The {connector} gives {room} connections at the most, and this server would use {connections}: raise "
            "max_connections there, or lower --workers or --database-connections."
        )


def _is_behind(raw: DriverConnection, connector: Connector) -> bool:
    if raw.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
        return True
    row = raw.execute("SELECT version_num FROM alembic_version").fetchone()
    return row is None or is_behind(row[0], f"The {connector}")


def _migrate(raw: DriverConnection, connector: Connector) -> None:
    """All migrations in one transaction: another process waits at its beginning, and then finds nothing to do."""
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    raw.execute(f"SET lock_timeout = '{WAIT_SECONDS}s'")
    raw.autocommit, raw.read_only, raw.isolation_level = False, False, psycopg.IsolationLevel.READ_COMMITTED
    engine = create_engine("postgresql+psycopg://", creator=lambda: raw, poolclass=NullPool, use_native_hstore=False)
    try:
        with engine.begin() as connection:
            raw.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            if _is_behind(raw, connector):
                run(connection)
    except DBAPIError as error:
        if not isinstance(error.orig, errors.InsufficientPrivilege):
            raise
        raise DatabaseUnusable(
            f"Our user may not make tables in the {connector} ({error.orig}): let it own the database."
        ) from None
