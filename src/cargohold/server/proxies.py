"""Where a request comes from when it came through a proxy: what its headers say counts only when the proxy is trusted.

X-Forwarded-For grows to the right: each proxy adds the address of its peer. So it is read from its end, past the
proxies that are trusted, to the first address that is not one of them; what stands left of that, anybody can write.
X-Forwarded-Proto says how the client came to the outermost proxy; the last of several values is of the nearest one.
Source: RFC 7239 §5.2, §8.1 and the headers' practice before it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

from cargohold.exchange import Request

_KEPT: Final = 4096
_SCHEMES: Final = frozenset({"http", "https"})
_WITH_PORT: Final = re.compile(r"([0-9.]+):[0-9]{1,5}|\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?")


class TrustedProxies:
    """The networks whose word is taken. Made once per process."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = [network(each) for each in networks]
        self._trusted = lru_cache(_KEPT)(self._is_trusted)

    def believe(self, request: Request) -> None:
        """Gives the request the client and the scheme that a trusted proxy tells of; no other changes anything."""
        if not self._trusted(request.client):
            return
        told = request.headers.get("x-forwarded-for", "")
        request.client = self._client(told) or request.client
        scheme = request.headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
        if scheme in _SCHEMES:
            request.scheme = scheme

    def _client(self, told: str) -> str:
        """The right-most address that is no trusted proxy's, or the left-most of those; empty where there is none."""
        found = ""
        for text in reversed(told.split(",")):
            seen = _address(text)
            if seen is None:
                return found
            found = str(seen)
            if not self._trusted(found):
                return found
        return found

    def _is_trusted(self, client: str) -> bool:
        seen = _address(client)
        return seen is not None and any(seen in each for each in self._networks)


def network(text: str) -> IPv4Network | IPv6Network:
    """A network (10.0.0.0/8) or one address; raises ValueError for anything else."""
    return ipaddress.ip_network(text)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address, perhaps with a port; one of IPv4 that is written as one of IPv6 is that of IPv4."""
    text = text.strip()
    if with_port := _WITH_PORT.fullmatch(text):
        text = with_port[1] or with_port[2]
    try:
        seen = ipaddress.ip_address(text)
    except ValueError:
        return None
    return seen.ipv4_mapped or seen if isinstance(seen, IPv6Address) else seen
