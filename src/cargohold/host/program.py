"""The host's program: metadata service and container endpoint, with credentials that are kept good, until it stops."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from cargohold.core.clock import system_clock
from cargohold.host import remote
from cargohold.host.containers import Containers
from cargohold.host.key import HostKey
from cargohold.host.listening import listen
from cargohold.host.metadata import Metadata, SessionTokens
from cargohold.host.rotation import Rotation

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Options:
    """Where to listen, as `address:port`; None: not at all."""

    metadata: str | None
    containers: str | None
    hop_limit: int


@dataclass(frozen=True, slots=True)
class Ready:
    """What is served, for whoever started the program."""

    metadata: str | None
    containers: str | None
    """URLs."""


async def run(key: HostKey, container_token: str, options: Options, ready: Callable[[Ready], None]) -> None:
    """Serves until SIGTERM or SIGINT; raises HostUnusable when it cannot listen."""
    rotation = Rotation(partial(remote.fetch, key, system_clock), system_clock)
    metadata = Metadata(key, rotation, SessionTokens(system_clock))
    containers = Containers(key, rotation, container_token)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        urls = [
            None if where is None else await _serve(stack, listen(where, options.hop_limit), handler)
            for where, handler in ((options.metadata, metadata.handle), (options.containers, containers.handle))
        ]
        rotating = asyncio.create_task(rotation.run(stop))
        ready(Ready(urls[0], None if urls[1] is None else urls[1] + containers.path))
        await stop.wait()
        await rotating


async def _serve(stack: AsyncExitStack, listening: socket.socket, handler: Handler) -> str:
    runner = web.ServerRunner(web.Server(handler, access_log=None))
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.SockSite(runner, listening).start()
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
