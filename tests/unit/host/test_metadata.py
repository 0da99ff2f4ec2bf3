"""What programs are told at 169.254.169.254, and what they are not."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from aiohttp.test_utils import make_mocked_request

from cargohold.core.clock import HOUR, SECOND
from cargohold.host.metadata import TOKEN_HEADER, TTL_HEADER, Metadata, SessionTokens
from cargohold.host.remote import Refused, Unreachable

from .conftest import KEY, Server

IAM = "/latest/meta-data/iam/"
ROLE = f"{IAM}security-credentials/web"


@dataclass
class Imds:
    """A client of the service."""

    server: Server
    tokens: SessionTokens = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = SessionTokens(self.server.clock)

    def ask(self, method: str, path: str, headers: Mapping[str, str]) -> tuple[int, str, Mapping[str, str]]:
        metadata = Metadata(KEY, self.server.rotation, self.tokens)
        reply = asyncio.run(metadata.handle(make_mocked_request(method, path, headers=headers)))
        return reply.status, reply.text or "", reply.headers

    def token(self, seconds: int = 60) -> str:
        status, text, headers = self.ask("PUT", "/latest/api/token", {TTL_HEADER: str(seconds)})
        assert (status, headers[TTL_HEADER]) == (200, str(seconds))
        return text

    def get(self, path: str) -> tuple[int, str]:
        return self.ask("GET", path, {TOKEN_HEADER: self.token()})[:2]


@pytest.fixture
def imds(server: Server) -> Imds:
    return Imds(server)


@pytest.mark.parametrize("ttl", [None, "", "0", "21601", "-1", "+1", "1.5", "x", "1" * 100, "٣", " "])
def test_a_token_needs_a_time(imds: Imds, ttl: str | None) -> None:
    """A token is for 1 to 21,600 seconds, and anything else is 400."""
    assert imds.ask("PUT", "/latest/api/token", {} if ttl is None else {TTL_HEADER: ttl})[0] == 400


def test_a_token_is_good_for_its_time(imds: Imds) -> None:
    """A token opens everything until its time is over; then it is 401."""
    for seconds in (1, 21_600):
        token = imds.token(seconds)
        imds.server.now += seconds * SECOND - 1
        assert imds.ask("GET", "/latest/meta-data/instance-id", {TOKEN_HEADER: token})[:2] == (200, KEY.host_id)
        imds.server.now += 1
        assert imds.ask("GET", "/latest/meta-data/instance-id", {TOKEN_HEADER: token})[0] == 401


@pytest.mark.parametrize("path", ["/", "/latest/meta-data/instance-id", ROLE, "/latest/nothing"])
def test_nothing_without_a_token(imds: Imds, path: str) -> None:
    """There is no version 1: what has no token, a forged one or one of another process is 401, whatever it asks."""
    good = imds.token()
    forged = ("A" if good[0] != "A" else "B") + good[1:]
    another = Imds(imds.server).token()
    assert imds.ask("GET", path, {})[0] == 401
    for wrong in ("", "x", "ü", good[:-4], good + "AAAA", forged, another, "A" * 64):
        assert imds.ask("GET", path, {TOKEN_HEADER: wrong})[0] == 401, wrong
    assert imds.server.asked == 0


@pytest.mark.parametrize(("method", "path"), [("PUT", "/latest/api/token"), ("GET", ROLE), ("POST", "/")])
def test_nothing_that_was_passed_on(imds: Imds, method: str, path: str) -> None:
    """What comes through a proxy is 403: an open proxy on the host hands out no credentials."""
    headers = {"X-Forwarded-For": "192.0.2.1", TTL_HEADER: "60", TOKEN_HEADER: imds.token()}
    assert imds.ask(method, path, headers)[0] == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods(imds: Imds, method: str) -> None:
    """Metadata is read, and a token is put; all else is 405."""
    assert imds.ask(method, "/latest/meta-data/", {TOKEN_HEADER: imds.token()})[0] == 405
    if method != "PUT":
        assert imds.ask(method, "/latest/api/token", {TTL_HEADER: "60"})[0] == 405
    assert imds.ask("GET", "/latest/api/token", {})[0] == 405


def test_credentials(imds: Imds) -> None:
    """The role's name, and its credentials in EC2's form, with one slash, two or none at the end."""
    assert imds.get(f"{IAM}security-credentials/") == imds.get(f"{IAM}security-credentials") == (200, "web")
    assert imds.get("/latest/meta-data//iam/security-credentials//") == (200, "web")
    status, text = imds.get(ROLE)
    assert status == 200
    assert json.loads(text) == {
        "Code": "Success",
        "LastUpdated": "2026-03-01T12:00:00Z",
        "Type": "AWS-HMAC",
        "AccessKeyId": "ASIA1",
        "SecretAccessKey": "a secret",
        "Token": "a token",
        "Expiration": "2026-03-01T18:00:00Z",
    }
    info = json.loads(imds.get(f"{IAM}info")[1])
    assert info["InstanceProfileArn"] == "arn:aws:iam::123456789012:instance-profile/web"
    assert info["InstanceProfileId"] == "AIPAEXAMPLE"
    assert imds.get(f"{IAM}security-credentials/other")[0] == 404


def test_who_it_is(imds: Imds) -> None:
    """Where and who the host is, without asking the server."""
    told = {
        "instance-id": KEY.host_id,
        "placement/region": "eu-central-1",
        "placement/availability-zone": "eu-central-1a",
        "local-hostname": "box",
        "services/domain": "amazonaws.com",
        "services/partition": "aws",
    }
    for path, value in told.items():
        assert imds.get(f"/latest/meta-data/{path}") == (200, value)
    document = json.loads(imds.get("/latest/dynamic/instance-identity/document")[1])
    assert (document["accountId"], document["instanceId"]) == (KEY.account, KEY.host_id)
    assert (document["region"], document["pendingTime"]) == ("eu-central-1", "2026-03-01T12:00:00Z")
    assert imds.server.asked == 0


@pytest.mark.parametrize("path", ["/latest", "/latest/meta-data", "/latest/dynamic"])
def test_what_is_listed_is_there(imds: Imds, path: str) -> None:
    """Whatever a list names is answered, down to the leaves."""
    waiting = [path]
    while waiting:
        below = waiting.pop()
        status, text = imds.get(below)
        assert status == 200, below
        if below in ("/latest", "/latest/dynamic", "/latest/meta-data") or below.endswith("/"):
            waiting += [f"{below.rstrip('/')}/{name}" for name in text.split("\n")]


@pytest.mark.parametrize(
    "path", ["/", "/latest/user-data", "/latest/meta-data/../api", "/latest/meta-data/iam/x", "/2018"]
)
def test_what_is_not_there(imds: Imds, path: str) -> None:
    """Nothing else is there."""
    assert imds.get(path)[0] == 404


def test_failures(imds: Imds) -> None:
    """A server that is away is 503, a host without a role 404, a role that does not trust EC2 is told as EC2 does."""
    imds.server.fault = Unreachable("connection refused")
    assert imds.get(f"{IAM}security-credentials/")[0] == imds.get(f"{IAM}info")[0] == 503
    imds.server.now += HOUR
    imds.server.fault = Refused("NoInstanceRoleException", "no role", {})
    assert imds.get(f"{IAM}security-credentials/")[0] == imds.get(f"{IAM}info")[0] == 404
    imds.server.now += HOUR
    facts = {"roleArn": "arn:aws:iam::123456789012:role/path/web"}
    imds.server.fault = Refused("RoleNotTrustingException", "EC2 cannot assume the role", facts)
    assert imds.get(f"{IAM}security-credentials/") == (200, "web")
    told = json.loads(imds.get(ROLE)[1])
    assert told == {"Code": "AssumeRoleUnauthorizedAccess", "Message": "EC2 cannot assume the role"}
