"""What runs in a door process and in the worker process, from the fork to the end.

A process stops gracefully on SIGTERM, and at once when the supervisor is gone: the lifeline is a pipe whose other end
only the supervisor holds, so it ends however the supervisor ends.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Sequence
from typing import Any, Final

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from cargohold.jobs import worker
from cargohold.server import rooms, upkeep, wiring
from cargohold.server.app import Application
from cargohold.server.fleet import Ties
from cargohold.server.listener import BACKLOG
from cargohold.server.wiring import Plan
from cargohold.telemetry import logs, metrics

GRACE_SECONDS: Final = 30.0
"""How long running requests may go on after SIGTERM."""

_CUT_OFF_SECONDS: Final = 1.0
_HEAD_MILLISECONDS: Final = 30_000
_FAILED: Final = 1

_GRANIAN_LOGS: Final[dict[str, Any]] = {
    "handlers": {},
    "loggers": {"_granian": {"handlers": [], "propagate": True}},
}
"""Its loggers have no handlers of their own, so what it says goes the way of all libraries."""


class _Server(Server):
    """granian in this process's event loop, on a socket that is listening already."""

    def __init__(self, application: Application, listening: socket.socket, plan: Plan) -> None:
        super().__init__(
            application,
            interface=Interfaces.ASGINL,
            http=HTTPModes.auto,
            http1_settings=HTTP1Settings(header_read_timeout=_HEAD_MILLISECONDS),
            websockets=False,
            backlog=BACKLOG,
            log_level=LogLevels.error,
            log_dictconfig=_GRANIAN_LOGS,
            ssl_cert=plan.settings.tls_cert,
            ssl_key=plan.settings.tls_key,
            ssl_protocol_min=SSLProtocols.tls12,
        )
        self._listening = listening

    def _init_shared_socket(self) -> None:
        self._shd = SocketHolder(self._listening.detach(), False, BACKLOG)  # type: ignore[assignment, call-arg]


def run_door(plan: Plan, listening: Sequence[socket.socket], ties: Ties) -> int:
    """Answers requests until SIGTERM; returns the process's exit status.

    `listening` is the socket of the port for everything, and the public registries' where they have a port.
    """
    return asyncio.run(_serve(plan, listening, ties))


def run_worker(plan: Plan, ties: Ties) -> int:
    """Does periodic tasks until SIGTERM; returns the process's exit status."""
    return asyncio.run(_work(plan, ties))


async def _serve(plan: Plan, listening: Sequence[socket.socket], ties: Ties) -> int:
    stop = _stop_event(ties.lifeline)
    if not metrics.begin():
        logs.logger().warning("requests are not counted", reason="there is no room for the counters")
    cellar = wiring.cellar(plan)
    applications = rooms.applications(plan, cellar)
    servers = [_Server(*each, plan) for each in zip(applications, listening, strict=True)]
    servers[-1].on_startup(ties.ready)
    serving = [asyncio.ensure_future(server.serve()) for server in servers]
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait((*serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    if not stop.is_set():
        logs.logger().error("door ended by itself")
        return _FAILED
    # Closes the sockets and idle connections, and returns when the last running request has been answered.
    for server in servers:
        server.stop()  # type: ignore[no-untyped-call]
    _, unfinished = await asyncio.wait(serving, timeout=GRACE_SECONDS)
    if unfinished:
        counts = await asyncio.gather(*(application.cut_off(_CUT_OFF_SECONDS) for application in applications))
        logs.logger().warning("requests cut off", count=sum(counts), after_seconds=GRACE_SECONDS)
        await asyncio.wait(unfinished, timeout=_CUT_OFF_SECONDS)
    await cellar.close()
    return 0


async def _work(plan: Plan, ties: Ties) -> int:
    stop = _stop_event(ties.lifeline)
    if not metrics.begin():
        logs.logger().warning("the worker's work is not counted", reason="there is no room for the counters")
    cellar = wiring.cellar(plan)
    ties.ready()
    work = upkeep.periodic(plan, cellar)
    await asyncio.gather(*(worker.work(row, stop, _monotonic_clock) for row in work))
    await cellar.close()
    return 0


def _stop_event(lifeline: int) -> asyncio.Event:
    """Set by SIGTERM. The end of the lifeline ends the process there and then: nobody is left to replace it."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_reader(lifeline, os._exit, _FAILED)
    return stop


def _monotonic_clock() -> int:
    return time.monotonic_ns() // 1_000_000
