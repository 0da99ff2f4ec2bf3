"""server.app: which door, what every answer has, what the log holds and what it never holds."""

import asyncio
import base64
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from cargohold.core.errors import BodyInterrupted
from cargohold.exchange import Door, Message, Reply, Request
from cargohold.server.app import Application, Doors

Lines = Callable[[], list[dict[str, Any]]]


def named(name: str) -> Door:
    async def door(request: Request) -> Reply:
        return Reply(200, [], name.encode(), operation=name)

    return door


class Client:
    """One connection to an application: what it sends, and what came back."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self.sent: list[Message] = []
        self.gone = asyncio.Event()
        """Set when the client closes its connection."""

    async def ask(self, method: str, target: str, headers: dict[str, str] | None = None, body: bytes = b"") -> "Client":
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
            "scheme": "http",
            "client": ("192.0.2.7", 4321),
        }
        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            if messages:
                return messages.pop(0)
            await self.gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            self.sent.append(message)

        await self._application(scope, receive, send)
        return self

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])


def application(**doors: Door) -> Application:
    known = {name: named(name) for name in ("aws", "oci", "health")} | doors
    return Application(Doors(**known), new_id=lambda: "the-id")


def ask(app: Application, method: str, target: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Client:
    async def run() -> Client:
        return await Client(app).ask(method, target, headers, body)

    return asyncio.run(asyncio.wait_for(run(), 10))


@pytest.mark.parametrize(
    ("method", "target", "headers", "door"),
    [
        ("GET", "/v2", {}, b"oci"),
        ("GET", "/v2/", {}, b"oci"),
        ("PUT", "/v2/demo/manifests/latest", {}, b"oci"),
        ("GET", "/v2/demo/blobs/sha256:0?X-Amz-Signature=1", {}, b"oci"),
        ("POST", "/v2/", {"X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.ListImages"}, b"oci"),
        ("POST", "/", {"X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.ListImages"}, b"aws"),
        ("POST", "/", {"Content-Type": "application/x-www-form-urlencoded"}, b"aws"),
        ("GET", "/", {"X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.ListImages"}, b"aws"),
        ("GET", "/?Action=GetCallerIdentity&Version=2011-06-15", {}, b"aws"),
        ("GET", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256", {}, b"aws"),
        ("GET", "/healthz", {}, b"health"),
        ("GET", "/readyz", {}, b"health"),
        ("GET", "/metrics", {}, b"health"),
    ],
)
def test_a_request_goes_to_its_door(method: str, target: str, headers: dict[str, str], door: bytes) -> None:
    """The path, then AWS's header, action or query decide which door answers."""
    assert ask(application(), method, target, headers).body == door


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/"),
        ("GET", "/?Action=ListUsers"),
        ("GET", "/v20/"),
        ("GET", "/v2x"),
        ("POST", "/metrics"),
        ("GET", "/v1/"),
    ],
)
def test_what_no_door_serves_is_refused_in_words(method: str, target: str) -> None:
    """Anything else is a 404 that says where things are."""
    answer = ask(application(), method, target)
    assert answer.status == 404
    assert b"/v2/" in answer.body


@pytest.mark.parametrize("target", ["/v2/", "/?Action=A&Version=1", "/healthz", "/nothing"])
def test_every_answer_has_the_request_id(target: str) -> None:
    """The id is in the answer of each door, and where there is none."""
    assert ask(application(), "GET", target).headers["x-amzn-requestid"] == "the-id"


def test_ids_are_new_for_each_request() -> None:
    """Two requests to one process have different ids."""
    app = Application(Doors(named("aws"), named("oci"), named("health")))
    first, second = (ask(app, "GET", "/v2/").headers["x-amzn-requestid"] for _ in range(2))
    assert first != second
    assert len(first) == 36


