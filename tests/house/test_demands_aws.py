"""Who may do what at the AWS door: the demands of every operation that is built, read off one table."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cache
from types import SimpleNamespace
from typing import Any, NoReturn, cast
from urllib.parse import urlencode

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.serialize import create_serializer

from cargohold.access.demand import Demand
from cargohold.access.guard import Admission
from cargohold.aws.door import AwsDoor
from cargohold.aws.model import load
from cargohold.aws.operation import Operation, Scope
from cargohold.aws.served import OPERATIONS
from cargohold.core.addresses import Addresses
from cargohold.core.arn import Target
from cargohold.core.errors import AccessDenied
from cargohold.exchange import Message, Reply, Request
from cargohold.identity.authenticate import Signed
from cargohold.identity.principals import Credential, Principal
from cargohold.services import Services

from . import (
    ecr_public_demands,
    host_demands,
    iam_oidc_demands,
    iam_policies_demands,
    iam_simulator_demands,
    iam_users_demands,
    registry_demands,
    scanning_demands,
)

ACCOUNT = "123456789012"
OTHER = "210987654321"
FIRST = "000000000001"
SCOPE = Scope(ACCOUNT, "eu-west-1", first=FIRST)
SCOPES = {"ecr-public": Scope(ACCOUNT, "us-east-1", first=FIRST, public=True)}
"""Of services that are not where SCOPE is."""
OF_FIRST = f"arn:aws:cargohold::{FIRST}:"
"""What begins the ARN of what only the deployment's first account owns."""
DIGEST = "sha256:" + "0" * 64
UPLOAD = "00000000-0000-4000-8000-000000000000"
DEMO = f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/demo"

ON_DEMO: Mapping[str, dict[str, Any]] = {
    "DeleteRepository": {},
    "PutImageTagMutability": {"imageTagMutability": "MUTABLE"},
    "SetRepositoryPolicy": {"policyText": "{}"},
    "GetRepositoryPolicy": {},
    "DeleteRepositoryPolicy": {},
    "PutImage": {"imageManifest": "{}"},
    "BatchGetImage": {"imageIds": [{"imageTag": "latest"}]},
    "BatchDeleteImage": {"imageIds": [{"imageTag": "latest"}]},
    "ListImages": {},
    "DescribeImages": {},
    "BatchCheckLayerAvailability": {"layerDigests": [DIGEST]},
    "GetDownloadUrlForLayer": {"layerDigest": DIGEST},
    "UpdateImageStorageClass": {"imageId": {"imageTag": "1.0"}, "targetStorageClass": "ARCHIVE"},
    "PutLifecyclePolicy": {"lifecyclePolicyText": " " * 100},
    "GetLifecyclePolicy": {},
    "DeleteLifecyclePolicy": {},
    "StartLifecyclePolicyPreview": {},
    "GetLifecyclePolicyPreview": {},
    "InitiateLayerUpload": {},
    "UploadLayerPart": {"uploadId": UPLOAD, "partFirstByte": 0, "partLastByte": 0, "layerPartBlob": "eA=="},
    "CompleteLayerUpload": {"uploadId": UPLOAD, "layerDigests": [DIGEST]},
}
"""The operations that demand the action of their own name on the repository they name, each with a smallest request."""

