"""Reads that go to the driver itself."""

from sqlalchemy import bindparam, create_engine, select, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from cargohold.access.store import grounds
from cargohold.database.prepared import Prepared
from cargohold.database.schema.registry import domain
from cargohold.registry.store import blobs, images

STATEMENT = select(domain.c.id, domain.c.kind).where(domain.c.kind == bindparam("kind"), domain.c.id > 0)


def test_a_prepared_read_finds_what_the_statement_finds() -> None:
    """The first row comes as a plain tuple, with the statement's own constants put in, and None where there is none."""
    read = Prepared(STATEMENT)
    with create_engine("sqlite://").begin() as connection:
        connection.execute(text("CREATE TABLE domain (id INTEGER, kind TEXT, created_at INTEGER)"))
        connection.execute(text("INSERT INTO domain VALUES (0, 'default', 1), (7, 'default', 1), (8, 'other', 1)"))
        assert read.first(connection, {"kind": "default"}) == (7, "default")
        assert read.first(connection, {"kind": "other"}) == (8, "other")
        assert read.first(connection, {"kind": "none"}) is None


def test_a_prepared_read_sees_its_transaction() -> None:
    """What the same transaction wrote before is found."""
    read = Prepared(STATEMENT)
    with create_engine("sqlite://").begin() as connection:
        connection.execute(text("CREATE TABLE domain (id INTEGER, kind TEXT, created_at INTEGER)"))
        assert read.first(connection, {"kind": "new"}) is None
        connection.execute(domain.insert().values(id=3, kind="new", created_at=0))
        assert read.first(connection, {"kind": "new"}) == (3, "new")


def test_hot_reads_compile_for_both_engines() -> None:
    """Every prepared read of the rooms has a text for PostgreSQL in psycopg's style of named parameters."""
    for read in (
        grounds._ONE_BY_KEY,
        grounds._ONE_BY_SESSION,
        images._PULLED_BY_TAG,
        images._PULLED_BY_DIGEST,
        blobs._FOUND,
    ):
        spoken, constants = read._compile(PGDialect_psycopg(), {})
        assert "%(" in spoken
        assert not {"key", "name", "tag", "digest", "repository_id"} & constants.keys()
        assert constants
        assert all(f"%({name})s" in spoken for name in constants)
