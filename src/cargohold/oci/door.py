"""The OCI door: what docker, podman, skopeo and crane speak to, under /v2/.

    find the route → who asks → may they → the route's handler → reply or refusal → audit

Knows the wire and no rule: rules are the rooms', which raise core.errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from cargohold.access.demand import Demand
from cargohold.core.errors import AccessDenied, CargoholdError, UnknownHost
from cargohold.exchange import Reply, Request
from cargohold.oci import errors, routes
from cargohold.oci.call import Call
from cargohold.oci.challenge import challenge
from cargohold.telemetry import audit

if TYPE_CHECKING:
    from cargohold.services import Services

_RESOURCE: Final = attrgetter("resource")


class OciDoor:
    """`await door(request)` is the reply; only faults that no error class stands for are raised."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, request: Request) -> Reply:
        """Serves one request under /v2/."""
        services = self._services
        try:
            registry = services.addresses.registry(request.headers.get("host", ""))
        except UnknownHost as error:
            return _audited(errors.refuse(error, request), request, "Unknown", (), None)
        route, asked = routes.find(request.method, request.path, request.query, registry)
        demands = route.demands(asked)
        optional = route.optional(asked) if route.optional else ()
        principal: str | None = None
        served_read = False
        try:
            credential = services.authenticator.registry(request, registry)
            admission = await services.guard.require(credential, demands, optional)
            principal, served_read = admission.principal.arn, route.only_reads
            reply = await route.handler(Call(services, request, asked, admission, credential))
        except CargoholdError as error:
            reply = errors.refuse(error, request)
            if reply.status == 401:
                reply.headers.append(challenge(services.addresses.url(registry)))
            if isinstance(error, AccessDenied):
                principal, served_read = error.principal, False
        if served_read:
            reply.operation = f"oci:{route.name}"
            return reply
        return _audited(reply, request, route.name, demands, principal)


def _audited(reply: Reply, request: Request, name: str, demands: Sequence[Demand], principal: str | None) -> Reply:
    """Names the reply for metrics and leaves the audit trail's line."""
    reply.operation = f"oci:{name}"
    audit.record(
        request_id=request.id,
        principal_arn=principal,
        action=demands[0].action if demands else reply.operation,
        resources=list(map(_RESOURCE, demands)),
        code=reply.code,
        client=request.client,
    )
    return reply
