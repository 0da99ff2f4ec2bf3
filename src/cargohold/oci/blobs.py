"""GET, HEAD and DELETE /v2/<name>/blobs/<digest>.

A blob is read through a repository that holds it, never by its digest alone. It can be read as soon as it is pushed,
before an image uses it. Source: distribution-spec 1.1, "Pulling blobs", "Deleting Blobs"; RFC 9110 §13 and §14.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargohold.core.digest import Digest, parse
from cargohold.exchange import Reply, Request
from cargohold.oci import ranges
from cargohold.oci.challenge import API_VERSION
from cargohold.oci.ranges import Span

if TYPE_CHECKING:
    from cargohold.oci.call import Call
    from cargohold.registry.blob import Blob


async def head_blob(call: Call) -> Reply:
    """Whether the repository holds the blob, and its size. Raises LayerNotFound."""
    blob = await call.services.blobs.get(call.target, parse(call.asked.reference))
    return Reply(200, _headers(blob.digest), length=blob.size)


async def get_blob(call: Call) -> Reply:
    """The blob's bytes, or the range that was asked for. Raises LayerNotFound, InvalidRange and Corrupt."""
    blob = await call.services.blobs.get(call.target, parse(call.asked.reference))
    headers = _headers(blob.digest)
    if is_known(call.request, blob.digest):
        return Reply(304, headers)
    span = _span(call.request, blob)
    if span is None:
        return Reply(200, headers, await call.services.blobs.open(blob), length=blob.size)
    headers.append(("Content-Range", f"bytes {span.start}-{span.stop - 1}/{blob.size}"))
    part = await call.services.blobs.open(blob, span.start, span.stop)
    return Reply(206, headers, part, length=span.size)


async def delete_blob(call: Call) -> Reply:
    """Takes a blob out of the repository. Raises LayerNotFound, and LayerInUse while an image of it needs it."""
    await call.services.blobs.remove(call.target, parse(call.asked.reference))
    return Reply(202, [API_VERSION])


def is_known(request: Request, digest: Digest) -> bool:
    """Whether the client says (If-None-Match) that it has this content already."""
    known = request.headers.get("if-none-match")
    return known is not None and (known.strip() == "*" or f'"{digest}"' in known)


def _headers(digest: Digest) -> list[tuple[str, str]]:
    return [
        API_VERSION,
        ("Docker-Content-Digest", digest),
        ("Content-Type", "application/octet-stream"),
        ("Accept-Ranges", "bytes"),
        ("ETag", f'"{digest}"'),
    ]


def _span(request: Request, blob: Blob) -> Span | None:
    wanted = request.headers.get("range")
    if wanted is None or request.headers.get("if-range", f'"{blob.digest}"') != f'"{blob.digest}"':
        return None
    return ranges.requested(wanted, blob.size)
