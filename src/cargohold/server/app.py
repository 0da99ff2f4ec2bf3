"""The ASGI application: which door a request goes to, and what every answer and every log line has.

Knows no rule of a registry. Nothing of a request is logged but its method, its path without the query string, and what
the door says it was; an unexpected exception is logged without its text, which may quote the request.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast
from uuid import uuid4

from cargohold.core.errors import BodyInterrupted
from cargohold.exchange import Door, Message, Receive, Reply, Request, Scope, Send, request_from, send_reply
from cargohold.oci.public_door import PATHS as PUBLIC_PATHS
from cargohold.server.ahead import Ahead
from cargohold.server.health import PATHS as HEALTH_PATHS
from cargohold.server.proxies import TrustedProxies
from cargohold.telemetry import logs, metrics

_LONGEST_PATH: Final = 1024
_BODILESS: Final = ("GET", "HEAD")

_NOTHING_HERE: Final = (
    b"Nothing is served at this path. Container clients find the registry at /v2/; "
    b"AWS clients send their requests to / (AWS_ENDPOINT_URL, as `cargohold env` prints it).\n"
)


@dataclass(frozen=True, slots=True)
class Doors:
    aws: Door
    oci: Door
    health: Door
    public: Door | None = None
    """What serves the public registries' paths beside /v2/; none where there are none."""


@dataclass(slots=True)
class _Outcome:
    """What is known of a request when it has ended, however it ended."""

    operation: str = ""
    code: str = ""
    status: int = 0
    sent: int = 0


class Application:
    """One per process. `new_id` makes request ids; without `proxies` nobody's word counts for another's address."""

    def __init__(
        self, doors: Doors, new_id: Callable[[], object] = uuid4, proxies: TrustedProxies | None = None
    ) -> None:
        self._doors = doors
        self._proxies = proxies
        self._new_id = new_id
        self._running: set[asyncio.Task[object]] = set()
        self._cut_off = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        task = cast("asyncio.Task[object]", asyncio.current_task())
        self._running.add(task)
        try:
            if scope["method"] not in _BODILESS:
                receive = Ahead(receive)
            request = request_from(scope, receive, str(self._new_id()))
            if self._proxies is not None:
                self._proxies.believe(request)
            await self._answer(request, send)
        except asyncio.CancelledError:
            if not self._cut_off:
                raise
        finally:
            self._running.discard(task)

    async def cut_off(self, seconds: float) -> int:
        """Ends the requests that still run, and waits at most `seconds` for that; returns how many there were."""
        cut = set(self._running)
        self._cut_off = True
        for task in cut:
            task.cancel()
        if cut:
            await asyncio.wait(cut, timeout=seconds)
        return len(cut)

    async def _answer(self, request: Request, send: Send) -> None:
        began = time.perf_counter()
        outcome = _Outcome(code="Cancelled")
        try:
            reply = await self._reply(request)
            outcome.operation, outcome.code, outcome.status = reply.operation, reply.code, reply.status
            reply.headers.append(("x-amzn-RequestId", request.id))
            reply.headers.append(("Server", "cargohold"))
            if isinstance(reply.body, bytes) or request.method == "HEAD":
                outcome.sent = await send_reply(reply, send, head_only=request.method == "HEAD")
            else:
                await self._stream(request, reply, send, outcome)
        finally:
            self._record(request, outcome, time.perf_counter() - began)
        if request.method not in _BODILESS:
            await request.discard()

    async def _reply(self, request: Request) -> Reply:
        door = self._door(request)
        try:
            return await door(request)
        except BodyInterrupted as error:
            return Reply(400, [("Content-Type", "text/plain")], f"{error}\n".encode(), code="BodyInterrupted")
        # The last line of defence: what arrives here is a bug of ours, and the client must still get its request id.
        except Exception as error:  # noqa: BLE001
            logs.unexpected(error, request_id=request.id)
            return _unexpected(request, is_oci=door is self._doors.oci)

    async def _stream(self, request: Request, reply: Reply, send: Send, outcome: _Outcome) -> None:
        counted = _Counted(send)
        leaving = asyncio.ensure_future(_left(request.receive))
        leaving.add_done_callback(lambda _: counted.stop())
        try:
            await send_reply(reply, counted, head_only=False)
        except BodyInterrupted:
            outcome.code = "ClientLeft"
        # The head is out. Returning with the body unfinished makes the server abort the connection, so the client
        # sees that bytes are missing; raising would only make the server log the exception's text once more.
        except Exception as error:  # noqa: BLE001
            outcome.code = "InternalFailure"
            logs.unexpected(error, request_id=request.id)
        finally:
            outcome.sent = counted.sent
            leaving.cancel()

    def _record(self, request: Request, outcome: _Outcome, seconds: float) -> None:
        code = outcome.code or str(outcome.status)
        metrics.observe(
            operation=outcome.operation, code=code, seconds=seconds, received=request.received, sent=outcome.sent
        )
        quiet = request.path in HEALTH_PATHS and outcome.status == 200
        logs.say(
            logging.DEBUG if quiet else logging.INFO,
            "request",
            request_id=request.id,
            method=request.method,
            path=request.path[:_LONGEST_PATH],
            operation=outcome.operation,
            code=outcome.code,
            status=outcome.status,
            seconds=round(seconds, 6),
            received=request.received,
            sent=outcome.sent,
            client=request.client,
        )

    def _door(self, request: Request) -> Door:
        path = request.path
        if path.startswith("/v2/") or path == "/v2":
            return self._doors.oci
        if path == "/" and (request.method == "POST" or _is_aws_get(request)):
            return self._doors.aws
        if path in HEALTH_PATHS and request.method in ("GET", "HEAD"):
            return self._doors.health
        if path.startswith(PUBLIC_PATHS) and self._doors.public is not None:
            return self._doors.public
        return nothing_here


