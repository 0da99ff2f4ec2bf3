"""The supervisor's children: forked, watched, replaced when they die, stopped together.

One pipe tells the supervisor that a child is ready; another, the lifeline, tells children that the supervisor is gone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from cargohold.server.refusal import CannotStart
from cargohold.server.signals import STOP, Signals, held_back
from cargohold.telemetry import logs

STEADY_SECONDS: Final = 60.0
"""A child that lived this long did not die of how it was started."""

_FIRST_DELAY: Final = 0.1
_LONGEST_DELAY: Final = 30.0
_FAILED: Final = 1


@dataclass(frozen=True, slots=True)
class Ties:
    """What ties a child to its supervisor."""

    ready: Callable[[], None]
    """Called once, when the process does its work."""
    lifeline: int
    """A descriptor that reads as ended when the supervisor is gone."""


@dataclass(frozen=True, slots=True)
class Role:
    """What a child does: `run` is called in it and returns its exit status."""

    name: str
    run: Callable[[Ties], int]


@dataclass(slots=True)
class _Place:
    """A role that is to be filled, and the child that fills it."""

    role: Role
    pid: int = 0
    started: float = 0.0
    deaths: int = 0
    start_at: float = 0.0


def delay(deaths: int) -> float:
    """Seconds before a child is started that died so many times in a row."""
    return min(_FIRST_DELAY * 2 ** min(deaths - 1, 20), _LONGEST_DELAY) if deaths else 0.0


class Fleet:
    """The children of this process. Made while no other thread runs."""

    def __init__(self, roles: Sequence[Role], signals: Signals) -> None:
        self._places = [_Place(role) for role in roles]
        self._signals = signals
        self._ready_in, self._ready_out = os.pipe()
        self._lifeline_in, self._lifeline_out = os.pipe()
        os.set_blocking(self._ready_in, False)
        signals.watch(self._ready_in)

    def start(self) -> bool:
        """Starts every child and returns when all are ready; False when a stop signal came first.

        Raises CannotStart when a child ends before that.
        """
        for place in self._places:
            self._fill(place)
        ready = 0
        while ready < len(self._places):
            if self._signals.wait(None) & STOP:
                return False
            ready += self._count_ready()
            for place in self._reap():
                raise CannotStart(f"The {place.role.name} process ended before it was ready; the log says why.")
        return True

    def keep(self) -> None:
        """Replaces what dies, until a stop signal comes."""
        while not self._signals.wait(self._next_start()) & STOP:
            self._count_ready()
            for place in self._reap():
                self._plan_replacement(place)
            for place in self._places:
                if not place.pid and place.start_at <= time.monotonic():
                    self._fill(place)

    def stop(self, seconds: float) -> bool:
        """Asks every child to end and waits; kills what is left after `seconds` or at another stop signal.

        True when all ended by themselves.
        """
        self._send(signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while self._alive() and (left := deadline - time.monotonic()) > 0:
            if self._signals.wait(left) & STOP:
                break
            self._reap()
        graceful = not self._alive()
        self._send(signal.SIGKILL)
        for place in self._alive():
            os.waitpid(place.pid, 0)
            place.pid = 0
        return graceful

    def _fill(self, place: _Place) -> None:
        with held_back():
            place.pid = os.fork()
            if place.pid == 0:
                self._become(place.role)
        place.started = time.monotonic()
        logs.logger().info("process started", role=place.role.name, process=place.pid)

    def _become(self, role: Role) -> NoReturn:
        status = _FAILED
        try:
            os.close(self._lifeline_out)
            os.close(self._ready_in)
            self._signals.close_in_child()
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            status = role.run(Ties(self._say_ready, self._lifeline_in))
        finally:
            try:
                _last_words(role)
            finally:
                # Not sys.exit: what the supervisor does on its way out is not for its children to do.
                os._exit(status)

    def _say_ready(self) -> None:
        os.write(self._ready_out, b"1")

    def _count_ready(self) -> int:
        try:
            return len(os.read(self._ready_in, 4096))
        except BlockingIOError:
            return 0

    def _alive(self) -> list[_Place]:
        return [place for place in self._places if place.pid]

    def _reap(self) -> list[_Place]:
        """The places whose child has ended since the last look."""
        ended = []
        for place in self._alive():
            pid, status = os.waitpid(place.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                logs.logger().info("process ended", role=place.role.name, process=pid, status=code)
                place.pid = 0
                ended.append(place)
        return ended

    def _plan_replacement(self, place: _Place) -> None:
        now = time.monotonic()
        place.deaths = 1 if now - place.started >= STEADY_SECONDS else place.deaths + 1
        place.start_at = now + delay(place.deaths)
        logs.logger().error("process will be replaced", role=place.role.name, seconds=round(delay(place.deaths), 3))

    def _next_start(self) -> float | None:
        times = [place.start_at for place in self._places if not place.pid]
        return min(times) - time.monotonic() if times else None

    def _send(self, number: signal.Signals) -> None:
        for place in self._alive():
            os.kill(place.pid, number)


def _last_words(role: Role) -> None:
    if error := sys.exc_info()[1]:
        logs.logger().error("process failed", role=role.name, exc_info=error)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
