"""Who may do what at the AWS door: the demands of every operation that is built, read off one table."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, NoReturn, cast

import pytest

from cargohold.access.demand import Demand
from cargohold.access.guard import Admission
from cargohold.aws.door import AwsDoor
from cargohold.aws.operation import Operation, Scope
from cargohold.aws.served import OPERATIONS
from cargohold.core.addresses import Addresses
from cargohold.core.arn import Target
from cargohold.core.errors import AccessDenied
from cargohold.exchange import Message, Reply, Request
from cargohold.identity.authenticate import Signed
from cargohold.identity.principals import Credential, Principal
from cargohold.services import Services

ACCOUNT = "123456789012"
OTHER = "210987654321"
SCOPE = Scope(ACCOUNT, "eu-west-1")
DIGEST = "sha256:" + "0" * 64
UPLOAD = "00000000-0000-4000-8000-000000000000"
DEMO = f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/demo"

ON_DEMO: Mapping[str, dict[str, Any]] = {
    "DeleteRepository": {},
    "PutImageTagMutability": {"imageTagMutability": "MUTABLE"},
    "PutImage": {"imageManifest": "{}"},
    "BatchGetImage": {"imageIds": [{"imageTag": "latest"}]},
    "BatchDeleteImage": {"imageIds": [{"imageTag": "latest"}]},
    "ListImages": {},
    "DescribeImages": {},
    "BatchCheckLayerAvailability": {"layerDigests": [DIGEST]},
    "GetDownloadUrlForLayer": {"layerDigest": DIGEST},
    "InitiateLayerUpload": {},
    "UploadLayerPart": {"uploadId": UPLOAD, "partFirstByte": 0, "partLastByte": 0, "layerPartBlob": "eA=="},
    "CompleteLayerUpload": {"uploadId": UPLOAD, "layerDigests": [DIGEST]},
}
"""The operations that demand the action of their own name on the repository they name, each with a smallest request."""

OTHERWISE: Sequence[tuple[str, str, dict[str, Any], list[tuple[str, str]]]] = [
    ("ecr", "CreateRepository", {"repositoryName": "demo"}, [("ecr:CreateRepository", DEMO)]),
    (
        "ecr",
        "CreateRepository",
        {"repositoryName": "demo", "tags": [{"Key": "k", "Value": "v"}]},
        [("ecr:CreateRepository", DEMO), ("ecr:TagResource", DEMO)],
    ),
    ("ecr", "CreateRepository", {"repositoryName": "demo", "tags": []}, [("ecr:CreateRepository", DEMO)]),
    (
        "ecr",
        "DescribeRepositories",
        {},
        [("ecr:DescribeRepositories", f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/*")],
    ),
    (
        "ecr",
        "DescribeRepositories",
        {"repositoryNames": ["demo", "a/b", "demo"], "registryId": OTHER},
        [
            ("ecr:DescribeRepositories", f"arn:aws:ecr:eu-west-1:{OTHER}:repository/demo"),
            ("ecr:DescribeRepositories", f"arn:aws:ecr:eu-west-1:{OTHER}:repository/a/b"),
        ],
    ),
    ("ecr", "TagResource", {"resourceArn": DEMO, "tags": []}, [("ecr:TagResource", DEMO)]),
    ("ecr", "UntagResource", {"resourceArn": DEMO, "tagKeys": ["k"]}, [("ecr:UntagResource", DEMO)]),
    ("ecr", "ListTagsForResource", {"resourceArn": DEMO}, [("ecr:ListTagsForResource", DEMO)]),
    (
        "ecr",
        "TagResource",
        {"resourceArn": f"arn:aws:ecr:eu-west-1:{OTHER}:repository/a/b", "registryId": ACCOUNT, "tags": []},
        [("ecr:TagResource", f"arn:aws:ecr:eu-west-1:{OTHER}:repository/a/b")],
    ),
    ("ecr", "GetAuthorizationToken", {}, [("ecr:GetAuthorizationToken", "*")]),
    ("ecr", "GetAuthorizationToken", {"registryIds": [OTHER]}, [("ecr:GetAuthorizationToken", "*")]),
    ("sts", "GetCallerIdentity", {}, [("sts:GetCallerIdentity", "*")]),
]
"""The others, with all that they demand."""


def built(service: str, name: str) -> Operation:
    return next(operation for operation in OPERATIONS[service] if operation.name == name)


def demanded(service: str, name: str, request: dict[str, Any]) -> list[tuple[str, str]]:
    return [(demand.action, demand.resource) for demand in built(service, name).demands(SCOPE, request)]


@pytest.mark.parametrize("name", ON_DEMO)
def test_most_operations_demand_their_own_action(name: str) -> None:
    """The operation demands its own action on the repository it names, in the caller's account or the one it names."""
    request = {"repositoryName": "demo", **ON_DEMO[name]}
    assert demanded("ecr", name, request) == [(f"ecr:{name}", DEMO)]
    elsewhere = f"arn:aws:ecr:eu-west-1:{OTHER}:repository/demo"
    assert demanded("ecr", name, request | {"registryId": OTHER}) == [(f"ecr:{name}", elsewhere)]