class _Counted:
    """A `send` that counts body bytes and raises BodyInterrupted once the client has left.

    An ASGI server takes what is sent to a closed connection in silence, so a blob would be read to its end for nobody.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._stopped = False
        self.sent = 0

    def stop(self) -> None:
        self._stopped = True

    async def __call__(self, message: Message) -> None:
        # A client may leave as soon as it has its last byte; the message that only says so ends the reply as ever.
        if self._stopped and message.get("more_body"):
            raise BodyInterrupted
        await self._send(message)
        self.sent += len(message.get("body", b""))
        # Neither reading from the page cache nor sending to a closed connection ever waits: without this, other
        # requests would stand still until the blob's end, and the news that the client left would come after it.
        await asyncio.sleep(0)


async def _left(receive: Receive) -> None:
    """Returns when the client has closed its connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _live(receive: Receive, send: Send) -> None:
    """ASGI's lifespan, for servers that insist on it."""
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


def _is_aws_get(request: Request) -> bool:
    if "x-amz-target" in request.headers:
        return True
    names = {part.partition("=")[0] for part in request.query.split("&")}
    return {"Action", "Version"} <= names or any(name.startswith("X-Amz-") for name in names)


async def nothing_here(_request: Request) -> Reply:
    """The door of who came to the wrong place."""
    return Reply(404, [("Content-Type", "text/plain; charset=utf-8")], _NOTHING_HERE, operation="None", code="NotFound")


def _unexpected(request: Request, *, is_oci: bool) -> Reply:
    sentence = f"An internal error occurred. The request's id is {request.id}."
    if is_oci:
        body: object = {"errors": [{"code": "UNKNOWN", "message": sentence}]}
        headers = [("Content-Type", "application/json")]
    else:
        body = {"__type": "ServerException", "message": sentence}
        headers = [("Content-Type", "application/x-amz-json-1.1")]
    return Reply(500, headers, json.dumps(body).encode(), code="InternalFailure")
