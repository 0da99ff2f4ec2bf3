"""`cargohold gc`: what waits to be given back, and having that done now."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cargohold.cli.remote import asking, data_option, whole
from cargohold.cli.verify import size

if TYPE_CHECKING:
    from botocore.client import BaseClient

LOOK_SECONDS: Final = 0.5
"""How often the server is asked how far it is."""
_MANY: Final = 100_000
"""Up to here the server counts."""

Collection = dict[str, Any]


@click.group("gc", short_help="Give back the space of what was deleted, and see how much waits.")
def command() -> None:
    """Give back the space of what was deleted, and see how much waits.

    The server's worker does it all the time, while pushes run, without being asked. What was deleted stays restorable
    for a day, or for as long as --keep-deleted-hours says.
    """


@command.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@data_option
def status(data: Path | None, *, as_json: bool) -> None:
    """Show what waits, what was given back so far, and what can still be restored."""
    with asking(data) as client:
        found = whole(client.describe_collection(), "collection")["collection"]
    _print(found, as_json=as_json)


@command.command("run")
@click.option("--detach", is_flag=True, help="Start it and do not wait; the server's worker goes on by itself.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@data_option
def run(data: Path | None, *, detach: bool, as_json: bool) -> None:
    """Collect now what is due, rather than within the next seconds. What can still be restored stays."""
    with asking(data) as client:
        found = whole(client.start_collection(), "collection")["collection"]
        if not detach:
            found = _watch(client, found, quiet=as_json)
    _print(found, as_json=as_json)


def _watch(client: BaseClient, began: Collection, *, quiet: bool) -> Collection:
    """Returns when nothing is due any more; draws how far it is, where a person looks on."""
    shown = sys.stderr.isatty() and not quiet
    found, most = began, max(1, _due(began))
    with click.progressbar(length=most, label="collecting", file=sys.stderr, hidden=not shown) as bar:
        while _due(found):
            time.sleep(LOOK_SECONDS)
            found = client.describe_collection()["collection"]
            bar.update(max(0, most - _due(found) - bar.pos))
    return found


def _due(found: Collection) -> int:
    return int(found["dueBlobCount"] + found["purgeableCount"])


def _print(found: Collection, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found, indent=2, default=lambda each: each.isoformat()))
        return
    oldest = f", the first from {found['oldestReviewAt']:%Y-%m-%d %H:%M:%SZ} on" if "oldestReviewAt" in found else ""
    click.echo(f"Waiting:    {_count(found['queuedBlobCount'])} blobs to be looked at{oldest}")
    click.echo(f"Due now:    {_count(found['dueBlobCount'])} blobs; {found['purgeableCount']} images and repositories")
    click.echo(
        f"Restorable: {_count(found['restorableImageCount'])} images, {found['restorableRepositoryCount']} "
        f"repositories; each for {_time(found['keepDeletedSeconds'])}"
    )
    click.echo(f"Reclaimed:  {found['reclaimedBlobCount']} blobs, {size(found['reclaimedBytes'])}")
    if found["failureCount"]:
        click.echo(f"Failed:     {found['failureCount']} attempts to delete a blob's bytes; they are tried again")


def _time(seconds: int) -> str:
    return f"{seconds / 3600:g} hours" if seconds % 1800 == 0 else f"{seconds} seconds"


def _count(of: int) -> str:
    return f"{of} or more" if of >= _MANY else str(of)