def test_one_line_says_what_a_request_was(lines: Lines) -> None:
    """The access line has method, path without query, operation, code, status, bytes both ways and the client."""

    async def door(request: Request) -> Reply:
        await request.read(100)
        return Reply(404, [], b"unknown", operation="oci:GetManifest", code="MANIFEST_UNKNOWN")

    ask(application(oci=door), "GET", "/v2/demo/manifests/x?n=1", body=b"12345")
    [line] = lines()
    seconds = line.pop("seconds")
    assert 0 <= seconds < 10
    assert {name: line[name] for name in line if name not in ("time", "level")} == {
        "event": "request",
        "request_id": "the-id",
        "method": "GET",
        "path": "/v2/demo/manifests/x",
        "operation": "oci:GetManifest",
        "code": "MANIFEST_UNKNOWN",
        "status": 404,
        "received": 5,
        "sent": 7,
        "client": "192.0.2.7",
    }


def test_probes_that_go_well_are_not_logged(lines: Lines) -> None:
    """A probe every second fills no log; one that fails is there."""
    ask(application(), "GET", "/readyz")
    assert lines() == []

    async def failing(_request: Request) -> Reply:
        return Reply(503, [], operation="Readyz")

    ask(application(health=failing), "GET", "/readyz")
    assert [line["status"] for line in lines()] == [503]


SECRETS = {
    "password": "cGFzc3dvcmQ0MgpAbG9uZy1lbm91Z2g",
    "signature": "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    "session": "AQoEXAMPLEH4aoAH0gNCAPyJxz4BlCFFxWNE1OPTgk5TthT",
    "cookie": "csrf-0123456789",
}


@pytest.mark.parametrize("target", ["/v2/demo/tags/list", "/", "/healthz", "/nothing"])
@pytest.mark.parametrize("failing", [False, True])
def test_no_secret_of_a_request_reaches_the_log(target: str, failing: bool, stream: io.StringIO) -> None:
    """Neither headers nor query nor body are logged, not even when a door breaks with them in its exception."""
    basic = base64.b64encode(f"AWS:{SECRETS['password']}".encode()).decode()

    async def door(request: Request) -> Reply:
        body = await request.read(1000)
        if failing:
            raise ValueError(repr(request), body, SECRETS["password"])
        return Reply(200, [], body, operation="oci:ListTags")

    app = application(aws=door, oci=door, health=door)
    headers = {
        "Authorization": f"Basic {basic}",
        "X-Amz-Security-Token": SECRETS["session"],
        "Cookie": SECRETS["cookie"],
    }
    query = f"?X-Amz-Algorithm=A&X-Amz-Signature={SECRETS['signature']}&X-Amz-Security-Token={SECRETS['session']}"
    answer = ask(app, "GET", target + query, headers, body=SECRETS["password"].encode())
    assert (answer.status == 500) == (failing and target != "/nothing")
    written = stream.getvalue()
    for secret in [*SECRETS.values(), basic, "X-Amz-Signature"]:
        assert secret not in written
    assert not failing or target == "/nothing" or '"unexpected error"' in written


@pytest.mark.parametrize(
    ("name", "target", "shape"),
    [("oci", "/v2/", b'{"errors": [{"code": "UNKNOWN"'), ("aws", "/", b'{"__type": "ServerException"')],
)
def test_an_unexpected_exception_is_a_500_with_the_request_id(
    name: str, target: str, shape: bytes, lines: Lines
) -> None:
    """The client gets its door's error shape and the id; the log has class and frames under the same id."""

    async def door(_request: Request) -> Reply:
        return Reply(200, [], str({}["missing"]).encode())

    answer = ask(application(**{name: door}), "POST", target)
    assert answer.status == 500
    assert answer.body.startswith(shape)
    assert b"the-id" in answer.body
    assert b"missing" not in answer.body
    error, request = lines()
    assert (error["event"], error["exception"], error["request_id"]) == ("unexpected error", "KeyError", "the-id")
    assert "test_app.py" in error["frames"]
    assert (request["status"], request["code"]) == (500, "InternalFailure")


def test_a_client_that_leaves_in_its_body_is_no_error_of_ours(lines: Lines) -> None:
    """A body that ends early is one access line with its code, and no traceback."""

    async def door(_request: Request) -> Reply:
        raise BodyInterrupted

    ask(application(oci=door), "PUT", "/v2/demo/blobs/uploads/1")
    assert [(line["event"], line["code"]) for line in lines()] == [("request", "BodyInterrupted")]


