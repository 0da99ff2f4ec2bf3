"""Asks an issuer for its keys: its configuration says where they are. Small, short, without redirects, and only https.

Whom a name leads to is looked at when the connection is made, so that no name and no redirect leads into a private
network; the operator names the issuers that live in one.
Source: OpenID Connect Discovery 1.0, §4; RFC 6052 and RFC 3056 (IPv4 addresses inside of IPv6 ones).
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import socket
import ssl
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cargohold.core.errors import IssuerUnreachable
from cargohold.identity.issuer_keys import LARGEST
from cargohold.identity.oidc_provider import SCHEME
from cargohold.telemetry import logs

if TYPE_CHECKING:
    from aiohttp import ClientSession

SECONDS: Final = 5.0
"""For all of it: names, connections, both documents."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_DISCOVERY: Final = "/.well-known/openid-configuration"
_NAT64: Final = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_LAST_32_BITS: Final = 0xFFFF_FFFF


class IssuerHttp:
    """Made once per process. `private` are issuers that may have private addresses; `authorities` is a file of PEM
    certificates that issuers' certificates may be signed with, beside the system's.
    """

    def __init__(self, private: Collection[str], authorities: Path | None, seconds: float = SECONDS) -> None:
        self._private = frozenset(private)
        self._authorities = authorities
        self._seconds = seconds
        self._context: ssl.SSLContext | None = None

    async def fetch(self, issuer: str) -> bytes:
        """The issuer's key set, not yet looked at; raises IssuerUnreachable, and the log says why."""
        import aiohttp  # 100 ms, for those who have providers

        opened: list[socket.socket] = []
        try:
            async with asyncio.timeout(self._seconds), self._session(issuer, opened) as session:
                configuration = json.loads(await _get(session, issuer.rstrip("/") + _DISCOVERY))
                return await _get(session, _key_address(configuration, issuer))
        except (aiohttp.ClientError, OSError, ValueError, RecursionError, ssl.SSLError) as error:
            logs.logger().warning("an issuer cannot be asked for its keys", issuer=issuer, error=_reason(error))
            raise IssuerUnreachable from None
        finally:
            _break_off(opened)

    def _session(self, issuer: str, opened: list[socket.socket]) -> ClientSession:
        import aiohttp

        private = issuer in self._private

        def open_socket(info: Any) -> socket.socket:
            family, kind, protocol, _, address = info
            if not may_connect(str(address[0]), private=private):
                raise PermissionError("a private address")
            opened.append(socket.socket(family, kind, protocol))
            return opened[-1]

        if self._context is None:
            self._context = ssl.create_default_context()
            if self._authorities is not None:
                self._context.load_verify_locations(self._authorities)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._context, socket_factory=open_socket),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            auto_decompress=False,
            trust_env=False,
        )


def may_connect(text: str, *, private: bool) -> bool:
    """Whether an issuer may be at this address; `private`: the operator says that it is at a private one."""
    address = ipaddress.ip_address(text.partition("%")[0])
    return all(_is_open(each, private=private) for each in (address, *_inside(address)))


def _is_open(address: Address, *, private: bool) -> bool:
    if address.is_multicast or address.is_unspecified or address.is_link_local:
        return False
    return private or address.is_global


def _inside(address: Address) -> list[Address]:
    """The IPv4 addresses that an IPv6 address leads to."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    teredo = address.teredo
    found: list[Address | None] = [address.ipv4_mapped, address.sixtofour, teredo[1] if teredo else None]
    if any(address in network for network in _NAT64):
        found.append(ipaddress.IPv4Address(int(address) & _LAST_32_BITS))
    return [each for each in found if each is not None]


async def _get(session: ClientSession, url: str) -> bytes:
    async with session.get(url, allow_redirects=False) as answer:
        if answer.status != 200:
            raise ValueError(f"status {answer.status}")
        content = bytearray()
        async for chunk in answer.content.iter_any():
            content += chunk
            if len(content) > LARGEST:
                raise ValueError("more than 1 MiB")
        return bytes(content)


def _break_off(opened: Sequence[socket.socket]) -> None:
    """Ends what is still connected: a polite end of TLS would wait for an issuer that hangs."""
    for each in opened:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


def _key_address(configuration: object, issuer: str) -> str:
    if not isinstance(configuration, dict) or configuration.get("issuer") != issuer:
        raise ValueError("its configuration is of another issuer")
    address = configuration.get("jwks_uri")
    if not isinstance(address, str) or not address.startswith(SCHEME):
        raise ValueError("its keys are not at an https address")
    return address


def _reason(error: BaseException) -> str:
    """What an operator needs to know; of our own reasons the sentence, of others the kind."""
    return str(error) if type(error) is ValueError else type(error).__name__
