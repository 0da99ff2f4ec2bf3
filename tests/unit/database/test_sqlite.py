"""SQLite in particular: its one writer, its log, several processes, and what a full or damaged disk does."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from subprocess import PIPE
from typing import Any, cast

import pytest
from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from cargohold.core.errors import Corrupt, StorageBusy, StorageFull
from cargohold.database.group_commit import LARGEST_GROUP
from cargohold.database.migrate import upgrade
from cargohold.database.schema.identity import account
from cargohold.database.schema.registry import domain
from cargohold.database.sqlite import SQLite


@pytest.fixture
def path(tmp_path: Path) -> Path:
    upgrade(tmp_path / "database")
    return tmp_path / "database"


@pytest.fixture
def database(path: Path) -> Iterator[SQLite]:
    opened = SQLite.open(path)
    yield opened
    asyncio.run(opened.close())


def raw(connection: Connection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", connection.connection.driver_connection)


def pragma(text: str) -> Callable[[Connection], Any]:
    def run(connection: Connection) -> Any:
        row = raw(connection).execute(f"PRAGMA {text}").fetchone()
        return row[0] if row else None

    return run


def adding(kind: str) -> Callable[[Connection], None]:
    def add(connection: Connection) -> None:
        connection.execute(insert(domain), {"kind": kind, "created_at": 0})

    return add


def kinds(connection: Connection) -> set[str]:
    return set(connection.execute(select(domain.c.kind)).scalars())


class Held:
    """Holds the writer inside a work, so that what is written meanwhile waits together."""

    def __init__(self, database: SQLite) -> None:
        self._database = database
        self._begun = threading.Event()
        self._go_on = threading.Event()

    def _work(self, connection: Connection) -> None:
        self._begun.set()
        self._go_on.wait()

    async def together(self, *writes: Coroutine[Any, Any, Any]) -> list[Any]:
        """The results or errors of writes that are queued at once."""
        holder = asyncio.create_task(self._database.write(self._work))
        await asyncio.to_thread(self._begun.wait)
        waiting = [asyncio.create_task(write) for write in writes]
        await asyncio.sleep(0)
        self._go_on.set()
        await holder
        return await asyncio.gather(*waiting, return_exceptions=True)


# Set-up


def test_what_is_committed_is_on_the_disk(database: SQLite) -> None:
    """The file keeps a write-ahead log, every commit is synced, and references are enforced."""

    async def story() -> list[Any]:
        return [await database.write(pragma(name)) for name in ("journal_mode", "synchronous", "foreign_keys")]

    assert asyncio.run(story()) == ["wal", 2, 1]


def test_a_read_runs_on_the_callers_thread(database: SQLite) -> None:
    """A read does not leave the loop's thread; a write does."""

    async def story() -> None:
        assert await database.read(lambda _: threading.get_ident()) == threading.get_ident()
        assert await database.write(lambda _: threading.get_ident()) != threading.get_ident()

    asyncio.run(story())


def test_errors_do_not_show_values(database: SQLite) -> None:
    """A failed statement's exception names no value that was in it."""
    with pytest.raises(IntegrityError) as caught:
        asyncio.run(
            database.write(
                lambda connection: connection.execute(insert(domain), {"id": 1, "kind": "hush", "created_at": 0})
            )
        )
    assert "UNIQUE constraint failed" in str(caught.value)
    assert "hush" not in str(caught.value)


# Group commit


@pytest.mark.parametrize(("waiting", "groups"), [(10, [10]), (LARGEST_GROUP + 5, [LARGEST_GROUP, 5])])
def test_works_that_wait_together_share_a_transaction(database: SQLite, waiting: int, groups: list[int]) -> None:
    """Writes that were queued while another ran are one commit, or several where they are very many."""
    statements: list[str] = []

    async def story() -> None:
        await database.write(lambda connection: raw(connection).set_trace_callback(statements.append))
        statements.clear()
        await Held(database).together(*(database.write(adding(f"kind {number}")) for number in range(waiting)))
        await database.write(lambda connection: raw(connection).set_trace_callback(None))

    asyncio.run(story())
    seen = [text.split()[0] for text in statements if text.startswith(("BEGIN", "INSERT", "COMMIT"))]
    holder, last = ["BEGIN", "COMMIT"], ["BEGIN"]
    assert seen == holder + [word for size in groups for word in ["BEGIN", *["INSERT"] * size, "COMMIT"]] + last


