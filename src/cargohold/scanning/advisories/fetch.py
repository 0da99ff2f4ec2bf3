"""Brings the bytes of a source here: a file is where it is, an address is downloaded, and resumed where it broke off.

What did not change since the last time is not sent again: its ETag is kept beside it.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import aiohttp

from cargohold.core.clock import Clock
from cargohold.scanning.advisories.build import Fetched
from cargohold.scanning.advisories.source import Source

LARGEST: Final = 1 << 34
"""Bytes of one download."""
_PIECE: Final = 1 << 20
_TRIES: Final = 4
_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=20, sock_read=60)

Progress = Callable[[str, int, int | None], None]
"""Told the source's name, the bytes that are here, and how many there will be where the server says so."""


class FetchFailed(Exception):
    """A source whose bytes could not be had, or were not the ones that were asked for; the text says why."""


async def fetch(source: Source, folder: Path, clock: Clock, progress: Progress) -> Fetched:
    """The source's bytes, at a path below `folder` where they had to be downloaded. Raises FetchFailed."""
    path = Path(source.location)
    if source.is_remote:
        path = folder / hashlib.sha256(source.location.encode()).hexdigest()[:32]
        await _download(source, path, progress)
    try:
        sha256 = await asyncio.to_thread(_sha256, path)
    except OSError as error:
        raise FetchFailed(f"{source.name} cannot be read: {error.strerror}.") from error
    if source.sha256 is not None and sha256 != source.sha256:
        raise FetchFailed(f"{source.name} has not the sha256 that it is to have: it is {sha256}.")
    return Fetched(source, path, sha256, clock())


async def _download(source: Source, path: Path, progress: Progress) -> None:
    for attempt in range(_TRIES):
        try:
            async with aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=True) as session:
                await _get(session, source, path, progress)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if attempt == _TRIES - 1:
                raise FetchFailed(f"{source.name} cannot be downloaded: {error or type(error).__name__}.") from error
        else:
            return


async def _get(session: aiohttp.ClientSession, source: Source, path: Path, progress: Progress) -> None:
    """One try; what came is kept in a file beside, from whose end the next one goes on."""
    part, tag_file = path.with_suffix(".part"), path.with_suffix(".etag")
    etags = _etags(tag_file)
    async with session.get(source.location, headers=_conditions(path, part, etags)) as answer:
        if answer.status == 304:
            return
        if answer.status == 416:
            part.unlink(missing_ok=True)
        answer.raise_for_status()
        resumed = answer.status == 206
        here = part.stat().st_size if resumed else 0
        etag = answer.headers.get("ETag", "")
        tag_file.write_text(json.dumps({"whole": "" if resumed else etags.get("whole", ""), "part": etag}))
        total = None if answer.content_length is None else here + answer.content_length
        with part.open("ab" if resumed else "wb") as file:
            async for piece in answer.content.iter_chunked(_PIECE):
                file.write(piece)
                here += len(piece)
                if here > LARGEST:
                    raise FetchFailed(f"{source.name} is larger than {LARGEST} bytes.")
                progress(source.name, here, total)
    part.replace(path)
    tag_file.write_text(json.dumps({"whole": etag, "part": ""}))


def _conditions(path: Path, part: Path, etags: dict[str, str]) -> dict[str, str]:
    """Goes on with what is half here, while it is still the same; asks for a whole one only if there is a newer."""
    if part.exists() and etags.get("part"):
        return {"Range": f"bytes={part.stat().st_size}-", "If-Range": etags["part"]}
    if path.exists() and etags.get("whole"):
        return {"If-None-Match": etags["whole"]}
    return {}


def _etags(file: Path) -> dict[str, str]:
    with suppress(OSError, ValueError):
        found = json.loads(file.read_text())
        return {key: str(value) for key, value in found.items()}
    return {}


def _sha256(path: Path) -> str:
    """Of a file, or of the names and bytes of all files of a folder."""
    if not path.is_dir():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    whole = hashlib.sha256()
    for each in sorted(each for each in path.rglob("*") if each.is_file()):
        with each.open("rb") as file:
            whole.update(f"{each.relative_to(path)}\0".encode() + hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()
