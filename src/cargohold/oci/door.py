"""The OCI door: what docker, podman, skopeo and crane speak to, under /v2/.

    find the route → who asks → may they → the route's handler → reply or refusal → audit

Knows the wire and no rule: rules are the rooms', which raise core.errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargohold.access.trail import Trail
from cargohold.core.errors import CargoholdError, UnknownHost
from cargohold.exchange import Reply, Request
from cargohold.oci import errors, routes, told
from cargohold.oci.call import Call
from cargohold.oci.challenge import challenge

if TYPE_CHECKING:
    from cargohold.services import Services


class OciDoor:
    """`await door(request)` is the reply; only faults that no error class stands for are raised."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, request: Request) -> Reply:
        """Serves one request under /v2/ and writes its event; one whose client went away is audited too."""
        trail = Trail(
            request.id,
            request.client,
            request.headers.get("user-agent", ""),
            secure=request.scheme == "https",
            action="ecr:Unknown",
        )
        code = "Unfinished"
        try:
            reply = await self._reply(request, trail)
            code = reply.code
        finally:
            trail.record(self._services.audit, code)
        return reply

    async def _reply(self, request: Request, trail: Trail) -> Reply:
        services = self._services
        try:
            registry = services.addresses.registry(request.headers.get("host", ""))
        except UnknownHost as error:
            trail.message = str(error)
            return _named(errors.refuse(error, request), "Unknown")
        route, asked = routes.find(request.method, request.path, request.query, registry)
        demands = route.demands(asked)
        optional = route.optional(asked) if route.optional else ()
        trail.is_event = not route.only_reads
        try:
            credential = services.authenticator.registry(request, registry)
            trail.access_key_id = credential.access_key_id
            admission = await services.guard.require(credential, demands, optional, trail.surroundings)
            trail.admit(admission)
            reply = await route.handler(Call(services, request, asked, admission, credential))
        except CargoholdError as error:
            reply = errors.refuse(error, request)
            if reply.status == 401:
                reply.headers.append(challenge(services.addresses.url(registry)))
            told.refused(trail, route, error)
        if trail.is_told:
            told.tell(trail, route, asked, demands, reply)
        return _named(reply, route.name)


def _named(reply: Reply, name: str) -> Reply:
    """Names the reply for metrics."""
    reply.operation = f"oci:{name}"
    return reply