def test_one_failing_work_of_a_group_takes_none_with_it(database: SQLite) -> None:
    """In one transaction, the works before and behind the one that raises are committed."""

    def failing(connection: Connection) -> None:
        adding("lost")(connection)
        raise KeyError("lost")

    async def story() -> None:
        writes = [database.write(adding("before")), database.write(failing), database.write(adding("behind"))]
        results = await Held(database).together(*writes)
        assert [type(result) for result in results] == [type(None), KeyError, type(None)]
        assert await database.read(kinds) == {"default", "before", "behind"}

    asyncio.run(story())


def test_a_work_that_ends_the_whole_transaction_takes_none_with_it(database: SQLite) -> None:
    """Where SQLite rolls everything back because of one work, the others are done again and committed."""

    def ending(connection: Connection) -> None:
        raw(connection).execute("INSERT OR ROLLBACK INTO domain (id, kind, created_at) VALUES (1, 'twice', 0)")

    async def story() -> None:
        writes = [database.write(adding("before")), database.write(ending), database.write(adding("behind"))]
        results = await Held(database).together(*writes)
        assert [type(result) for result in results] == [type(None), sqlite3.IntegrityError, type(None)]
        assert await database.read(kinds) == {"default", "before", "behind"}

    asyncio.run(story())


def test_a_works_end_of_the_program_ends_only_the_work(database: SQLite) -> None:
    """A work that raises SystemExit or a cancellation does not end the writer."""

    def leaving(_: Connection) -> None:
        raise asyncio.CancelledError

    async def story() -> None:
        with pytest.raises(asyncio.CancelledError):
            await database.write(leaving)
        await database.write(adding("still here"))
        assert "still here" in await database.read(kinds)

    asyncio.run(story())


def test_a_commit_is_waited_for(database: SQLite, path: Path) -> None:
    """When write returns, a reader that never knew of it finds the rows."""

    async def story() -> None:
        for number in range(20):
            await database.write(adding(f"kind {number}"))
            with sqlite3.connect(path) as other:
                assert other.execute("SELECT count(*) FROM domain").fetchone() == (number + 2,)
            other.close()

    asyncio.run(story())


# Faults of the machine


def limit_growth(connection: Connection) -> None:
    """From here on the file may grow by 16 pages only: SQLite reports that as a full disk."""
    (pages,) = raw(connection).execute("PRAGMA page_count").fetchone()
    raw(connection).execute(f"PRAGMA max_page_count = {pages + 16}")


def test_a_full_disk_is_storage_full_and_leaves_nothing(database: SQLite) -> None:
    """The work that does not fit is refused as a whole; the ones beside it and after it, which fit, are kept."""

    async def story() -> None:
        await database.write(limit_growth)
        big = database.write(adding("x" * 1_000_000))
        results = await Held(database).together(database.write(adding("before")), big, database.write(adding("behind")))
        assert [type(result) for result in results] == [type(None), StorageFull, type(None)]
        await database.write(adding("after"))
        assert await database.read(kinds) == {"default", "before", "behind", "after"}

    asyncio.run(story())


def test_a_database_that_stays_locked_is_storage_busy(database: SQLite, path: Path) -> None:
    """While another process holds the file for too long, writes are refused, reads go on; later writes succeed."""

    async def story() -> None:
        await database.write(pragma("busy_timeout = 20"))
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        results = await asyncio.gather(*(database.write(adding("blocked")) for _ in range(3)), return_exceptions=True)
        assert [type(result) for result in results] == [StorageBusy] * 3
        assert await database.read(kinds) == {"default"}
        other.execute("ROLLBACK")
        other.close()
        await database.write(adding("free"))
        assert await database.read(kinds) == {"default", "free"}

    asyncio.run(story())


def damage(path: Path, start: int) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * (size - start))


def test_a_file_that_is_damaged_while_it_is_open_is_corrupt(path: Path) -> None:
    """Reads, scans and writes whose pages were overwritten say that the data is damaged; the process goes on."""

    def scanning(connection: Connection) -> Iterator[Any]:
        return iter(connection.execute(select(domain.c.kind)))

    async def story() -> None:
        database = SQLite.open(path)
        damage(path, 4096)
        with pytest.raises(Corrupt):
            await database.read(kinds)
        with pytest.raises(Corrupt):
            await anext(database.scan(scanning))
        with pytest.raises(Corrupt):
            await database.write(adding("x"))
        await database.close()

    asyncio.run(story())


