"""`cargohold advisories`: what images are held against, and how to bring it up to date."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cargohold.cli.remote import asking, data_option, whole

if TYPE_CHECKING:
    from botocore.client import BaseClient

LOOK_SECONDS: Final = 0.5
"""How often the server is asked how far it is."""
OLD_DAYS: Final = 7
"""From when on a person is told how old advisories are."""


@click.group("advisories", short_help="What images are scanned for, and bring it up to date.")
def command() -> None:
    """Advisories: what images are held against when they are scanned."""


@command.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@data_option
def status(data: Path | None, *, as_json: bool) -> None:
    """Say which advisories the server has, and how its last update went.

    The exit status is 1 when there are none, or when the last update failed.
    """
    with asking(data) as client:
        found = whole(client.describe_advisories(), "sources")
    found.pop("ResponseMetadata", None)
    click.echo(json.dumps(found, indent=2, default=datetime.isoformat) if as_json else "\n".join(_lines(found)))
    if not found["sources"] or "error" in found["update"]:
        raise click.exceptions.Exit(1)


@command.command("update")
@click.option("--detach", is_flag=True, help="Ask for it and do not wait.")
@data_option
def update(data: Path | None, *, detach: bool) -> None:
    """Have every server bring its advisories up to date now, and wait for the one that is asked."""
    with asking(data) as client:
        asked = client.update_advisories()["requestedAt"]
        if detach:
            click.echo("The update was asked for.")
            return
        ended = _watch(client, asked)
    if "error" in ended["update"]:
        raise click.ClickException(ended["update"]["error"])
    click.echo("\n".join(_lines(ended)))


def _watch(client: BaseClient, asked: datetime) -> dict[str, Any]:
    """The answer once an update has ended that began after it was asked for; draws how far it is, for people."""
    shown = sys.stderr.isatty()
    told = ""
    while True:
        found: dict[str, Any] = client.describe_advisories()
        last = found["update"]
        if not last["running"] and "attemptedAt" in last and last["attemptedAt"] >= asked:
            if shown:
                click.echo("\r\033[K", nl=False, err=True)
            return found
        step = last.get("step", "Waiting for the worker")
        if shown and step != told:
            click.echo(f"\r\033[K{step}", nl=False, err=True)
            told = step
        time.sleep(LOOK_SECONDS)


def _lines(found: dict[str, Any]) -> list[str]:
    last = found["update"]
    lines = [f"{_day(each['updatedAt'])}  {each['records']:>9}  {each['name']}" for each in found["sources"]]
    if not lines:
        lines = [
            "There are no advisories: nothing can be scanned. Set their sources: `cargohold serve --advisories …`."
        ]
    if "error" in last:
        lines.append(f"The last update, {_day(last['attemptedAt'])}, failed: {last['error']}")
    elif found["sources"] and (age := _days(max(each["updatedAt"] for each in found["sources"]))) > OLD_DAYS:
        lines.append(f"The newest of these are {age} days old: nothing that was published since is found.")
    return lines


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d")


def _days(moment: datetime) -> int:
    return (datetime.now(UTC) - moment).days
