"""One start of the server, from the data folder's lock to the last child's end. It answers no request itself.

Everything is imported and checked here, once; then door processes and the worker process are forked. No thread may run
before that: a forked child would inherit its locks and not the thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import resource
import socket
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain
from typing import Final

from cargohold import __version__
from cargohold.server import listener, process
from cargohold.server.certificates import check_certificate
from cargohold.server.fleet import Fleet, Role, Ties
from cargohold.server.folder import AccessKey, DataFolder, Deployment, Running
from cargohold.server.settings import Settings, is_loopback
from cargohold.server.signals import Signals
from cargohold.server.wiring import Plan, first_start, prepare
from cargohold.telemetry import logs, metrics

Announce = Callable[[Running, AccessKey | None], None]
"""Called when the server is ready, with the key that this start made, if it made one."""

_DESCRIPTORS: Final = 65_536
_END_SECONDS: Final = 5.0
"""What a process needs to end, once its requests have."""


def serve(settings: Settings, announce: Announce) -> int:
    """Runs the server until it is told to stop; returns the exit status. Raises CannotStart."""
    os.umask(0o077)
    folder = DataFolder(settings.data)
    with folder.locked():
        check_certificate(settings.tls_cert, settings.tls_key)
        with contextlib.ExitStack() as bound:
            main = bound.enter_context(listener.bind(settings.host, settings.port))
            public = _bind_public(settings)
            if public is not None:
                bound.enter_context(public)
            metrics.share(folder.metrics)
            public_port = None if public is None else public.getsockname()[1]
            plan = prepare(settings, folder, _deployment(settings, folder), main.getsockname()[1], public_port)
            key = asyncio.run(first_start(plan))
            _raise_descriptor_limit()
            return _run(plan, main, public, partial(announce, _running(plan), key))


def _bind_public(settings: Settings) -> socket.socket | None:
    port = settings.listen_public
    return None if port is None else listener.bind(settings.host, port, listener.PUBLIC_PORT)


def _run(plan: Plan, main: socket.socket, public: socket.socket | None, announce: Callable[[], None]) -> int:
    signals = Signals()
    try:
        sockets = _listen(plan, main, public)
        fleet = Fleet(_roles(plan, sockets), signals)
        # From here on connections wait to be answered, so whoever sees /readyz answer finds this file too.
        plan.folder.announce(_running(plan))
        # What was imported stays for good: collecting it would only copy the pages that the children share.
        gc.freeze()
        gc.enable()
        try:
            if fleet.start():
                logs.logger().info("ready", url=_running(plan).url, process=os.getpid())
                announce()
                fleet.keep()
        finally:
            logs.logger().info("stopping")
            plan.folder.withdraw()
            _close(chain.from_iterable(sockets))
            graceful = fleet.stop(process.GRACE_SECONDS + _END_SECONDS)
            logs.logger().info("stopped", graceful=graceful)
    finally:
        signals.close()
    return 0 if graceful else 1


def _listen(plan: Plan, main: socket.socket, public: socket.socket | None) -> list[tuple[socket.socket, ...]]:
    """For each door its socket on the port for everything, and on the public registries' where they have one."""
    doors = plan.settings.doors
    ports = [listener.listen(main, doors)]
    if public is not None:
        ports.append(listener.listen(public, doors, listener.PUBLIC_PORT))
    return list(zip(*ports, strict=True))


def _roles(plan: Plan, sockets: Sequence[tuple[socket.socket, ...]]) -> list[Role]:
    def serve(own: tuple[socket.socket, ...], ties: Ties) -> int:
        _close(chain.from_iterable(each for each in sockets if each is not own))
        return process.run_door(plan, own, ties)

    def work(ties: Ties) -> int:
        _close(chain.from_iterable(sockets))
        return process.run_worker(plan, ties)

    return [*(Role("door", partial(serve, own)) for own in sockets), Role("worker", work)]


def _close(sockets: Iterable[socket.socket]) -> None:
    """In this process; a connection that waits in one is lost when no process has it any more."""
    for each in sockets:
        each.close()


def _deployment(settings: Settings, folder: DataFolder) -> Deployment:
    given = settings.model_fields_set
    return folder.remember(
        settings.account if "account" in given else None,
        settings.regions if "regions" in given else None,
        Deployment(settings.account, settings.regions),
    )


def _running(plan: Plan) -> Running:
    host = f"{_name(plan.settings)}:{plan.port}"
    return Running(
        url=f"{plan.addresses.scheme}://{host}",
        registry=host,
        pid=os.getpid(),
        host=plan.settings.host,
        port=plan.port,
        account=plan.deployment.account,
        region=plan.deployment.regions[0],
        dev=plan.settings.dev,
        version=__version__,
        public=plan.addresses.public_name,
    )


def _name(settings: Settings) -> str:
    """The host by which a client on this machine reaches the server: the domain, unless nobody listens there."""
    everywhere = settings.host in ("0.0.0.0", "::", "[::]")  # noqa: S104
    if settings.domain != "localhost" or everywhere or is_loopback(settings.host):
        return settings.domain
    return f"[{settings.host}]" if ":" in settings.host.strip("[]") else settings.host


def _raise_descriptor_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(_DESCRIPTORS, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
