"""Who may do what at the OCI door: every route demands something, and who has nothing gets nothing."""

import asyncio
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from cargohold.access.demand import Demand
from cargohold.access.guard import Guard
from cargohold.aws.model import load
from cargohold.core.addresses import Addresses
from cargohold.core.arn import Registry
from cargohold.core.errors import AccessDenied
from cargohold.exchange import Message, Reply, Request
from cargohold.identity.principals import ANONYMOUS, Credential
from cargohold.oci.call import Asked
from cargohold.oci.door import OciDoor
from cargohold.oci.routes import ROUTES, Route

HERE = Registry("123456789012", "us-east-1")
ADDRESSES = Addresses(HERE.account, HERE.region, frozenset({HERE.region}))
DIGEST = "sha256:" + "a" * 64
USER = "arn:aws:iam::123456789012:user/somebody"

WHO_MAY_DO_WHAT = {
    "CheckVersion": [],
    "ListRepositories": ["ecr:DescribeRepositories on *"],
    "ListTags": ["ecr:ListImages on demo"],
    "GetManifest": ["ecr:BatchGetImage on demo"],
    "PutManifest": ["ecr:PutImage on demo"],
    "DeleteManifest": ["ecr:BatchDeleteImage on demo"],
    "ListReferrers": ["ecr:BatchGetImage on demo"],
    "GetBlob": ["ecr:GetDownloadUrlForLayer on demo"],
    "HeadBlob": ["ecr:BatchCheckLayerAvailability on demo"],
    "DeleteBlob": ["ecr:BatchDeleteImage on demo"],
    "StartUpload": ["ecr:InitiateLayerUpload on demo"],
    "GetUpload": ["ecr:UploadLayerPart on demo"],
    "PatchUpload": ["ecr:UploadLayerPart on demo"],
    "PutUpload": ["ecr:UploadLayerPart on demo", "ecr:CompleteLayerUpload on demo"],
    "DeleteUpload": ["ecr:UploadLayerPart on demo"],
}

EVERY_CALL = [(route, method) for route in ROUTES for method in route.methods]
CALLS = pytest.mark.parametrize(("route", "method"), EVERY_CALL, ids=[f"{m}-{r.name}" for r, m in EVERY_CALL])


class Untouchable:
    """A room or database that fails the test when anything of it is used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> NoReturn:
        raise AssertionError(f"{self._name}.{attribute} was used")


class DenyingGuard:
    """Denies everything, and keeps what it was asked for."""

    def __init__(self) -> None:
        self.demands: list[Demand] = []

    async def require(self, _who: Credential, demands: Any, optional: Any = (), surroundings: Any = None) -> NoReturn:
        self.demands = list(demands)
        raise AccessDenied(USER, "ecr:Anything", "*", "because no identity-based policy allows the ecr:Anything action")


def untouched_guard() -> Guard:
    """The guard, where nothing that it could ask is asked."""
    nothing: Any = Untouchable
    return Guard(nothing("database"), nothing("root"), nothing("clock"))


def services(credential: Credential, guard: Any) -> Any:
    """What a door sees, where only the door, the authenticator's word and the guard may act."""
    rooms = {
        name: Untouchable(name)
        for name in ("repositories", "images", "tags", "referrers", "blobs", "uploads", "tokens", "clock")
    }
    authenticator = SimpleNamespace(registry=lambda request, registry: credential)
    audit = SimpleNamespace(write=lambda _: None)
    return SimpleNamespace(addresses=ADDRESSES, authenticator=authenticator, guard=guard, audit=audit, **rooms)


def request(route: Route, method: str, query: str = "") -> Request:
    path = (
        route.path.replace("<name>", "demo")
        .replace("<digest>", DIGEST)
        .replace("<reference>", "v1")
        .replace("<id>", "u1")
    )

    async def receive() -> Message:
        raise AssertionError("the body was read")

    return Request(method, path, query, {"host": "localhost:5050"}, "http", "127.0.0.1", "r1", receive)


