"""The listening sockets, one for each door. The supervisor owns them: connections wait there while a door is replaced.

Were it one socket for all, the door that wakes first would take every connection that waits, and keep it: of 16 that
come at once one of two doors often had all, and answered 4,600 requests/s where both together answer 8,300.
"""

from __future__ import annotations

import errno
import socket
import sys
from typing import Final

from cargohold.server.refusal import CannotStart

PUBLIC_PORT: Final = "--public-port"
"""The setting of the port that a server can do without."""

BACKLOG: Final = 1024
"""Connections that may wait to be accepted; the kernel may hold fewer (net.core.somaxconn)."""


def bind(host: str, port: int, setting: str = "--port") -> socket.socket:
    """A bound socket that does not listen yet; raises CannotStart with a sentence that names the port's setting."""
    family, address = _resolved(host, port)
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise CannotStart(_reason(error, host, port, setting)) from None
    return bound


def listen(bound: socket.socket, count: int, setting: str = "--port") -> list[socket.socket]:
    """Opens a bound socket to clients; it and others on its address, `count` in all, get about as many of them each.

    Raises CannotStart when another program was faster. Only Linux spreads connections; elsewhere it is one socket.
    """
    host, port = bound.getsockname()[:2]
    sockets = [bound]
    try:
        bound.listen(BACKLOG)  # while it shares its port with nobody: a second server is told that the port is in use
        while len(sockets) < count:
            sockets.append(_beside(bound) if sys.platform == "linux" else bound.dup())
    except OSError as error:
        for each in sockets[1:]:
            each.close()
        raise CannotStart(_reason(error, host, port, setting)) from None
    for each in sockets:
        each.setblocking(False)
    return sockets


def _beside(bound: socket.socket) -> socket.socket:
    """Another listening socket on the same address."""
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    other = socket.socket(bound.family, socket.SOCK_STREAM)
    try:
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            other.setsockopt(socket.SOL_SOCKET, option, 1)
        other.bind(bound.getsockname())
        other.listen(BACKLOG)
    except OSError:
        other.close()
        raise
    return other


def _resolved(host: str, port: int) -> tuple[int, tuple[str, int]]:
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise CannotStart(f"The host {host} is not known here: {error.strerror}.") from None
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, (str(address[0]), int(address[1]))


def _reason(error: OSError, host: str, port: int, setting: str) -> str:
    none = f", or none with {setting} 0" if setting == PUBLIC_PORT else ""
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is in use by another program: stop it, or choose another port with {setting}{none}."
        )
    if error.errno == errno.EACCES:
        return f"This user may not listen on port {port}: choose one from 1024 on with {setting}{none}."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"This machine has no address {host}: give one of its own with --host."
    return f"Listening on {host} port {port} is not possible: {error.strerror}."
