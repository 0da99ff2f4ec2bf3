"""Turns to write: one process at a time, the next one woken, none blocked by a dead one."""

import signal
import subprocess
import sys
import threading
from pathlib import Path
from subprocess import PIPE

from cargohold.database.turn import Turn


def test_turns_do_not_overlap(tmp_path: Path) -> None:
    """Four that take 50 turns each are never two at a time."""
    inside, overlaps = [0], [0]

    def taking(turn: Turn) -> None:
        for _ in range(50):
            with turn:
                inside[0] += 1
                overlaps[0] += inside[0] > 1
                inside[0] -= 1
        turn.close()

    threads = [threading.Thread(target=taking, args=(Turn(tmp_path / "turn"),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert overlaps == [0]


def test_who_waits_is_woken(tmp_path: Path) -> None:
    """A turn that is asked for while another has it comes when that one ends."""
    one, other, order = Turn(tmp_path / "turn"), Turn(tmp_path / "turn"), list[str]()

    def waiting() -> None:
        with other:
            order.append("other")

    thread = threading.Thread(target=waiting)
    with one:
        thread.start()
        thread.join(0.1)
        order.append("one")
    thread.join()
    assert order == ["one", "other"]
    one.close()
    other.close()


HOLDING = """
import sys
from pathlib import Path
from cargohold.database.turn import Turn
with Turn(Path(sys.argv[1])):
    print("holding", flush=True)
    sys.stdin.readline()
"""


def test_a_dead_process_has_no_turn(tmp_path: Path) -> None:
    """A process that was killed during its turn blocks nobody."""
    command = [sys.executable, "-c", HOLDING, str(tmp_path / "turn")]
    holder = subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "holding\n"
    turn = Turn(tmp_path / "turn")
    holder.send_signal(signal.SIGKILL)
    with turn:
        assert holder.wait() == -signal.SIGKILL
    turn.close()
    holder.communicate()
