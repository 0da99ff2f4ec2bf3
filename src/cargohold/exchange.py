"""One HTTP exchange, seen from a door: a Request to read and a Reply to return. Knows ASGI, no registry.

A door is `async (Request) -> Reply`; `server.app` makes the one from ASGI and sends the other. Tests call doors
directly with a Request made from bytes.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from cargohold.core.errors import BodyInterrupted, RequestTooLarge

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

CHUNK: Final = 1 << 20
"""Bytes in which bodies are handed on; larger than a system call's cost, smaller than a cache."""

_DIGITS: Final = 18
"""More than any body's length has."""

IDLE_SECONDS: Final = 60.0
IDLE_BYTES: Final = 1 << 10
"""How long a client may take in the middle of a body to send so few bytes: one a minute is as good as none."""

_RENEWAL: Final = 1 / 64
"""The part of that time after which it is begun anew; at every message it would cost as much as the message."""

_PIECES = 1 << 12
"""Messages that are held one by one; more are joined, for a tiny one takes twenty times the memory of its bytes."""

UNREAD_BYTES: Final = 64 << 20
UNREAD_SECONDS: Final = 10.0
"""How much of a body that nobody read is still taken after the reply, and for how long."""


class Chunks(Protocol):
    """Bytes that are read as they are sent, and given back when nobody wants the rest."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...
    async def aclose(self) -> None: ...


@dataclass(slots=True)
class Request:
    """A request's head, decoded, and its body, still on the wire.

    `path` and `query` are as the client sent them (percent-escapes kept), as signatures and names need them.
    `headers` has lower-case names; a repeated header is joined with a comma in order of arrival.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    scheme: str
    client: str
    id: str
    receive: Receive
    repeated: frozenset[str] = frozenset()
    received: int = field(default=0)
    ended: bool = field(default=False)
    """Nothing more will come: the body was received whole, or the client is gone."""

    @property
    def length(self) -> int | None:
        """The body's length where the client told it beforehand, else None."""
        given = self.headers.get("content-length", "")
        told = given.isascii() and given.isdigit() and len(given) <= _DIGITS
        return int(given) if told and "transfer-encoding" not in self.headers else None

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body in pieces of about CHUNK; raises BodyInterrupted when the client goes away or stalls."""
        more = self.length != 0
        while more:
            pending: list[bytes] = []
            try:
                more = await self._collect(pending)
            except BodyInterrupted:
                self.ended = True
                if pending:
                    yield b"".join(pending)
                raise
            if piece := b"".join(pending):
                yield piece

    async def _collect(self, pending: list[bytes]) -> bool:
        """Takes messages until they are about CHUNK, and tells whether more will come. Raises BodyInterrupted.

        A body of known length ends with its last byte: the message that says so would be waited for in vain.
        One timer watches the whole piece, for one at each message is half of what receiving costs. Nothing but waiting
        happens here, so what is done with the bytes is not counted as the client's idling.
        """
        held = renewed = 0
        length = self.length
        time = asyncio.get_running_loop().time
        renew_at = time() + IDLE_SECONDS * _RENEWAL
        try:
            async with asyncio.timeout(IDLE_SECONDS) as patience:
                while held < CHUNK and not self.ended:
                    message = await self.receive()
                    if message["type"] == "http.disconnect":
                        raise BodyInterrupted
                    data: bytes = message.get("body", b"")
                    self.received += len(data)
                    self.ended = not message.get("more_body", False) or self.received == length
                    held += len(data)
                    pending.append(data)
                    if len(pending) >= _PIECES:
                        pending[:] = [b"".join(pending)]
                    if held - renewed >= IDLE_BYTES and (now := time()) >= renew_at:
                        renewed, renew_at = held, now + IDLE_SECONDS * _RENEWAL
                        patience.reschedule(now + IDLE_SECONDS)
        except TimeoutError:
            raise BodyInterrupted from None
        return not self.ended

    async def read(self, limit: int) -> bytes:
        """The whole body, of at most `limit` bytes; raises RequestTooLarge before it holds more than that."""
        declared = self.headers.get("content-length", "")
        if declared.isascii() and declared.isdigit() and (len(declared) > _DIGITS or int(declared) > limit):
            raise RequestTooLarge(limit)
        pieces: list[bytes] = []
        held = 0
        async for piece in self.stream():
            held += len(piece)
            if held > limit:
                raise RequestTooLarge(limit)
            pieces.append(piece)
        return b"".join(pieces)

    async def discard(self) -> None:
        """Takes what is left of the body, up to UNREAD_BYTES, and drops it; to be called after the reply was sent.

        A client that writes its whole body before it reads would otherwise find a reset connection where its reply is.
        """
        announced = self.headers.get("content-length", "0") != "0" or "transfer-encoding" in self.headers
        if self.ended or not announced:
            return
        limit = self.received + UNREAD_BYTES
        with suppress(TimeoutError):
            async with asyncio.timeout(UNREAD_SECONDS):
                while not self.ended and self.received < limit:
                    message = await self.receive()
                    self.received += len(message.get("body", b""))
                    self.ended = not message.get("more_body", False)


@dataclass(slots=True)
class Reply:
    """A door's answer. `operation` and `code` say, for metrics and the log, what was asked and how it ended."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes | Chunks = b""
    operation: str = ""
    code: str = ""
    length: int | None = None
    """The body's length where the body is a stream, or where there is none to send (HEAD)."""


Door = Callable[[Request], Awaitable[Reply]]


def request_from(scope: Scope, receive: Receive, request_id: str) -> Request:
    """The Request of an ASGI `http` scope."""
    headers: dict[str, str] = {}
    repeated: set[str] = set()
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if name in headers:
            headers[name] += f",{value}"
            repeated.add(name)
        else:
            headers[name] = value
    return Request(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        scheme=scope["scheme"],
        client=scope["client"][0] if scope.get("client") else "",
        id=request_id,
        receive=receive,
        repeated=frozenset(repeated),
    )


async def send_reply(reply: Reply, send: Send, *, head_only: bool) -> int:
    """Sends a Reply and returns how many body bytes went out."""
    body = reply.body
    length = reply.length if reply.length is not None else len(body) if isinstance(body, bytes) else None
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
    if length is not None and reply.status not in (204, 304):
        headers.append((b"content-length", str(length).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if isinstance(body, bytes):
        await send({"type": "http.response.body", "body": b"" if head_only else body})
        return 0 if head_only else len(body)
    sent = 0
    try:
        if not head_only:
            async for chunk in body:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                sent += len(chunk)
    finally:
        await body.aclose()
    await send({"type": "http.response.body", "body": b""})
    return sent
