"""How much memory processes hold, as the kernel counts it."""

import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_INTERVAL = 0.05


class MemoryWatch:
    """Watches processes while it is open; afterwards `peak` is the most that they held together, in bytes.

    A page that forked processes share is counted once (PSS). The kernel keeps no peak of that sum, so it is read
    twenty times a second; `peaks` has each process's own peak (VmHWM), which the kernel keeps, shared pages included.
    """

    def __init__(self, processes: Sequence[int]) -> None:
        self.peak = 0
        self._processes = processes
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._watcher.join()

    @property
    def peaks(self) -> list[int]:
        return [_field(pid, "status", "VmHWM") for pid in self._processes]

    def _watch(self) -> None:
        while not self._ended.wait(_INTERVAL):
            self.peak = max(self.peak, resident(self._processes))


def resident(processes: Sequence[int]) -> int:
    """What processes hold together now, in bytes, a page that they share counted once."""
    return sum(_field(pid, "smaps_rollup", "Pss") for pid in processes)


def _field(pid: int, file: str, name: str) -> int:
    """One field of a file of /proc, in bytes."""
    for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(name)
