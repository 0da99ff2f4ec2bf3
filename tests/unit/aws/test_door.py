"""The AWS door's order: what is looked at before what, and what is never looked at."""

import asyncio
import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cargohold.access.context import Surroundings
from cargohold.access.demand import Demand
from cargohold.aws.door import BODY_LIMIT, LARGE_BODIES, LARGE_BODY_LIMIT, AwsDoor
from cargohold.aws.operation import Call, Scope, operation
from cargohold.core.arn import Registry
from cargohold.core.errors import AccessDenied, InvalidSignature, RepositoryNotFound, UnknownCredential
from cargohold.exchange import Message, Reply, Request
from cargohold.identity import sigv4
from cargohold.identity.principals import Credential, Principal
from cargohold.telemetry.audit.event import Happened, Identity

HEADER = (
    "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20300101/us-east-1/ecr/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=" + "0" * 64
)
SIGNED = {
    "authorization": HEADER,
    "x-amz-date": "20300101T000000Z",
    "host": "localhost",
    "user-agent": "Boto3/1.44.5",
}
ACCOUNT = "123456789012"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"


class Steps(list[str]):
    """Fakes of the rooms, which note the order in which the door calls them."""

    def __init__(self, *, known: bool = True, proven: bool = True, admitted: bool = True) -> None:
        super().__init__()
        self.known, self.proven, self.admitted = known, proven, admitted
        self.authenticator = self.guard = self.audit = self
        self.told: list[Happened] = []
        self.addresses = SimpleNamespace(account=ACCOUNT)
        self.rates = None

    async def head(self, request: Request, service: str) -> object:
        sigv4.parse(request)
        return SimpleNamespace(known=self.known, service=service)

    def prove(self, head: Any, body: bytes) -> object:
        self.append(f"signed {head.service} {len(body)}")
        if not self.known:
            raise UnknownCredential
        if not self.proven:
            raise InvalidSignature
        return SimpleNamespace(credential=Credential("AKIAEXAMPLE"), account=ACCOUNT, region="eu-west-1", session=None)

    async def signed(self, _: Request, body: bytes, service: str) -> object:
        return self.prove(SimpleNamespace(service=service), body)

    async def require(self, credential: Credential, demands: list[Demand], surroundings: Surroundings) -> object:
        assert surroundings == Surroundings("127.0.0.1", secure=False, user_agent="Boto3/1.44.5")
        self.append(f"require {', '.join(f'{demand.action} {demand.resource}' for demand in demands)}")
        if not self.admitted:
            raise AccessDenied(ALICE, demands[0].action, demands[0].resource, "because")
        principal = Principal("AIDA", ALICE, ACCOUNT, "user", "alice")
        return SimpleNamespace(principal=principal, session=None, credential=credential)

    def write(self, happened: Happened) -> None:
        self.told.append(happened)


def _demands(scope: Scope, request: Mapping[str, Any]) -> list[Demand]:
    return [Demand("ecr:DeleteRepository", scope.registry(request), request["repositoryName"])]


@operation("DeleteRepository", _demands)
async def delete_repository(call: Call, request: Mapping[str, Any]) -> dict[str, object]:
    cast(Steps, call.services).append(f"do {request['repositoryName']} {call.request_id} {call.region}")
    assert call.registry(request) == Registry(request.get("registryId", ACCOUNT), "eu-west-1")
    return {"repository": {"repositoryName": request["repositoryName"]}}


@operation("PutImage", _demands)
async def put_image(_: Call, request: Mapping[str, Any]) -> dict[str, object]:
    return {"image": {"imageManifest": str(len(request["imageManifest"]))}}


@operation("ListImages", _demands)
async def list_images(_: Call, request: Mapping[str, Any]) -> dict[str, object]:
    if request["repositoryName"] == "absent":
        raise RepositoryNotFound("absent", ACCOUNT)
    return {}


def door(steps: Steps) -> AwsDoor:
    return AwsDoor(cast(Any, steps), {"ecr": (delete_repository, put_image, list_images), "sts": ()})


