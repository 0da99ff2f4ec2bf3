"""Texts that only this deployment can issue: registry passwords, nextTokens, signed download URLs.

`b64url(json).b64url(mac)`, the MAC over the purpose and the JSON. The claims can be read by whoever holds the token, so
nothing secret goes in. A token says nothing about time: its claims do, and who reads it judges them.
"""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

Claims = Mapping[str, str | int | None]

LONGEST: Final = 4096
"""Characters of the longest token; nothing longer is issued, or looked at."""


KEPT: Final = 1024
"""Tokens that need no second look, the latest used: a client sends the same password with each of its requests."""


class Tokens:
    """Issues and reads tokens under one key of 32 bytes (Root.derive)."""

    __slots__ = ("_key", "_proven")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._proven = lru_cache(KEPT)(self._prove)

    def issue(self, purpose: str, claims: Claims) -> str:
        """URL-safe text without a colon. Raises ValueError when it would be longer than LONGEST."""
        payload = _encoded(json.dumps(claims, separators=(",", ":")).encode())
        token = f"{payload}.{self._mac(purpose, payload)}"
        if len(token) > LONGEST:
            raise ValueError(f"a token of {len(token)} characters is longer than {LONGEST}")
        return token

    def read(self, purpose: str, token: str) -> Claims | None:
        """The claims; None when we did not issue it for this purpose, or it was changed. Constant time.

        Tokens are remembered once they are proven, and only then: guessing finds nothing there, and fills nothing.
        """
        try:
            return self._proven(purpose, token)
        except _NotOurs:
            return None

    def _prove(self, purpose: str, token: str) -> Claims:
        if len(token) > LONGEST or not token.isascii():
            raise _NotOurs
        payload, _, mac = token.rpartition(".")
        if not hmac.compare_digest(self._mac(purpose, payload), mac):
            raise _NotOurs
        return MappingProxyType(json.loads(_decoded(payload)))

    def _mac(self, purpose: str, payload: str) -> str:
        return _encoded(hmac.digest(self._key, f"{purpose}\0{payload}".encode(), "sha256"))


class _NotOurs(Exception):
    """Raised, not returned, because what is returned is remembered."""


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
