"""Asks the server: to join, and for the credentials of the host's role."""

from __future__ import annotations

import json
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from cargohold.core.clock import Clock
from cargohold.host.key import HostKey, HostUnusable
from cargohold.host.signing import signed

TARGET: Final = "Cargohold_V20261101"
CONTENT_TYPE: Final = "application/x-amz-json-1.1"

_LONGEST_ANSWER: Final = 64 * 1024
_TIMEOUT: Final = aiohttp.ClientTimeout(total=15, connect=5)


class Unreachable(Exception):
    """The server gave no answer, or none that can be made sense of; the same request may succeed later."""


class Refused(Exception):
    """The server's answer is no. `code` is AWS's; `facts` are what the error says besides its sentence."""

    def __init__(self, code: str, message: str, facts: Mapping[str, Any]) -> None:
        self.code = code
        self.message = message
        self.facts = facts
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Temporary credentials of the host's role; times are epoch milliseconds."""

    role_name: str
    role_arn: str
    profile_arn: str | None
    profile_id: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    issued_at: int
    expires_at: int


async def join(url: str, token: str, host_name: str, ca_bundle: str | None = None) -> HostKey:
    """Becomes a host of whoever gave the token; raises HostUnusable."""
    url = checked_url(url)
    try:
        request = {"joinToken": token, "hostName": host_name}
        answer = await _post(url, "JoinHost", json.dumps(request).encode(), {}, ca_bundle)
        made = answer["host"]
        return HostKey(
            url=url,
            host_id=made["hostId"],
            host_name=made["hostName"],
            account=made["arn"].split(":")[4],
            region=made["region"],
            joined_at=int(made["joinedAt"] * 1000),
            access_key_id=answer["accessKeyId"],
            secret_access_key=answer["secretAccessKey"],
            ca_bundle=ca_bundle,
        )
    except Refused as refused:
        raise HostUnusable(f"{url} refuses: {refused.message}.") from None
    except (Unreachable, KeyError) as error:
        raise HostUnusable(f"{url} does not answer as a Cargohold server does: {error}.") from None


async def fetch(key: HostKey, clock: Clock) -> Credentials:
    """New credentials of the host's role; raises Refused and Unreachable."""
    body = json.dumps({"hostId": key.host_id}).encode()
    headers = signed(
        {
            "content-type": CONTENT_TYPE,
            "host": urlsplit(key.url).netloc,
            "x-amz-target": f"{TARGET}.GetHostCredentials",
        },
        body,
        access_key_id=key.access_key_id,
        secret=key.secret_access_key,
        region=key.region,
        now=clock(),
    )
    answer = await _post(key.url, "GetHostCredentials", body, headers, key.ca_bundle)
    try:
        issued = answer["credentials"]
        return Credentials(
            role_name=answer["roleName"],
            role_arn=answer["roleArn"],
            profile_arn=answer.get("instanceProfileArn"),
            profile_id=answer["instanceProfileId"],
            access_key_id=issued["accessKeyId"],
            secret_access_key=issued["secretAccessKey"],
            session_token=issued["sessionToken"],
            issued_at=int(answer["issuedAt"] * 1000),
            expires_at=int(issued["expiration"] * 1000),
        )
    except (KeyError, TypeError) as error:
        raise Unreachable(f"the answer lacks {error}") from None


def checked_url(url: str) -> str:
    """The server's URL without a path; raises HostUnusable where secrets would go over a network in the clear."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise HostUnusable(f"{url} is not a server's URL: https://name or https://name:port.")
    if parts.scheme == "http" and not _is_here(parts.hostname):
        raise HostUnusable(
            f"The host's key would go to {parts.hostname} in the clear: give the server TLS, and https://."
        )
    return f"{parts.scheme}://{parts.netloc}"


def _is_here(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


async def _post(
    url: str, operation: str, body: bytes, headers: Mapping[str, str], ca_bundle: str | None
) -> dict[str, Any]:
    sent = {"content-type": CONTENT_TYPE, "x-amz-target": f"{TARGET}.{operation}", **headers}
    try:
        connector = aiohttp.TCPConnector(ssl=_context(ca_bundle)) if url.startswith("https:") else None
        async with (
            aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT, auto_decompress=False) as session,
            session.post(f"{url}/", data=body, headers=sent, allow_redirects=False) as response,
        ):
            content = await response.content.read(_LONGEST_ANSWER)
            answer = json.loads(content)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise Unreachable(str(error) or type(error).__name__) from None
    if not isinstance(answer, dict) or response.status >= 500:
        raise Unreachable(f"HTTP status {response.status}")
    if response.status != 200:
        code = str(answer.get("__type", "")).rpartition("#")[2]
        if not code:
            raise Unreachable(f"HTTP status {response.status}")
        raise Refused(code, str(answer.get("message", code)).rstrip("."), answer)
    return answer


def _context(ca_bundle: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_bundle or os.environ.get("AWS_CA_BUNDLE") or None)
