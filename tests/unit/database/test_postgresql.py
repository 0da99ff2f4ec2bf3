"""PostgreSQL in particular: transactions, what is tried again, and what a server that is full, busy or gone does."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from cargohold.core.errors import Corrupt, StorageBusy, StorageFull
from cargohold.database.migrate_postgresql import upgrade
from cargohold.database.postgresql import CONFLICTS, PostgreSQL
from cargohold.database.postgresql_driver import REFUSAL_SECONDS, Connector
from cargohold.database.schema.identity import account
from cargohold.database.schema.registry import domain
from tests.bed.engines import Engine, Place, statements
from tests.bed.postgresql import PostgresServer

CONNECTIONS = 5


@pytest.fixture(scope="session", params=["postgresql"])
def engine(engine: Engine) -> Engine:
    """No other one."""
    return engine


@pytest.fixture(scope="module")
def migrated(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A database of this module's own, so that nobody else has a connection to its copies."""
    return engine.make(tmp_path_factory.mktemp("migrated"))


@pytest.fixture
def database(place: Place) -> Iterator[PostgreSQL]:
    opened = PostgreSQL.open(place, CONNECTIONS)
    yield opened
    asyncio.run(opened.close())


@pytest.fixture
def admin(place: Place) -> Iterator["psycopg.Connection[Any]"]:
    """Another connection to the same database, which commits each statement."""
    with psycopg.connect(place, autocommit=True) as connection:
        yield connection


def adding(kind: str) -> Callable[[Connection], None]:
    def add(connection: Connection) -> None:
        connection.execute(insert(domain), {"kind": kind, "created_at": 0})

    return add


def kinds(connection: Connection) -> list[str]:
    return list(connection.execute(select(domain.c.kind).order_by(domain.c.id)).scalars())


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(domain)).scalar_one()


def shown(connection: Connection, *names: str) -> list[str]:
    return [connection.execute(text(f"SHOW {name}")).scalar_one() for name in names]


def raising(code: str) -> Callable[[Connection], None]:
    """A work that the server itself refuses with that code."""

    def work(connection: Connection) -> None:
        connection.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'hush' USING ERRCODE = '{code}'; END $$"))

    return work


OURS = """
    SELECT pid, left(query, 6) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'cargohold'
"""


def ours(admin: "psycopg.Connection[Any]") -> list[tuple[int, str]]:
    """Process id and last command of each connection that the tested engine has to the database."""
    return admin.execute(OURS).fetchall()


def end_ours(admin: "psycopg.Connection[Any]") -> None:
    """Ends every one of them, as a server that shuts down does."""
    for pid, _ in ours(admin):
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


# Transactions


def test_nothing_runs_on_the_loops_thread(database: PostgreSQL) -> None:
    """Neither a read nor a write can hold the loop while the server thinks."""

    async def story() -> None:
        assert await database.read(lambda _: threading.get_ident()) != threading.get_ident()
        assert await database.write(lambda _: threading.get_ident()) != threading.get_ident()

    asyncio.run(story())


def test_a_read_of_one_statement_begins_no_transaction(database: PostgreSQL, admin: "psycopg.Connection[Any]") -> None:
    """One way there and back: what the server saw last is the statement, not the end of a transaction."""

    async def story() -> None:
        assert await database.read(kinds) == ["default"]
        assert [query for _, query in ours(admin)] == ["SELECT"]

    asyncio.run(story())


def test_a_read_of_two_statements_is_begun_again_once(database: PostgreSQL, admin: "psycopg.Connection[Any]") -> None:
    """The first time a work shows a second statement it starts over in a transaction; from then on it starts there."""
    begun = 0

    def work(connection: Connection, kind: str) -> tuple[int, list[str]]:
        nonlocal begun
        begun += 1
        return connection.execute(select(func.count()).where(domain.c.kind == kind)).scalar_one(), kinds(connection)

    async def story() -> None:
        for kind, number in (("default", 1), ("other", 0), ("another", 0)):
            assert await database.read(partial(work, kind=kind)) == (number, ["default"])
        assert begun == 4
        assert [query for _, query in ours(admin)] == ["COMMIT"]

    asyncio.run(story())