def ecr(name: str, body: bytes | list[Message], **headers: str) -> Request:
    """A request of ECR whose body comes in one piece or in the messages given."""
    messages = [{"type": "http.request", "body": body}] if isinstance(body, bytes) else body

    async def receive() -> Message:
        return messages.pop(0)

    target = {"x-amz-target": f"AmazonEC2ContainerRegistry_V20150921.{name}"}
    return Request("POST", "/", "", {**SIGNED, **target, **headers}, "http", "127.0.0.1", "request-1", receive)


def send(steps: Steps, request: Request) -> tuple[Reply, Happened]:
    """The door's reply and the one event that it wrote."""
    reply = asyncio.run(door(steps)(request))
    (event,) = steps.told
    return reply, event


def error(reply: Reply) -> tuple[int, str, str]:
    assert isinstance(reply.body, bytes)
    document = json.loads(reply.body)
    assert document["__type"] == reply.code
    return reply.status, document["__type"], document["message"]


def test_an_operation_is_done_after_the_guard() -> None:
    """The signature is checked over the body, then the demand on the caller's own registry, then it is done."""
    steps = Steps()
    reply, event = send(steps, ecr("DeleteRepository", b'{"repositoryName":"demo"}'))
    arn = f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/demo"
    assert steps == ["signed ecr 25", f"require ecr:DeleteRepository {arn}", "do demo request-1 eu-west-1"]
    assert (reply.status, reply.body) == (200, b'{"repository":{"repositoryName":"demo"}}')
    assert (reply.operation, reply.code) == ("ecr:DeleteRepository", "")
    assert reply.headers == [("content-type", "application/x-amz-json-1.1")]
    assert event == Happened(
        request_id="request-1",
        action="ecr:DeleteRepository",
        identity=Identity("IAMUser", "AIDA", ALICE, ACCOUNT, "alice", "AKIAEXAMPLE"),
        client="127.0.0.1",
        user_agent="Boto3/1.44.5",
        region="eu-west-1",
        recipient=ACCOUNT,
        resources=(arn,),
        parameters={"repositoryName": "demo"},
        elements={"repository": {"repositoryName": "demo"}},
    )


def test_a_named_registry_is_what_the_guard_judges() -> None:
    """A registryId in the request names the account on whose repository the demand is."""
    steps = Steps()
    send(steps, ecr("DeleteRepository", b'{"repositoryName":"demo","registryId":"210987654321"}'))
    assert steps[1] == "require ecr:DeleteRepository arn:aws:ecr:eu-west-1:210987654321:repository/demo"


@pytest.mark.parametrize("body", [b"{", b'{"repositoryName":"NOT A NAME"}', b'{"repositoryName":7}'])
def test_nobody_unproven_is_told_what_is_wrong(body: bytes) -> None:
    """A request whose signature is wrong gets the same answer whatever its members are."""
    steps = Steps(proven=False)
    reply, event = send(steps, ecr("DeleteRepository", body))
    assert error(reply) == (400, "InvalidSignatureException", str(InvalidSignature()))
    assert steps == [f"signed ecr {len(body)}"]
    assert (event.identity, event.code) == (Identity(), "InvalidSignatureException")
    assert not event.parameters


def test_what_is_wrong_is_said_before_the_guard() -> None:
    """A proven request is validated before the guard is asked, whose demands need its members."""
    steps = Steps()
    reply, _ = send(steps, ecr("DeleteRepository", b"{}"))
    assert error(reply)[1:] == (
        "InvalidParameterException",
        "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'Member must not be null'",
    )
    assert steps == ["signed ecr 2"]


