"""Trusted proxies: whose word counts for where a request comes from."""

import asyncio
from typing import Any

import pytest

from cargohold.exchange import Message, Reply, Request
from cargohold.server.app import Application, Doors
from cargohold.server.proxies import TrustedProxies

PROXIES = ("10.0.0.0/8", "192.0.2.1", "fd00::/8")


def believed(client: str, **headers: str) -> tuple[str, str]:
    """The client and the scheme of a request from that peer, after the proxies were asked."""

    async def receive() -> Message:
        raise AssertionError("the body was read")

    told = {f"x-forwarded-{name}": value for name, value in headers.items()}
    request = Request("GET", "/v2/", "", told, "http", client, "r1", receive)
    TrustedProxies(PROXIES).believe(request)
    return request.client, request.scheme


@pytest.mark.parametrize(
    ("told", "client"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("203.0.113.9,198.51.100.7,10.2.3.4, 192.0.2.1", "198.51.100.7"),
        ("10.9.9.9, 10.2.3.4", "10.9.9.9"),
        ("198.51.100.7:4711", "198.51.100.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]:4711, fd00::1", "2001:db8::7"),
        ("::ffff:198.51.100.7, ::ffff:10.0.0.2", "198.51.100.7"),
        ("198.51.100.7, unknown", "10.0.0.1"),
        ("198.51.100.7, unknown, 10.2.3.4", "10.2.3.4"),
        ("unknown", "10.0.0.1"),
        ("", "10.0.0.1"),
    ],
)
def test_the_client_behind_proxies(told: str, client: str) -> None:
    """The client is the right-most address that is no proxy of ours; what is left of it is not read."""
    assert believed("10.0.0.1", **{"for": told})[0] == client
    assert believed("::ffff:10.0.0.1", **{"for": told})[0] in {client, "::ffff:10.0.0.1"}


@pytest.mark.parametrize(
    ("told", "scheme"),
    [("https", "https"), ("HTTPS", "https"), ("http", "http"), ("https,http", "http"), ("ftp", "http"), ("", "http")],
)
def test_the_scheme_behind_proxies(told: str, scheme: str) -> None:
    """The scheme is what the nearest proxy says, when it is one of the two."""
    assert believed("192.0.2.1", proto=told)[1] == scheme


@pytest.mark.parametrize("peer", ["198.51.100.1", "192.0.2.2", "2001:db8::1", "", "unix"])
def test_s27_spoofed_headers_change_nothing(peer: str) -> None:
    """S27: Whoever is no trusted proxy stays who it is, whatever headers it sends."""
    assert believed(peer, **{"for": "127.0.0.1", "proto": "https"}) == (peer, "http")


@pytest.mark.parametrize(("proxies", "seen"), [(PROXIES, "198.51.100.7 https"), ((), "10.0.0.1 http")])
def test_the_doors_see_the_client(proxies: tuple[str, ...], seen: str) -> None:
    """What a trusted proxy says reaches the doors; without the setting nobody is trusted."""

    async def door(request: Request) -> Reply:
        return Reply(200, [], f"{request.client} {request.scheme}".encode())

    sent: list[Any] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope = {
        "type": "http",
        "method": "GET",
        "raw_path": b"/v2/",
        "query_string": b"",
        "headers": [(b"x-forwarded-for", b"198.51.100.7"), (b"x-forwarded-proto", b"https")],
        "scheme": "http",
        "client": ("10.0.0.1", 4321),
    }
    trusted = TrustedProxies(proxies) if proxies else None
    asyncio.run(Application(Doors(door, door, door), proxies=trusted)(scope, receive, send))
    assert sent[1]["body"] == seen.encode()