def test_a_read_that_was_begun_again_leaves_the_connection_as_it_was(database: PostgreSQL) -> None:
    """After a work that had to start over, other works still may have one statement without a transaction."""

    async def story() -> None:
        await database.read(lambda connection: (kinds(connection), count(connection)))
        with statements(database) as sent:
            assert await database.read(kinds) == ["default"]
        assert len(sent) == 1

    asyncio.run(story())


def test_what_a_transaction_is_given(database: PostgreSQL) -> None:
    """A read sees one snapshot and cannot write, a write sees what is committed; no wait is long."""
    names = ("transaction_isolation", "transaction_read_only", "lock_timeout", "idle_in_transaction_session_timeout")

    async def story() -> None:
        assert await database.read(lambda c: shown(c, names[0])) == ["repeatable read"]
        assert await database.read(lambda c: shown(c, *names)) == ["repeatable read", "on", "10s", "30s"]
        assert await database.write(lambda c: shown(c, *names)) == ["read committed", "off", "10s", "30s"]

    asyncio.run(story())


def test_a_work_that_survives_a_failed_statement_is_not_committed_by_half(database: PostgreSQL) -> None:
    """Without a savepoint the server gives the whole transaction up; that is an error, and not a silent loss."""

    def work(connection: Connection) -> str:
        adding("before")(connection)
        with suppress(IntegrityError):
            connection.execute(insert(domain), {"id": 1, "kind": "twice", "created_at": 0})
        return "done"

    async def story() -> None:
        with pytest.raises(psycopg.errors.InFailedSqlTransaction, match="without a savepoint"):
            await database.write(work)
        await database.write(adding("after"))
        assert await database.read(kinds) == ["default", "after"]

    asyncio.run(story())


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (insert(domain).values(id=1, kind="hush", created_at=0), "duplicate key value violates unique"),
        (insert(account).values(id="hush", created_at=None, access_version=0), "violates not-null constraint"),
        (text("SELECT 'hush'::int"), "InvalidTextRepresentation"),
        (text("SELECT 9999999999::text::int"), "NumericValueOutOfRange"),
    ],
)
def test_errors_do_not_show_values(database: PostgreSQL, statement: Any, sentence: str) -> None:
    """A failed statement's exception, and those behind it, name no value that was in it."""

    def work(connection: Connection) -> None:
        connection.execute(statement)

    with pytest.raises(DBAPIError) as caught:
        asyncio.run(database.write(work))
    told = str(caught.value) + str(caught.value.orig) + repr(caught.value.orig)
    assert sentence in told
    for value in ("hush", "9999999999", "(1)"):
        assert value not in told.replace(str(statement), "")


def test_text_cannot_hold_nul(database: PostgreSQL) -> None:
    """Unlike SQLite, the engine refuses a NUL byte before anything is sent: the rooms let none come so far."""
    with pytest.raises(DBAPIError, match="NUL"):
        asyncio.run(database.write(adding("a\0b")))


# Tried again


def test_a_deadlock_is_resolved(database: PostgreSQL, place: Place) -> None:
    """Two works that lock the same rows in opposite order both succeed: the one that was in the way is done again."""
    asyncio.run(database.write(lambda c: (adding("one")(c), adding("two")(c))))
    runs: list[str] = []
    met = threading.Barrier(2)

    def locking(first: str, second: str) -> Callable[[Connection], None]:
        def work(connection: Connection) -> None:
            runs.append(first)
            for kind in (first, second):
                raised = update(domain).where(domain.c.kind == kind).values(created_at=domain.c.created_at + 1)
                connection.execute(raised)
                if kind == first and len(runs) <= 2:
                    met.wait()

        return work

    async def story() -> None:
        await asyncio.gather(database.write(locking("one", "two")), database.write(locking("two", "one")))
        times = await database.read(lambda c: c.execute(select(domain.c.kind, domain.c.created_at)).all())
        assert dict(times) == {"default": 0, "one": 2, "two": 2}
        assert len(runs) == 3

    asyncio.run(story())


