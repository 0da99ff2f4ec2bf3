"""server.fleet: children are forked, replaced and stopped. Each test runs a supervisor in a fresh process."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cargohold.server.fleet import delay

PRELUDE = """
import os, signal, sys, time
from cargohold.server.fleet import Fleet, Role
from cargohold.server.refusal import CannotStart
from cargohold.server.signals import Signals
from cargohold.telemetry import logs

logs.configure(sys.stderr, "error")
for number in (signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)  # however the tests themselves were started

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

def patient(ties):
    say("child", os.getpid())
    ties.ready()
    signal.pause()

def gentle(ties):
    signal.signal(signal.SIGTERM, lambda *_: (say("asked"), os._exit(0)))
    patient(ties)

def stubborn(ties):
    signal.signal(signal.SIGTERM, lambda *_: say("asked"))
    say("child", os.getpid())
    ties.ready()
    while True:
        signal.pause()

def serve(*runs, seconds=20):
    signals = Signals()
    fleet = Fleet([Role("test", run) for run in runs], signals)
    try:
        if fleet.start():
            say("ready")
            fleet.keep()
    except CannotStart as error:
        say(error)
    finally:
        say("graceful" if fleet.stop(seconds) else "killed")
        signals.close()
"""


class Supervisor:
    """A process that runs a script after PRELUDE; its standard output is read line by line."""

    def __init__(self, script: str) -> None:
        command = [sys.executable, "-W", "error", "-c", PRELUDE + script]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self._watchdog = threading.Timer(30, self._process.kill)
        self._watchdog.start()
        self.pid = self._process.pid

    def line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")

    def child(self) -> int:
        word, pid = self.line().split()
        assert word == "child"
        return int(pid)

    def rest(self) -> list[str]:
        """What is written until every process that holds the pipe has ended."""
        assert self._process.stdout is not None
        return self._process.stdout.read().splitlines()

    def end(self) -> int:
        """Ends it at once if it still runs; returns its exit status."""
        self._process.kill()
        self._watchdog.cancel()
        assert self._process.stdout is not None
        self._process.stdout.close()
        return self._process.wait()


@pytest.fixture
def started() -> Iterator[list[Supervisor]]:
    """Supervisors that are ended with the test."""
    supervisors: list[Supervisor] = []
    yield supervisors
    for supervisor in supervisors:
        supervisor.end()


def supervisor(started: list[Supervisor], script: str) -> Supervisor:
    started.append(Supervisor(script))
    return started[-1]


def test_a_dead_child_is_replaced(started: list[Supervisor]) -> None:
    """After kill -9 of a child another does its work."""
    running = supervisor(started, "serve(gentle)")
    first = running.child()
    assert running.line() == "ready"
    os.kill(first, signal.SIGKILL)
    second = running.child()
    assert second != first
    os.kill(running.pid, signal.SIGTERM)
    assert running.rest() == ["asked", "graceful"]


def test_a_child_that_dies_again_and_again_is_started_ever_later() -> None:
    """The pause doubles from a tenth of a second to half a minute; a child that never died has none."""
    assert delay(0) == 0
    assert [delay(deaths) for deaths in (1, 2, 3)] == [0.1, 0.2, 0.4]
    assert delay(9) == pytest.approx(25.6)
    assert delay(10) == delay(10_000) == 30


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_signal_stops_every_child_gracefully(number: signal.Signals, started: list[Supervisor]) -> None:
    """Each child gets one SIGTERM and is waited for."""
    running = supervisor(started, "serve(gentle, gentle, gentle)")
    assert len({running.child() for _ in range(3)}) == 3
    assert running.line() == "ready"
    os.kill(running.pid, number)
    assert running.rest() == ["asked", "asked", "asked", "graceful"]


def test_a_terminal_s_interrupt_reaches_children_through_the_supervisor_only(started: list[Supervisor]) -> None:
    """Ctrl-C goes to the whole process group, and the children still end in order."""
    running = supervisor(started, "serve(gentle)")
    running.child()
    assert running.line() == "ready"
    os.killpg(running.pid, signal.SIGINT)
    assert running.rest() == ["asked", "graceful"]


def test_a_second_signal_ends_children_at_once(started: list[Supervisor]) -> None:
    """Who does not want to wait sends the signal again."""
    running = supervisor(started, "serve(stubborn)")
    running.child()
    assert running.line() == "ready"
    os.kill(running.pid, signal.SIGTERM)
    assert running.line() == "asked"
    os.kill(running.pid, signal.SIGTERM)
    assert running.rest() == ["killed"]


def test_children_that_do_not_end_in_time_are_killed(started: list[Supervisor]) -> None:
    """A child that ignores SIGTERM holds nobody up for longer than the grace."""
    running = supervisor(started, "serve(stubborn, seconds=0.2)")
    running.child()
    assert running.line() == "ready"
    os.kill(running.pid, signal.SIGTERM)
    assert running.rest() == ["asked", "killed"]


def test_children_see_that_the_supervisor_is_gone(started: list[Supervisor]) -> None:
    """After kill -9 of the supervisor a child's lifeline has ended, so it can end too."""
    script = """
def watching(ties):
    say("child", os.getpid())
    ties.ready()
    os.read(ties.lifeline, 1)
    say("alone")
    return 0
serve(watching, watching)
"""
    running = supervisor(started, script)
    running.child()
    running.child()
    assert running.line() == "ready"
    os.kill(running.pid, signal.SIGKILL)
    assert running.rest() == ["alone", "alone"]


def test_a_child_that_ends_before_it_is_ready_fails_the_start(started: list[Supervisor]) -> None:
    """A start whose child cannot begin is refused in words, and the other children are ended."""
    script = """
def failing(ties):
    raise RuntimeError("no")
serve(patient, failing)
"""
    said = supervisor(started, script).rest()
    assert "The test process ended before it was ready; the log says why." in said
    assert said[-1] == "graceful"


def test_a_stop_signal_ends_a_start(started: list[Supervisor]) -> None:
    """A server that is told to stop while its children start, stops."""
    script = """
def slow(ties):
    say("child", os.getpid())
    signal.pause()
serve(slow)
"""
    running = supervisor(started, script)
    running.child()
    os.kill(running.pid, signal.SIGTERM)
    assert running.rest() == ["graceful"]


def test_a_signal_that_is_ignored_from_outside_stays_ignored(started: list[Supervisor]) -> None:
    """Under nohup a server outlives its terminal."""
    running = supervisor(started, "signal.signal(signal.SIGHUP, signal.SIG_IGN)\nserve(gentle)")
    running.child()
    assert running.line() == "ready"
    os.kill(running.pid, signal.SIGHUP)
    os.kill(running.pid, signal.SIGTERM)
    assert running.rest() == ["asked", "graceful"]


def test_what_a_child_raises_is_logged(tmp_path: Path) -> None:
    """The log says why a child ended."""
    script = """
def failing(ties):
    raise RuntimeError("the disk is on fire")
serve(failing)
"""
    done = subprocess.run([sys.executable, "-c", PRELUDE + script], capture_output=True, text=True, check=False)
    assert '"event": "process failed"' in done.stderr
    assert "the disk is on fire" in done.stderr