def test_a_damaged_file_is_not_opened(path: Path) -> None:
    """A file that is no database any more is refused when it is opened."""
    damage(path, 0)
    with pytest.raises(Corrupt):
        SQLite.open(path)


# Several processes

WRITER = """
import asyncio, sys
from pathlib import Path
from sqlalchemy import select, update
from cargohold.database.schema.registry import domain
from cargohold.database.sqlite import SQLite

def work(connection):
    seen = connection.execute(select(domain.c.created_at).where(domain.c.id == 1)).scalar_one()
    connection.execute(update(domain).where(domain.c.id == 1).values(created_at=seen + 1))

async def main():
    database = SQLite.open(Path(sys.argv[1]))
    async def one():
        for _ in range(50):
            await database.write(work)
            await database.read(lambda connection: connection.execute(select(domain)).all())
    print("ready", flush=True)
    sys.stdin.readline()
    await asyncio.gather(*(one() for _ in range(4)))
    await database.close()

asyncio.run(main())
"""


def test_two_processes_that_write_at_once_meet_no_error(path: Path, database: SQLite) -> None:
    """400 read-and-write transactions from two processes all succeed, and none overwrites another."""
    command = [sys.executable, "-W", "error", "-c", WRITER, str(path)]
    writers = [subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True) for _ in range(2)]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("\n")
        writer.stdin.flush()
    assert [writer.communicate()[1] for writer in writers] == ["", ""]
    done = asyncio.run(database.read(lambda c: c.execute(select(domain.c.created_at)).scalar_one()))
    assert done == 400


ACKNOWLEDGER = """
import asyncio, sys
from pathlib import Path
from sqlalchemy import insert
from cargohold.database.schema.identity import account
from cargohold.database.sqlite import SQLite

async def main():
    database = SQLite.open(Path(sys.argv[1]))
    async def one(worker):
        for number in range(100_000):
            row = {"id": f"{worker}-{number}", "created_at": 0, "access_version": 0}
            await database.write(lambda connection: connection.execute(insert(account), row))
            print(row["id"], flush=True)
    await asyncio.gather(*(one(worker) for worker in range(8)))

asyncio.run(main())
"""


def test_what_was_acknowledged_survives_a_killed_process(path: Path, database: SQLite) -> None:
    """After kill -9 in the middle of group commits, every write that returned is there, and the file is sound."""
    writer = subprocess.Popen([sys.executable, "-c", ACKNOWLEDGER, str(path)], stdout=PIPE, text=True)
    assert writer.stdout is not None
    acknowledged = [writer.stdout.readline().strip() for _ in range(300)]
    os.kill(writer.pid, signal.SIGKILL)
    rest = writer.communicate()[0]
    acknowledged += [line for line in rest.split("\n")[:-1] if line]

    async def story() -> None:
        there = await database.read(lambda connection: set(connection.execute(select(account.c.id)).scalars()))
        assert set(acknowledged) <= there
        assert await database.read(pragma("integrity_check")) == "ok"
        await database.write(adding("after the crash"))

    asyncio.run(story())


def test_closing_leaves_everything_in_one_file(path: Path, database: SQLite) -> None:
    """After the last process closed it, the log is folded into the database file, which can be copied as it is."""

    async def story() -> None:
        own = SQLite.open(path)
        await own.write(adding("kept"))
        await own.close()
        await database.close()

    asyncio.run(story())
    assert {file.name for file in path.parent.iterdir()} == {"database", "database-turn"}
    copy = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    assert copy.execute("SELECT count(*) FROM domain").fetchone() == (2,)
    copy.close()


def test_reads_cost_no_checkout(database: SQLite) -> None:
    """A thousand reads use one connection, and none leaves a transaction open behind it."""
    seen: set[int] = set()

    async def story() -> None:
        for _ in range(1_000):
            await database.read(lambda connection: seen.add(id(raw(connection))))
        assert len(seen) == 1
        await database.write(lambda c: c.execute(update(domain).values(created_at=func.length("four"))))
        assert await database.read(lambda c: c.execute(select(domain.c.created_at)).scalar_one()) == 4

    asyncio.run(story())