@pytest.mark.parametrize("code", ["40001", "40P01"])
def test_a_conflict_that_does_not_end_is_busy(database: PostgreSQL, code: str) -> None:
    """A work that loses against others again and again is given up after a number of times, and left nothing."""
    begun = 0

    def work(connection: Connection) -> None:
        nonlocal begun
        begun += 1
        adding("lost")(connection)
        raising(code)(connection)

    async def story() -> None:
        with pytest.raises(StorageBusy):
            await database.write(work)
        assert begun == CONFLICTS
        assert await database.read(kinds) == ["default"]

    asyncio.run(story())


def test_connections_that_died_are_replaced(database: PostgreSQL, admin: "psycopg.Connection[Any]") -> None:
    """After a server ended every connection, neither the next reads nor the next writes notice."""
    together = threading.Barrier(2)

    def meeting(connection: Connection) -> list[str]:
        together.wait()
        return kinds(connection)

    async def story() -> None:
        await asyncio.gather(database.read(meeting), database.read(meeting))
        await database.write(adding("before"))
        assert len(ours(admin)) == 3
        end_ours(admin)
        assert await database.read(kinds) == ["default", "before"]
        await database.write(adding("after"))
        assert await database.read(kinds) == ["default", "before", "after"]
        assert len(ours(admin)) == 2

    asyncio.run(story())


@pytest.mark.parametrize("way", ["read", "write"])
def test_a_work_whose_connection_dies_is_done_once_more(
    database: PostgreSQL, admin: "psycopg.Connection[Any]", way: str
) -> None:
    """A work that loses its connection in the middle starts over on a new one, and what it wrote is there once."""
    begun = 0

    def work(connection: Connection) -> list[str]:
        nonlocal begun
        begun += 1
        if way == "write":
            adding("once")(connection)
        if begun == 1:
            end_ours(admin)
        return kinds(connection)

    async def story() -> None:
        assert await getattr(database, way)(work) == ["default", "once"][: 1 + (way == "write")]
        assert begun == 2
        assert await database.read(count) == 1 + (way == "write")

    asyncio.run(story())


def test_a_work_that_loses_every_connection_is_busy(database: PostgreSQL, admin: "psycopg.Connection[Any]") -> None:
    """It is not tried for ever."""
    begun = 0

    def work(connection: Connection) -> None:
        nonlocal begun
        begun += 1
        end_ours(admin)
        kinds(connection)

    with pytest.raises(StorageBusy):
        asyncio.run(database.write(work))
    assert begun == 2


DYING_AT_COMMIT = """
CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER dying AFTER INSERT ON account DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION die()
"""


def test_a_commit_whose_answer_is_lost_is_not_done_again(place: Place, admin: "psycopg.Connection[Any]") -> None:
    """Whether the server did it nobody knows, so the caller is told to try again, and the work is not."""
    begun = 0

    def work(connection: Connection) -> None:
        nonlocal begun
        begun += 1
        connection.execute(insert(account).values(id="1", created_at=0, access_version=0))

    async def story() -> None:
        database = PostgreSQL.open(place, CONNECTIONS)
        with pytest.raises(StorageBusy):
            await database.write(work)
        assert begun == 1
        await database.write(adding("after"))
        await database.close()

    admin.execute(DYING_AT_COMMIT)
    try:
        asyncio.run(story())
    finally:
        admin.execute("DROP FUNCTION die() CASCADE")


