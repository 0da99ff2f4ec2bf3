"""`cargohold backup`: a data folder's registry, copied while its server runs."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cargohold.cli.verify import size

if TYPE_CHECKING:
    from cargohold.core.digest import Digest
    from cargohold.server.backup import Backup


@click.command("backup", short_help="Copy the registry of a data folder while its server runs.")
@click.argument("to", type=click.Path(path_type=Path, file_okay=False))
@click.option("--with-secrets", "secrets", is_flag=True, help="Copy root.key and credentials too; see below.")
@click.option("--data", type=click.Path(path_type=Path), help="The data folder.")
@click.option("--database", help="As `cargohold serve` has it: sqlite, or a URL of PostgreSQL.")
@click.option("--config", type=click.Path(path_type=Path), help="The configuration file that the server reads.")
def command(to: Path, config: Path | None, *, secrets: bool, **flags: object) -> None:
    """Make or renew a backup of the data folder in the folder TO, whether a server runs on it or not.

    What is there from the last backup is not copied again. Every blob is hashed on its way; the exit status is 1 when
    some are damaged, which then are not in it.

    Secrets in the database are sealed with the root key, which stays out of the backup: keep it elsewhere, for without
    it the database cannot be used. With --with-secrets it is in it, and whoever reads the backup has everything.

    Of PostgreSQL only the blobs are copied: the database is yours to dump (docs/reliability.md says when).
    """
    from cargohold.server.backup import backup
    from cargohold.server.refusal import CannotStart
    from cargohold.server.settings import load

    try:
        os.umask(0o077)
        with drawing("copying") as begin:
            done = asyncio.run(backup(load(flags, config), to, begin, secrets=secrets))
    except CannotStart as error:
        raise click.ClickException(str(error)) from None
    click.echo("\n".join(_lines(done, to)))
    if done.damaged:
        raise click.exceptions.Exit(1)


def drawing(label: str) -> Drawing:
    """`with drawing(…) as begin:` draws how far it is, where a person looks on."""
    return Drawing(label)


class Drawing:
    """Begins a progress bar when it is told how many bytes are to come."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._open = ExitStack()

    def __enter__(self) -> Callable[[int], Callable[[int], None]]:
        return self._begin

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _begin(self, total: int) -> Callable[[int], None]:
        hidden = not sys.stderr.isatty()
        bar = click.progressbar(length=max(total, 1), label=self._label, file=sys.stderr, hidden=hidden)
        return self._open.enter_context(bar).update


def damage(digests: tuple[Digest, ...], how: str) -> Iterator[str]:
    """Lines on blobs whose right bytes are nowhere."""
    if digests:
        yield f"{len(digests)} blobs are damaged, and {how}:"
        yield from (f"  {digest}" for digest in digests)


def _lines(done: Backup, to: Path) -> Iterator[str]:
    yield f"{to} holds {done.blobs} blobs, {size(done.bytes)}; {done.new_blobs} are new, {size(done.new_bytes)}."
    if not done.rows:
        yield "The database is not in it: dump it with pg_dump, and make this backup once more after that."
    yield from damage(done.damaged, "are not in it; `cargohold verify` says where they are used")
