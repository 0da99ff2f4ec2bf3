"""The endpoint for containers: a token, and credentials in the form of ECS's agent."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from cargohold.host.containers import Containers
from cargohold.host.remote import Refused, Unreachable

from .conftest import KEY, Server

TOKEN = "a container's token"
PATH = f"/v2/credentials/{KEY.host_id}"


def ask(server: Server, path: str = PATH, method: str = "GET", **headers: str) -> tuple[int, Any]:
    containers = Containers(KEY, server.rotation, TOKEN)
    assert TOKEN not in repr(containers)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    reply = asyncio.run(containers.handle(make_mocked_request(method, path, headers=given)))
    return reply.status, json.loads(reply.text or "null")


def test_credentials(server: Server) -> None:
    """Whoever shows the token gets the role's credentials."""
    assert ask(server, Authorization=TOKEN) == (
        200,
        {
            "RoleArn": "arn:aws:iam::123456789012:role/web",
            "AccessKeyId": "ASIA1",
            "SecretAccessKey": "a secret",
            "Token": "a token",
            "Expiration": "2026-03-01T18:00:00Z",
        },
    )


@pytest.mark.parametrize("token", ["", "x", f"Bearer {TOKEN}", f"{TOKEN}x", TOKEN[:-1], "ü"])
def test_another_token(server: Server, token: str) -> None:
    """What is not the token opens nothing, whatever the path, and the server is not asked."""
    for path in (PATH, "/other"):
        status, told = ask(server, path, Authorization=token)
        assert (status, told["code"]) == (401, "Unauthorized")
    assert ask(server)[0] == 401
    assert server.asked == 0


def test_other_requests(server: Server) -> None:
    """A request that was passed on, another path and another method are refused."""
    assert ask(server, Authorization=TOKEN, X_Forwarded_For="192.0.2.1")[0] == 403
    assert ask(server, "/v2/credentials/i-other", Authorization=TOKEN)[0] == 404
    assert ask(server, method="POST", Authorization=TOKEN)[0] == 405


def test_failures(server: Server) -> None:
    """Why there are none is told in a code and a sentence; an SDK asks again only when the server is away."""
    server.fault = Unreachable("connection refused")
    assert ask(server, Authorization=TOKEN) == (503, {"code": "ServerUnreachable", "message": "connection refused"})
    server.now += 10_000
    server.fault = Refused("NoInstanceRoleException", "no role", {})
    assert ask(server, Authorization=TOKEN) == (400, {"code": "NoInstanceRoleException", "message": "no role"})
