"""The empty answer: as many processes as Cargohold has doors, set up as those are, with nothing behind them.

python -m tests.perf.empty PORT
"""

import asyncio
import os
import signal
import socket
import sys
from types import SimpleNamespace
from typing import Any

from cargohold.server import listener
from cargohold.server.process import _Server
from cargohold.server.settings import MOST_DOORS, cores

DOORS = min(cores(), MOST_DOORS)
"""What `cargohold serve` has where nobody says how many."""

_PLAN: Any = SimpleNamespace(settings=SimpleNamespace(tls_cert=None, tls_key=None))


async def _answer(scope: Any, receive: Any, send: Any) -> None:
    """ASGI's shortest application."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


async def _serve(own: socket.socket, lifeline: int) -> None:
    """Until nobody holds the lifeline's other end any more."""
    asyncio.get_running_loop().add_reader(lifeline, os._exit, 0)
    answer: Any = _answer
    await _Server(answer, own, _PLAN).serve()


def main(port: int) -> None:
    lifeline, held = os.pipe()
    with listener.bind("127.0.0.1", port) as bound:
        for own in listener.listen(bound, DOORS):
            if os.fork() == 0:
                os.close(held)
                asyncio.run(_serve(own, lifeline))
    signal.pause()


if __name__ == "__main__":
    main(int(sys.argv[1]))