# Faults of the machine


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("53100", StorageFull),
        ("53200", StorageBusy),
        ("53300", StorageBusy),
        ("55P03", StorageBusy),
        ("57014", StorageBusy),
        ("58030", StorageBusy),
        ("XX001", Corrupt),
        ("XX002", Corrupt),
    ],
)
def test_a_fault_of_the_server_is_told_in_our_words(database: PostgreSQL, code: str, fault: type[Exception]) -> None:
    """A full disk, a missing lock, a damaged page and the like, in writes and reads; the work is not repeated."""
    begun = 0

    def work(connection: Connection) -> None:
        nonlocal begun
        begun += 1
        raising(code)(connection)

    async def story() -> None:
        for attempt in (database.write, database.read):
            with pytest.raises(fault):
                await attempt(work)
        assert begun == 2
        assert await database.read(kinds) == ["default"]

    asyncio.run(story())


def test_a_lock_that_is_not_given_is_busy(database: PostgreSQL, admin: "psycopg.Connection[Any]") -> None:
    """While somebody else holds a row for too long, who wants it is refused; others and later ones are not."""
    hasty = text("SET LOCAL lock_timeout = '20ms'")

    def work(connection: Connection) -> None:
        connection.execute(hasty)
        connection.execute(update(domain).values(created_at=1))

    async def story() -> None:
        with admin.transaction():
            admin.execute("SELECT id FROM domain FOR UPDATE")
            with pytest.raises(StorageBusy):
                await database.write(work)
            assert await database.read(kinds) == ["default"]
            await database.write(adding("beside"))
        await database.write(work)

    asyncio.run(story())


def test_a_role_without_connections_left_is_busy(postgres: PostgresServer, place: Place) -> None:
    """E37: where the server gives no more connections, requests are refused and nothing breaks."""
    postgres.execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 1")
    own = postgres.url(place.rpartition("/")[2], "crowded")

    async def story() -> None:
        database = PostgreSQL.open(own, CONNECTIONS)
        with psycopg.connect(own), pytest.raises(StorageBusy):
            await database.read(lambda c: c.execute(text("SELECT 1")).scalar_one())
        await database.close()

    asyncio.run(story())


def test_a_process_gets_by_with_the_connections_that_it_gets(postgres: PostgresServer, place: Place) -> None:
    """E37: where the server gives fewer than there are requests, they wait for each other and none is refused."""
    postgres.execute("CREATE ROLE single LOGIN CONNECTION LIMIT 1")
    own = postgres.url(place.rpartition("/")[2], "single")

    async def story() -> None:
        database = PostgreSQL.open(own, CONNECTIONS)
        seen = await asyncio.gather(
            *(database.read(lambda c: c.execute(text("SELECT 1 FROM pg_sleep(0.01)")).scalar_one()) for _ in range(20))
        )
        assert seen == [1] * 20
        await database.close()

    asyncio.run(story())


def test_many_works_use_few_connections(database: PostgreSQL, admin: "psycopg.Connection[Any]") -> None:
    """E37: however many requests come at once, a process has no more connections than it was given."""
    seen: list[int] = []

    def work(connection: Connection) -> None:
        kinds(connection)
        seen.append(len(ours(admin)))

    def scanning(connection: Connection) -> Iterator[str]:
        seen.append(len(ours(admin)))
        yield from connection.execute(select(domain.c.kind)).scalars()

    async def scan() -> list[str]:
        return [kind async for kind in database.scan(scanning)]

    async def story() -> None:
        works = [database.read(work) for _ in range(40)] + [database.write(work) for _ in range(40)]
        await asyncio.gather(*works, *(scan() for _ in range(5)))
        assert len(seen) == 85
        assert max(seen) == CONNECTIONS

    asyncio.run(story())


def test_one_work_after_the_other_uses_one_connection(database: PostgreSQL, admin: "psycopg.Connection[Any]") -> None:
    """A process that is idle most of the time takes little of the server."""

    async def story() -> None:
        for _ in range(20):
            await database.read(kinds)
            await database.write(count)
        assert len(ours(admin)) == 2

    asyncio.run(story())


