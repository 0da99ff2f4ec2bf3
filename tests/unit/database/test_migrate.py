"""Migrations: what they make is the schema, they run once, and never on a file of a newer version."""

import re
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from cargohold.core.errors import Corrupt
from cargohold.database.migrate import (
    MIGRATIONS,
    FolderUnusable,
    SchemaTooNew,
    SchemaTooOld,
    known_revisions,
    require_head,
    upgrade,
)
from cargohold.database.schema import metadata


def rows(path: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(statement).fetchall()


def declared(path: Path) -> dict[str, str]:
    """Every table and index as the file declares it, without white space."""
    statement = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'"
    return {name: re.sub(r"\s+", "", text) for name, text in rows(path, statement)}


def test_the_migrated_schema_is_the_declared_one(tmp_path: Path) -> None:
    """Alembic finds no difference between a migrated file and `database.schema`."""
    upgrade(tmp_path / "database")
    engine = create_engine(f"sqlite:///{tmp_path / 'database'}", poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_the_migrated_schema_is_the_declared_one_to_the_letter(tmp_path: Path) -> None:
    """Each table and index reads as `create_all` would write it, conditions of partial indexes included."""
    upgrade(tmp_path / "migrated")
    engine = create_engine(f"sqlite:///{tmp_path / 'created'}", poolclass=NullPool)
    metadata.create_all(engine)
    assert declared(tmp_path / "migrated") == declared(tmp_path / "created")


@pytest.mark.parametrize("index", ["uq_repository_live_name", "uq_image_live_digest"])
def test_only_what_lives_is_unique(tmp_path: Path, index: str) -> None:
    """The unique indexes of repositories and images leave deleted rows out."""
    upgrade(tmp_path / "database")
    text = declared(tmp_path / "database")[index]
    assert text.startswith("CREATEUNIQUEINDEX")
    assert text.endswith("WHEREdeleted_atISNULL")


def test_a_new_file_has_the_default_domain_and_nothing_else(tmp_path: Path) -> None:
    """Encryption domain 1 is there from the start, and no other row."""
    upgrade(tmp_path / "database")
    assert rows(tmp_path / "database", "SELECT id, kind FROM domain") == [(1, "default")]
    for table in metadata.sorted_tables:
        expected = 1 if table.name == "domain" else 0
        assert rows(tmp_path / "database", f"SELECT count(*) FROM {table.name}") == [(expected,)]  # noqa: S608


def test_the_revisions_are_one_line() -> None:
    """What is read off the file names is what Alembic knows, and it ends in one head."""
    script = ScriptDirectory(str(MIGRATIONS))
    assert script.get_heads() == [known_revisions()[-1]]
    assert [revision.revision for revision in script.walk_revisions()][::-1] == known_revisions()


def test_a_second_upgrade_changes_nothing(tmp_path: Path) -> None:
    """Upgrading a file at head leaves its bytes as they are."""
    path = tmp_path / "database"
    upgrade(path)
    before = path.read_bytes()
    upgrade(path)
    assert path.read_bytes() == before


OPENING = """
import sys
from pathlib import Path
from cargohold.database.migrate import upgrade
from cargohold.database.sqlite import SQLite
upgrade(Path(sys.argv[1]))
SQLite.open(Path(sys.argv[1]))
print([name for name in sys.modules if name.partition(".")[0] in ("alembic", "mako")])
"""


def run(code: str, path: Path) -> str:
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_file_at_head_is_opened_without_alembic(tmp_path: Path) -> None:
    """Only a file that is behind costs the import of the migration tool."""
    path = tmp_path / "database"
    assert "'alembic'" in run(OPENING, path)
    assert run(OPENING, path) == "[]"


def test_a_file_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A revision that this program does not know is named in a sentence that says what to do."""
    path = tmp_path / "database"
    upgrade(path)
    rows(path, "UPDATE alembic_version SET version_num = '9042'")
    before = path.read_bytes()
    with pytest.raises(SchemaTooNew) as caught:
        upgrade(path)
    assert str(caught.value) == (
        f"{path} was made by a newer version of Cargohold: its schema is 9042, this version knows up to "
        f"{known_revisions()[-1]}. Start the newer version, or restore a backup that was made before it."
    )
    assert path.read_bytes() == before


TOGETHER = """
import sys
from pathlib import Path
import alembic.command, alembic.config
from cargohold.database.migrate import upgrade
print("ready", flush=True)
for path in sys.stdin:
    upgrade(Path(path.strip()))
    print("done", flush=True)
"""


def test_processes_that_upgrade_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Four processes that start on the same empty file all succeed, time after time, and the schema is made once."""
    command = [sys.executable, "-c", TOGETHER]
    processes = [subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) for _ in range(4)]
    try:
        assert [answer(process) for process in processes] == ["ready"] * 4
        for attempt in range(6):
            path = tmp_path / f"database {attempt}"
            for process in processes:
                ask(process, path)
            assert [answer(process) for process in processes] == ["done"] * 4
            assert rows(path, "SELECT version_num FROM alembic_version") == [(known_revisions()[-1],)]
            assert rows(path, "SELECT id FROM domain") == [(1,)]
    finally:
        for process in processes:
            process.communicate()


def ask(process: subprocess.Popen[str], path: Path) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{path}\n")
    process.stdin.flush()


def answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize("hold", ["BEGIN", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_an_upgrade_waits_for_who_holds_the_file(tmp_path: Path, hold: str) -> None:
    """A process that reads, or itself begins to write, delays the switch to a log, and does not break it."""
    path = tmp_path / "database"
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("CREATE TABLE left_over (id)")
    holder.execute(hold)
    holder.execute("SELECT * FROM left_over").fetchall()
    release = threading.Timer(0.2, holder.close)
    release.start()
    upgrade(path)
    release.join()
    assert rows(path, "PRAGMA journal_mode") == [("wal",)]


def test_an_upgrade_that_was_killed_is_done_again(tmp_path: Path) -> None:
    """A file that was created but not migrated, as a crash leaves it, is brought to head."""
    path = tmp_path / "database"
    path.touch()
    upgrade(path)
    assert rows(path, "SELECT version_num FROM alembic_version") == [(known_revisions()[-1],)]


def test_a_restored_file_gets_its_log_back(tmp_path: Path) -> None:
    """A copy that was made without a write-ahead log is switched to one."""
    path = tmp_path / "database"
    upgrade(path)
    assert rows(path, "PRAGMA journal_mode = DELETE") == [("delete",)]
    upgrade(path)
    assert rows(path, "PRAGMA journal_mode") == [("wal",)]


def test_a_path_with_a_percent_sign_is_a_path(tmp_path: Path) -> None:
    """Neither spaces nor percent signs in the data folder's name are interpreted."""
    folder = tmp_path / "100% ours"
    folder.mkdir()
    upgrade(folder / "database")
    assert rows(folder / "database", "SELECT count(*) FROM domain") == [(1,)]


def test_something_else_than_a_database_is_refused(tmp_path: Path) -> None:
    """A file that SQLite cannot read is reported as damaged, and left as it is."""
    path = tmp_path / "database"
    path.write_bytes(b"not a database at all " * 1_000)
    with pytest.raises(Corrupt):
        upgrade(path)
    assert path.read_bytes() == b"not a database at all " * 1_000


def test_a_place_without_a_shared_log_is_refused() -> None:
    """Where SQLite cannot keep a write-ahead log, the sentence says to use a local disk."""
    with pytest.raises(FolderUnusable, match="local disk"):
        upgrade(Path(":memory:"))


def test_head_is_required_and_nothing_is_made(tmp_path: Path) -> None:
    """Who works beside a server finds the schema as it must be, or is refused; no file is made or changed."""
    path = tmp_path / "cargohold.db"
    with pytest.raises(SchemaTooOld):
        require_head(path)
    assert not path.exists()
    path.touch()
    with pytest.raises(SchemaTooOld):
        require_head(path)
    assert path.stat().st_size == 0
    upgrade(path)
    require_head(path)
