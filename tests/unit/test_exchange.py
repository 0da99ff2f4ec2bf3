"""exchange: requests read from ASGI messages, replies written to them."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cargohold import exchange
from cargohold.core.errors import BodyInterrupted, RequestTooLarge
from cargohold.exchange import Message, Reply, Request, request_from, send_reply


def request(*messages: Message, headers: list[tuple[bytes, bytes]] | None = None) -> Request:
    """A request whose body arrives as these ASGI messages, and then hangs."""
    waiting = list(messages)

    async def receive() -> Message:
        if waiting:
            return waiting.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    scope: dict[str, Any] = {
        "method": "PUT",
        "path": "/a b",
        "raw_path": b"/a%20b",
        "query_string": b"x=1",
        "headers": headers or [],
        "scheme": "http",
        "client": ("127.0.0.1", 1),
    }
    return request_from(scope, receive, "id")


def body(data: bytes, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": data, "more_body": more}


async def collect(stream: AsyncIterator[bytes]) -> list[bytes]:
    return [piece async for piece in stream]


def test_the_target_is_kept_as_it_was_sent() -> None:
    """Path and query keep their escapes, for signatures and names are read from them."""
    made = request()
    assert (made.path, made.query) == ("/a%20b", "x=1")


def test_repeated_headers_are_joined_and_remembered() -> None:
    """A header sent twice is joined in order and known to be repeated."""
    made = request(headers=[(b"x-a", b"2"), (b"x-a", b"1"), (b"host", b"h")])
    assert made.headers == {"x-a": "2,1", "host": "h"}
    assert made.repeated == {"x-a"}


def test_a_body_is_handed_on_in_large_pieces() -> None:
    """Small messages are gathered to about a chunk, and nothing is lost or reordered."""
    half = exchange.CHUNK // 2
    made = request(body(b"a" * half, more=True), body(b"b" * half, more=True), body(b"c"))
    assert asyncio.run(collect(made.stream())) == [b"a" * half + b"b" * half, b"c"]
    assert made.received == exchange.CHUNK + 1


def test_a_client_that_leaves_loses_nothing_that_arrived() -> None:
    """What came before a disconnect is handed on, and then the interruption is raised."""
    made = request(body(b"some", more=True), {"type": "http.disconnect"})
    seen: list[bytes] = []

    async def run() -> None:
        async for piece in made.stream():
            seen.append(piece)

    with pytest.raises(BodyInterrupted):
        asyncio.run(run())
    assert seen == [b"some"]


def test_a_client_that_stalls_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """S28: a body that stops coming is given up after the idle time."""
    monkeypatch.setattr(exchange, "IDLE_SECONDS", 0.01)
    with pytest.raises(BodyInterrupted):
        asyncio.run(collect(request(body(b"x", more=True)).stream()))


def dripping(size: int, every: float, count: int) -> Request:
    """A request whose body comes in small messages, one at a time."""
    made = request()
    left = [body(b"x" * size, more=number > 0) for number in reversed(range(count))]

    async def receive() -> Message:
        await asyncio.sleep(every)
        return left.pop(0)

    made.receive = receive
    return made


def test_a_client_that_drips_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """S28: a byte now and then is no progress: the body is given up after the idle time, with what came."""
    monkeypatch.setattr(exchange, "IDLE_SECONDS", 0.05)
    made = dripping(1, 0.01, 1000)
    seen: list[bytes] = []

    async def run() -> None:
        async for piece in made.stream():
            seen.append(piece)

    with pytest.raises(BodyInterrupted):
        asyncio.run(run())
    assert 0 < len(b"".join(seen)) == made.received < 20


def test_a_slow_client_that_gets_on_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """S28: a body that takes far longer than the idle time arrives whole when enough of it comes in each."""
    monkeypatch.setattr(exchange, "IDLE_SECONDS", 0.1)
    pieces = asyncio.run(collect(dripping(exchange.IDLE_BYTES, 0.01, 40).stream()))
    assert len(b"".join(pieces)) == 40 * exchange.IDLE_BYTES


def test_what_is_done_with_the_bytes_takes_as_long_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that stands still for longer than the idle time is not taken for a client that does."""
    monkeypatch.setattr(exchange, "IDLE_SECONDS", 0.05)
    monkeypatch.setattr(exchange, "CHUNK", 4)

    async def run() -> bytes:
        read = b""
        async for piece in request(body(b"some", more=True), body(b"more", more=True), body(b"end")).stream():
            await asyncio.sleep(0.1)
            read += piece
        return read

    assert asyncio.run(run()) == b"somemoreend"


def test_tiny_messages_take_little_memory() -> None:
    """S1: a body in messages of two bytes is held in a small multiple of its bytes, not in twenty times as much."""
    made = request()
    count = 20_000

    async def receive() -> Message:
        nonlocal count
        await asyncio.sleep(0)
        count -= 1
        return body(count.to_bytes(4, "big")[2:], more=count > 0)

    made.receive = receive
    tracemalloc.start()
    try:
        assert sum(map(len, asyncio.run(collect(made.stream())))) == 40_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("length", [b"11", b"9" * 40])
def test_a_body_that_says_it_is_too_large_is_not_read(length: bytes) -> None:
    """A declared length over the limit is refused before a byte is read."""
    made = request(headers=[(b"content-length", length)])
    with pytest.raises(RequestTooLarge):
        asyncio.run(made.read(10))
    assert made.received == 0


def test_a_body_without_length_is_bounded() -> None:
    """S1: a chunked body is refused as soon as it passes the limit."""
    with pytest.raises(RequestTooLarge):
        asyncio.run(request(body(b"x" * 11)).read(10))
    assert asyncio.run(request(body(b"x" * 10)).read(10)) == b"x" * 10


class Pieces:
    """A stream that remembers whether it was given back."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece

    async def aclose(self) -> None:
        self.closed = True


async def sent(reply: Reply, *, head_only: bool = False) -> tuple[list[Message], int]:
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    return messages, await send_reply(reply, send, head_only=head_only)


def test_a_reply_carries_its_length() -> None:
    """A body in memory is sent with its length."""
    messages, count = asyncio.run(sent(Reply(200, [("X-A", "1")], b"four")))
    assert messages[0]["headers"] == [(b"x-a", b"1"), (b"content-length", b"4")]
    assert messages[1]["body"] == b"four"
    assert count == 4


def test_a_stream_is_sent_and_given_back() -> None:
    """A streamed body goes out piece by piece and is closed at its end."""
    pieces = Pieces(b"ab", b"c")
    messages, count = asyncio.run(sent(Reply(200, [], pieces, length=3)))
    assert b"".join(message["body"] for message in messages[1:]) == b"abc"
    assert (count, pieces.closed) == (3, True)


def test_a_head_reply_has_the_length_and_no_body() -> None:
    """HEAD answers with the length of what GET would send, and sends nothing."""
    pieces = Pieces(b"abc")
    messages, count = asyncio.run(sent(Reply(200, [], pieces, length=3), head_only=True))
    assert (b"content-length", b"3") in messages[0]["headers"]
    assert all(not message["body"] for message in messages[1:])
    assert (count, pieces.closed) == (0, True)


def test_an_answer_without_content_has_no_length() -> None:
    """204 carries no Content-Length."""
    messages, _ = asyncio.run(sent(Reply(204, [])))
    assert messages[0]["headers"] == []