def test_a_server_that_is_away_is_asked_once_a_second() -> None:
    """After an attempt that failed the next ones are refused at once, so that requests do not pile up."""
    now = 100.0
    attempts = 0

    class Counting(Connector):
        def open(self) -> Any:
            nonlocal attempts
            attempts += 1
            return super().open()

    connect = Counting("postgresql://cargohold@127.0.0.1:1/none", lambda: now)
    for _ in range(3):
        with pytest.raises(StorageBusy):
            connect()
    assert attempts == 1
    now += REFUSAL_SECONDS
    with pytest.raises(StorageBusy):
        connect()
    assert attempts == 2


def test_a_server_that_was_started_again_is_used_again() -> None:
    """While it is down reads and writes are refused at once, and go on when it is back, with what was committed."""
    server = PostgresServer().start("synchronous_commit=on")
    url = server.create()
    upgrade(url)
    database = PostgreSQL.open(url, CONNECTIONS)

    async def story() -> None:
        await database.write(adding("before"))
        assert await database.read(kinds) == ["default", "before"]
        server.stop()
        for attempt in (database.read(kinds), database.write(adding("lost"))):
            with pytest.raises(StorageBusy):
                await attempt
        server.start("synchronous_commit=on")
        while True:
            with suppress(StorageBusy):
                assert await database.read(kinds) == ["default", "before"]
                break
        await database.write(adding("after"))
        assert await database.read(kinds) == ["default", "before", "after"]
        await database.close()

    asyncio.run(story())
    server.stop()
    server.remove()


# Scans and the end


def test_a_scan_keeps_its_rows_on_the_server(database: PostgreSQL) -> None:
    """Its rows come through a cursor there, in one snapshot, for as long as anybody reads them."""
    cursors: list[int] = []

    def work(connection: Connection) -> Iterator[str]:
        driver: Any = connection.connection.driver_connection
        for kind in connection.execute(select(domain.c.kind)).scalars():
            cursors.extend(driver.execute("SELECT count(*) FROM pg_cursors").fetchone())
            yield kind
        names = ("transaction_isolation", "transaction_read_only", "statement_timeout")
        yield from (driver.execute(f"SHOW {name}").fetchone()[0] for name in names)

    async def story() -> None:
        seen = [item async for item in database.scan(work)]
        assert seen == ["default", "repeatable read", "on", "0"]
        assert cursors == [1]

    asyncio.run(story())


def test_a_scan_whose_connection_dies_says_so(database: PostgreSQL, admin: "psycopg.Connection[Any]") -> None:
    """Half of the rows are out, so it is not begun again."""

    def work(connection: Connection) -> Iterator[int]:
        for number in connection.execute(text("SELECT generate_series(1, 100000)")).scalars():
            if number == 5_000:
                end_ours(admin)
            yield number

    async def read_all() -> None:
        async for number in database.scan(work):
            seen.append(number)

    async def story() -> None:
        with pytest.raises(StorageBusy):
            await read_all()
        assert seen[:3] == [1, 2, 3]
        assert await database.read(kinds) == ["default"]

    seen: list[int] = []

    asyncio.run(story())


def test_closing_ends_every_connection_and_thread(place: Place, admin: "psycopg.Connection[Any]") -> None:
    """Nothing of a closed database is left, in this process or on the server."""
    before = threading.enumerate()

    async def story() -> None:
        database = PostgreSQL.open(place, CONNECTIONS)
        await asyncio.gather(*(database.read(kinds) for _ in range(9)), *(database.write(count) for _ in range(9)))
        assert [kind async for kind in database.scan(lambda c: iter(kinds(c)))] == ["default"]
        assert ours(admin) != []
        await database.close()

    asyncio.run(story())
    assert threading.enumerate() == before
    assert any(ours(admin) == [] for _ in range(1_000))
