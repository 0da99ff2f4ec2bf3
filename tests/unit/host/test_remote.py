"""What a host asks of the server, and what it makes of answers that are none."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from cargohold.host import remote
from cargohold.host.key import HostUnusable
from cargohold.host.remote import Refused, Unreachable

from .conftest import KEY, NOON

ISSUED = {
    "credentials": {
        "accessKeyId": "ASIA1",
        "secretAccessKey": "a secret",
        "sessionToken": "a token",
        "expiration": NOON / 1000 + 21_600,
    },
    "roleName": "web",
    "roleArn": "arn:aws:iam::123456789012:role/web",
    "instanceProfileId": "AIPAEXAMPLE",
    "issuedAt": NOON / 1000,
}

Reply = Callable[[web.BaseRequest], web.Response]


def against(reply: Reply, ask: Callable[[str], Awaitable[Any]]) -> Any:
    """What asking a server that answers so comes to."""

    async def handle(request: web.BaseRequest) -> web.Response:
        return reply(request)

    async def story() -> Any:
        runner = web.ServerRunner(web.Server(handle))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            port = runner.addresses[0][1]
            return await ask(f"http://127.0.0.1:{port}")
        finally:
            await runner.cleanup()

    return asyncio.run(story())


async def fetch(url: str) -> Any:
    return await remote.fetch(replace(KEY, url=url), lambda: NOON)


def test_credentials_are_fetched_with_the_host_s_key() -> None:
    """The request is signed with the host's key and names the host; times come back as milliseconds."""
    seen: list[Any] = []

    def reply(request: web.BaseRequest) -> web.Response:
        seen.append((request.headers["X-Amz-Target"], request.headers["Authorization"]))
        return web.json_response(ISSUED)

    found = against(reply, fetch)
    assert (found.access_key_id, found.issued_at, found.expires_at) == ("ASIA1", NOON, NOON + 21_600_000)
    assert "a secret" not in repr(found)
    assert "a token" not in repr(found)
    ((target, authorization),) = seen
    assert target == "Cargohold_V20261101.GetHostCredentials"
    assert f"Credential={KEY.access_key_id}/20260301/eu-central-1/cargohold/aws4_request" in authorization


@pytest.mark.parametrize(
    "reply",
    [
        lambda _: web.Response(status=500, text="{}"),
        lambda _: web.Response(status=200, text="<html>"),
        lambda _: web.Response(status=200, text="[]"),
        lambda _: web.Response(status=200, text="{}"),
        lambda _: web.Response(status=404, text="{}"),
        lambda _: web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"}),
        lambda _: web.Response(status=200, text=json.dumps(ISSUED | {"more": "x" * 100_000})),
    ],
    ids=["500", "HTML", "a list", "nothing", "404", "a redirect", "too long"],
)
def test_answers_that_are_none(reply: Reply) -> None:
    """What no Cargohold answers is as good as no answer, and redirects are not followed."""
    with pytest.raises(Unreachable):
        against(reply, fetch)


def test_a_refusal_says_its_code() -> None:
    """AWS's code and sentence come back, with what else the error says."""
    told = {"__type": "RoleNotTrustingException", "message": "EC2 cannot.", "roleArn": "arn"}
    with pytest.raises(Refused) as caught:
        against(lambda _: web.json_response(told, status=400), fetch)
    error = caught.value
    assert (error.code, error.message, error.facts["roleArn"]) == ("RoleNotTrustingException", "EC2 cannot", "arn")


def test_nobody_there() -> None:
    """A port that nobody listens at is no answer."""
    with pytest.raises(Unreachable):
        asyncio.run(fetch("http://127.0.0.1:1"))


def test_joining() -> None:
    """What the server says of the new host becomes its key."""
    host = {"hostId": "i-1", "hostName": "box", "arn": "arn:aws:cargohold::123456789012:host/i-1", "region": "r"}
    answer = {"host": host | {"joinedAt": NOON / 1000}, "accessKeyId": "AKIA", "secretAccessKey": "s"}
    made = against(lambda _: web.json_response(answer), lambda url: remote.join(url, "t.t", "box"))
    assert (made.host_id, made.account, made.joined_at, made.region) == ("i-1", "123456789012", NOON, "r")


@pytest.mark.parametrize(("answer", "status"), [({}, 200), ({"__type": "X", "message": "no"}, 400), ({}, 500)])
def test_joining_in_vain(answer: dict[str, str], status: int) -> None:
    """Whatever goes wrong is one sentence."""
    with pytest.raises(HostUnusable):
        against(lambda _: web.json_response(answer, status=status), lambda url: remote.join(url, "t.t", "box"))


@pytest.mark.parametrize(
    "url", ["http://registry.example.com", "http://192.0.2.1:5050", "http://localhost.example.com"]
)
def test_no_key_goes_over_a_network_in_the_clear(url: str) -> None:
    """Plain HTTP is for this machine alone."""
    with pytest.raises(HostUnusable, match="in the clear"):
        remote.checked_url(url)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://localhost:5050/", "http://localhost:5050"),
        ("http://[::1]:5050", "http://[::1]:5050"),
        ("https://registry.example.com", "https://registry.example.com"),
    ],
)
def test_urls(url: str, kept: str) -> None:
    """A URL is kept without a slash at its end."""
    assert remote.checked_url(url) == kept


@pytest.mark.parametrize("url", ["", "registry:5050", "ftp://localhost", "https://", "https://r/path", "https://r?x=y"])
def test_what_is_no_url(url: str) -> None:
    """Anything else is refused with an example."""
    with pytest.raises(HostUnusable, match="is not a server's URL"):
        remote.checked_url(url)
