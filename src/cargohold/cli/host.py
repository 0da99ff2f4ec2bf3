"""`cargohold host`: what runs on a machine that has a role. It needs no server there."""

from __future__ import annotations

import asyncio
import os
import platform
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cargohold.host import key as keys
from cargohold.host.key import HostUnusable
from cargohold.host.listening import CONTAINERS, HOP_LIMIT, METADATA

if TYPE_CHECKING:
    from cargohold.host.program import Ready

_NONE: Final = "none"

_folder = click.option(
    "--folder",
    type=click.Path(path_type=Path),
    envvar="CARGOHOLD_HOST",
    help="Where the host's key is; /var/lib/cargohold-host for root, else ~/.config/cargohold-host.",
)


@click.group("host", short_help="Give this machine the role of an instance profile.")
def command() -> None:
    """Give this machine the role that its instance profile holds, as EC2 does."""


@command.command("join")
@click.argument("url")
@click.argument("token")
@click.option("--name", help="The host's name where the invitation has none; the machine's own by default.")
@click.option("--ca", type=click.Path(path_type=Path, exists=True), help="Certificates to check the server's with.")
@click.option("--force", is_flag=True, help="Join although this machine is a host already; its old key is lost.")
@_folder
def join(url: str, token: str, name: str | None, ca: Path | None, folder: Path | None, *, force: bool) -> None:
    """Join the server at URL with a TOKEN of `cargohold hosts invite`."""
    from cargohold.host import remote

    kept = (folder or keys.default_folder()).absolute()
    if (kept / keys.FILE).exists() and not force:
        raise click.ClickException(f"This machine is a host already: {kept / keys.FILE} is there. --force replaces it.")
    try:
        keys.check_writable(kept)
        bundle = None if ca is None else os.fspath(ca.absolute())
        made = asyncio.run(remote.join(url, token, name or _own_name(), bundle))
        keys.save(kept, made)
    except HostUnusable as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"This machine is the host {made.host_name} ({made.host_id}). Run: cargohold host serve")


@command.command("serve")
@click.option("--metadata", default=METADATA, show_default=True, help="address:port of the metadata service, or none.")
@click.option("--containers", default=CONTAINERS, show_default=True, help="address:port of the container endpoint.")
@click.option(
    "--hop-limit",
    type=click.IntRange(1, 64),
    default=HOP_LIMIT,
    show_default=True,
    help="How many hops an answer gets; 2 reaches containers.",
)
@_folder
def serve(metadata: str, containers: str, hop_limit: int, folder: Path | None) -> None:
    """Serve the role's credentials to what runs on this machine, until it is stopped."""
    from cargohold.host import program
    from cargohold.telemetry import logs

    logs.configure(sys.stderr)
    kept = (folder or keys.default_folder()).absolute()
    where = [None if each == _NONE else each for each in (metadata, containers)]
    try:
        key = keys.load(kept)
        token = keys.container_token(kept)
        options = program.Options(where[0], where[1], hop_limit)
        asyncio.run(program.run(key, token, options, lambda ready: _ready(ready, kept)))
    except HostUnusable as error:
        raise click.ClickException(str(error)) from None


def _ready(ready: Ready, folder: Path) -> None:
    if ready.metadata is not None:
        click.echo(f"Instance metadata: {ready.metadata}")
    if ready.containers is not None:
        click.echo(f"Containers: AWS_CONTAINER_CREDENTIALS_FULL_URI={ready.containers}")
        click.echo(f"            AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE={folder / keys.CONTAINER_TOKEN}")
    sys.stdout.flush()


def _own_name() -> str:
    """The machine's name in the form of a host's."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", platform.node())[:63].strip("._-")
    return name or "host"
