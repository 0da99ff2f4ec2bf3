"""server.health: what probes are told."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from cargohold.core.errors import StorageBusy
from cargohold.exchange import Message, Reply, Request
from cargohold.server import health
from cargohold.server.health import Health

Lines = Callable[[], list[dict[str, Any]]]


async def _nobody() -> Message:
    raise AssertionError


async def well() -> None:
    pass


async def busy() -> None:
    raise StorageBusy


async def broken() -> None:
    raise PermissionError(13, "Permission denied", "/secret/place")


async def stuck() -> None:
    await asyncio.Event().wait()


async def three() -> int:
    return 3


async def unknown() -> int:
    raise StorageBusy


def ask(path: str, count: Callable[[], Awaitable[int]] = three, **checks: health.Check) -> Reply:
    request = Request("GET", path, "", {}, "http", "", "id", _nobody)
    return asyncio.run(Health(checks, count, count)(request))


def test_a_process_that_answers_lives() -> None:
    """/healthz needs nothing but the process."""
    reply = ask("/healthz", database=broken)
    assert (reply.status, reply.body) == (200, b"ok\n")


def test_ready_when_every_check_is_well() -> None:
    """/readyz is 200 and names what was checked."""
    reply = ask("/readyz", database=well, storage=well)
    assert reply.status == 200
    assert json.loads(bytes(reply.body)) == {"database": "ok", "storage": "ok"}  # type: ignore[arg-type]


@pytest.mark.parametrize("check", [busy, broken])
def test_not_ready_when_a_check_fails(check: health.Check, lines: Lines) -> None:
    """/readyz is 503 and names the check without its reason, which is in the log."""
    reply = ask("/readyz", database=well, storage=check)
    assert reply.status == 503
    assert json.loads(bytes(reply.body)) == {"database": "ok", "storage": "failed"}  # type: ignore[arg-type]
    [line] = lines()
    assert (line["event"], line["check"]) == ("not ready", "storage")
    assert line["reason"]


def test_not_ready_when_a_check_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that never answers is not ready, and the probe gets its answer."""
    monkeypatch.setattr(health, "CHECK_SECONDS", 0.01)
    assert ask("/readyz", storage=stuck).status == 503


def test_metrics_hold_the_open_uploads() -> None:
    """/metrics is Prometheus's text with what the database knows."""
    reply = ask("/metrics")
    assert b"\ncargohold_open_uploads 3.0\n" in bytes(reply.body)  # type: ignore[arg-type]
    assert dict(reply.headers)["Content-Type"].startswith("text/plain; version=0.0.4")


def test_metrics_are_shown_while_the_database_is_away() -> None:
    """/metrics still has what was counted, and leaves out only what the database knows."""
    reply = ask("/metrics", unknown)
    assert reply.status == 200
    assert b"cargohold_requests" in bytes(reply.body)  # type: ignore[arg-type]
    assert b"cargohold_open_uploads" not in bytes(reply.body)  # type: ignore[arg-type]
