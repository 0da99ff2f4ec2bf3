"""jobs.worker: runs tasks until it is told to stop."""

import asyncio

from structlog.testing import capture_logs

from cargohold.jobs import worker
from cargohold.jobs.schedule import Periodic


def test_tasks_run_and_a_failure_is_logged_and_tried_again() -> None:
    """A task that raises ends neither the worker nor the other tasks, and runs again."""
    stop = asyncio.Event()
    ran: list[str] = []

    async def failing() -> int:
        ran.append("failing")
        raise ValueError("no")

    async def counting() -> int:
        ran.append("counting")
        if ran.count("failing") >= 2 and ran.count("counting") >= 2:
            stop.set()
        return 0

    tasks = [Periodic("failing", 1, failing), Periodic("counting", 1, counting)]
    ticks = iter(range(0, 1_000_000, 5))
    with capture_logs() as logged:
        asyncio.run(asyncio.wait_for(worker.work(tasks, stop, lambda: next(ticks)), 10))
    failures = [line for line in logged if line["event"] == "task failed"]
    assert len(failures) >= 2
    assert {line["task"] for line in failures} == {"failing"}
    assert isinstance(failures[0]["exc_info"], ValueError)


def test_stop_ends_a_worker_that_waits() -> None:
    """A worker whose tasks are not due for an hour ends as soon as it is told to."""
    stop = asyncio.Event()

    async def once() -> int:
        asyncio.get_running_loop().call_soon(stop.set)
        return 0

    asyncio.run(asyncio.wait_for(worker.work([Periodic("once", 3_600_000, once)], stop, lambda: 0), 10))


def test_stop_lets_the_running_task_end() -> None:
    """A task that runs when stop is set is finished, and no other begins."""
    stop = asyncio.Event()
    ended: list[str] = []

    async def first() -> int:
        stop.set()
        for _ in range(3):
            await asyncio.sleep(0)
        ended.append("first")
        return 1

    async def second() -> int:
        ended.append("second")
        return 0

    asyncio.run(worker.work([Periodic("first", 1, first), Periodic("second", 1, second)], stop, lambda: 0))
    assert ended == ["first"]


def test_a_worker_without_tasks_waits_for_stop() -> None:
    """Nothing to do is not an error."""

    async def run() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_soon(stop.set)
        await worker.work([], stop, lambda: 0)

    asyncio.run(asyncio.wait_for(run(), 10))
