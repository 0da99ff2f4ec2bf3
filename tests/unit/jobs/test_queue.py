"""jobs.queue: work that a transaction left behind, done at least once."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import Connection, select
from structlog.testing import capture_logs

from cargohold.database import Database
from cargohold.database.schema.jobs import job
from cargohold.jobs.queue import ATTEMPTS, FIRST_RETRY, KEEP_FAILED, LEASE, Queue, add_job
from tests.bed.engines import Engine, Place


class Office:
    """A queue with one task, which keeps what it was given and fails as long as it is told to."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = 1_700_000_000_000
        self.done: list[Mapping[str, Any]] = []
        self.broken = False
        self.queue = Queue(database, {"note": self.note}, lambda: self.now)

    async def note(self, payload: Mapping[str, Any]) -> None:
        if self.broken:
            raise RuntimeError("not today")
        self.done.append(payload)

    async def ask(self, name: str, run_at: int | None = None, task: str = "note") -> None:
        at = self.now if run_at is None else run_at
        await self.database.write(lambda connection: add_job(connection, task, {"name": name}, at))

    async def rows(self) -> list[tuple[str, int]]:
        """(state, attempts) of each job that is there."""

        def read(connection: Connection) -> list[tuple[str, int]]:
            return [(row.state, row.attempts) for row in connection.execute(select(job).order_by(job.c.id))]

        return await self.database.read(read)


@pytest.fixture
def office(engine: Engine, place: Place) -> Iterator[Office]:
    with engine.borrowed(place) as database:
        yield Office(database)


def test_done_once(office: Office) -> None:
    """A job is done with its payload when it is due, in the order of their times, and then it is gone."""

    async def story() -> None:
        await office.ask("second", office.now)
        await office.ask("first", office.now - 1)
        await office.ask("tomorrow", office.now + 1)
        assert await office.queue.run() == 2
        assert office.done == [{"name": "first"}, {"name": "second"}]
        assert await office.queue.run() == 0
        office.now += 1
        assert await office.queue.run() == 1
        assert await office.rows() == []

    asyncio.run(story())


def test_nothing_was_written(office: Office) -> None:
    """A transaction that fails leaves no job behind."""

    def work(connection: Connection) -> None:
        add_job(connection, "note", {}, office.now)
        raise LookupError

    async def story() -> None:
        with pytest.raises(LookupError):
            await office.database.write(work)
        assert await office.queue.run() == 0

    asyncio.run(story())


def test_tried_again(office: Office) -> None:
    """A job that failed is tried again later, each time after twice as long, and is told in the log."""

    async def story() -> None:
        office.broken = True
        await office.ask("stubborn")
        with capture_logs() as logged:
            for attempt in (1, 2, 3):
                assert await office.queue.run() == 1
                assert await office.rows() == [("waiting", attempt)]
                office.now += (FIRST_RETRY << (attempt - 1)) - 1
                assert await office.queue.run() == 0
                office.now += 1
        assert [line["after"] for line in logged] == [5, 10, 20]
        office.broken = False
        assert await office.queue.run() == 1
        assert office.done == [{"name": "stubborn"}]

    asyncio.run(story())


def test_given_up(office: Office) -> None:
    """A job that fails for half a day is given up, can be looked at for a month, and is forgotten then."""

    async def story() -> None:
        office.broken = True
        await office.ask("hopeless")
        with capture_logs() as logged:
            for _ in range(ATTEMPTS):
                assert await office.queue.run() == 1
                office.now += 60 * 60 * 1000
        assert logged[-1]["event"] == "job given up"
        assert await office.rows() == [("failed", ATTEMPTS)]
        assert await office.queue.run() == 0
        assert await office.queue.prune() == 0
        office.now += KEEP_FAILED
        assert await office.queue.prune() == 1
        assert await office.rows() == []

    asyncio.run(story())


def test_a_task_that_nobody_knows(office: Office) -> None:
    """A job of a task that this worker does not know waits for one that does."""

    async def story() -> None:
        await office.ask("later", task="of another version")
        await office.queue.run()
        office.now += FIRST_RETRY
        newer = Queue(office.database, {"of another version": office.note}, lambda: office.now)
        assert await newer.run() == 1
        assert office.done == [{"name": "later"}]

    asyncio.run(story())


def test_a_dead_worker(office: Office) -> None:
    """A job whose worker died is another's when the claim has run out, and the dead one's word counts no more."""

    async def story() -> None:
        reached, go_on = asyncio.Event(), asyncio.Event()

        async def stuck(_: Mapping[str, Any]) -> None:
            reached.set()
            await go_on.wait()

        await office.ask("long")
        stalled = asyncio.create_task(Queue(office.database, {"note": stuck}, lambda: office.now).run())
        await reached.wait()
        assert await office.queue.run() == 0
        office.now += LEASE
        office.broken = True
        assert await office.queue.run() == 1
        go_on.set()
        await stalled
        assert await office.rows() == [("waiting", 2)]

    asyncio.run(story())


def test_two_workers(office: Office) -> None:
    """Two workers that run at once do each job once."""

    async def story() -> None:
        for number in range(20):
            await office.ask(str(number))
        other = Queue(office.database, {"note": office.note}, lambda: office.now)
        assert sum(await asyncio.gather(office.queue.run(), other.run())) == 20
        assert sorted(int(each["name"]) for each in office.done) == list(range(20))

    asyncio.run(story())
