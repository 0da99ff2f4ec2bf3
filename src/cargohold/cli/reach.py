"""Where the server of a data folder is reached, and with which key: for `cargohold env` and commands that ask it."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click

from cargohold.server.folder import AccessKey, DataFolder, Running, default_data

DATA: Final = "CARGOHOLD_DATA"


@dataclass(frozen=True, slots=True)
class Local:
    """A server that runs on this machine, and the access key that its data folder holds."""

    running: Running
    key: AccessKey = field(repr=False)


def local(data: Path | None) -> Local:
    """The server of a data folder, of the default one where none is given; raises ClickException."""
    folder = DataFolder((data or default_data()).absolute())
    running = folder.running()
    if running is None:
        raise click.ClickException(
            f"No server runs on the data folder {folder.path}. Start one: cargohold serve{_flag(data)}"
        )
    key = folder.access_key() or (AccessKey("test", "test") if running.dev else None)
    if key is None:
        raise click.ClickException(
            f"{folder.credentials} holds no access key for the profile [default]. "
            "It was written at the first start and is not kept elsewhere."
        )
    return Local(running, key)


def _flag(data: Path | None) -> str:
    return f" --data {shlex.quote(os.fspath(data))}" if data else ""
