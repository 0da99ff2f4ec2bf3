"""exchange: what is done with a body that nobody read."""

import asyncio

import pytest

from cargohold import exchange
from cargohold.core.errors import BodyInterrupted
from cargohold.exchange import Message, Request

PIECE = 1 << 20


def request(count: int, headers: dict[str, str], *, ends: bool = True) -> tuple[Request, list[Message]]:
    """A request with `count` pieces of body to come, and the pieces; without an end its client falls silent."""
    waiting: list[Message] = [{"type": "http.request", "body": bytes(PIECE), "more_body": True} for _ in range(count)]
    if ends and waiting:
        waiting[-1]["more_body"] = False

    async def receive() -> Message:
        if waiting:
            return waiting.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    return Request("PATCH", "/", "", headers, "http", "127.0.0.1", "id", receive), waiting


@pytest.mark.parametrize("headers", [{"content-length": str(3 * PIECE)}, {"transfer-encoding": "chunked"}])
def test_an_unread_body_is_taken_to_its_end(headers: dict[str, str]) -> None:
    """A client that writes before it reads can write all it has, and its bytes are counted."""
    made, waiting = request(3, headers)
    asyncio.run(made.discard())
    assert (waiting, made.received, made.ended) == ([], 3 * PIECE, True)


def test_the_rest_of_a_body_is_taken() -> None:
    """What a handler did not read because it refused in the middle is taken after it."""
    made, waiting = request(5, {"content-length": str(5 * PIECE)})

    async def part() -> None:
        async for _ in made.stream():
            break
        assert len(waiting) == 4
        await made.discard()

    asyncio.run(part())
    assert (waiting, made.received) == ([], 5 * PIECE)


@pytest.mark.parametrize("headers", [{}, {"content-length": "0"}])
def test_without_a_body_nothing_is_awaited(headers: dict[str, str]) -> None:
    """A request that announced no body is not waited for."""
    made, waiting = request(1, headers)
    asyncio.run(made.discard())
    assert len(waiting) == 1


def test_a_body_that_was_read_is_not_awaited() -> None:
    """Once the last byte or the client's end was seen, nothing more is waited for."""

    async def read(made: Request) -> None:
        await made.read(10 * PIECE)
        await made.discard()

    made, _ = request(2, {"content-length": str(2 * PIECE)})
    asyncio.run(read(made))
    assert made.ended
    made, waiting = request(1, {"content-length": str(2 * PIECE)}, ends=False)
    waiting.append({"type": "http.disconnect"})
    with pytest.raises(BodyInterrupted):
        asyncio.run(read(made))
    assert made.ended


def test_an_endless_body_is_not_taken_forever() -> None:
    """Only so many bytes are taken for nothing; then the connection is left to the server."""
    made, waiting = request(exchange.UNREAD_BYTES // PIECE + 10, {"transfer-encoding": "chunked"})
    asyncio.run(made.discard())
    assert (len(waiting), made.ended) == (10, False)


def test_a_silent_client_is_not_awaited_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that stops in the middle, having read its refusal, holds nothing open for long."""
    monkeypatch.setattr(exchange, "UNREAD_SECONDS", 0.01)
    made, _ = request(1, {"transfer-encoding": "chunked"}, ends=False)
    asyncio.run(made.discard())
    assert not made.ended


def test_a_client_that_left_is_not_awaited() -> None:
    """A hang-up ends the taking; a client that waits for 100-continue looks like that to a server."""
    made, waiting = request(0, {"content-length": "10", "expect": "100-continue"}, ends=False)
    waiting.append({"type": "http.disconnect"})
    asyncio.run(made.discard())
    assert made.ended
