"""The endpoint that an agent gives containers their credentials at: AWS_CONTAINER_CREDENTIALS_FULL_URI.

Whoever asks shows a token, which lies in a file that only its owner may read; SDKs send it as it is.
Source: SDKs and tools reference guide, "Container credential provider".
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from aiohttp import web

from cargohold.host.key import HostKey
from cargohold.host.metadata import moment
from cargohold.host.rotation import Rotation


@dataclass(frozen=True, slots=True)
class Containers:
    """The endpoint of one host; `handle` answers every request."""

    key: HostKey
    rotation: Rotation
    token: str = field(repr=False)

    @property
    def path(self) -> str:
        return f"/v2/credentials/{self.key.host_id}"

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Credentials in the form of ECS's agent, or why there are none."""
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if "X-Forwarded-For" in request.headers:
            return _refusal(403, "Forbidden", "a request that was passed on is not answered")
        if not hmac.compare_digest(given, self.token.encode()):
            return _refusal(401, "Unauthorized", "the Authorization header is not this host's container token")
        if request.path != self.path:
            return _refusal(404, "NotFound", "there is nothing here")
        if request.method != "GET":
            return _refusal(405, "MethodNotAllowed", "only GET is answered")
        held = await self.rotation.current()
        if held is None:
            failure = self.rotation.failure
            code, message = ("", "") if failure is None else (failure.code, failure.message)
            return _refusal(400 if code else 503, code or "ServerUnreachable", message)
        content = {
            "RoleArn": held.role_arn,
            "AccessKeyId": held.access_key_id,
            "SecretAccessKey": held.secret_access_key,
            "Token": held.session_token,
            "Expiration": moment(held.expires_at),
        }
        return web.json_response(content)


def _refusal(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"code": code, "message": message}, status=status)
