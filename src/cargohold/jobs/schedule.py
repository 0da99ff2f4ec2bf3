"""When a periodic task is due. Pure: the clock is the caller's.

A task is a plain function that does a bounded piece of work and says how many things it did. It is idempotent and safe
beside itself on another machine, so a schedule keeps nothing: after a restart every task is due at once.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from cargohold.core.clock import SECOND


@dataclass(frozen=True, slots=True)
class Periodic:
    """A task to be done again and again."""

    name: str
    every: int
    """Milliseconds from one run's end to the next run's start, when there is no more to do."""
    run: Callable[[], Awaitable[int]]
    """Does a bounded piece of work; returns how many things it did, 0 when nothing was left."""


class Schedule:
    """The tasks and when each is due."""

    MORE = SECOND // 10
    """Milliseconds to the next run of a task that did something: there may be more."""
    RETRY = 10 * SECOND
    """Milliseconds to the next run of a task that failed, where its own period is not shorter."""

    def __init__(self, tasks: Sequence[Periodic], now: int) -> None:
        self._due = dict.fromkeys(tasks, now)

    def next(self) -> tuple[Periodic, int] | None:
        """The task that is due first, and when; None when there is no task."""
        return min(self._due.items(), key=lambda entry: entry[1], default=None)

    def done(self, task: Periodic, count: int, now: int) -> None:
        """The task ended well after doing `count` things; those that are due go before what it has left."""
        self._due.pop(task)
        self._due[task] = now + (task.every if count == 0 else self.MORE)

    def failed(self, task: Periodic, now: int) -> None:
        """The task raised."""
        self._due.pop(task)
        self._due[task] = now + min(task.every, self.RETRY)
