"""The hot path is short: how many calls of our own a manifest GET takes, counted on the real rooms."""

import asyncio
import io
import json
import logging
import sys
from base64 import b64encode
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import structlog

import cargohold
from cargohold.access.demand import Demand
from cargohold.core import digest as digests
from cargohold.core.arn import Registry
from cargohold.core.clock import system_clock
from cargohold.exchange import Message, Scope
from cargohold.identity import registry_token
from cargohold.identity.principals import Credential
from cargohold.registry.image import Push
from cargohold.registry.repository import NewRepository
from cargohold.server import rooms, wiring
from cargohold.server.app import Application
from cargohold.server.folder import DataFolder, Deployment
from cargohold.server.settings import Settings
from cargohold.services import Services
from cargohold.telemetry import logs

BUDGET = 45

_OURS = Path(cargohold.__file__).parent
_HERE = Registry("123456789012", "us-east-1")
_MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = b"{}"
_MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": _MEDIA_TYPE,
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": digests.of(_CONFIG), "size": 2},
        "layers": [],
    }
).encode()
_COMPREHENSIONS = ("<listcomp>", "<dictcomp>", "<setcomp>")
"""Frames up to Python 3.11, and no calls since."""


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Lines are made and written as in a server."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    written = io.StringIO()
    monkeypatch.setattr(logs, "_bound", None)
    logs.configure(written)
    yield written
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    root.handlers, root.level = handlers, level


def test_a_manifest_get_keeps_to_its_budget(tmp_path: Path, log: io.StringIO) -> None:
    """An authenticated GET of a manifest by its tag is at most 45 calls of ours, the log's line included."""
    calls, sent = asyncio.run(_one_get(tmp_path))
    listed = "\n".join(f"{number:3}  {call}" for number, call in enumerate(calls, start=1))
    assert (sent[0]["status"], sent[1]["body"]) == (200, _MANIFEST)
    assert [json.loads(line)["event"] for line in log.getvalue().splitlines()] == ["request", "request"]
    for room in ("server/app", "oci/door", "identity/authenticate", "access/guard", "registry/images", "database"):
        assert any(call.startswith(room) for call in calls), f"{room} had no part in it:\n{listed}"
    assert len(calls) <= BUDGET, f"{len(calls)} calls, in order:\n{listed}"


async def _one_get(folder: Path) -> tuple[list[str], list[Message]]:
    """The second GET's calls and answer: what the first compiles, remembers or writes down is not on the path."""
    data = DataFolder(folder / "data")
    with data.locked():
        plan = wiring.prepare(Settings(data=data.path), data, Deployment(_HERE.account, (_HERE.region,)), 5050)
        key = await wiring.first_start(plan)
        assert key is not None
        cellar = wiring.cellar(plan)
        credential = Credential(key.id)
        password = await _furnish(rooms.services(plan, cellar), credential)
        application = rooms.application(plan, cellar)
        await _get(application, password)
        # That the image was pulled is written down behind the first answer, once a day.
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})
        with _counted() as calls:
            sent = await _get(application, password)
        await cellar.close()
    return calls, sent


async def _furnish(rooms: Services, credential: Credential) -> str:
    """One image under one tag, and a password to get it with."""
    await rooms.repositories.create(_HERE, NewRepository("demo"))
    admission = await rooms.guard.require(credential, [Demand("ecr:PutImage", _HERE, "demo")])
    target = admission.target(_HERE, "demo")
    upload = await rooms.uploads.begin(target)
    await rooms.uploads.append(target, upload.id, _one(_CONFIG))
    await rooms.uploads.complete(target, upload.id, [digests.of(_CONFIG)])
    await rooms.images.put(target, Push(_MANIFEST, _MEDIA_TYPE, "latest", None, admission.principal.arn, "accept"))
    return registry_token.issue(rooms.tokens, credential, _HERE.region, system_clock()).password


async def _one(data: bytes) -> AsyncGenerator[bytes, None]:
    yield data


async def _get(application: Application, password: str) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    await application(_scope(password), receive, send)
    return sent


def _scope(password: str) -> Scope:
    proof = b"Basic " + b64encode(f"AWS:{password}".encode())
    return {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "raw_path": b"/v2/demo/manifests/latest",
        "query_string": b"",
        "headers": [(b"host", b"localhost:5050"), (b"accept", _MEDIA_TYPE.encode()), (b"authorization", proof)],
        "client": ("127.0.0.1", 40000),
    }


@contextmanager
def _counted() -> Iterator[list[str]]:
    """Calls of functions that stand in the package, in order; a coroutine counts once, however often it goes on."""
    calls: list[str] = []
    seen: list[FrameType] = []

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        code = frame.f_code
        if event != "call" or code.co_name in _COMPREHENSIONS or not Path(code.co_filename).is_relative_to(_OURS):
            return
        if not any(frame is other for other in seen):
            seen.append(frame)
            module = Path(code.co_filename).relative_to(_OURS).with_suffix("")
            calls.append(f"{module.as_posix()}  {code.co_qualname}")

    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(None)
