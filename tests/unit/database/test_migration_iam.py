"""What the migration to IAM makes of a database that was used before it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.pool import NullPool

from cargohold.database.migrate import MIGRATIONS
from tests.bed.engines import Engine, PostgreSQLEngine

PRINCIPAL = """
    INSERT INTO principal (id, account_id, kind, path, name, folded_name, administrator, created_at)
    VALUES (:id, '123456789012', 'user', '/', :id, :id, :administrator, 7)
"""


@pytest.fixture
def used(engine: Engine, tmp_path: Path) -> Iterator[Connection]:
    """A database of the revision before, with an administrator, a user who is none, and a key."""
    url = f"sqlite:///{tmp_path / 'cargohold.db'}"
    if isinstance(engine, PostgreSQLEngine):
        url = engine.server.create().replace("postgresql://", "postgresql+psycopg://")
    with sqlalchemy.create_engine(url, poolclass=NullPool).begin() as connection:
        migrate(connection, "0001")
        connection.execute(text("INSERT INTO account (id, created_at, access_version) VALUES ('123456789012', 7, 0)"))
        connection.execute(text(PRINCIPAL), {"id": "AIDAADMINISTRATOR", "administrator": True})
        connection.execute(text(PRINCIPAL), {"id": "AIDANOBODY", "administrator": False})
        key = "INSERT INTO access_key VALUES ('AKIA1', 'AIDAADMINISTRATOR', :secret, 'Active', 7)"
        connection.execute(text(key), {"secret": b"sealed"})
        yield connection


def migrate(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def test_administrators_stay_administrators(used: Connection) -> None:
    """Whoever could do everything gets AWS's AdministratorAccess, whoever could not gets nothing, and keys stay."""
    migrate(used, "0002")
    attached = used.execute(text("SELECT entity_id, policy_id, created_at FROM policy_attachment")).all()
    assert attached == [("AIDAADMINISTRATOR", "ANPAIWMBCKSKIEE64ZLYK", 7)]
    names = used.execute(text("SELECT id FROM principal ORDER BY id")).scalars().all()
    assert names == ["AIDAADMINISTRATOR", "AIDANOBODY"]
    assert used.execute(text("SELECT id, principal_id, status FROM access_key")).all() == [
        ("AKIA1", "AIDAADMINISTRATOR", "Active")
    ]
