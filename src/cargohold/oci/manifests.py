"""GET, HEAD, PUT and DELETE /v2/<name>/manifests/<reference>.

Manifest bytes go out exactly as they came in, with the media type they were pushed under; nothing is converted.
Source: distribution-spec 1.1, "Pulling manifests", "Pushing Manifests", "Deleting tags", "Deleting Manifests".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from cargohold.core import digest as digests
from cargohold.core.manifest import INDEXES, MAXIMUM_BYTES
from cargohold.core.reference import Reference, parse_reference
from cargohold.exchange import Reply
from cargohold.oci import accept
from cargohold.oci.blobs import is_known
from cargohold.oci.challenge import API_VERSION
from cargohold.registry import pull_times
from cargohold.registry.image import Image, Push

if TYPE_CHECKING:
    from cargohold.oci.call import Call


async def get_manifest(call: Call) -> Reply:
    """The manifest that a tag or digest names. Raises RepositoryNotFound, ManifestNotFound and InvalidDigest."""
    reference = _existing(call.asked.reference)
    image = await call.services.images.get(call.target, reference)
    if image.media_type in INDEXES and reference.tag is not None:
        image = await _readable(call, image)
    now = call.admission.now
    if call.request.method == "GET" and now - (image.last_pull_at or 0) >= pull_times.EVERY:
        entity_id = call.admission.principal.entity_id
        call.services.pull_times.record(image.id, image.last_pull_at, entity_id, now)
    headers = [
        API_VERSION,
        ("Docker-Content-Digest", image.digest),
        ("Content-Type", image.media_type),
        ("ETag", f'"{image.digest}"'),
    ]
    if "if-none-match" in call.request.headers and is_known(call.request, image.digest):
        return Reply(304, headers)
    return Reply(200, headers, image.payload)


async def put_manifest(call: Call) -> Reply:
    """Stores a manifest under a tag, or under its digest and the tags in the query; the rules are the registry room's.

    Raises RequestTooLarge, InvalidDigest, InvalidParameter (no tag), and what Images.put raises.
    """
    reference = parse_reference(call.asked.reference)
    push = Push(
        payload=await call.request.read(MAXIMUM_BYTES),
        media_type=accept.media_type(call.request.headers.get("content-type", "")),
        tag=reference.tag,
        digest=reference.digest,
        pushed_by=call.admission.principal.arn,
        identical="accept",
        further_tags=_further_tags(call.request.query) if reference.digest and "tag" in call.asked.parameters else (),
    )
    image = await call.services.images.put(call.target, push)
    location = f"/v2/{call.asked.name}/manifests/{image.digest}"
    headers = [API_VERSION, ("Location", location), ("Docker-Content-Digest", image.digest)]
    if image.subject_digest is not None:
        headers.append(("OCI-Subject", image.subject_digest))
    if push.further_tags:
        headers.append(("OCI-Tag", ", ".join(push.further_tags)))
    return Reply(201, headers)


async def delete_manifest(call: Call) -> Reply:
    """Removes a tag and keeps its image, or an image with its tags. Raises ManifestNotFound and ImageReferenced."""
    reference = _existing(call.asked.reference)
    if reference.digest is not None:
        await call.services.images.remove(call.target, reference.digest, call.admission.principal.arn)
    else:
        await call.services.images.untag(call.target, str(reference))
    return Reply(202, [API_VERSION])


def _further_tags(query: str) -> tuple[str, ...]:
    """Each `tag` of the query once; the version of the specification after 1.1 puts them all on the image."""
    return tuple(dict.fromkeys(value for name, value in parse_qsl(query, keep_blank_values=True) if name == "tag"))


def _existing(text: str) -> Reference:
    """The reference to something that should be there: what can be no tag is not found. Raises InvalidDigest."""
    return Reference(digest=digests.parse(text)) if ":" in text else Reference(tag=text)


async def _readable(call: Call, index: Image) -> Image:
    """The index, or its image for linux/amd64 where the client reads no index, as on ECR. Never for a digest."""
    readable = call.request.headers.get("accept", "")
    if accept.accepts(readable, index.media_type):
        return index
    for child in json.loads(index.payload)["manifests"]:
        platform = child.get("platform")
        if isinstance(platform, dict) and (platform.get("os"), platform.get("architecture")) == ("linux", "amd64"):
            image = await call.services.images.get(call.target, parse_reference(child["digest"]))
            return image if accept.accepts(readable, image.media_type) else index
    return index
