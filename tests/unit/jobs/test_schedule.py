"""jobs.schedule: when a task is due."""

from cargohold.jobs.schedule import Periodic, Schedule


async def _nothing() -> int:
    return 0


HOURLY = Periodic("hourly", 3_600_000, _nothing)
BUSY = Periodic("busy", 60_000, _nothing)


def test_every_task_is_due_at_the_start() -> None:
    """After a restart nothing waits for its period to pass."""
    schedule = Schedule([HOURLY, BUSY], now=1000)
    assert schedule.next() == (HOURLY, 1000)
    schedule.done(HOURLY, count=0, now=1000)
    assert schedule.next() == (BUSY, 1000)


def test_a_task_without_more_to_do_waits_its_period() -> None:
    """A task that did nothing is due one period after it ended."""
    schedule = Schedule([BUSY], now=0)
    schedule.done(BUSY, count=0, now=5_000)
    assert schedule.next() == (BUSY, 65_000)


def test_a_task_with_more_to_do_lets_the_others_go_first() -> None:
    """A task that did something runs again soon, after what is already due."""
    schedule = Schedule([BUSY, HOURLY], now=0)
    schedule.done(BUSY, count=7, now=0)
    assert schedule.next() == (HOURLY, 0)
    schedule.done(HOURLY, count=0, now=0)
    task, at = schedule.next() or (HOURLY, 0)
    assert (task, at) == (BUSY, Schedule.MORE)


def test_a_task_that_failed_is_tried_again_sooner_than_its_period() -> None:
    """A failure is retried after ten seconds, or after the task's own shorter period."""
    schedule = Schedule([HOURLY], now=0)
    schedule.failed(HOURLY, now=0)
    assert schedule.next() == (HOURLY, 10_000)
    short = Periodic("short", 500, _nothing)
    schedule = Schedule([short], now=0)
    schedule.failed(short, now=0)
    assert schedule.next() == (short, 500)


def test_no_task_is_nothing_to_do() -> None:
    """An empty schedule has no next task."""
    assert Schedule([], now=0).next() is None
