"""Credentials are fetched ahead of their end, served through an outage, and dropped when the server says no."""

import asyncio

from cargohold.core.clock import HOUR, SECOND
from cargohold.host.remote import Credentials, Refused, Unreachable
from cargohold.host.rotation import ASKED_AGAIN, EVERY, RETRY, Rotation

from .conftest import Server


def refresh(server: Server) -> None:
    asyncio.run(server.rotation.refresh())


def test_each_hour_there_are_new_ones(server: Server) -> None:
    """What is handed out is the latest; between rotations nobody who asks reaches the server."""
    assert (server.current(), server.current(), server.asked) == ("ASIA1", "ASIA1", 1)
    server.now += EVERY
    refresh(server)
    assert (server.current(), server.asked) == ("ASIA2", 2)


def test_an_outage_is_not_noticed_for_hours(server: Server) -> None:
    """While the server is away credentials are served to the moment of their end, and new ones when it is back."""
    assert server.current() == "ASIA1"
    server.fault = Unreachable("connection refused")
    server.now += EVERY
    refresh(server)
    assert server.current() == "ASIA1"
    server.now += 5 * HOUR - 1
    assert server.current() == "ASIA1"
    server.now += 1
    assert server.current() is None
    assert server.rotation.failure is not None
    assert (server.rotation.failure.code, server.rotation.failure.message) == ("", "connection refused")
    server.fault = None
    server.now += ASKED_AGAIN
    assert server.current() == "ASIA4"
    assert server.rotation.failure is None


def test_a_refusal_ends_them_at_once(server: Server) -> None:
    """Once the server says that the host is none any more, nothing is served."""
    assert server.current() == "ASIA1"
    server.fault = Refused("UnrecognizedClientException", "no such key", {})
    refresh(server)
    assert server.current() is None


def test_a_busy_server_ends_nothing(server: Server) -> None:
    """Being told to come again is no refusal."""
    assert server.current() == "ASIA1"
    server.fault = Refused("ThrottlingException", "slow down", {})
    refresh(server)
    assert server.current() == "ASIA1"


def test_whoever_asks_does_not_flood_the_server(server: Server) -> None:
    """A hundred who find nothing ask the server once in five seconds, and get what comes next."""
    server.fault = Unreachable("connection refused")

    async def ask() -> list[object]:
        return await asyncio.gather(*(server.rotation.current() for _ in range(100)))

    assert asyncio.run(ask()) == [None] * 100
    assert server.asked == 1
    server.now += ASKED_AGAIN - 1
    assert (server.current(), server.asked) == (None, 1)
    server.now += 1
    server.fault = None
    assert (server.current(), server.asked) == ("ASIA2", 2)


def test_whoever_comes_early_waits(server: Server) -> None:
    """A program that asks while the first credentials are on their way gets them, and not nothing."""
    asked, answered = asyncio.Event(), asyncio.Event()

    async def slow() -> Credentials:
        asked.set()
        await answered.wait()
        return await server.fetch()

    async def story() -> Credentials | None:
        rotation = Rotation(slow, server.clock)
        first = asyncio.create_task(rotation.refresh())
        await asked.wait()
        early = asyncio.create_task(rotation.current())
        answered.set()
        await first
        return await early

    found = asyncio.run(story())
    assert (found is not None, server.asked) == (True, 1)


def test_it_runs_until_it_is_stopped(server: Server) -> None:
    """The first credentials are fetched at the start, and stopping does not wait for the next hour."""

    async def story() -> None:
        stop = asyncio.Event()
        running = asyncio.create_task(server.rotation.run(stop))
        assert await server.rotation.current() is not None
        stop.set()
        await asyncio.wait_for(running, 5)

    asyncio.run(story())
    assert server.asked == 1
    assert RETRY < EVERY
    assert ASKED_AGAIN == 5 * SECOND
