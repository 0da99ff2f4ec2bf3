"""A backup of a data folder whose server runs: one moment of its database, and every blob that this moment names.

A backup folder is laid out as a data folder is, with `backup.json` beside it. Blobs are written once under keys that
are never used again, so a second backup to the same folder copies only what is new.

The order: first a moment of the database, then the blobs that it names. Meanwhile the server goes on, and may collect
such a blob, move it to the archive, or give it other bytes. When one is not there any more a newer moment is taken, and
what that names is copied; most of it is there, so it is soon done, and soon nothing changed meanwhile. Only then does
the new moment replace the last backup's, and what neither needs is dropped: whenever it is broken off, the last whole
backup is there. What is missing of two moments in a row is not on its way but damaged, and is reported.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cargohold import __version__
from cargohold.core.clock import system_clock
from cargohold.core.errors import Unavailable
from cargohold.registry.inventory import Inventory
from cargohold.server import wiring
from cargohold.server.copying import Copied, Copier, Show, measure
from cargohold.server.folder import DataFolder, Deployment
from cargohold.server.refusal import CannotStart

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from cargohold.core.digest import Digest
    from cargohold.server.settings import Settings

FINISHED: Final = "backup.json"
STARTED: Final = "backup.started"
MOMENTS: Final = 20
"""Moments that are taken at the most; each is nearer to the last one than the one before."""

_OWN: Final = frozenset({"lock", "run"})
_SECRET: Final = ("root.key", "credentials")


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds; sizes are bytes. `new_*` were not there before."""

    at: int
    blobs: int
    bytes: int
    new_blobs: int
    new_bytes: int
    damaged: tuple[Digest, ...]
    """Blobs that the registry has no right bytes of."""
    rows: bool
    """Whether the database is in it; PostgreSQL's is not."""


async def backup(settings: Settings, to: Path, begin: Callable[[int], Show], *, secrets: bool) -> Backup:
    """Makes or renews the backup in a folder; raises CannotStart. `begin` is told the bytes to come."""
    folder, target = DataFolder(settings.data), DataFolder(to.absolute())
    deployment = wiring.beside(settings, folder)
    _check(folder, target, deployment)
    try:
        with target.locked():
            (target.path / STARTED).touch()
            return await _Work(settings, folder, target).run(begin, secrets=secrets)
    except Unavailable as error:
        raise CannotStart(f"The backup was not finished: {error}.") from None
    except OSError as error:
        raise CannotStart(f"The backup was not finished: {error.filename}: {error.strerror}.") from None


def _check(folder: DataFolder, target: DataFolder, deployment: Deployment) -> None:
    """Refuses a folder that holds something else."""
    if target.path == folder.path:
        raise CannotStart("A backup goes into a folder of its own.")
    try:
        there = {each.name for each in target.path.iterdir()} - _OWN
    except FileNotFoundError:
        return
    except OSError as error:
        raise CannotStart(f"{target.path} cannot be read: {error.strerror}.") from None
    if there and STARTED not in there:
        raise CannotStart(f"{target.path} is not empty and no backup: give another folder.")
    known = target.remembered()
    if known is not None and known.account != deployment.account:
        raise CannotStart(f"{target.path} is a backup of account {known.account}'s registry, not of this one.")


