"""Sockets that nobody but the machine itself reaches."""

import socket

import pytest

from cargohold.host.key import HostUnusable
from cargohold.host.listening import CONTAINERS, METADATA, listen, parse


@pytest.mark.parametrize(
    "text",
    [METADATA, CONTAINERS, "169.254.170.2:80", "127.1.2.3:8080", "[::1]:80", "[fd00:ec2::254]:80", "[fe80::1]:80"],
)
def test_loopback_and_link_local(text: str) -> None:
    """Addresses that only the machine or its link reach are taken."""
    address, port = parse(text)
    assert text in (f"{address}:{port}", f"[{address}]:{port}")


@pytest.mark.parametrize(
    "text", ["0.0.0.0:80", "[::]:80", "10.0.0.5:80", "192.168.1.1:80", "8.8.8.8:80", "[2001:db8::1]:80"]
)
def test_nothing_else(text: str) -> None:
    """Every other address, the wildcard first of all, is refused in a sentence that says why."""
    with pytest.raises(HostUnusable, match="can be reached from other machines: only a loopback or link-local"):
        parse(text)


@pytest.mark.parametrize("text", ["", "80", ":80", "localhost:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http"])
def test_what_is_no_address(text: str) -> None:
    """A name is none: who answers to it may change."""
    with pytest.raises(HostUnusable, match="is not an address with a port"):
        parse(text)


@pytest.mark.parametrize("hop_limit", [1, 2])
def test_answers_do_not_get_far(hop_limit: int) -> None:
    """The hop limit is that of each connection, from the first packet on."""
    with listen("127.0.0.1:0", hop_limit) as made, socket.create_connection(made.getsockname()):
        accepted, _ = made.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_IP, socket.IP_TTL) == hop_limit


def test_a_port_that_is_taken() -> None:
    """Somebody else's port is said to be so."""
    with listen("127.0.0.1:0", 1) as made:
        port = made.getsockname()[1]
        with pytest.raises(HostUnusable, match=f"Nothing can listen at 127.0.0.1:{port}: Address already in use."):
            listen(f"127.0.0.1:{port}", 1)


def test_an_address_that_is_not_here() -> None:
    """An address that the machine has not is told with the command that gives it."""
    with pytest.raises(HostUnusable, match=r"Run: ip address add 169\.254\.254\.253/32 dev lo"):
        listen("169.254.254.253:0", 1)
