"""How often an account may do what: a token bucket for each account and action, in each process that answers requests.

Off unless an operator asks for it. A bucket holds one second's requests, or one where the rate is lower, and is kept as
one number: the time at which it is full again. Who is nobody is counted by the address that asks.
Sources: Amazon ECR user guide, "Amazon ECR private registry quotas"; Amazon ECR Public user guide, "service quotas".
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from cargohold.access.demand import Demand
from cargohold.access.ecr_actions import AS_SPELLED
from cargohold.core.errors import TooManyRequests

AWS: Final[Mapping[str, float]] = {
    "ecr:GetAuthorizationToken": 500,
    "ecr:BatchGetImage": 2_000,
    "ecr:GetDownloadUrlForLayer": 3_000,
    "ecr:BatchCheckLayerAvailability": 1_000,
    "ecr:InitiateLayerUpload": 100,
    "ecr:CompleteLayerUpload": 100,
    "ecr:UploadLayerPart": 500,
    "ecr:PutImage": 10,
    "ecr-public:GetAuthorizationToken": 200,
    "ecr-public:BatchCheckLayerAvailability": 200,
    "ecr-public:InitiateLayerUpload": 10,
    "ecr-public:CompleteLayerUpload": 10,
    "ecr-public:PutImage": 10,
    "ecr-public:UploadLayerPart": 260,
}
"""Requests a second of each account that AWS begins with."""

MOST_BUCKETS: Final = 10_000
"""Buckets that are kept; of more, those that were used the longest ago are forgotten, as if they were full."""


def parse(text: str) -> dict[str, float]:
    """Requests a second by action: `aws`, or `PutImage=50,ecr-public:PutImage=5`, or both, what stands later counting.

    An action without a service is ECR's. Raises ValueError with what is wrong.
    """
    rates: dict[str, float] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        if part == "aws":
            rates |= AWS
            continue
        name, _, number = part.partition("=")
        action = name if ":" in name else f"ecr:{name}"
        try:
            rates[action] = float(number)
        except ValueError:
            raise ValueError(f"{part!r} is neither aws nor an operation and a number, such as PutImage=10") from None
        if action.partition(":")[0] in ("ecr", "ecr-public") and action not in AS_SPELLED:
            raise ValueError(f"{part!r} names no operation of ECR, such as PutImage")
        if not 0 < rates[action] <= 1_000_000:
            raise ValueError(f"{part!r} has to give a number of requests a second over 0 and up to 1000000")
    return rates


class Rates:
    """One process's buckets. `now` is seconds of a clock that never goes back."""

    __slots__ = ("_full_at", "_most", "_now", "_rates")

    def __init__(self, rates: Mapping[str, float], now: Callable[[], float], most: int = MOST_BUCKETS) -> None:
        self._rates = rates
        self._now = now
        self._most = most
        self._full_at: dict[tuple[str, str], float] = {}

    def take(self, account: str, address: str, demands: Iterable[Demand]) -> None:
        """Counts a request, once for each action that it demands. Raises TooManyRequests."""
        now = self._now()
        for action in dict.fromkeys(demand.action for demand in demands):
            rate = self._rates.get(action)
            if rate is not None:
                self._take((account or address, action), 1 / rate, now)

    def _take(self, key: tuple[str, str], each: float, now: float) -> None:
        full_at = max(self._full_at.get(key, now), now) + each
        wait = full_at - now - max(1.0, each)
        if wait > 1e-9:
            raise TooManyRequests(wait)
        self._full_at.pop(key, None)
        self._full_at[key] = full_at
        if len(self._full_at) > self._most:
            del self._full_at[next(iter(self._full_at))]
