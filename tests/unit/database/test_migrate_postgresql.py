"""Migrations of PostgreSQL: what they make is the schema, once, however many begin; and what is no home is refused."""

import subprocess
import sys
from collections.abc import Iterator
from subprocess import PIPE

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Text, create_engine
from sqlalchemy.pool import NullPool

from cargohold.core.errors import StorageBusy
from cargohold.database import migrate_postgresql
from cargohold.database.migrate import DatabaseUnusable, SchemaTooNew, SchemaTooOld, known_revisions
from cargohold.database.migrate_postgresql import examine, require_head, upgrade
from cargohold.database.schema import metadata
from tests.bed.postgresql import PostgresServer


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    """An empty database."""
    return postgres.create()


def name(url: str) -> str:
    return url.rpartition("/")[2]


def place(url: str) -> str:
    """The database as a sentence names it."""
    return f"database {name(url)} at 127.0.0.1:{url.rpartition('/')[0].rpartition(':')[2]}"


def test_the_migrated_schema_is_the_declared_one(url: str) -> None:
    """Alembic finds no difference between a migrated database and `database.schema`."""
    upgrade(url)
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_all_text_is_in_byte_order(postgres: PostgresServer, url: str) -> None:
    """Each column of text is ordered byte by byte on a server whose own order is another."""
    upgrade(url)
    collations = postgres.execute(
        "SELECT table_name || '.' || column_name, collation_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND data_type = 'text'",
        name(url),
    )
    text = {
        str(column): "C" for table in metadata.tables.values() for column in table.c if isinstance(column.type, Text)
    }
    assert dict(collations) == text
    assert len(text) > 40
    assert postgres.execute("SELECT 'B' < 'a', 'B' COLLATE \"C\" < 'a'", name(url)) == [(False, True)]


@pytest.mark.parametrize("index", ["uq_repository_live_name", "uq_image_live_digest"])
def test_only_what_lives_is_unique(postgres: PostgresServer, url: str, index: str) -> None:
    """The unique indexes of repositories and images leave deleted rows out."""
    upgrade(url)
    ((text,),) = postgres.execute(f"SELECT pg_get_indexdef('{index}'::regclass)", name(url))
    assert text.startswith("CREATE UNIQUE INDEX")
    assert text.endswith("WHERE (deleted_at IS NULL)")


def test_a_new_database_has_the_default_domain_and_nothing_else(postgres: PostgresServer, url: str) -> None:
    """Encryption domain 1 is there from the start, and the next one is given another number."""
    upgrade(url)
    assert postgres.execute("SELECT id, kind FROM domain", name(url)) == [(1, "default")]
    for table in metadata.sorted_tables:
        expected = 1 if table.name == "domain" else 0
        assert postgres.execute(f"SELECT count(*) FROM {table.name}", name(url)) == [(expected,)]  # noqa: S608
    added = postgres.execute("INSERT INTO domain (kind, created_at) VALUES ('next', 0) RETURNING id", name(url))
    assert added == [(2,)]


OPENING = """
import asyncio, sys
from cargohold.database.migrate_postgresql import upgrade
from cargohold.database.postgresql import PostgreSQL
from sqlalchemy import text
upgrade(sys.argv[1])
database = PostgreSQL.open(sys.argv[1], 3)
asyncio.run(database.read(lambda connection: connection.execute(text("SELECT 1")).all()))
asyncio.run(database.close())
print([name for name in sys.modules if name.partition(".")[0] in ("alembic", "mako")])
"""


def test_a_database_at_head_is_opened_without_alembic(url: str) -> None:
    """Only a database that is behind costs the import of the migration tool."""
    command = [sys.executable, "-W", "error", "-c", OPENING, url]
    first, second = (subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2))
    assert "'alembic'" in first
    assert second == "[]\n"


TOGETHER = """
import sys
import alembic.command, alembic.config
from cargohold.database.migrate_postgresql import upgrade
print("ready", flush=True)
for url in sys.stdin:
    upgrade(url.strip())
    print("done", flush=True)
"""


@pytest.fixture
def processes() -> Iterator[list["subprocess.Popen[str]"]]:
    """Four that upgrade whatever URL they are given."""
    started = [subprocess.Popen([sys.executable, "-c", TOGETHER], stdin=PIPE, stdout=PIPE, text=True) for _ in range(4)]
    assert [answer(process) for process in started] == ["ready"] * 4
    yield started
    for process in started:
        process.communicate()


