"""Who may do what at the public registries' door: everybody may pull, and nobody without a name does anything else."""

import asyncio
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from cargohold.aws.model import load
from cargohold.core.arn import Target, public_registry
from cargohold.exchange import Reply, Request
from cargohold.identity.principals import Credential
from cargohold.oci import public_door
from cargohold.oci.public_door import PULLS, PublicDoor
from cargohold.oci.routes import ROUTES, Route

from .test_demands_oci import ADDRESSES, HERE, USER, DenyingGuard, Untouchable, request, untouched_guard

THERE = public_registry(HERE.account)
NAMED = [route for route in ROUTES if "<name>" in route.path]
EVERY_WRITE = [(route, method) for route in NAMED if route.name not in PULLS for method in route.methods]
WRITES = pytest.mark.parametrize(("route", "method"), EVERY_WRITE, ids=[f"{m}-{r.name}" for r, m in EVERY_WRITE])

ANONYMOUS_TOKEN = Credential(None, "us-east-1", 0)
SOMEBODY = Credential("AKIASOMEBODY", "us-east-1", 0)

WHO_MAY_DO_WHAT = {
    "ListTags": [],
    "GetManifest": [],
    "ListReferrers": [],
    "GetBlob": [],
    "HeadBlob": [],
    "PutManifest": ["ecr-public:PutImage"],
    "DeleteManifest": ["ecr-public:BatchDeleteImage"],
    "DeleteBlob": ["ecr-public:BatchDeleteImage"],
    "StartUpload": ["ecr-public:InitiateLayerUpload"],
    "GetUpload": ["ecr-public:UploadLayerPart"],
    "PatchUpload": ["ecr-public:UploadLayerPart"],
    "PutUpload": ["ecr-public:UploadLayerPart", "ecr-public:CompleteLayerUpload"],
    "DeleteUpload": ["ecr-public:UploadLayerPart"],
}


class Registries:
    """Knows one alias."""

    async def find(self, alias: str, name: str) -> Target | None:
        return Target(THERE, name, 7) if alias == "ours" else None


def serve(credential: Credential | None, guard: Any, one: Request) -> Reply:
    """The door's reply, in a house whose rooms nobody may enter."""
    rooms = {name: Untouchable(name) for name in ("images", "tags", "referrers", "blobs", "uploads", "tokens", "clock")}
    services: Any = SimpleNamespace(
        addresses=ADDRESSES,
        authenticator=SimpleNamespace(public=lambda _: credential),
        guard=guard,
        audit=SimpleNamespace(write=lambda _: None),
        public=SimpleNamespace(registries=Registries()),
        rates=None,
        **rooms,
    )
    one.path = one.path.replace("/v2/demo", "/v2/ours/demo")
    with patch.object(public_door, "of_public", lambda given: given):
        door = PublicDoor(services, own_port=True)
    return asyncio.run(door(one))


@WRITES
@pytest.mark.parametrize("credential", [None, ANONYMOUS_TOKEN], ids=["nobody", "anonymous token"])
def test_nobody_without_a_name_writes(route: Route, method: str, credential: Credential | None) -> None:
    """Whoever names nobody, with an anonymous token too, gets the Bearer challenge before anything is looked up."""
    reply = serve(credential, untouched_guard(), request(route, method))
    assert (reply.status, reply.body, reply.code) == (401, b"Not Authorized\n", "UNAUTHORIZED")
    realm = 'Bearer realm="http://localhost:5050/token/",service="localhost:5050",scope="aws"'
    assert ("Www-Authenticate", realm) in reply.headers


@WRITES
def test_a_write_needs_the_actions_of_ecr_public(route: Route, method: str) -> None:
    """Whoever has a name is judged by the actions of ECR Public on the repository, before any room is entered."""
    guard = DenyingGuard()
    reply = serve(SOMEBODY, guard, request(route, method))
    assert (reply.status, reply.code) == (403, "DENIED")
    assert USER.encode() in bytes(reply.body)  # type: ignore[arg-type]
    assert [demand.action for demand in guard.demands] == WHO_MAY_DO_WHAT[route.name]
    assert {demand.resource for demand in guard.demands} == {"arn:aws:ecr-public::123456789012:repository/demo"}


def test_every_route_stands_in_the_table() -> None:
    """No route of a repository is left out, a pull demands nothing, and all actions are ECR Public's."""
    assert {route.name for route in NAMED} == set(WHO_MAY_DO_WHAT)
    assert {name for name, actions in WHO_MAY_DO_WHAT.items() if not actions} == PULLS
    known = {f"ecr-public:{name}" for name in load("ecr-public").operations}
    assert {action for actions in WHO_MAY_DO_WHAT.values() for action in actions} <= known


@pytest.mark.parametrize("name", ["ListTags", "GetManifest", "ListReferrers", "GetBlob", "HeadBlob"])
@pytest.mark.parametrize("credential", [None, ANONYMOUS_TOKEN], ids=["nobody", "anonymous token"])
def test_a_pull_asks_no_guard(name: str, credential: Credential | None) -> None:
    """A pull goes straight to its room, and what is not there is told to everybody."""
    route = next(route for route in ROUTES if route.name == name)
    with pytest.raises(AssertionError, match=r"\w+\.\w+ was used"):
        serve(credential, untouched_guard(), request(route, route.methods[0]))
    absent = request(route, route.methods[0])
    absent.path = absent.path.replace("/v2/demo", "/v2/nobody/demo")
    assert serve(credential, untouched_guard(), absent).status == 404
