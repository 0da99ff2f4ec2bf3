"""What every Database must do."""

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from cargohold.database import Database
from cargohold.database.locking import for_share, insert
from cargohold.database.schema.registry import domain, registry, repository, resource_tag
from tests.bed.engines import Engine, Place

Open = Callable[[], Database]


@pytest.fixture
def opened(engine: Engine, place: Place) -> Iterator[Open]:
    """Opens the database of this test, each time as another process would."""
    handles: list[Database] = []

    def opening() -> Database:
        handles.append(engine.open(place))
        return handles[-1]

    yield opening
    for handle in handles:
        asyncio.run(handle.close())


COUNT = select(func.count()).select_from(domain)
KINDS = select(domain.c.kind).order_by(domain.c.id)


def count(connection: Connection) -> int:
    return connection.execute(COUNT).scalar_one()


def kinds(connection: Connection) -> list[str]:
    return list(connection.execute(KINDS).scalars())


def adding(kind: str) -> Callable[[Connection], None]:
    def add(connection: Connection) -> None:
        connection.execute(insert(domain), {"kind": kind, "created_at": 0})

    return add


class Refusal(Exception):
    """What a room raises inside its work."""


def adding_then_refusing(connection: Connection) -> None:
    adding("refused")(connection)
    raise Refusal


# Reading and writing


def test_a_read_sees_what_a_write_committed_and_both_return_what_their_work_returns(opened: Open) -> None:
    """A write's result comes back once its rows are there for every reader, also of another process."""

    async def story() -> None:
        one, other = opened(), opened()

        def add(connection: Connection) -> int:
            adding("kms")(connection)
            return count(connection)

        assert await one.write(add) == 2
        assert await one.read(kinds) == ["default", "kms"]
        assert await other.read(kinds) == ["default", "kms"]

    asyncio.run(story())


def test_a_work_that_raises_leaves_nothing_behind(opened: Open) -> None:
    """The work's own exception reaches its caller, none of its rows stay, and the next write succeeds."""

    async def story() -> None:
        database = opened()
        with pytest.raises(Refusal):
            await database.write(adding_then_refusing)
        assert await database.read(kinds) == ["default"]
        await database.write(adding("next"))
        assert await database.read(kinds) == ["default", "next"]

    asyncio.run(story())


def test_of_many_writes_at_once_only_the_failing_ones_fail(opened: Open) -> None:
    """Works that are queued together succeed or fail each for itself."""

    async def story() -> None:
        database = opened()
        works = [adding_then_refusing if number % 5 == 0 else adding(f"kind {number}") for number in range(40)]
        results = await asyncio.gather(*map(database.write, works), return_exceptions=True)
        assert [isinstance(result, Refusal) for result in results] == [number % 5 == 0 for number in range(40)]
        expected = {"default"} | {f"kind {number}" for number in range(40) if number % 5}
        assert set(await database.read(kinds)) == expected

    asyncio.run(story())


def test_a_statement_that_fails_inside_a_work_can_be_survived(opened: Open) -> None:
    """A nested transaction that breaks a constraint is rolled back alone, and the work goes on."""

    async def story() -> None:
        database = opened()

        def work(connection: Connection) -> None:
            adding("before")(connection)
            with pytest.raises(IntegrityError), connection.begin_nested():
                connection.execute(insert(domain), {"id": 1, "kind": "twice", "created_at": 0})
            adding("after")(connection)

        await database.write(work)
        assert await database.read(kinds) == ["default", "before", "after"]

    asyncio.run(story())


def test_a_broken_reference_is_refused(opened: Open) -> None:
    """Foreign keys are enforced."""

    async def story() -> None:
        with pytest.raises(IntegrityError):
            await opened().write(
                lambda connection: connection.execute(
                    insert(resource_tag), {"repository_id": 99, "key": "k", "value": "v"}
                )
            )

    asyncio.run(story())


def test_a_read_cannot_write(opened: Open) -> None:
    """A work that writes is refused where only reading was asked for, by read and by scan."""

    def writing(connection: Connection) -> Iterator[str]:
        adding("sneaked")(connection)
        return iter(())

    async def story() -> None:
        database = opened()
        with pytest.raises(Exception, match=r"read.?only"):
            await database.read(adding("sneaked"))
        with pytest.raises(DBAPIError):
            await anext(database.scan(writing))
        assert await database.read(kinds) == ["default"]

    asyncio.run(story())