class _Work:
    def __init__(self, settings: Settings, folder: DataFolder, target: DataFolder) -> None:
        self._settings = settings
        self._folder = folder
        self._target = target
        self._rows = settings.database_url is None
        self._moment = 0
        self._named: set[tuple[str, str]] = set()
        """What earlier backups, finished or not, have left here."""

    async def run(self, begin: Callable[[int], Show], *, secrets: bool) -> Backup:
        at = system_clock()
        for file in self._files(secrets=secrets):
            _copy_file(self._folder.path / file, self._target.path / file)
        await self._look_back()
        copied = await self._copy_blobs(begin)
        if self._rows:
            self._file.replace(self._target.database)
            await self._prune(copied.kept)
        done = Backup(
            at=at,
            blobs=copied.blobs,
            bytes=copied.bytes,
            new_blobs=copied.new_blobs,
            new_bytes=copied.new_bytes,
            damaged=tuple(sorted(each.digest for each in copied.lost)),
            rows=self._rows,
        )
        self._finish(done)
        return done

    def _files(self, *, secrets: bool) -> Iterator[str]:
        yield "root.check"
        yield from _SECRET if secrets else ()
        if self._folder.audit.is_dir():
            (self._target.path / "audit").mkdir(mode=0o700, exist_ok=True)
            yield from (f"audit/{each.name}" for each in self._folder.audit.iterdir() if each.is_file())
        yield "deployment.json"

    @property
    def _file(self) -> Path:
        """The moment of the database that is being worked on."""
        return self._target.path / f"cargohold.db.{self._moment}"

    async def _look_back(self) -> None:
        """Learns which blobs are here already by what the moments name that are."""
        if not self._rows:
            return
        for number in range(1, MOMENTS + 1):
            left = self._target.path / f"cargohold.db.{number}"
            if left.exists():
                await self._learn(left)
                _remove(left)
        if self._target.database.exists():
            await self._learn(self._target.database)

    async def _learn(self, file: Path) -> None:
        async with self._opened(file) as inventory:
            async for stored in inventory.blobs():
                self._named.add((stored.blob.tier, stored.blob.generation))

    async def _copy_blobs(self, begin: Callable[[int], Show]) -> Copied:
        """Copies what a moment names, and of newer ones, until what is missing is not on its way."""
        missing: set[str] | None = None
        copied, show = Copied(), None
        for self._moment in range(1, MOMENTS + 1):
            if self._rows:
                wiring.copy_rows(self._folder, self._file)
            async with self._opened(self._file) as inventory:
                show = show or begin(await measure(inventory))
                source, target = wiring.stores_of(self._folder), wiring.stores_of(self._target)
                before, copied = copied, await Copier(source, target, show).copy_all(inventory)
            copied.new_blobs += before.new_blobs
            copied.new_bytes += before.new_bytes
            now = {each.generation for each in copied.lost}
            if not now or (missing is not None and now <= missing):
                return copied
            missing = now
            self._named |= copied.kept
            if self._rows and self._moment < MOMENTS:
                _remove(self._file)
        raise CannotStart(f"Blobs came and went during each of {MOMENTS} attempts: try again when less is going on.")

    @asynccontextmanager
    async def _opened(self, file: Path) -> AsyncIterator[Inventory]:
        database = wiring.rows_of(self._settings, file)
        try:
            yield Inventory(database, system_clock)
        finally:
            await database.close()
            file.with_name(f"{file.name}-turn").unlink(missing_ok=True)

    async def _prune(self, kept: set[tuple[str, str]]) -> None:
        """Drops what only earlier moments named."""
        stores = wiring.stores_of(self._target)
        for tier, key in self._named - kept:
            await (stores.archive if tier == "archive" else stores.standard).delete(key)

    def _finish(self, done: Backup) -> None:
        told = {
            "version": __version__,
            "at": done.at,
            "blobs": done.blobs,
            "bytes": done.bytes,
            "damaged": done.damaged,
            "database": "sqlite" if done.rows else "postgresql",
        }
        draft = self._target.path / f".{FINISHED}"
        with draft.open("w", encoding="utf-8") as file:
            json.dump(told, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._target.path / FINISHED)
        _sync_folder(self._target.path)


def _copy_file(source: Path, target: Path) -> None:
    """Copies a file that is not there or has changed; only its owner can read the copy."""
    try:
        with source.open("rb") as file:
            seen = os.fstat(file.fileno())
            if target.exists() and _mark(target.stat()) == _mark(seen):
                return
            draft = target.with_name(f".{target.name}")
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with open(descriptor, "wb") as copy:
                shutil.copyfileobj(file, copy)
                copy.flush()
                os.fsync(descriptor)
                os.utime(descriptor, ns=(seen.st_atime_ns, seen.st_mtime_ns))
            draft.replace(target)
    except FileNotFoundError:
        if source.exists():
            raise


def _mark(seen: os.stat_result) -> tuple[int, int]:
    return seen.st_size, seen.st_mtime_ns


def _remove(file: Path) -> None:
    for name in (file.name, f"{file.name}-wal", f"{file.name}-shm", f"{file.name}-turn"):
        file.with_name(name).unlink(missing_ok=True)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
