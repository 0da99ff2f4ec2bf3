"""`cargohold sbom`: what the last scan of an image found in it, as a bill of materials."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import click

from cargohold.cli.remote import asking, data_option

_IMAGE: Final = re.compile(
    r"(?:[^/]+(?::[0-9]+|\.[^/]+)/)?(?P<name>[a-z0-9][a-z0-9._/-]*?)(?:@(?P<digest>[a-z0-9]+:[0-9a-f]+)|:(?P<tag>[\w.-]+))?"
)


@click.command("sbom", short_help="Print an image's bill of materials.")
@click.argument("image")
@click.option(
    "--format", "form", type=click.Choice(["cyclonedx", "spdx"]), default="cyclonedx", help="The document's form."
)
@data_option
def command(image: str, form: str, data: Path | None) -> None:
    """Print what the last scan of IMAGE found: repository:tag, or repository@digest, or either with its registry."""
    named = _IMAGE.fullmatch(image)
    if named is None:
        raise click.UsageError(f"{image!r} names no image: it has the form repository:tag or repository@digest.")
    by = {"imageDigest": named["digest"]} if named["digest"] else {"imageTag": named["tag"] or "latest"}
    with asking(data) as client:
        found = client.get_image_sbom(repositoryName=named["name"], format=form, **by)
    click.echo(found["document"])
