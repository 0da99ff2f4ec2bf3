"""`cargohold images`: what was deleted from a repository, and how it comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from cargohold.cli.remote import asking, data_option, pages, whole
from cargohold.cli.verify import size


@click.group("images", short_help="List deleted images, and bring them back.")
def command() -> None:
    """List deleted images, and bring them back. Live ones are listed by `aws ecr describe-images`."""


@command.command("list")
@click.argument("repository")
@click.option("--deleted", is_flag=True, help="Those that were deleted and can be restored.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@data_option
def list_(repository: str, data: Path | None, *, deleted: bool, as_json: bool) -> None:
    """List the images of REPOSITORY that were deleted and can be restored: until when, which, and who deleted them."""
    if not deleted:
        raise click.UsageError("Give --deleted; those that are there are listed by `aws ecr describe-images`.")
    with asking(data) as client:
        found = list(pages(client.list_deleted_images, "deletedImages", repositoryName=repository))
    if as_json:
        click.echo(json.dumps(found, indent=2, default=lambda each: each.isoformat()))
        return
    for each in found:
        click.echo(_line(each))


@command.command("restore")
@click.argument("repository")
@click.argument("digest")
@data_option
def restore(repository: str, digest: str, data: Path | None) -> None:
    """Bring the image of that DIGEST back, with what it lists. Its tags come back where they are free."""
    with asking(data) as client:
        answer = client.restore_image(repositoryName=repository, imageDigest=digest)
        restored = whole(answer, "restoredImageDigests")
    if not restored["restoredImageDigests"]:
        click.echo(f"{digest} is there already.")
    for each in restored["restoredImageDigests"]:
        click.echo(f"Restored {each}")
    if restored["imageTags"]:
        click.echo(f"Tags: {' '.join(restored['imageTags'])}")
    if restored["takenTags"]:
        click.echo(f"Not moved, for another image has them now: {' '.join(restored['takenTags'])}")


def _line(of: dict[str, Any]) -> str:
    until = of["restorableUntil"].strftime("%Y-%m-%d %H:%M:%SZ")
    by = of.get("deletedBy", "somebody")
    tags = ",".join(of["imageTags"]) or "-"
    return f"until {until}  {of['imageDigest']}  {size(of['imageSizeInBytes'])}  {tags}  by {by}"