def test_what_is_denied_is_not_done() -> None:
    """A denied request ends at the guard, and its audit line names who was denied what."""
    steps = Steps(admitted=False)
    reply, event = send(steps, ecr("DeleteRepository", b'{"repositoryName":"demo"}'))
    assert error(reply)[:2] == (400, "AccessDeniedException")
    assert len(steps) == 2
    assert event.identity == Identity("IAMUser", "", ALICE, ACCOUNT, "alice", "AKIAEXAMPLE")
    assert (event.code, event.message.partition(" on ")[0]) == (
        "AccessDeniedException",
        f"User: {ALICE} is not authorized to perform: ecr:DeleteRepository",
    )
    assert event.resources == (f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/demo",)


@pytest.mark.parametrize(("name", "status"), [("demo", 200), ("absent", 400)])
def test_an_admitted_read_leaves_no_line(name: str, status: int) -> None:
    """What only looks at something is not written down, whether it is there or not."""
    steps = Steps()
    reply = asyncio.run(door(steps)(ecr("ListImages", json.dumps({"repositoryName": name}).encode())))
    assert (reply.status, steps.told) == (status, [])


@pytest.mark.parametrize(
    ("steps", "body", "code"),
    [
        (Steps(admitted=False), b'{"repositoryName":"demo"}', "AccessDeniedException"),
        (Steps(proven=False), b'{"repositoryName":"demo"}', "InvalidSignatureException"),
        (Steps(), b"{}", "InvalidParameterException"),
        (Steps(), b"{", "SerializationException"),
    ],
)
def test_a_read_that_comes_no_further_than_the_guard_leaves_a_line(steps: Steps, body: bytes, code: str) -> None:
    """A read that is denied, not proven or not understood is written down with its code."""
    reply, event = send(steps, ecr("ListImages", body))
    assert (reply.code, event.code, event.action) == (code, code, "ecr:ListImages")
    assert event.only_reads


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"authorization": "AWS4-HMAC-SHA256 Credential=x"}, "IncompleteSignatureException"),
        ({"authorization": "Basic dXNlcjpwYXNz"}, "IncompleteSignatureException"),
    ],
)
def test_a_body_is_not_read_behind_a_head_that_is_not_signed(headers: dict[str, str], code: str) -> None:
    """A request whose head cannot be a signed one is refused without a byte of its body."""
    steps = Steps()
    request = ecr("DeleteRepository", [], **headers)
    reply, _ = send(steps, request)
    assert error(reply)[:2] == (400, code)
    assert (steps, request.received) == ([], 0)


def test_nobody_is_asked_for_a_token() -> None:
    """A request that names nobody is told so, without a byte of its body."""
    request = ecr("DeleteRepository", [])
    del request.headers["authorization"]
    reply, _ = send(Steps(), request)
    assert error(reply) == (400, "MissingAuthenticationTokenException", "Missing Authentication Token")


@pytest.mark.parametrize(
    "target",
    [
        "Nothing",
        "AmazonEC2ContainerRegistry_V20150921.Nothing",
        "AmazonEC2ContainerRegistry_V20150921.__init__",
        "AmazonEC2ContainerRegistry_V20150921.InternalDeleteImage",
        "AmazonEC2ContainerRegistry.DeleteRepository",
        "AmazonEC2ContainerRegistry_V20150921.deleterepository",
        "AWSIdentityManagementV20100508.CreateUser",
        "",
        "x" * 5000,
    ],
)
def test_s18_unknown_targets(target: str) -> None:
    """S18: A target that no model has opens nothing, is unknown to the metrics too, and its body is not read."""
    request = ecr("DeleteRepository", [])
    request.headers["x-amz-target"] = target
    reply, event = send(Steps(), request)
    assert error(reply)[:2] == (400, "UnknownOperationException")
    assert (reply.operation, event.action) == ("", "cargohold:UnknownOperation")
    assert isinstance(reply.body, bytes)
    assert len(reply.body) < 300


def test_what_is_not_built_says_so() -> None:
    """An operation that AWS has and Cargohold has not names itself, to those who are proven."""
    reply, _ = send(Steps(), ecr("StartImageScan", b"{}"))
    assert error(reply) == (
        400,
        "UnsupportedOperationException",
        "The operation StartImageScan is not built into this version of Cargohold yet",
    )
    reply, _ = send(Steps(proven=False), ecr("StartImageScan", b"{}"))
    assert error(reply)[1] == "InvalidSignatureException"


def test_only_post_is_json() -> None:
    """A JSON operation is called with POST and nothing else."""
    request = ecr("DeleteRepository", [])
    request.method = "GET"
    reply, _ = send(Steps(), request)
    assert error(reply)[1] == "UnknownOperationException"


