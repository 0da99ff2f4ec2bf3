"""Sockets that only this machine reaches: on loopback or link-local addresses, and with few hops to go.

The hop limit is how far an answer gets: at 1 it stays on the machine, at 2 it reaches a container behind a bridge.
Source: EC2 user guide, "Configure the instance metadata service options", hop limit.
"""

from __future__ import annotations

import errno
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from cargohold.host.key import HostUnusable

METADATA: Final = "169.254.169.254:80"
CONTAINERS: Final = "127.0.0.1:51679"
HOP_LIMIT: Final = 1

_OF_AWS: Final = frozenset({ip_address("fd00:ec2::254"), ip_address("fd00:ec2::23")})
"""Unique local addresses that AWS gives these services; no network routes to them."""

Address = IPv4Address | IPv6Address


def parse(text: str) -> tuple[Address, int]:
    """`address:port`, an IPv6 address in brackets; raises HostUnusable for what other machines could reach."""
    host, _, port = text.rpartition(":")
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
        number = int(port)
    except ValueError:
        raise HostUnusable(f"{text} is not an address with a port, such as {METADATA}.") from None
    if not (address.is_loopback or address.is_link_local or address in _OF_AWS):
        raise HostUnusable(
            f"{address} can be reached from other machines: only a loopback or link-local address will do."
        )
    return address, number


def listen(text: str, hop_limit: int) -> socket.socket:
    """A socket that listens there; raises HostUnusable."""
    address, port = parse(text)
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if address.version == 4:
            made.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hop_limit)
        else:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, hop_limit)
        made.bind((str(address), port))
        made.listen(128)
    except OSError as error:
        made.close()
        raise HostUnusable(_told(address, text, error)) from None
    return made


def _told(address: Address, text: str, error: OSError) -> str:
    if error.errno == errno.EADDRNOTAVAIL:
        return (
            f"This machine has not the address {address}. Run: ip address add {address}/{address.max_prefixlen} dev lo"
        )
    return f"Nothing can listen at {text}: {error.strerror}."
