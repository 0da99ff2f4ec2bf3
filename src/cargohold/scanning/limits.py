"""What one image may cost a scan: whatever a layer holds, memory and time stay bounded. Sizes in bytes."""

import time
from dataclasses import dataclass, field
from typing import Final

MIB: Final = 1 << 20
GIB: Final = 1 << 30


class ScanFailed(Exception):
    """A scan that cannot be finished; the text says why, for whoever asked for it."""


class LimitPassed(ScanFailed):
    """A layer that is larger than what is scanned."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one layer, but for `seconds`, which are the whole scan's."""

    unpacked: int = 32 * GIB
    """After decompression."""
    members: int = 2_000_000
    file: int = 128 * MIB
    """Of one file that is looked into: a package database, a jar, an executable."""
    packages: int = 200_000
    nesting: int = 4
    """Jars inside jars."""
    seconds: float = 900.0


@dataclass(slots=True)
class Allowance:
    """What is left of the limits while a layer is read."""

    limits: Limits
    deadline: float
    """Of `time.monotonic`."""
    members: int = field(default=0)
    unpacked: int = field(default=0)

    @classmethod
    def of(cls, limits: Limits) -> "Allowance":
        return cls(limits, time.monotonic() + limits.seconds)

    def count_member(self) -> None:
        self.members += 1
        if self.members > self.limits.members:
            raise LimitPassed(f"The image has a layer of more than {self.limits.members} files.")

    def count_bytes(self, count: int) -> None:
        """Also looks at the clock, since it is asked for each piece that is unpacked."""
        self.unpacked += count
        if self.unpacked > self.limits.unpacked:
            raise LimitPassed(f"The image has a layer of more than {self.limits.unpacked} bytes unpacked.")
        if time.monotonic() > self.deadline:
            raise LimitPassed(f"The scan took more than {self.limits.seconds:g} seconds.")