@pytest.mark.parametrize(("service", "name", "request_", "demands"), OTHERWISE)
def test_the_others_demand_what_they_need(
    service: str, name: str, request_: dict[str, Any], demands: list[tuple[str, str]]
) -> None:
    """The operation demands every action on every resource that its request needs, and no more."""
    assert demanded(service, name, request_) == demands


def test_the_tables_name_every_built_operation() -> None:
    """No operation is served without standing in one of the tables of demands."""
    tables = {("ecr", name) for name in ON_DEMO} | {(service, name) for service, name, *_ in OTHERWISE}
    assert tables == {(service, each.name) for service, operations in OPERATIONS.items() for each in operations}


class Absent:
    """Stands for a room that a denied request may not enter."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(name)


class Believing:
    """Takes every request for one signed by the account's key."""

    async def head(self, request: Request, service: str) -> Any:
        del request, service
        return SimpleNamespace(known=True)

    async def signed(self, request: Request, body: bytes, service: str) -> Signed:
        return self.prove(await self.head(request, service), body)

    def prove(self, head: Any, body: bytes) -> Signed:
        del head, body
        return Signed(Credential("AKIAIOSFODNN7EXAMPLE"), ACCOUNT, "eu-west-1")


class Denying:
    """A guard that denies whatever is demanded."""

    async def require(
        self, credential: Credential, demands: Sequence[Demand], optional: Sequence[Demand] = (), **_: object
    ) -> NoReturn:
        del credential, optional
        raise AccessDenied("arn:aws:iam::123456789012:user/nobody", demands[0].action, demands[0].resource, "")


class AllowingOne:
    """A guard that allows one action, on everything."""

    def __init__(self, action: str) -> None:
        self.action = action

    async def require(
        self, credential: Credential, demands: Sequence[Demand], optional: Sequence[Demand] = (), **_: object
    ) -> Admission:
        del credential, optional
        for demand in demands:
            if demand.action != self.action:
                raise AccessDenied("arn:aws:iam::123456789012:user/one", demand.action, demand.resource, "")
        principal = Principal("AIDA", "arn:aws:iam::123456789012:user/one", ACCOUNT, "user", "one", administrator=False)
        names = {(demand.registry, demand.repository or "") for demand in demands}
        return Admission(principal, {name: Target(*name, 1) for name in names}, {})


def services(guard: Denying | AllowingOne) -> Services:
    rooms = dict.fromkeys(
        ("tokens", "repositories", "images", "tags", "referrers", "blobs", "uploads"), cast("Any", Absent())
    )
    return Services(
        addresses=Addresses(ACCOUNT, "eu-west-1", frozenset({"eu-west-1"})),
        clock=lambda: 0,
        authenticator=cast("Any", Believing()),
        guard=cast("Any", guard),
        audit=cast("Any", SimpleNamespace(write=lambda _: None)),
        **rooms,
    )


def send(service: str, name: str, members: dict[str, Any], guard: Denying | AllowingOne) -> Reply:
    """The AWS door's reply to an operation that this guard judges."""
    headers = {
        "host": "localhost",
        "x-amz-date": "20260301T120000Z",
        "authorization": "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260301/eu-west-1/ecr/aws4_request, "
        f"SignedHeaders=host;x-amz-date;x-amz-target, Signature={'0' * 64}",
    }
    if service == "sts":
        headers["content-type"] = "application/x-www-form-urlencoded"
        body = f"Action={name}&Version=2011-06-15".encode()
    else:
        headers["x-amz-target"] = f"AmazonEC2ContainerRegistry_V20150921.{name}"
        body = json.dumps(members).encode()
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop(0)

    async def answer() -> Reply:
        return await AwsDoor(services(guard))(Request("POST", "/", "", headers, "http", "", "id", receive))

    return asyncio.run(answer())


REQUESTS = [
    *(pytest.param("ecr", name, {"repositoryName": "demo", **given}, id=name) for name, given in ON_DEMO.items()),
    *(pytest.param(service, name, given, id=name) for service, name, given, _ in OTHERWISE),
]


@pytest.mark.parametrize(("service", "name", "members"), REQUESTS)
def test_where_nothing_is_allowed_nothing_is_done(service: str, name: str, members: dict[str, Any]) -> None:
    """With a guard that denies everything the operation answers AccessDenied, before any room is entered."""
    reply = send(service, name, members, Denying())
    assert reply.code == ("AccessDenied" if service == "sts" else "AccessDeniedException")
    assert reply.status == (403 if service == "sts" else 400)
    assert f"{service}:{name}".encode() in cast("bytes", reply.body)


@pytest.mark.parametrize(("service", "name", "members"), REQUESTS)
def test_s14_no_action_opens_another_operation(service: str, name: str, members: dict[str, Any]) -> None:
    """Whoever may do one thing alone reaches the rooms with the operation of that thing, and with no other."""
    denied = "AccessDenied" if service == "sts" else "AccessDeniedException"
    demands = {action for action, _ in demanded(service, name, members)}
    for other in [f"{kind}:{each.name}" for kind, operations in OPERATIONS.items() for each in operations]:
        reply = send(service, name, members, AllowingOne(other))
        assert (reply.code == denied) is (demands != {other}), other