def ask(process: "subprocess.Popen[str]", url: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{url}\n")
    process.stdin.flush()


def answer(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize("isolation", ["read committed", "serializable"])
def test_processes_that_upgrade_at_once_do_not_disturb_each_other(
    postgres: PostgresServer, processes: list["subprocess.Popen[str]"], isolation: str
) -> None:
    """Four that start on the same empty database all succeed and make the schema once, whatever isolation is usual."""
    for _ in range(3):
        url = postgres.create()
        postgres.execute(f"ALTER DATABASE {name(url)} SET default_transaction_isolation = '{isolation}'")
        for process in processes:
            ask(process, url)
        assert [answer(process) for process in processes] == ["done"] * 4
        assert postgres.execute("SELECT version_num FROM alembic_version", name(url)) == [(known_revisions()[-1],)]
        assert postgres.execute("SELECT id FROM domain", name(url)) == [(1,)]


def test_a_migration_that_fails_leaves_nothing(postgres: PostgresServer, url: str) -> None:
    """A database in which a table of ours cannot be made is as it was."""
    postgres.execute("CREATE TABLE upload (id int)", name(url))
    with pytest.raises(Exception, match='relation "upload" already exists'):
        upgrade(url)
    assert postgres.execute("SELECT relname FROM pg_class WHERE relname IN ('alembic_version', 'tag')", name(url)) == []


def test_an_upgrade_that_waits_too_long_says_that_it_is_busy(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else who migrates and does not end is waited for, but not for ever."""
    monkeypatch.setattr(migrate_postgresql, "WAIT_SECONDS", 0.05)
    with psycopg.connect(url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [migrate_postgresql._LOCK])
        with pytest.raises(StorageBusy):
            upgrade(url)


def test_a_database_of_a_newer_version_is_refused_and_left_alone(postgres: PostgresServer, url: str) -> None:
    """A revision that this program does not know is named in a sentence that says what to do."""
    upgrade(url)
    postgres.execute("UPDATE alembic_version SET version_num = '9042'", name(url))
    for attempt in (lambda: upgrade(url), lambda: examine(url, 0)):
        with pytest.raises(SchemaTooNew) as caught:
            attempt()
        assert str(caught.value) == (
            f"The {place(url)} was made by a newer version of Cargohold: its schema is 9042, this version knows up to "
            f"{known_revisions()[-1]}. Start the newer version, or restore a backup that was made before it."
        )


def test_examining_changes_nothing(postgres: PostgresServer, url: str) -> None:
    """A database that could be used is named, and stays empty."""
    assert examine(url, 24) == place(url)
    assert postgres.execute("SELECT to_regclass('alembic_version')", name(url)) == [(None,)]


def refusal(url: str, connections: int = 0) -> str:
    with pytest.raises(DatabaseUnusable) as caught:
        upgrade(url, connections)
    return str(caught.value)


def test_a_server_with_too_few_connections_is_refused(postgres: PostgresServer, url: str) -> None:
    """E37: what all processes of a start would use fits into what the server, the role and the database give."""
    ((most,),) = postgres.execute("SELECT current_setting('max_connections')::int - 3")
    upgrade(url, most)
    assert refusal(url, most + 1) == (
        f"The {place(url)} gives {most} connections at the most, and this server would use {most + 1}: raise "
        "max_connections there, or lower --workers or --database-connections."
    )
    postgres.execute(f"ALTER DATABASE {name(url)} CONNECTION LIMIT 7")
    assert "gives 7 connections at the most" in refusal(url, 8)
    postgres.execute("CREATE ROLE narrow LOGIN CONNECTION LIMIT 5")
    assert "gives 5 connections at the most" in refusal(postgres.url(name(url), "narrow"), 6)


def test_a_database_that_cannot_hold_every_name_is_refused(postgres: PostgresServer) -> None:
    """Any encoding but UTF-8 is named, with what to do."""
    url = postgres.create("TEMPLATE template0 ENCODING SQL_ASCII LOCALE_PROVIDER libc LOCALE 'C'")
    assert refusal(url) == (
        f"The {place(url)} is encoded in SQL_ASCII, which cannot hold every name: create it with ENCODING 'UTF8'."
    )


def test_a_user_who_may_not_make_tables_is_told(postgres: PostgresServer, url: str) -> None:
    """A role that does not own the database gets a sentence, and no traceback."""
    postgres.execute("CREATE ROLE guest LOGIN")
    postgres.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC", name(url))
    assert refusal(postgres.url(name(url), "guest")) == (
        f"Our user may not make tables in the {place(url)} (permission denied for schema public): let it own the "
        "database."
    )


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (
            "postgresql://cargohold:hunter2@127.0.0.1:1/cargohold",
            "The database cargohold at 127.0.0.1:1 cannot be reached: ",
        ),
        ("postgresql://cargohold:hunter2@127.0.0.1:port/x", "The database x at 127.0.0.1:port cannot be reached: "),
        ("postgresql://cargohold:hunter2@%%/x", "The database's URL cannot be read; "),
        ("postgresql://cargohold:hunter2@127.0.0.1/x?wrong=1", "The database's URL cannot be read; "),
    ],
)
def test_a_url_that_leads_nowhere_is_told_without_its_password(wrong: str, reason: str) -> None:
    """Neither a server that is not there nor a malformed URL shows the password."""
    sentence = refusal(wrong)
    assert sentence.startswith(reason)
    assert "hunter2" not in sentence


def test_head_is_required_and_nothing_is_made(postgres: PostgresServer, url: str) -> None:
    """Who works beside a server finds the schema as it must be, or is refused; the database stays as it is."""
    with pytest.raises(SchemaTooOld, match=f"The {place(url)} is not at this version's schema"):
        require_head(url)
    assert postgres.execute("SELECT to_regclass('alembic_version')", name(url)) == [(None,)]
    upgrade(url)
    require_head(url)