def test_a_read_that_raises_does_not_disturb_the_next(opened: Open) -> None:
    """After a work that raises in the middle of a read, reads go on, and see what was written since."""

    def refusing(connection: Connection) -> None:
        connection.execute(KINDS)
        raise Refusal

    async def story() -> None:
        database = opened()
        with pytest.raises(Refusal):
            await database.read(refusing)
        await database.write(adding("since"))
        assert await database.read(kinds) == ["default", "since"]

    asyncio.run(story())


# Isolation


def test_a_read_sees_one_snapshot(opened: Open) -> None:
    """What another process commits while a read runs is not seen by that read, however often its work is begun."""
    reader, writer = opened(), opened()
    begun = 0

    def looking_twice(connection: Connection) -> tuple[int, int]:
        nonlocal begun
        begun += 1
        first = count(connection)
        other = threading.Thread(target=lambda: asyncio.run(writer.write(adding("meanwhile"))))
        other.start()
        other.join()
        return first, count(connection)

    async def story() -> None:
        first, second = await reader.read(looking_twice)
        assert first == second == begun
        assert await reader.read(count) == 1 + begun

    asyncio.run(story())


def test_writers_that_read_first_lose_no_update(opened: Open) -> None:
    """Two processes' works that read a value and write it back, at once, are done one after the other."""
    value = select(domain.c.created_at).where(domain.c.id == 1)
    save = update(domain).where(domain.c.id == 1).values(created_at=bindparam("value"))

    def work(connection: Connection) -> None:
        seen = connection.execute(value.with_for_update()).scalar_one()
        connection.execute(save, {"value": seen + 1})

    async def story() -> None:
        one, other = opened(), opened()
        await asyncio.gather(*(database.write(work) for _ in range(50) for database in (one, other)))
        assert await one.read(lambda connection: connection.execute(value).scalar_one()) == 100

    asyncio.run(story())


def test_a_caller_who_is_cancelled_disturbs_nobody(opened: Open) -> None:
    """Others who wrote at the same time get their results, and later writes go on."""

    async def story() -> None:
        database = opened()
        begun, go_on = threading.Event(), threading.Event()

        def slow(connection: Connection) -> None:
            begun.set()
            go_on.wait()

        holder = asyncio.create_task(database.write(slow))
        await asyncio.to_thread(begun.wait)
        impatient = asyncio.create_task(database.write(adding("impatient")))
        patient = asyncio.create_task(database.write(adding("patient")))
        await asyncio.sleep(0)
        impatient.cancel()
        holder.cancel()
        go_on.set()
        await patient
        await database.write(adding("later"))
        assert {"default", "patient", "later"} <= set(await database.read(kinds))
        assert impatient.cancelled()
        assert holder.cancelled()

    asyncio.run(story())


# Scanning

MANY = 3_000


def add_many(connection: Connection) -> None:
    connection.execute(insert(domain), [{"kind": f"kind {number}", "created_at": 0} for number in range(MANY)])


def test_a_scan_streams_from_a_thread_of_its_own(opened: Open) -> None:
    """Rows arrive before the work has produced the last, in order, while the loop reads and writes."""
    produced = 0
    threads: set[int] = set()

    def work(connection: Connection) -> Iterator[str]:
        nonlocal produced
        for kind in connection.execute(KINDS.execution_options(yield_per=100)).scalars():
            threads.add(threading.get_ident())
            produced += 1
            yield kind

    async def story() -> None:
        database = opened()
        await database.write(add_many)
        rows = database.scan(work)
        assert await anext(rows) == "default"
        assert produced < MANY / 2
        await database.write(adding("after the scan began"))
        assert await database.read(count) == MANY + 2
        rest = [kind async for kind in rows]
        assert rest == [f"kind {number}" for number in range(MANY)]
        assert threading.get_ident() not in threads
        assert len(threads) == 1

    asyncio.run(story())


def test_a_scan_that_is_left_early_ends(opened: Open) -> None:
    """Closing a scan ends its work's own clean-up in its own thread; the database closes as usual."""
    ended: list[int] = []

    def work(connection: Connection) -> Iterator[str]:
        begun = threading.get_ident()
        try:
            yield from connection.execute(KINDS).scalars()
        finally:
            ended.append(begun - threading.get_ident())

    async def story() -> None:
        database = opened()
        await database.write(add_many)
        rows = database.scan(work)
        await anext(rows)
        await rows.aclose()
        assert ended == [0]

    asyncio.run(story())


