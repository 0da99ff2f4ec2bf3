"""`cargohold env`: what a shell needs so that AWS's own tools talk to the running server."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click

from cargohold.server.folder import AccessKey, DataFolder, Running, default_data

_UNSET = ("AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
"""What would win over the exports, or be sent along with them."""


@click.command("env", short_help="Print shell exports for the running server.")
@click.option("--data", type=click.Path(path_type=Path), envvar="CARGOHOLD_DATA", help="The server's data folder.")
def command(data: Path | None) -> None:
    """Print shell exports for the running server: eval "$(cargohold env)"."""
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
    click.echo("\n".join(_lines(running, key)))


def _lines(running: Running, key: AccessKey) -> list[str]:
    exports = {
        "AWS_ENDPOINT_URL": running.url,
        "AWS_ACCESS_KEY_ID": key.id,
        "AWS_SECRET_ACCESS_KEY": key.secret,
        "AWS_DEFAULT_REGION": running.region,
        "AWS_REGION": running.region,
    }
    return [f"export {name}={shlex.quote(value)}" for name, value in exports.items()] + [f"unset {' '.join(_UNSET)}"]


def _flag(data: Path | None) -> str:
    return f" --data {shlex.quote(os.fspath(data))}" if data else ""