def test_bodies_have_a_limit() -> None:
    """A body over the limit is refused by its declared length, or as soon as it has grown over it."""
    declared = ecr("DeleteRepository", [], **{"content-length": str(BODY_LIMIT + 1)})
    reply, _ = send(Steps(), declared)
    assert error(reply)[:2] == (400, "RequestEntityTooLargeException")
    piece = bytes(BODY_LIMIT // 2)
    growing = ecr("DeleteRepository", [{"type": "http.request", "body": piece, "more_body": True}] * 4)
    reply, _ = send(Steps(), growing)
    assert error(reply)[:2] == (400, "RequestEntityTooLargeException")
    assert growing.received <= 2 * BODY_LIMIT


def test_a_manifest_of_four_mebibytes_fits() -> None:
    """The largest manifest of the model is taken even when each of its characters is escaped, and a larger one not."""
    manifest = '"\\u00e9' + "\\u0041" * (4 * 1024 * 1024 - 1) + '"'
    body = f'{{"repositoryName":"demo","imageManifest":{manifest}}}'.encode()
    assert len(body) < LARGE_BODY_LIMIT
    reply, _ = send(Steps(), ecr("PutImage", body))
    assert reply.body == b'{"image":{"imageManifest":"4194304"}}'
    too_long = b'{"repositoryName":"demo","imageManifest":"' + b"a" * (4 * 1024 * 1024 + 1) + b'"}'
    reply, _ = send(Steps(), ecr("PutImage", too_long))
    assert error(reply)[2] == (
        "Invalid parameter at 'imageManifest' failed to satisfy constraint: "
        "'Member must have length less than or equal to 4194304'"
    )


@pytest.mark.parametrize("headers", [{}, {"content-length": str(BODY_LIMIT + 1)}, {"content-length": "9" * 10}])
def test_a_large_body_is_not_read_for_a_key_that_nobody_has(headers: dict[str, str]) -> None:
    """Under an unknown key a body that may be large is refused unread, in the words that any body would get."""
    request = ecr("PutImage", [], **headers)
    reply, _ = send(Steps(known=False), request)
    assert error(reply) == (400, "UnrecognizedClientException", str(UnknownCredential()))
    assert request.received == 0


@pytest.mark.parametrize("name", ["PutImage", "DeleteRepository"])
def test_a_small_body_costs_an_unknown_key_what_it_costs_others(name: str) -> None:
    """Under an unknown key a small body is read and looked at before the refusal, as under any other key."""
    steps, body = Steps(known=False), b'{"repositoryName":"demo"}'
    reply, _ = send(steps, ecr(name, body, **{"content-length": str(len(body))}))
    assert error(reply) == (400, "UnrecognizedClientException", str(UnknownCredential()))
    assert steps == [f"signed ecr {len(body)}"]


def test_large_bodies_wait_for_a_place() -> None:
    """Only so many large bodies are held at once, and a small one does not wait behind them."""

    async def story() -> tuple[int, int]:
        served = door(Steps())
        full, end = asyncio.Event(), asyncio.Event()
        reading = 0

        def stalled() -> Request:
            async def receive() -> Message:
                nonlocal reading
                reading += 1
                if reading == LARGE_BODIES:
                    full.set()
                await end.wait()
                return {"type": "http.disconnect"}

            request = ecr("PutImage", b"", **{"content-length": str(LARGE_BODY_LIMIT)})
            request.receive = receive
            return request

        async with asyncio.TaskGroup() as group:
            for _ in range(LARGE_BODIES + 3):
                group.create_task(served(stalled()))
            await full.wait()
            body = b'{"repositoryName":"demo","imageManifest":"{}"}'
            small = await served(ecr("PutImage", body, **{"content-length": str(len(body))}))
            held = reading
            end.set()
        return small.status, held

    assert asyncio.run(story()) == (200, LARGE_BODIES)


def test_a_request_that_is_cancelled_is_audited() -> None:
    """When the server gives up a request half-way, its audit line is still written."""
    steps = Steps()

    async def story() -> None:
        request = ecr("DeleteRepository", b"")
        began = asyncio.Event()

        async def receive() -> Message:
            began.set()
            await asyncio.Event().wait()
            raise AssertionError

        request.receive = receive
        task = asyncio.create_task(door(steps)(request))
        await began.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(story())
    assert [(event.action, event.code) for event in steps.told] == [("ecr:DeleteRepository", "Cancelled")]


def test_a_client_that_goes_away_is_no_fault_of_ours() -> None:
    """A body that ends too early is the sender's error."""
    reply, event = send(Steps(), ecr("DeleteRepository", [{"type": "http.disconnect"}]))
    assert (error(reply)[:2], event.code) == ((400, "SerializationException"), "SerializationException")
