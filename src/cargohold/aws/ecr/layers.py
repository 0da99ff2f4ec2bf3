"""Operations on layers, as ECR calls every blob: the upload in parts, what is there, and where it is read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cargohold.aws.ecr import present
from cargohold.aws.ecr.demands import on_repository
from cargohold.aws.operation import Call, operation
from cargohold.core.digest import Digest, is_digest
from cargohold.identity import registry_token

if TYPE_CHECKING:
    from cargohold.aws.shapes.ecr import (
        BatchCheckLayerAvailabilityRequest,
        BatchCheckLayerAvailabilityResponse,
        CompleteLayerUploadRequest,
        CompleteLayerUploadResponse,
        GetDownloadUrlForLayerRequest,
        GetDownloadUrlForLayerResponse,
        InitiateLayerUploadRequest,
        InitiateLayerUploadResponse,
        LayerFailure,
        UploadLayerPartRequest,
        UploadLayerPartResponse,
    )

PART_SIZE: Final = 10_485_760
"""The bytes of a part that InitiateLayerUpload advises; ECR's own number."""

_LAYER_DIGEST_PATTERN: Final = r"[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+"
_LAYER_DIGEST: Final = re.compile(_LAYER_DIGEST_PATTERN)


@operation("InitiateLayerUpload", on_repository("ecr:InitiateLayerUpload"))
async def initiate_layer_upload(call: Call, request: InitiateLayerUploadRequest) -> InitiateLayerUploadResponse:
    upload = await call.services.uploads.begin(call.target(request))
    return {"uploadId": upload.id, "partSize": PART_SIZE}


@operation("UploadLayerPart", on_repository("ecr:UploadLayerPart"))
async def upload_layer_part(call: Call, request: UploadLayerPartRequest) -> UploadLayerPartResponse:
    """Takes the bytes `partFirstByte` to `partLastByte`, both included."""
    target = call.target(request)
    upload = await call.services.uploads.append_part(
        target, request["uploadId"], request["partFirstByte"], request["partLastByte"], request["layerPartBlob"]
    )
    return {
        "registryId": target.registry.account,
        "repositoryName": target.name,
        "uploadId": upload.id,
        "lastByteReceived": upload.offset - 1,
    }


@operation("CompleteLayerUpload", on_repository("ecr:CompleteLayerUpload"))
async def complete_layer_upload(call: Call, request: CompleteLayerUploadRequest) -> CompleteLayerUploadResponse:
    """Ends an upload under whichever of `layerDigests` its bytes have; one of an unknown algorithm matches nothing."""
    target, upload_id = call.target(request), request["uploadId"]
    candidates = [Digest(text) for text in request["layerDigests"] if is_digest(text)]
    completed = await call.services.uploads.complete(target, upload_id, candidates, api=True)
    return {
        "registryId": target.registry.account,
        "repositoryName": target.name,
        "uploadId": upload_id,
        "layerDigest": completed.blob.digest,
    }


@operation("BatchCheckLayerAvailability", on_repository("ecr:BatchCheckLayerAvailability"))
async def batch_check_layer_availability(
    call: Call, request: BatchCheckLayerAvailabilityRequest
) -> BatchCheckLayerAvailabilityResponse:
    """Which layers the repository holds, whether an image uses them yet or not: a push asks this first.

    ARCHIVED are those that archived images use and no active one; a push need not upload them again either.
    """
    digests = list(dict.fromkeys(request["layerDigests"]))
    formed = [text for text in digests if _LAYER_DIGEST.fullmatch(text)]
    known = [Digest(text) for text in formed if is_digest(text)]
    target, rooms = call.target(request), call.services
    held = await rooms.blobs.check(target, known)
    archived = await rooms.blobs.archived(target, held.values()) if held else set()
    return {
        "layers": [present.layer(text, held.get(Digest(text)), archived) for text in formed],
        "failures": [_layer_failure(text) for text in digests if not _LAYER_DIGEST.fullmatch(text)],
    }


def _layer_failure(digest: str) -> LayerFailure:
    if not digest:
        code, reason = "MissingLayerDigest", "layer digest cannot be null"
    else:
        code, reason = "InvalidLayerDigest", f"layer digest should satisfy the regex '{_LAYER_DIGEST_PATTERN}'"
    return {"layerDigest": digest, "failureCode": code, "failureReason": f"Invalid request parameters: {reason}"}


@operation("GetDownloadUrlForLayer", on_repository("ecr:GetDownloadUrlForLayer"))
async def get_download_url_for_layer(
    call: Call, request: GetDownloadUrlForLayerRequest
) -> GetDownloadUrlForLayerResponse:
    """A URL of ours that opens this one layer to GET and HEAD for an hour, without any other credential."""
    services, target = call.services, call.target(request)
    blob = await services.blobs.downloadable(target, Digest(request["layerDigest"]))
    query = registry_token.download_query(services.tokens, call.credential, target, blob.digest, services.clock())
    url = f"{services.addresses.url(target.registry)}/v2/{target.name}/blobs/{blob.digest}?{query}"
    return {"downloadUrl": url, "layerDigest": blob.digest}