GUEST = f"arn:aws:sts::{ACCOUNT}:federated-user/guest"
ASSUMING = {"RoleArn": f"arn:aws:iam::{OTHER}:role/team/puller", "RoleSessionName": "session"}

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
        "ListImageReferrers",
        {"repositoryName": "demo", "subjectId": {"imageDigest": DIGEST}},
        [("ecr:BatchGetImage", DEMO)],
    ),
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
    ("ecr", "PutRegistryPolicy", {"policyText": "{}"}, [("ecr:PutRegistryPolicy", "*")]),
    ("ecr", "GetRegistryPolicy", {}, [("ecr:GetRegistryPolicy", "*")]),
    ("ecr", "DeleteRegistryPolicy", {}, [("ecr:DeleteRegistryPolicy", "*")]),
    *registry_demands.ROWS,
    ("ecr", "GetAuthorizationToken", {}, [("ecr:GetAuthorizationToken", "*")]),
    ("ecr", "GetAuthorizationToken", {"registryIds": [OTHER]}, [("ecr:GetAuthorizationToken", "*")]),
    ("sts", "GetCallerIdentity", {}, [("sts:GetCallerIdentity", "*")]),
    ("sts", "GetSessionToken", {}, [("sts:GetSessionToken", "*")]),
    ("sts", "GetAccessKeyInfo", {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE"}, [("sts:GetAccessKeyInfo", "*")]),
    ("sts", "DecodeAuthorizationMessage", {"EncodedMessage": "x"}, [("sts:DecodeAuthorizationMessage", "*")]),
    ("sts", "AssumeRole", ASSUMING, [("sts:AssumeRole", ASSUMING["RoleArn"])]),
    (
        "sts",
        "AssumeRole",
        ASSUMING | {"Tags": [{"Key": "k", "Value": "v"}], "SourceIdentity": "bob"},
        [(action, ASSUMING["RoleArn"]) for action in ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")],
    ),
    ("cargohold", "CreateAccount", {}, [("cargohold:CreateAccount", f"{OF_FIRST}account/*")]),
    ("cargohold", "CreateAccount", {"accountId": OTHER}, [("cargohold:CreateAccount", f"{OF_FIRST}account/{OTHER}")]),
    (
        "cargohold",
        "CreateRegistryAlias",
        {"alias": "ours"},
        [("cargohold:CreateRegistryAlias", f"{OF_FIRST}account/{ACCOUNT}")],
    ),
    ("cargohold", "ListAccounts", {}, [("cargohold:ListAccounts", f"{OF_FIRST}account/*")]),
    *(
        ("cargohold", name, {}, [(f"cargohold:{name}", f"{OF_FIRST}storage")])
        for name in (
            *("StartVerification", "StopVerification", "DescribeVerification", "ListDamagedBlobs"),
            *("DescribeCollection", "StartCollection"),
        )
    ),
    ("cargohold", "ListDeletedImages", {"repositoryName": "demo"}, [("cargohold:ListDeletedImages", DEMO)]),
    (
        "cargohold",
        "RestoreImage",
        {"repositoryName": "demo", "imageDigest": f"sha256:{'0' * 64}"},
        [("cargohold:RestoreImage", DEMO)],
    ),
    (
        "cargohold",
        "ListDeletedRepositories",
        {},
        [("cargohold:ListDeletedRepositories", f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/*")],
    ),
    ("cargohold", "RestoreRepository", {"repositoryName": "demo"}, [("cargohold:RestoreRepository", DEMO)]),
    (
        "cargohold",
        "StartLifecycleEvaluation",
        {"repositoryName": "demo"},
        [("cargohold:StartLifecycleEvaluation", DEMO)],
    ),
    (
        "cargohold",
        "ListLifecycleEvaluations",
        {"repositoryName": "demo"},
        [("cargohold:ListLifecycleEvaluations", DEMO)],
    ),
    (
        "cargohold",
        "ListLifecycleEvaluations",
        {},
        [("cargohold:ListLifecycleEvaluations", f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/*")],
    ),
    ("cargohold", "SearchAudit", {}, [("cargohold:SearchAudit", f"arn:aws:cargohold::{ACCOUNT}:audit")]),
    ("cargohold", "SearchAudit", {"accountId": OTHER}, [("cargohold:SearchAudit", f"{OF_FIRST}account/{OTHER}")]),
    ("cargohold", "SearchAudit", {"accountId": "*"}, [("cargohold:SearchAudit", f"{OF_FIRST}account/*")]),
    ("cargohold", "ExplainAccess", {}, [("cargohold:ExplainAccess", f"arn:aws:cargohold::{ACCOUNT}:access")]),
    *host_demands.ROWS,
    *scanning_demands.ROWS,
    *ecr_public_demands.ROWS,
    ("sts", "GetFederationToken", {"Name": "guest"}, [("sts:GetFederationToken", GUEST)]),
    (
        "sts",
        "GetFederationToken",
        {"Name": "guest", "Tags": [{"Key": "k", "Value": "v"}]},
        [("sts:GetFederationToken", GUEST), ("sts:TagSession", GUEST)],
    ),
    *iam_oidc_demands.ROWS,
    *iam_policies_demands.ROWS,
    *iam_users_demands.ROWS,
    *iam_simulator_demands.ROWS,
]
"""The others, with all that they demand."""


UNSIGNED = {("cargohold", "JoinHost"), ("sts", "AssumeRoleWithWebIdentity")}
"""Operations that nobody signs: a token of the request's is the proof, which the operation judges."""


def built(service: str, name: str) -> Operation:
    return next(operation for operation in OPERATIONS[service] if operation.name == name)


def demanded(service: str, name: str, request: dict[str, Any]) -> list[tuple[str, str]]:
    scope = SCOPES.get(service, SCOPE)
    return [(demand.action, demand.resource) for demand in built(service, name).demands(scope, request)]


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
    every = {(service, each.name) for service, operations in OPERATIONS.items() for each in operations}
    assert tables == every - UNSIGNED


def test_what_nobody_signs_is_what_the_models_say() -> None:
    """An operation goes round the guard only where its model says that nobody signs it."""
    every = {(service, each.name) for service, operations in OPERATIONS.items() for each in operations}
    assert {(service, name) for service, name in every if load(service).operations[name].unsigned} == UNSIGNED & every


class Absent:
    """Stands for a room that a denied request may not enter."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(name)


class Believing:
    """Takes every request for one signed by the account's key."""

    async def head(self, request: Request, service: str) -> Any:
        del request
        return SimpleNamespace(known=True, region=SCOPES.get(service, SCOPE).region)

    async def signed(self, request: Request, body: bytes, service: str) -> Signed:
        return self.prove(await self.head(request, service), body)

    def prove(self, head: Any, body: bytes) -> Signed:
        del body
        return Signed(Credential("AKIAIOSFODNN7EXAMPLE"), ACCOUNT, head.region)


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
        principal = Principal("AIDA", "arn:aws:iam::123456789012:user/one", ACCOUNT, "user", "one")
        names = {(demand.registry, demand.repository or "") for demand in demands}
        found = cast("Any", SimpleNamespace(entity_id=lambda _: "AROA"))
        return Admission(principal, {name: Target(*name, 1) for name in names}, {}, case=found)


class Bench:
    """The AWS door, made once, in a house whose rooms nobody may enter; each request is judged by another guard."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self.runner = runner
        self.guard: Denying | AllowingOne = Denying()
        rooms: dict[str, Any] = dict.fromkeys((field.name for field in fields(Services)), Absent())
        rooms |= {
            "addresses": Addresses(ACCOUNT, "eu-west-1", frozenset({"eu-west-1"})),
            "clock": lambda: 0,
            "authenticator": Believing(),
            "guard": SimpleNamespace(require=lambda *given, **also: self.guard.require(*given, **also)),
            "audit": SimpleNamespace(write=lambda _: None),
        }
        self.door = AwsDoor(Services(**rooms))

    def send(self, service: str, name: str, members: dict[str, Any], guard: Denying | AllowingOne) -> Reply:
        """The door's reply to an operation that this guard judges."""
        self.guard = guard
        headers, body = written(service, name, members)
        messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            return messages.pop(0)

        async def answer() -> Reply:
            return await self.door(Request("POST", "/", "", SIGNED | headers, "http", "", "id", receive))

        return self.runner.run(answer())


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with asyncio.Runner() as runner:
        yield Bench(runner)


SIGNED = {
    "host": "localhost",
    "x-amz-date": "20260301T120000Z",
    "authorization": "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260301/eu-west-1/ecr/aws4_request, "
    f"SignedHeaders=host;x-amz-date;x-amz-target, Signature={'0' * 64}",
}


@cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def written(service: str, name: str, members: dict[str, Any]) -> tuple[dict[str, str], bytes]:
    """The headers and the body that ask for an operation on its service's wire."""
    known = load(service)
    if known.protocol == "json":
        return {"x-amz-target": f"{known.target_prefix}.{name}"}, json.dumps(members).encode()
    operation = _model(service).operation_model(name)
    form = create_serializer("query", include_validation=False).serialize_to_request(members, operation)["body"]
    return {"content-type": "application/x-www-form-urlencoded"}, urlencode(form).encode()


def denied_by(service: str) -> tuple[int, str]:
    """The status and the code of a denial on a service's wire."""
    return (400, "AccessDeniedException") if load(service).protocol == "json" else (403, "AccessDenied")


REQUESTS = [
    *(pytest.param("ecr", name, {"repositoryName": "demo", **given}, id=name) for name, given in ON_DEMO.items()),
    *(pytest.param(service, name, given, id=name) for service, name, given, _ in OTHERWISE),
]

UNDER = {"ListImageReferrers": "BatchGetImage"}
"""Operations that are authorised as another one, as AWS says of them."""


@pytest.mark.parametrize(("service", "name", "members"), REQUESTS)
def test_where_nothing_is_allowed_nothing_is_done(
    bench: Bench, service: str, name: str, members: dict[str, Any]
) -> None:
    """With a guard that denies everything the operation answers AccessDenied, before any room is entered."""
    reply = bench.send(service, name, members, Denying())
    assert (reply.status, reply.code) == denied_by(service)
    assert f"{service}:{UNDER.get(name, name)}".encode() in cast("bytes", reply.body)


@pytest.mark.parametrize(("service", "name", "members"), REQUESTS)
def test_s14_no_action_opens_another_operation(bench: Bench, service: str, name: str, members: dict[str, Any]) -> None:
    """Whoever may do one thing alone reaches the rooms with the operation of that thing, and with no other."""
    demands = {action for action, _ in demanded(service, name, members)}
    for other in [f"{kind}:{each.name}" for kind, operations in OPERATIONS.items() for each in operations]:
        reply = bench.send(service, name, members, AllowingOne(other))
        assert ((reply.status, reply.code) == denied_by(service)) is (demands != {other}), other