def test_a_scans_error_reaches_who_reads_it(opened: Open) -> None:
    """What the work raises in the middle comes out of the iteration."""

    def work(connection: Connection) -> Iterator[int]:
        yield from range(1_000)
        raise Refusal

    async def reading(seen: list[int]) -> None:
        async for number in opened().scan(work):
            seen.append(number)

    seen: list[int] = []
    with pytest.raises(Refusal):
        asyncio.run(reading(seen))
    assert seen == list(range(len(seen)))
    assert seen


# Ending


def test_closing_finishes_what_was_accepted(opened: Open) -> None:
    """Writes that were queued when close was called are committed and answered."""

    async def story() -> None:
        database = opened()
        writes = [asyncio.create_task(database.write(adding(f"kind {number}"))) for number in range(100)]
        await asyncio.sleep(0)
        await database.close()
        await asyncio.gather(*writes)
        assert await opened().read(count) == 101

    asyncio.run(story())


def test_a_closed_database_refuses_work_and_closes_again(opened: Open) -> None:
    """After close, a write raises instead of waiting for ever, and a second close does nothing."""

    async def story() -> None:
        database = opened()
        await database.close()
        with pytest.raises(RuntimeError, match="closed"):
            await database.write(adding("late"))
        await database.close()

    asyncio.run(story())


# What engines spell differently


def test_an_upsert_is_written_once_for_every_engine(opened: Open) -> None:
    """One statement adds a row or updates the one that is there, says which it touched, and honours its condition."""
    statement = insert(domain)
    upsert = statement.on_conflict_do_update(
        index_elements=["id"], set_={"kind": statement.excluded.kind}, where=domain.c.kind != "default"
    ).returning(domain.c.id)
    ignoring = insert(domain).on_conflict_do_nothing(index_elements=["id"]).returning(domain.c.id)

    def rows(kind: str, key: int) -> Callable[[Connection], list[int]]:
        values = {"id": key, "kind": kind, "created_at": 0}
        return lambda connection: list(connection.execute(upsert, values).scalars())

    async def story() -> None:
        database = opened()
        assert await database.write(rows("new", 7)) == [7]
        assert await database.write(rows("newer", 7)) == [7]
        assert await database.write(rows("not this one", 1)) == []
        added = await database.write(
            lambda connection: connection.execute(ignoring, {"id": 7, "kind": "x", "created_at": 0}).all()
        )
        assert added == []
        assert await database.read(kinds) == ["default", "newer"]

    asyncio.run(story())


def test_an_upsert_may_meet_a_partial_index(opened: Open) -> None:
    """The name of a live repository is taken, that of a deleted one is free."""
    statement = (
        insert(repository)
        .on_conflict_do_nothing(index_elements=["registry_id", "name"], index_where=repository.c.deleted_at.is_(None))
        .returning(repository.c.name)
    )
    values = {
        "name": "app",
        "state": "active",
        "created_at": 0,
        "deleted_at": None,
        "tag_mutability": "MUTABLE",
        "tag_mutability_filters": "[]",
        "scan_on_push": False,
        "encryption_type": "AES256",
    }

    def work(connection: Connection) -> list[list[str]]:
        adding_registry = insert(registry).returning(registry.c.id)
        key = connection.execute(adding_registry, {"account": "1", "region": "r", "kind": "private"}).scalar_one()
        rows = [values | {"registry_id": key} | changed for changed in ({}, {}, {"deleted_at": 1}, {"name": "b"})]
        return [list(connection.execute(statement, row).scalars()) for row in rows]

    async def story() -> None:
        assert await opened().write(work) == [["app"], [], ["app"], ["b"]]

    asyncio.run(story())


def test_rows_can_be_held_for_share(opened: Open) -> None:
    """A statement that holds its rows returns them like any other."""
    statement = for_share(select(domain.c.kind).where(domain.c.id == 1))

    async def story() -> None:
        assert await opened().write(lambda connection: connection.execute(statement).scalar_one()) == "default"

    asyncio.run(story())
