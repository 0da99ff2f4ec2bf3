"""server.ahead: a large body's messages are asked for together, and arrive as they were sent."""

import asyncio
from collections.abc import Awaitable

import pytest

from cargohold.exchange import CHUNK, Message
from cargohold.server import ahead
from cargohold.server.ahead import Ahead


class Granian:
    """Answers in the order in which it was asked, and after the body's end says again that it has ended."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces
        self.open = 0
        self.most = 0

    def receive(self) -> Awaitable[Message]:
        self.open += 1
        self.most = max(self.most, self.open)
        data = self.pieces.pop(0) if self.pieces else b""
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        message = {"type": "http.request", "body": data, "more_body": bool(data)}
        asyncio.get_running_loop().call_soon(self._answer, answer, message)
        return answer

    def _answer(self, answer: asyncio.Future[Message], message: Message) -> None:
        self.open -= 1
        answer.set_result(message)


async def received(granian: Granian) -> list[bytes]:
    receive = Ahead(granian.receive)
    taken: list[bytes] = []
    while (message := await receive())["more_body"]:
        taken.append(message["body"])
    return taken


def test_a_small_body_is_asked_for_message_by_message() -> None:
    """Nothing is asked for before the answer to what was asked before is there."""
    granian = Granian([b"small", b"body"])
    assert asyncio.run(received(granian)) == [b"small", b"body"]
    assert granian.most == 1


@pytest.mark.parametrize(("size", "most"), [(100, 32), (32 << 10, 32), (256 << 10, 4), (2 * CHUNK, 1)])
def test_a_large_body_arrives_in_order_and_about_a_chunk_at_once(size: int, most: int) -> None:
    """Pieces come in their order, and no more of them wait than make a chunk."""
    count = ahead.FROM // size + 70
    pieces = [number.to_bytes(4, "big") * (size // 4) for number in range(count)]
    granian = Granian(list(pieces))
    assert asyncio.run(received(granian)) == pieces
    assert granian.most == most
