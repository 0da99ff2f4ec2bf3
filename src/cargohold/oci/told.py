"""What the audit trail is told of a request at the OCI door, in ECR's own words: a push is InitiateLayerUpload,
UploadLayerPart, CompleteLayerUpload and PutImage, whichever client pushes.

Nothing of a request is told but its names, ids and digests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from cargohold.access.demand import Demand
from cargohold.access.trail import Trail
from cargohold.core.arn import Target
from cargohold.core.errors import AccessDenied, CargoholdError, CredentialsRequired
from cargohold.exchange import Reply
from cargohold.oci import routes
from cargohold.oci.call import Asked
from cargohold.oci.routes import Route
from cargohold.telemetry.audit.event import LONGEST_TEXT
from cargohold.telemetry.audit.trail import Audit

_WITHOUT_COUNTERPART: Final = frozenset({"DeleteUpload", "DeleteBlob"})
"""What ECR has no operation for is told by the route's own name."""


def refused(trail: Trail, route: Route, error: CargoholdError) -> None:
    """The request was refused. Asking for the challenge, as clients begin, is worth no line."""
    trail.message = str(error)
    if isinstance(error, AccessDenied):
        trail.deny(error)
    elif isinstance(error, CredentialsRequired) and route.path == routes.VERSION:
        trail.is_told = False


def elsewhere(trail: Trail, error: CargoholdError, reply: Reply, audit: Audit) -> Reply:
    """The request was for a host that is none of ours."""
    trail.action, trail.message = "ecr:Unknown", str(error)
    trail.record(audit, reply.code)
    reply.operation = "oci:Unknown"
    return reply


def created(trail: Trail, target: Target, audit: Audit) -> None:
    """The request made its repository, which is an event of its own, as CreateRepository's is."""
    registry = target.registry
    event = replace(
        trail,
        action="ecr:CreateRepository",
        region=registry.region,
        recipient=registry.account,
        resources=[registry.repository_arn(target.name)],
        parameters={"registryId": registry.account, "repositoryName": target.name},
    )
    event.record(audit, "")


def tell(trail: Trail, route: Route, asked: Asked, demands: Sequence[Demand], reply: Reply | None) -> None:
    """What was asked for and what came of it; without a reply the server gave it up half-way."""
    trail.ask(demands)
    trail.action = _action(route, demands, "ecr-public" if asked.registry.kind == "public" else "ecr")
    trail.only_reads = route.only_reads
    trail.region, trail.recipient = asked.registry.region, asked.registry.account
    trail.parameters = _parameters(route, asked)
    if reply is not None and not reply.code:
        trail.elements = _elements(route, asked, reply)


def _action(route: Route, demands: Sequence[Demand], service: str) -> str:
    """The last thing that is done: where one request does what otherwise three do, the upload is complete."""
    if not demands or route.name in _WITHOUT_COUNTERPART:
        return f"{service}:{route.name}"
    return demands[-1].action


def _parameters(route: Route, asked: Asked) -> dict[str, object]:
    """What the request names."""
    given = {
        "registryId": asked.registry.account,
        "repositoryName": asked.repository,
        **_reference(route, asked.reference),
        "layerDigest": asked.parameters.get("digest") or asked.parameters.get("mount", ""),
        "from": asked.parameters.get("from", ""),
    }
    if route.path == routes.BLOB:
        given["layerDigest"] = asked.reference
    return {name: value[:LONGEST_TEXT] for name, value in given.items() if value}


def _elements(route: Route, asked: Asked, reply: Reply) -> dict[str, object]:
    """What came of it."""
    headers = dict(reply.headers)
    digest, upload = headers.get("Docker-Content-Digest"), headers.get("Docker-Upload-Uuid")
    if route.path == routes.MANIFEST and digest:
        tag = _reference(route, asked.reference).get("imageTag")
        image = {"imageDigest": digest} | ({"imageTag": tag} if tag else {})
        return {"image": {"imageId": image}}
    told = {"layerDigest": digest, "uploadId": upload}
    return {name: value for name, value in told.items() if value}


def _reference(route: Route, reference: str) -> dict[str, str]:
    if route.path == routes.MANIFEST:
        return {"imageDigest" if ":" in reference else "imageTag": reference}
    return {"uploadId": reference} if route.path == routes.UPLOAD else {}