def asked(**parameters: str) -> Asked:
    return Asked(HERE, "demo", "v1", parameters)


def serve(rooms: Any, one: Request) -> Reply:
    return asyncio.run(OciDoor(rooms)(one))


def test_who_may_do_what() -> None:
    """The routes and what each demands are these, and no other."""
    found = {
        route.name: [f"{demand.action} on {demand.repository}" for demand in route.demands(asked())] for route in ROUTES
    }
    assert found == WHO_MAY_DO_WHAT


def test_a_push_in_one_request_demands_what_three_do() -> None:
    """POST with a digest demands to begin, to write and to complete an upload."""
    start = next(route for route in ROUTES if route.name == "StartUpload")
    actions = [demand.action for demand in start.demands(asked(digest=DIGEST))]
    assert actions == ["ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload"]


def test_only_a_mount_asks_for_more() -> None:
    """The one optional power is to read the repository that a mount names, and a malformed name asks for none."""
    start = next(route for route in ROUTES if route.optional)
    assert [route.name for route in ROUTES if route.optional] == ["StartUpload"]
    assert start.optional is not None
    wanted = Demand("ecr:GetDownloadUrlForLayer", HERE, "other")
    assert list(start.optional(asked(**{"mount": DIGEST, "from": "other"}))) == [wanted]
    for parameters in ({}, {"mount": DIGEST}, {"from": "other"}, {"mount": DIGEST, "from": "../other"}):
        assert list(start.optional(asked(**parameters))) == []


def test_only_a_push_creates() -> None:
    """Where an upload begins in a repository that is not there it takes CreateRepository, and nowhere else."""
    assert {route.name: [each.action for each in route.creating(asked())] for route in ROUTES if route.creating} == {
        "StartUpload": ["ecr:CreateRepository"]
    }


def test_actions_are_ecrs_own() -> None:
    """Every demanded action is an operation of ECR's API, so that policies written for AWS mean the same here."""
    known = {f"ecr:{name}" for name in load("ecr").operations}
    for route in ROUTES:
        for parameters in ({}, {"digest": DIGEST}):
            assert {demand.action for demand in route.demands(asked(**parameters))} <= known


@CALLS
def test_a_guard_that_denies_everything_denies_everything(route: Route, method: str) -> None:
    """No route serves, reads a body or looks into a room when the guard says no."""
    guard = DenyingGuard()
    reply = serve(services(Credential("AKIASOMEBODY"), guard), request(route, method))
    assert (reply.status, reply.code) == (403, "DENIED")
    assert USER.encode() in bytes(reply.body)  # type: ignore[arg-type]
    assert guard.demands == list(route.demands(Asked(HERE, "demo" if "<name>" in route.path else "", "", {})))


@CALLS
def test_every_route_challenges_the_anonymous(route: Route, method: str) -> None:
    """Who sends no credentials gets ECR's 401 on every route, before the database is asked anything."""
    reply = serve(services(ANONYMOUS, untouched_guard()), request(route, method))
    assert (reply.status, reply.body, reply.code) == (401, b"Not Authorized\n", "UNAUTHORIZED")
    assert ("Www-Authenticate", 'Basic realm="http://localhost:5050/",service="ecr.amazonaws.com"') in reply.headers
    assert ("Docker-Distribution-Api-Version", "registry/2.0") in reply.headers
    assert reply.operation == f"oci:{route.name}"


@pytest.mark.parametrize("path", ["/v2/demo/nothing", "/v2/../manifests/v1", "/v2/referrers/" + DIGEST])
def test_nothing_is_told_without_proof(path: str) -> None:
    """Who is not proven gets the challenge for paths that are no route, too."""
    one = request(ROUTES[0], "GET")
    one.path = path
    assert serve(services(ANONYMOUS, untouched_guard()), one).status == 401
