"""POST /v2/<name>/blobs/uploads/ and GET, PATCH, PUT, DELETE /v2/<name>/blobs/uploads/<id>: how blobs come in.

    POST                        202  an upload is open
    POST ?mount=&from=          201  the blob is there without moving a byte, else 202 as above
    POST ?mount=                201  the same, from whichever repository the caller may read it in
    POST ?digest=    (body)     201  the whole blob in one request
    PATCH            (body)     202  bytes in order; Content-Range says where they belong
    GET                         204  Range says how far the upload is
    PUT ?digest=     (or body)  201  the blob is complete
    DELETE                      204  the upload is forgotten

An upload belongs to one repository: through another its id means nothing. Locations have no query and no host, so that
clients may append `?digest=` and no proxy can bend them. Source: distribution-spec 1.1, "Pushing blobs".
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Final

from cargohold.access.demand import Demand
from cargohold.core.digest import Digest, parse
from cargohold.core.errors import BodyInterrupted, CargoholdError, SizeMismatch, UploadBusy, UploadNotFound
from cargohold.core.reference import is_repository_name
from cargohold.exchange import Reply, Request
from cargohold.oci import ranges
from cargohold.oci.challenge import API_VERSION
from cargohold.oci.ranges import Span

if TYPE_CHECKING:
    from cargohold.access.guard import Admission
    from cargohold.core.arn import Target
    from cargohold.oci.call import Asked, Call
    from cargohold.registry.blob import Blob
    from cargohold.registry.uploads import Upload

SMALL: Final = 4 << 10
"""Bytes of a body that is received before its upload is claimed: then claiming and growing are one transaction."""


def mount_source(asked: Asked) -> tuple[Demand, ...]:
    """The optional power to read the repository that a mount names in `from`; none where it names none."""
    source = asked.parameters.get("from", "")
    if "mount" not in asked.parameters or not is_repository_name(source):
        return ()
    return (_download(asked, source),)


async def start_upload(call: Call) -> Reply:
    """Opens an upload, or makes the blob at once from another repository or from this request's body.

    Raises RepositoryNotFound, InvalidDigest and what Uploads.complete raises.
    """
    parameters = call.asked.parameters
    if "mount" in parameters:
        blob = await _mount(call, parse(parameters["mount"]))
        if blob is not None:
            return _created(call, blob)
    elif "digest" in parameters:
        return await _push_whole(call, parse(parameters["digest"]))
    return _accepted(call, 202, await call.services.uploads.begin(call.target))


async def get_upload(call: Call) -> Reply:
    """How far an upload is. Raises UploadNotFound."""
    return _accepted(call, 204, await call.services.uploads.status(call.target, call.asked.reference))


async def patch_upload(call: Call) -> Reply:
    """Appends the body. Raises UploadNotFound, UploadBusy, InvalidRange, SizeMismatch and BodyInterrupted."""
    length = call.request.length
    if length is not None and length <= SMALL:
        return _accepted(call, 202, await _append_small(call))
    return _accepted(call, 202, await _append(call, call.request.stream()))


async def put_upload(call: Call) -> Reply:
    """Appends the body, where there is one, and ends the upload as the blob `digest`.

    Raises what patch_upload raises, InvalidDigest and InvalidLayer.
    """
    upload_id, digest = call.asked.reference, parse(call.asked.parameters.get("digest", ""))
    body = await _body(call.request)
    if body is not None:
        await _append(call, body)
    completed = await call.services.uploads.complete(call.target, upload_id, [digest], api=False)
    return _created(call, completed.blob)


async def delete_upload(call: Call) -> Reply:
    """Forgets an upload and its bytes. Raises UploadNotFound."""
    await call.services.uploads.cancel(call.target, call.asked.reference)
    return Reply(204, [API_VERSION])


async def _mount(call: Call, digest: Digest) -> Blob | None:
    """The blob, from another repository only if it may be read there; nobody learns why it cannot be mounted."""
    if call.asked.parameters.get("from"):
        source = _readable(call, call.admission, mount_source(call.asked))
    else:
        source = await _any_source(call, digest)
    return await call.services.blobs.mount(call.target, digest, source)


async def _any_source(call: Call, digest: Digest) -> Target | None:
    """A repository that holds the blob, among those from which the caller may download: the guard judges each."""
    names = await call.services.blobs.holders(call.asked.registry, digest)
    sources = [_download(call.asked, name) for name in names]
    if not sources:
        return None
    admission = await call.services.guard.require(call.credential, (), sources, call.surroundings)
    return _readable(call, admission, sources)


def _readable(call: Call, admission: Admission, sources: Sequence[Demand]) -> Target | None:
    allowed = (demand.repository or "" for demand in sources if admission.allows(demand))
    return next((admission.target(call.asked.registry, name) for name in allowed), None)


def _download(asked: Asked, repository: str) -> Demand:
    """To read blobs there; of a public repository everybody may, and policies name only the look-up."""
    public = asked.registry.kind == "public"
    action = "ecr-public:BatchCheckLayerAvailability" if public else "ecr:GetDownloadUrlForLayer"
    return Demand(action, asked.registry, repository)


async def _push_whole(call: Call, digest: Digest) -> Reply:
    uploads, target = call.services.uploads, call.target
    upload = await uploads.begin(target)
    try:
        async with aclosing(call.request.stream()) as chunks:
            await uploads.append(target, upload.id, chunks, None)
        completed = await uploads.complete(target, upload.id, [digest], api=False)
    except CargoholdError:
        with suppress(UploadNotFound, UploadBusy):
            await uploads.cancel(target, upload.id)
        raise
    return _created(call, completed.blob)


async def _append(call: Call, body: AsyncGenerator[bytes, None]) -> Upload:
    """Appends the body where its Content-Range says, or behind what is there. The upload stays as it was when the body
    has another length than its Content-Range."""
    span = _span(call.request)
    async with aclosing(body if span is None else _measured(body, span.size)) as chunks:
        start = None if span is None else span.start
        return await call.services.uploads.append(call.target, call.asked.reference, chunks, start)


async def _append_small(call: Call) -> Upload:
    """As _append, of a body that is received whole, or as far as it comes, before the upload is looked at."""
    span, data, stopped = _span(call.request), b"", None
    try:
        async with aclosing(call.request.stream()) as chunks:
            async for chunk in chunks:
                data += chunk
    except BodyInterrupted as interruption:
        stopped = interruption
    start = None if span is None else span.start
    appended = await call.services.uploads.append_bytes(call.target, call.asked.reference, data, start)
    if stopped is not None:
        raise stopped
    return appended


def _span(request: Request) -> Span | None:
    header = request.headers.get("content-range")
    if header is None:
        return None
    span, length = ranges.chunk(header), request.headers.get("content-length", "")
    if length and length != str(span.size):
        raise SizeMismatch(span.size, length)
    return span


async def _measured(body: AsyncGenerator[bytes, None], size: int) -> AsyncGenerator[bytes, None]:
    """The body; raises SizeMismatch as soon as it is longer than `size` bytes, or when it ends before that."""
    received = 0
    async with aclosing(body):
        async for piece in body:
            received += len(piece)
            if received > size:
                raise SizeMismatch(size, "more")
            yield piece
    if received < size:
        raise SizeMismatch(size, str(received))


async def _body(request: Request) -> AsyncGenerator[bytes, None] | None:
    """The body's pieces, or None where there is no body: then nothing has to be claimed and written for it."""
    stream = request.stream()
    first = await anext(stream, None)
    return None if first is None else _resumed(first, stream)


async def _resumed(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(rest):
        yield first
        async for piece in rest:
            yield piece


def _accepted(call: Call, status: int, upload: Upload) -> Reply:
    headers = [
        API_VERSION,
        ("Location", f"/v2/{call.asked.name}/blobs/uploads/{upload.id}"),
        ("Docker-Upload-Uuid", upload.id),
        ("Range", f"0-{max(0, upload.offset - 1)}"),
    ]
    return Reply(status, headers)


def _created(call: Call, blob: Blob) -> Reply:
    location = f"/v2/{call.asked.name}/blobs/{blob.digest}"
    return Reply(201, [API_VERSION, ("Location", location), ("Docker-Content-Digest", blob.digest)])