class Endless:
    """A blob that never ends, and notes how much of it was read."""

    def __init__(self) -> None:
        self.read = 0
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.read += 1
            yield b"x" * 1000

    async def aclose(self) -> None:
        self.closed = True


def test_a_blob_is_not_read_on_for_a_client_that_left(lines: Lines) -> None:
    """When the client closes its connection, reading stops, the blob is closed and the log says how much went out."""
    blob = Endless()

    async def door(_request: Request) -> Reply:
        return Reply(200, [], blob, operation="oci:GetBlob", length=10**12)

    async def run() -> Client:
        client = Client(application(oci=door))
        asking = asyncio.ensure_future(client.ask("GET", "/v2/demo/blobs/x"))
        while blob.read < 5:
            await asyncio.sleep(0)
        client.gone.set()
        return await asking

    client = asyncio.run(asyncio.wait_for(run(), 10))
    assert blob.closed
    assert blob.read < 100
    [line] = lines()
    assert (line["code"], line["status"]) == ("ClientLeft", 200)
    assert line["sent"] == len(client.body) > 0
    assert client.sent[-1].get("more_body")


class Broken(Endless):
    """A blob whose storage fails after the first chunk."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"x" * 1000
        raise OSError(5, "the disk named secret-disk is broken")


def test_a_blob_that_fails_in_the_middle_is_left_unfinished(lines: Lines, stream: io.StringIO) -> None:
    """The body is never ended as if it were whole, and the log says that it broke."""
    blob = Broken()

    async def door(_request: Request) -> Reply:
        return Reply(200, [], blob, operation="oci:GetBlob", length=2000)

    client = ask(application(oci=door), "GET", "/v2/demo/blobs/x")
    assert client.sent[-1]["more_body"]
    assert blob.closed
    assert [line["event"] for line in lines()] == ["unexpected error", "request"]
    assert lines()[-1]["code"] == "InternalFailure"
    assert "secret-disk" not in stream.getvalue().replace("the disk named secret-disk is broken", "")


def cancelled(end: Callable[[Application, "asyncio.Future[Client]"], Awaitable[object]]) -> "asyncio.Future[Client]":
    """A request in the middle of its work, ended by `end`."""
    began = asyncio.Event()

    async def door(_request: Request) -> Reply:
        began.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def run() -> "asyncio.Future[Client]":
        app = application(oci=door)
        asking = asyncio.ensure_future(Client(app).ask("GET", "/v2/"))
        await began.wait()
        await end(app, asking)
        await asyncio.wait([asking])
        assert await app.cut_off(0) == 0
        return asking

    return asyncio.run(asyncio.wait_for(run(), 10))


def test_a_request_that_is_cut_off_is_logged(lines: Lines) -> None:
    """Requests that outlast the server's grace end without an exception for the server to print, and leave a line."""

    async def end(app: Application, _asking: "asyncio.Future[Client]") -> None:
        assert await app.cut_off(5) == 1

    asking = cancelled(end)
    assert not asking.cancelled()
    assert asking.result().sent == []
    assert [line["code"] for line in lines()] == ["Cancelled"]


def test_a_request_that_its_server_cancels_is_cancelled(lines: Lines) -> None:
    """Cancelling from outside is not swallowed."""

    async def end(_app: Application, asking: "asyncio.Future[Client]") -> None:
        asking.cancel()

    assert cancelled(end).cancelled()
    assert [line["code"] for line in lines()] == ["Cancelled"]


def test_head_sends_no_body() -> None:
    """HEAD has the headers of GET and no bytes."""
    answer = ask(application(), "HEAD", "/v2/")
    assert answer.headers["content-length"] == "3"
    assert answer.body == b""


def test_a_long_path_does_not_flood_the_log(lines: Lines) -> None:
    """A path is cut after a thousand characters in the log."""
    ask(application(), "GET", "/v2/" + "x" * 100_000)
    assert len(lines()[0]["path"]) == 1024


def test_any_asgi_server_may_run_it() -> None:
    """Servers that insist on ASGI's lifespan get their answers."""
    sent: list[str] = []
    messages = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> Message:
        return {"type": next(messages)}

    async def send(message: Message) -> None:
        sent.append(message["type"])

    asyncio.run(application()({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
