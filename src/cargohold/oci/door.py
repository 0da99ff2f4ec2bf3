"""The OCI door: what docker, podman, skopeo and crane speak to, under /v2/.

    find the route → who asks → may they → the route's handler → reply or refusal → audit

Knows the wire and no rule: rules are the rooms', which raise core.errors.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cargohold.access.context import Surroundings
from cargohold.access.trail import Trail
from cargohold.core.errors import CargoholdError, UnknownHost
from cargohold.exchange import Door, Reply, Request
from cargohold.oci import create_on_push, errors, routes, told
from cargohold.oci.call import Call
from cargohold.oci.challenge import challenge

if TYPE_CHECKING:
    from cargohold.services import Services


class OciDoor:
    """`await door(request)` is the reply; only faults that no error class stands for are raised.

    What comes to a public host is `public`'s to answer.
    """

    def __init__(self, services: Services, public: Door | None = None) -> None:
        self._services = services
        self._public = public

    async def __call__(self, request: Request) -> Reply:
        """Serves one request under /v2/ and writes its event, also when its client went away."""
        services = self._services
        agent = request.headers.get("user-agent", "")
        trail = Trail(request.id, Surroundings(request.client, request.scheme == "https", agent))
        try:
            registry = services.addresses.registry(request.headers.get("host", ""))
        except UnknownHost as error:
            return told.elsewhere(trail, error, errors.refuse(error, request), services.audit)
        if registry.kind == "public" and self._public is not None:
            return await self._public(request)
        route, asked = routes.find(request.method, request.path, request.query, registry)
        demands = route.demands(asked)
        optional = route.optional(asked) if route.optional else ()
        trail.is_event = not route.only_reads
        reply: Reply | None = None
        try:
            credential = services.authenticator.registry(request, registry)
            trail.access_key_id = credential.access_key_id
            surroundings = trail.surroundings
            admission = await services.guard.require(credential, demands, optional, surroundings)
            trail.admit(admission)
            if services.rates is not None:
                services.rates.take(admission.principal.account, surroundings.source_ip, demands)
            call = Call(services, request, asked, admission, credential, surroundings)
            if route.creating is not None and asked.registry.kind == "private" and call.target.id is None:
                if await create_on_push.ensure_repository(call, route.creating(asked)):
                    told.created(trail, call.target, services.audit)
                # The new repository's policy counts already for the push that made it, and may refuse it.
                admission = await services.guard.require(credential, demands, optional, surroundings)
                call = replace(call, admission=admission)
            reply = await route.handler(call)
        except CargoholdError as error:
            reply = errors.refuse(error, request)
            if reply.status == 401:
                reply.headers.append(challenge(services.addresses.url(registry)))
            told.refused(trail, route, error)
        finally:
            if trail.is_told:
                told.tell(trail, route, asked, demands, reply)
                trail.record(services.audit, "Unfinished" if reply is None else reply.code)
        reply.operation = f"oci:{route.name}"
        return reply
