"""A data folder from a backup: made beside its place, and put there when it is whole."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cargohold.core.clock import system_clock
from cargohold.core.errors import Unavailable
from cargohold.registry.inventory import Inventory
from cargohold.server import wiring
from cargohold.server.backup import FINISHED
from cargohold.server.copying import Copier, Show, measure
from cargohold.server.folder import DataFolder
from cargohold.server.refusal import CannotStart

if TYPE_CHECKING:
    from cargohold.core.digest import Digest
    from cargohold.server.settings import Settings

_FILES: Final = ("root.check", "root.key", "credentials", "deployment.json")


@dataclass(frozen=True, slots=True)
class Restored:
    """A data folder that a server can be started on; `at` is the moment that it shows, in epoch milliseconds."""

    at: int
    blobs: int
    bytes: int
    damaged: tuple[Digest, ...]
    """Blobs whose right bytes are not in the backup: they are in quarantine."""
    root_key: bool
    """Whether the root key was in the backup."""


async def restore(settings: Settings, source: Path, begin: Callable[[int], Show]) -> Restored:
    """Makes the data folder of the settings, which must not be there or be empty; raises CannotStart."""
    finished = _finished(source.absolute())
    if finished["database"] != ("sqlite" if settings.database_url is None else "postgresql"):
        raise CannotStart(f"The backup is of a registry whose database is {finished['database']}'s: see --database.")
    _check_empty(settings.data)
    draft = settings.data.with_name(f".{settings.data.name}.restoring")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700, parents=True)
        restored = await _fill(settings, DataFolder(source.absolute()), DataFolder(draft), begin, finished["at"])
        if settings.data.exists():
            settings.data.rmdir()
        draft.rename(settings.data)
    except Unavailable as error:
        raise CannotStart(f"Nothing was restored: {error}.") from None
    except OSError as error:
        raise CannotStart(f"Nothing was restored: {error.filename}: {error.strerror}.") from None
    return restored


def _finished(source: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((source / FINISHED).read_text("utf-8"))
        return {"database": found["database"], "at": int(found["at"])}
    except (FileNotFoundError, NotADirectoryError):
        raise CannotStart(f"{source} holds no finished backup.") from None
    except (ValueError, KeyError, TypeError):
        raise CannotStart(f"{source / FINISHED} is damaged.") from None


def _check_empty(data: Path) -> None:
    try:
        if any(data.iterdir()):
            raise CannotStart(f"The data folder {data} is not empty: a backup is restored into one that is.")
    except FileNotFoundError:
        return
    except OSError as error:
        raise CannotStart(f"The data folder {data} cannot be used: {error.strerror}.") from None


async def _fill(
    settings: Settings, source: DataFolder, draft: DataFolder, begin: Callable[[int], Show], at: int
) -> Restored:
    if settings.database_url is None:
        shutil.copyfile(source.database, draft.database)
        draft.database.chmod(0o600)
    wiring.upgrade(settings, draft)
    database = wiring.rows_of(settings, draft.database)
    try:
        inventory = Inventory(database, system_clock)
        copier = Copier(wiring.stores_of(source), wiring.stores_of(draft), begin(await measure(inventory)))
        copied = await copier.copy_all(inventory)
        for lost in copied.lost:
            await inventory.report_missing(lost)
        for sound in copied.sound:
            await inventory.report_sound(sound)
        await inventory.end_uploads()
    finally:
        await database.close()
    for name in _FILES:
        if (source.path / name).exists():
            _copy_private(source.path / name, draft.path / name)
    if source.audit.is_dir():
        draft.audit.mkdir(mode=0o700)
        for each in source.audit.iterdir():
            _copy_private(each, draft.audit / each.name)
    damaged = tuple(sorted(each.digest for each in copied.lost))
    return Restored(at, copied.blobs, copied.bytes, damaged, draft.root_key.exists())


def _copy_private(source: Path, target: Path) -> None:
    """Copies a file that only its owner may read, with its times."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as copy, source.open("rb") as file:
        shutil.copyfileobj(file, copy)
        copy.flush()
        os.fsync(descriptor)
    seen = source.stat()
    os.utime(target, ns=(seen.st_atime_ns, seen.st_mtime_ns))
