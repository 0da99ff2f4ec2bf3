"""Advisories are brought here, resumed and checked, and updated when it is time or when somebody asks."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from cargohold.core.errors import ValidationError
from cargohold.scanning.advisories.fetch import FetchFailed, fetch
from cargohold.scanning.advisories.source import Source
from cargohold.scanning.advisories.status import FILE, Advisories, read_status
from cargohold.scanning.advisories.update import Updater
from tests.unit.registry.bed import Room
from tests.unit.scanning.test_advisories import document

HOUR = 3_600_000


class Publisher:
    """A server of one document, that may break off and that knows ranges and ETags."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.break_after: int | None = None
        self.seen: list[dict[str, str]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        etag = f'"{hashlib.sha256(self.content).hexdigest()[:8]}"'
        self.seen.append(
            {name: request.headers[name] for name in ("Range", "If-None-Match") if name in request.headers}
        )
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304)
        resumed = "Range" in request.headers and request.headers.get("If-Range") == etag
        start = int(request.headers["Range"].removeprefix("bytes=").rstrip("-")) if resumed else 0
        body = self.content[start:]
        answer = web.StreamResponse(status=206 if resumed else 200, headers={"ETag": etag})
        answer.content_length = len(body)
        await answer.prepare(request)
        if self.break_after is not None:
            await answer.write(body[: self.break_after])
            self.break_after = None
            assert request.transport is not None
            request.transport.close()
            return answer
        await answer.write(body)
        return answer


@asynccontextmanager
async def published(publisher: Publisher) -> AsyncIterator[str]:
    """The address of the document."""
    application = web.Application()
    application.router.add_get("/all.json", publisher.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"http://127.0.0.1:{port}/all.json"
    finally:
        await runner.cleanup()


def quiet(_name: str, _here: int, _total: int | None) -> None:
    """Nobody looks on."""


def clock() -> int:
    return 7


def run(publisher: Publisher, story: Callable[[str], object]) -> None:
    async def whole() -> None:
        async with published(publisher) as address:
            await story(address)  # type: ignore[misc]

    asyncio.run(whole())


def test_a_download_that_breaks_off_is_resumed(tmp_path: Path) -> None:
    """The next try goes on where the last one ended, and the bytes are whole."""
    publisher = Publisher(json.dumps(document()).encode() * 1)
    publisher.break_after = 20

    async def story(address: str) -> None:
        got = await fetch(Source("osv", address), tmp_path, clock, quiet)
        assert got.path.read_bytes() == publisher.content
        assert got.sha256 == hashlib.sha256(publisher.content).hexdigest()
        assert publisher.seen == [{}, {"Range": "bytes=20-"}]

    run(publisher, story)


def test_what_did_not_change_is_not_sent_again(tmp_path: Path) -> None:
    """The second time the server is only asked whether there is something newer, until there is."""
    publisher = Publisher(b"one")

    async def story(address: str) -> None:
        await fetch(Source("osv", address), tmp_path, clock, quiet)
        again = await fetch(Source("osv", address), tmp_path, clock, quiet)
        assert again.path.read_bytes() == b"one"
        assert list(publisher.seen[1]) == ["If-None-Match"]
        publisher.content = b"two"
        assert (await fetch(Source("osv", address), tmp_path, clock, quiet)).path.read_bytes() == b"two"

    run(publisher, story)


def test_other_bytes_than_asked_for_are_refused(tmp_path: Path) -> None:
    """A checksum that does not match, and what cannot be had at all, say so."""
    file = tmp_path / "a.json"
    file.write_text("x")

    async def story() -> None:
        with pytest.raises(FetchFailed, match="has not the sha256"):
            await fetch(Source("osv", str(file), "0" * 64), tmp_path, clock, quiet)
        with pytest.raises(FetchFailed, match="cannot be read: No such file"):
            await fetch(Source("osv", str(tmp_path / "none")), tmp_path, clock, quiet)
        with pytest.raises(FetchFailed, match="cannot be downloaded"):
            await fetch(Source("osv", "http://127.0.0.1:9/none"), tmp_path, clock, quiet)

    asyncio.run(story())


def test_a_folder_has_a_checksum_of_its_names_and_bytes(tmp_path: Path) -> None:
    """A file more, or other bytes, make another one."""
    folder = tmp_path / "osv"
    folder.mkdir()

    async def story() -> None:
        found = []
        for name, text in (("a.json", "1"), ("b.json", "1"), ("a.json", "2")):
            (folder / name).write_text(text)
            found.append((await fetch(Source("osv", str(folder)), tmp_path, clock, quiet)).sha256)
        assert len(set(found)) == 3

    asyncio.run(story())


def test_updates_run_when_they_are_due_or_asked_for(room: Room, tmp_path: Path) -> None:
    """At the first look, then after the interval, and at once when somebody asks."""
    data, folder = tmp_path / "a.json", tmp_path / "advisories"
    data.write_text(json.dumps(document()))
    sources = [Source("osv", str(data))]
    updater = Updater(room.database, folder, sources, room.clock, every=HOUR)
    asked = Advisories(room.database, folder, sources, room.clock)

    async def story() -> None:
        assert [await updater.run(), await updater.run()] == [1, 0]
        assert [each.records for each in asked.known().sources] == [1]
        room.now += 10
        await asked.request()
        assert [await updater.run(), await updater.run()] == [1, 0]
        room.now += HOUR
        assert await updater.run() == 1
        status = read_status(folder)
        assert (status.attempted_at, status.succeeded_at, status.error) == (room.now, room.now, "")

    asyncio.run(story())


def test_a_failed_update_is_told_and_changes_nothing(room: Room, tmp_path: Path) -> None:
    """The file stays, its status says why, and the next look waits for its time."""
    data, folder = tmp_path / "a.json", tmp_path / "advisories"
    data.write_text(json.dumps(document()))
    sources = [Source("osv", str(data))]
    updater = Updater(room.database, folder, sources, room.clock, every=HOUR)
    asked = Advisories(room.database, folder, sources, room.clock)

    async def story() -> None:
        await updater.run()
        version, began = asked.known().version, room.now
        data.write_text("{}")
        room.now += HOUR
        assert [await updater.run(), await updater.run()] == [1, 0]
        known = asked.known()
        assert (known.version, known.status.succeeded_at) == (version, began)
        assert "could not be imported: an advisory has no id" in known.status.error
        assert (folder / FILE).exists()

    asyncio.run(story())


def test_without_sources_there_is_nothing_to_update(room: Room, tmp_path: Path) -> None:
    """Who asks is told which setting is missing."""
    asked = Advisories(room.database, tmp_path, [], room.clock)
    with pytest.raises(ValidationError, match="No sources of advisories are set"):
        asyncio.run(asked.request())
    assert asyncio.run(Updater(room.database, tmp_path, [], room.clock, HOUR).run()) == 0
