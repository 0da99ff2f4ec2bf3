"""`cargohold sbom`: what the last scan of an image found in it, as a bill of materials."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cargohold.cli.remote import asking, data_option

if TYPE_CHECKING:
    from botocore.client import BaseClient

_IMAGE: Final = re.compile(
    r"(?:[^/]+(?::[0-9]+|\.[^/]+)/)?(?P<name>[a-z0-9][a-z0-9._/-]*?)"
    r"(?:@(?P<digest>[a-z0-9]+:[0-9a-f]+)|:(?P<tag>[\w.-]+))?"
)
_TYPES: Final = {"cyclonedx": "application/vnd.cyclonedx+json", "spdx": "application/spdx+json"}
_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
_EMPTY: Final = ("application/vnd.oci.empty.v1+json", b"{}")


@click.command("sbom", short_help="Print an image's bill of materials, or push it beside the image.")
@click.argument("image")
@click.option(
    "--format", "form", type=click.Choice(["cyclonedx", "spdx"]), default="cyclonedx", help="The document's form."
)
@click.option("--push", is_flag=True, help="Push it as an artifact that refers to the image, and print its digest.")
@data_option
def command(image: str, form: str, data: Path | None, *, push: bool) -> None:
    """Print what the last scan of IMAGE found: repository:tag, or repository@digest, or either with its registry."""
    named = _IMAGE.fullmatch(image)
    if named is None:
        raise click.UsageError(f"{image!r} names no image: it has the form repository:tag or repository@digest.")
    by = {"imageDigest": named["digest"]} if named["digest"] else {"imageTag": named["tag"] or "latest"}
    with asking(data) as client:
        found = client.get_image_sbom(repositoryName=named["name"], format=form, **by)
    if not push:
        click.echo(found["document"])
        return
    with asking(data, "ecr") as client:
        click.echo(_push(client, named["name"], found))


def _push(client: BaseClient, repository: str, found: Mapping[str, Any]) -> str:
    """The digest of the artifact; pushed before, it is the same one."""
    asked = [{"imageDigest": found["imageDigest"]}]
    subject = client.batch_get_image(repositoryName=repository, imageIds=asked)["images"][0]
    document = (_TYPES[found["format"]], found["document"].encode())
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "artifactType": document[0],
            "config": _uploaded(client, repository, _EMPTY),
            "layers": [_uploaded(client, repository, document)],
            "subject": {
                "mediaType": subject["imageManifestMediaType"],
                "digest": found["imageDigest"],
                "size": len(subject["imageManifest"].encode()),
            },
        }
    )
    with suppress(client.exceptions.ImageAlreadyExistsException):
        client.put_image(repositoryName=repository, imageManifest=manifest, imageManifestMediaType=_MANIFEST)
    return _digest(manifest.encode())


def _uploaded(client: BaseClient, repository: str, content: tuple[str, bytes]) -> dict[str, Any]:
    """The descriptor of bytes that the repository holds from now on."""
    media_type, data = content
    digest = _digest(data)
    asked = client.batch_check_layer_availability(repositoryName=repository, layerDigests=[digest])
    if asked["layers"][0]["layerAvailability"] == "UNAVAILABLE":
        upload = client.initiate_layer_upload(repositoryName=repository)
        step = int(upload["partSize"])
        for first in range(0, len(data), step):
            part = data[first : first + step]
            client.upload_layer_part(
                repositoryName=repository,
                uploadId=upload["uploadId"],
                partFirstByte=first,
                partLastByte=first + len(part) - 1,
                layerPartBlob=part,
            )
        client.complete_layer_upload(repositoryName=repository, uploadId=upload["uploadId"], layerDigests=[digest])
    return {"mediaType": media_type, "digest": digest, "size": len(data)}


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
