"""Revision 0002: whoever was an administrator has AWS's AdministratorAccess, and the column is gone."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, inspect, text
from sqlalchemy.pool import NullPool

from cargohold.database.migrate import MIGRATIONS
from cargohold.identity.aws_managed import by_arn


@pytest.fixture(params=["sqlite", "postgresql"])
def connection(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    """An empty database."""
    if request.param == "sqlite":
        engine: Engine = create_engine(f"sqlite:///{tmp_path / 'cargohold.db'}", poolclass=NullPool)
    else:
        url = request.getfixturevalue("postgres").create()
        engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool)
    with engine.begin() as opened:
        yield opened


def upgrade(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def test_administrators_keep_their_power(connection: Connection) -> None:
    """An administrator is given the policy that AWS calls AdministratorAccess, a plain user nothing."""
    upgrade(connection, "0001")
    connection.execute(text("INSERT INTO account (id, created_at, access_version) VALUES ('123456789012', 1, 0)"))
    add = text(
        "INSERT INTO principal (id, account_id, kind, path, name, folded_name, administrator, created_at) "
        "VALUES (:id, '123456789012', 'user', '/', :id, :id, :administrator, 7)"
    )
    for id_, administrator in (("AIDAROOT", True), ("AIDAPLAIN", False)):
        connection.execute(add, {"id": id_, "administrator": administrator})
    upgrade(connection, "0002")
    access = by_arn("arn:aws:iam::aws:policy/AdministratorAccess")
    assert access is not None
    rows = connection.execute(text("SELECT entity_id, policy_id, created_at FROM policy_attachment")).all()
    assert [tuple(row) for row in rows] == [("AIDAROOT", access.id, 7)]
    assert "administrator" not in {column["name"] for column in inspect(connection).get_columns("principal")}
