"""The instance metadata service, version 2 only: what an EC2 instance's programs ask at 169.254.169.254.

Nothing is told without a session token, which a PUT gives, and nothing to a request that a proxy passed on.
Source: EC2 user guide, "Access instance metadata for an EC2 instance", "Instance metadata categories", "Instance
identity documents".
"""

from __future__ import annotations

import hmac
import json
import platform
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from cargohold.core.clock import SECOND, Clock
from cargohold.host.key import HostKey
from cargohold.host.remote import Credentials
from cargohold.host.rotation import Failure, Rotation

LONGEST_TTL: Final = 21_600
TTL_HEADER: Final = "X-aws-ec2-metadata-token-ttl-seconds"
TOKEN_HEADER: Final = "X-aws-ec2-metadata-token"  # noqa: S105

_TOKEN_PATH: Final = "/latest/api/token"  # noqa: S105
_SLASHES: Final = re.compile("/+")
"""Some SDKs ask with two, which EC2 takes for one."""

_CODES: Final = {"RoleNotTrustingException": "AssumeRoleUnauthorizedAccess"}
_TREE: Final = {
    "/latest": "dynamic\nmeta-data",
    "/latest/dynamic": "instance-identity/",
    "/latest/dynamic/instance-identity": "document",
    "/latest/meta-data": "hostname\niam/\ninstance-id\nlocal-hostname\nplacement/\nservices/",
    "/latest/meta-data/iam": "info\nsecurity-credentials/",
    "/latest/meta-data/placement": "availability-zone\nregion",
    "/latest/meta-data/services": "domain\npartition",
}


class SessionTokens:
    """Session tokens that need no memory: when one ends, authenticated with a key that dies with the process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)

    def issue(self, seconds: int) -> str:
        claims = (self._clock() + seconds * SECOND).to_bytes(8, "big") + secrets.token_bytes(8)
        return urlsafe_b64encode(claims + self._mac(claims)).decode()

    def is_good(self, token: str) -> bool:
        """Whether it is ours and its time is not over; constant time."""
        try:
            content = urlsafe_b64decode(token.encode("ascii"))
        except ValueError:
            return False
        claims, mac = content[:16], content[16:]
        return hmac.compare_digest(mac, self._mac(claims)) and int.from_bytes(claims[:8], "big") > self._clock()

    def _mac(self, claims: bytes) -> bytes:
        return hmac.digest(self._key, claims, "sha256")


@dataclass(frozen=True, slots=True)
class Metadata:
    """The service of one host; `handle` answers every request."""

    key: HostKey
    rotation: Rotation
    tokens: SessionTokens

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """The answer to any request, by the rules of version 2."""
        if "X-Forwarded-For" in request.headers:
            return web.Response(status=403)
        path = _SLASHES.sub("/", request.path).rstrip("/")
        if path == _TOKEN_PATH:
            return self._token(request)
        if request.method not in ("GET", "HEAD"):
            return web.Response(status=405, headers={"Allow": "GET, HEAD"})
        if not self.tokens.is_good(request.headers.get(TOKEN_HEADER, "")):
            return web.Response(status=401)
        text, status = await self._read(path)
        return web.Response(text=text, status=status)

    def _token(self, request: web.BaseRequest) -> web.Response:
        if request.method != "PUT":
            return web.Response(status=405, headers={"Allow": "PUT"})
        asked = request.headers.get(TTL_HEADER, "")
        if not (asked.isascii() and asked.isdigit() and len(asked) <= 5 and 1 <= int(asked) <= LONGEST_TTL):
            return web.Response(status=400)
        return web.Response(text=self.tokens.issue(int(asked)), headers={TTL_HEADER: str(int(asked))})

    async def _read(self, path: str) -> tuple[str, int]:
        plain = _TREE.get(path) or self._plain().get(path)
        if plain is not None:
            return plain, 200
        prefix, _, rest = path.partition("/latest/meta-data/iam/")
        if prefix or not rest:
            return "", 404
        return await self._iam(rest)

    def _plain(self) -> dict[str, str]:
        """What is known of the host without asking anybody."""
        key = self.key
        return {
            "/latest/meta-data/instance-id": key.host_id,
            "/latest/meta-data/hostname": key.host_name,
            "/latest/meta-data/local-hostname": key.host_name,
            "/latest/meta-data/placement/region": key.region,
            "/latest/meta-data/placement/availability-zone": f"{key.region}a",
            "/latest/meta-data/services/domain": "amazonaws.com",
            "/latest/meta-data/services/partition": "aws",
            "/latest/dynamic/instance-identity/document": _identity(key),
        }

    async def _iam(self, rest: str) -> tuple[str, int]:
        held = await self.rotation.current()
        failure = self.rotation.failure
        if held is None and failure is not None and not failure.code:
            return "", 503
        name = _role_name(held, failure)
        if name is None:
            return "", 404
        if rest == "security-credentials":
            return name, 200
        if rest == f"security-credentials/{name}":
            return _written(held, failure), 200
        if rest == "info" and held is not None and held.profile_arn is not None:
            return _info(held), 200
        return "", 404


def moment(milliseconds: int) -> str:
    """2026-03-01T12:00:00Z"""
    return datetime.fromtimestamp(milliseconds // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _role_name(held: Credentials | None, failure: Failure | None) -> str | None:
    if held is not None:
        return held.role_name
    return None if failure is None or failure.role_arn is None else failure.role_arn.rpartition("/")[2]


def _written(held: Credentials | None, failure: Failure | None) -> str:
    """The role's credentials; a failure is told in the same place, as EC2 does."""
    if held is None:
        told = failure or Failure("", "")
        return json.dumps({"Code": _CODES.get(told.code, "Failed"), "Message": told.message}, indent=2)
    content = {
        "Code": "Success",
        "LastUpdated": moment(held.issued_at),
        "Type": "AWS-HMAC",
        "AccessKeyId": held.access_key_id,
        "SecretAccessKey": held.secret_access_key,
        "Token": held.session_token,
        "Expiration": moment(held.expires_at),
    }
    return json.dumps(content, indent=2)


def _info(held: Credentials) -> str:
    content = {
        "Code": "Success",
        "LastUpdated": moment(held.issued_at),
        "InstanceProfileArn": held.profile_arn,
        "InstanceProfileId": held.profile_id,
    }
    return json.dumps(content, indent=2)


def _identity(key: HostKey) -> str:
    """What an instance's identity document says, as far as there is such a thing here."""
    document = {
        "accountId": key.account,
        "architecture": platform.machine(),
        "availabilityZone": f"{key.region}a",
        "billingProducts": None,
        "devpayProductCodes": None,
        "imageId": None,
        "instanceId": key.host_id,
        "instanceType": None,
        "kernelId": None,
        "marketplaceProductCodes": None,
        "pendingTime": moment(key.joined_at),
        "privateIp": None,
        "ramdiskId": None,
        "region": key.region,
        "version": "2017-09-30",
    }
    return json.dumps(document, indent=2)
