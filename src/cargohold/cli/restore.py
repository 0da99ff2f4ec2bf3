"""`cargohold restore`: a new data folder from a backup."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cargohold.cli.backup import damage, drawing
from cargohold.cli.verify import size

if TYPE_CHECKING:
    from cargohold.server.restoring import Restored
    from cargohold.server.settings import Settings


@click.command("restore", short_help="Make a data folder from a backup.")
@click.argument("source", metavar="FROM", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--data", type=click.Path(path_type=Path), help="The new data folder.")
@click.option("--database", help="sqlite, or the URL of the PostgreSQL database into which you restored the dump.")
@click.option("--config", type=click.Path(path_type=Path), help="The configuration file that the server will read.")
def command(source: Path, config: Path | None, **flags: object) -> None:
    """Make the data folder, which must not be there or be empty, from the backup in the folder FROM.

    Every blob is hashed on its way. Those whose right bytes are not in the backup are put into quarantine: they are
    there for nobody until they are pushed again, and the exit status is 1. Uploads that were not finished are gone.
    """
    from cargohold.server.refusal import CannotStart
    from cargohold.server.restoring import restore
    from cargohold.server.settings import load

    try:
        os.umask(0o077)
        settings: Settings = load(flags, config)
        with drawing("restoring") as begin:
            done = asyncio.run(restore(settings, source, begin))
    except CannotStart as error:
        raise click.ClickException(str(error)) from None
    click.echo("\n".join(_lines(done, settings.data)))
    if done.damaged:
        raise click.exceptions.Exit(1)


def _lines(done: Restored, data: Path) -> Iterator[str]:
    at = datetime.fromtimestamp(done.at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    yield f"{data} is the registry as it was on {at}: {done.blobs} blobs, {size(done.bytes)}."
    if not done.root_key:
        yield f"Its root key was not in the backup: put it at {data / 'root.key'} (mode 0600), or start with"
        yield "--root-key-file. `cargohold accounts recover` then makes a new access key."
    yield from damage(done.damaged, "are in quarantine until they are pushed again")
