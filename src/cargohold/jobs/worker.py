"""Runs periodic tasks, one after another, until it is told to stop. A task that fails is logged and tried again."""

import asyncio
import time
from collections.abc import Sequence

from cargohold.core.clock import Clock
from cargohold.jobs.schedule import Periodic, Schedule
from cargohold.telemetry import logs


async def work(tasks: Sequence[Periodic], stop: asyncio.Event, clock: Clock) -> None:
    """Returns when `stop` is set and the running task, if there is one, has ended."""
    schedule = Schedule(tasks, clock())
    while not stop.is_set():
        due = schedule.next()
        if due is None:
            await stop.wait()
            continue
        task, at = due
        if not await _set_within(stop, at - clock()):
            await _run(task, schedule, clock)


async def _run(task: Periodic, schedule: Schedule, clock: Clock) -> None:
    began = time.perf_counter()
    running = asyncio.ensure_future(task.run())
    await asyncio.wait((running,))
    seconds = round(time.perf_counter() - began, 6)
    error = running.exception()
    if error is not None:
        schedule.failed(task, clock())
        logs.logger().error("task failed", task=task.name, seconds=seconds, exc_info=error)
        return
    count = running.result()
    schedule.done(task, count, clock())
    logs.logger().log(20 if count else 10, "task", task=task.name, seconds=seconds, count=count)


async def _set_within(stop: asyncio.Event, milliseconds: int) -> bool:
    """Whether `stop` was set before the time was over."""
    try:
        async with asyncio.timeout(max(milliseconds, 0) / 1000):
            await stop.wait()
    except TimeoutError:
        return False
    return True
