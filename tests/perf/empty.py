"""The empty answer: a server process set up as Cargohold's door process is, with nothing behind it.

python -m tests.perf.empty PORT
"""

import asyncio
import socket
import sys
from types import SimpleNamespace
from typing import Any

from cargohold.server.listener import BACKLOG
from cargohold.server.process import _Server

_PLAN: Any = SimpleNamespace(settings=SimpleNamespace(tls_cert=None, tls_key=None))


async def _answer(scope: Any, receive: Any, send: Any) -> None:
    """ASGI's shortest application."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


async def serve(port: int) -> None:
    listening = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
    answer: Any = _answer
    await _Server(answer, listening, _PLAN).serve()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
