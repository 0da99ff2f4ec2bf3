"""What this machine can do at most: hashing and writing, measured the way the store does both."""

import hashlib
import os
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Ceilings:
    hashing: float
    """SHA-256 on one core, MiB/s."""
    writing: float
    """A file of the large blob's size written and synced, MiB/s."""
    sync: float
    """A file of 1 KiB written and synced, milliseconds (median)."""


def measure(folder: Path, size: int) -> Ceilings:
    """`size` in bytes; about a second."""
    return Ceilings(_hashing(), _writing(folder / "ceiling", size), _sync(folder / "ceiling"))


def _hashing() -> float:
    data = os.urandom(_BLOCK)
    hasher, began, blocks = hashlib.sha256(), time.perf_counter(), 200
    for _ in range(blocks):
        hasher.update(data)
    return blocks / (time.perf_counter() - began)


def _writing(path: Path, size: int) -> float:
    data = os.urandom(_BLOCK)
    began = time.perf_counter()
    with path.open("wb", buffering=0) as file:
        for _ in range(size // _BLOCK):
            file.write(data)
        os.fsync(file.fileno())
    seconds = time.perf_counter() - began
    path.unlink()
    return size / _BLOCK / seconds


def _sync(path: Path) -> float:
    times = []
    for _ in range(50):
        began = time.perf_counter()
        with path.open("wb", buffering=0) as file:
            file.write(bytes(1024))
            os.fsync(file.fileno())
        times.append((time.perf_counter() - began) * 1e3)
        path.unlink()
    return statistics.median(times)
