"""Whether this process lives (/healthz), whether it can serve (/readyz), and what was counted (/metrics).

Probes are not authenticated, so answers name what is wrong, not where it lies: the log has the reason.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from cargohold.core.errors import CargoholdError, Unavailable
from cargohold.exchange import Reply, Request
from cargohold.telemetry import logs, metrics

Check = Callable[[], Awaitable[None]]
"""Returns when all is well; raises CargoholdError or OSError when it is not."""

Count = Callable[[], Awaitable[int]]
"""A gauge that the database knows; raises Unavailable while it is away."""

CHECK_SECONDS: Final = 5.0
"""How long one check may take before it counts as failed."""

PATHS: Final = frozenset({"/healthz", "/readyz", "/metrics"})


class Health:
    def __init__(self, checks: Mapping[str, Check], count_open_uploads: Count, count_due_blobs: Count) -> None:
        self._checks = checks
        self._count_open_uploads = count_open_uploads
        self._count_due_blobs = count_due_blobs

    async def __call__(self, request: Request) -> Reply:
        """Answers GET and HEAD of PATHS."""
        if request.path == "/healthz":
            return Reply(200, [("Content-Type", "text/plain")], b"ok\n", operation="Healthz")
        if request.path == "/metrics":
            return await self._metrics()
        return await self._ready()

    async def _metrics(self) -> Reply:
        """What was counted is wanted most while the database is away: then only its own gauges are missing."""
        text = metrics.render(await _counted(self._count_open_uploads), await _counted(self._count_due_blobs))
        return Reply(200, [("Content-Type", metrics.CONTENT_TYPE)], text, operation="Metrics")

    async def _ready(self) -> Reply:
        found = {name: await _outcome(name, check) for name, check in self._checks.items()}
        status = 200 if all(found.values()) else 503
        body = json.dumps({name: "ok" if well else "failed" for name, well in found.items()}) + "\n"
        return Reply(status, [("Content-Type", "application/json")], body.encode(), operation="Readyz")


async def _counted(count: Count) -> int | None:
    try:
        return await count()
    except Unavailable:
        return None


async def _outcome(name: str, check: Check) -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except (CargoholdError, OSError) as error:  # TimeoutError is an OSError
        logs.logger().warning("not ready", check=name, reason=str(error) or type(error).__name__)
        return False
    return True
