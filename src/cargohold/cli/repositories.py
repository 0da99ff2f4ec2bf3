"""`cargohold repositories`: those that were deleted, and how they come back."""

from __future__ import annotations

import json
from pathlib import Path

import click

from cargohold.cli.remote import asking, data_option, pages, whole


@click.group("repositories", short_help="List deleted repositories, and bring them back.")
def command() -> None:
    """List deleted repositories, and bring them back. Live ones are listed by `aws ecr describe-repositories`."""


@command.command("list")
@click.option("--deleted", is_flag=True, help="Those that were deleted and can be restored.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@data_option
def list_(data: Path | None, *, deleted: bool, as_json: bool) -> None:
    """List the repositories that were deleted and can be restored, and until when."""
    if not deleted:
        raise click.UsageError("Give --deleted; those that are there are listed by `aws ecr describe-repositories`.")
    with asking(data) as client:
        found = list(pages(client.list_deleted_repositories, "deletedRepositories"))
    if as_json:
        click.echo(json.dumps(found, indent=2, default=lambda each: each.isoformat()))
        return
    for each in found:
        click.echo(f"until {each['restorableUntil']:%Y-%m-%d %H:%M:%SZ}  {each['repositoryName']}")


@command.command("restore")
@click.argument("repository")
@data_option
def restore(repository: str, data: Path | None) -> None:
    """Bring REPOSITORY back with its images, tags and policies, where nothing else has its name by now."""
    with asking(data) as client:
        restored = whole(client.restore_repository(repositoryName=repository), "repositoryName")
    click.echo(f"Restored {restored['repositoryName']}")
