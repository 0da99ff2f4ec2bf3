"""The listening socket. The supervisor owns it, so connections wait in its queue while a door is replaced."""

from __future__ import annotations

import errno
import socket
from typing import Final

from cargohold.server.refusal import CannotStart

BACKLOG: Final = 1024
"""Connections that may wait to be accepted; the kernel may hold fewer (net.core.somaxconn)."""


def bind(host: str, port: int) -> socket.socket:
    """A bound socket that does not listen yet; raises CannotStart with a sentence."""
    family, address = _resolved(host, port)
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise CannotStart(_reason(error, host, port)) from None
    return bound


def listen(bound: socket.socket) -> None:
    """Opens a bound socket to clients; raises CannotStart when another program was faster."""
    host, port = bound.getsockname()[:2]
    try:
        bound.listen(BACKLOG)
    except OSError as error:
        raise CannotStart(_reason(error, host, port)) from None
    bound.setblocking(False)


def _resolved(host: str, port: int) -> tuple[int, tuple[str, int]]:
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise CannotStart(f"The host {host} is not known here: {error.strerror}.") from None
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, (str(address[0]), int(address[1]))


def _reason(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use by another program: stop it, or choose another port with --port."
    if error.errno == errno.EACCES:
        return f"This user may not listen on port {port}: choose one from 1024 on with --port."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"This machine has no address {host}: give one of its own with --host."
    return f"Listening on {host} port {port} is not possible: {error.strerror}."
