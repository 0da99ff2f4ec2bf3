"""Time as the house counts it: milliseconds since 1970-01-01 UTC. The clock is an argument, so tests set it."""

import time
from collections.abc import Callable
from typing import Final

Clock = Callable[[], int]

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR


def system_clock() -> int:
    """Milliseconds since the epoch, from the machine's clock."""
    return time.time_ns() // 1_000_000
