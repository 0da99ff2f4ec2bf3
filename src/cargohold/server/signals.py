"""Waiting for signals, readable descriptors and time at once, in a process without an event loop."""

from __future__ import annotations

import contextlib
import selectors
import signal
import socket
from collections.abc import Iterator
from types import FrameType
from typing import Final

STOP: Final = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
_WATCHED: Final = STOP | {signal.SIGCHLD}


class Signals:
    """The signals of this process, received as values. One at a time per process, in its main thread."""

    def __init__(self) -> None:
        self._receiver, sender = socket.socketpair()
        self._sender = sender
        for end in (self._receiver, sender):
            end.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._receiver, selectors.EVENT_READ)
        # A signal that whoever started us wants ignored (nohup) stays ignored.
        watched = [number for number in _WATCHED if signal.getsignal(number) is not signal.SIG_IGN]
        self._before = {number: signal.signal(number, _note) for number in watched}
        signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)

    def watch(self, descriptor: int) -> None:
        """Lets `wait` return when the descriptor can be read."""
        self._selector.register(descriptor, selectors.EVENT_READ)

    def wait(self, seconds: float | None) -> frozenset[int]:
        """The signals that came, perhaps none, after at most `seconds` or when a watched descriptor can be read."""
        self._selector.select(None if seconds is None else max(seconds, 0))
        try:
            return frozenset(self._receiver.recv(4096))
        except BlockingIOError:
            return frozenset()

    def close(self) -> None:
        """Gives every signal back to who had it before."""
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._selector.close()
        self._receiver.close()
        self._sender.close()

    def close_in_child(self) -> None:
        """After a fork: SIGTERM ends the process until it says otherwise, the terminal's signals are the parent's."""
        self.close()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Signals that come meanwhile are delivered at the end; a child that is forked meanwhile never sees them early."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _note(_number: int, _frame: FrameType | None) -> None:
    """The number is already in the socket: Python writes it there before it calls this."""
