"""Does an operation for somebody who is proven: validate, require, do. The door calls it, and so may any page of ours.

What an audit line will say is gathered on the way, because a request that is refused half-way is audited too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cargohold.access.guard import Admission
from cargohold.aws.model import Service
from cargohold.aws.operation import Call, Operation, Scope
from cargohold.aws.told import told
from cargohold.aws.validation import compile_check
from cargohold.core.errors import AccessDenied
from cargohold.identity.principals import Principal
from cargohold.services import of_public

if TYPE_CHECKING:
    from cargohold.access.trail import Trail
    from cargohold.identity.authenticate import Signed
    from cargohold.services import Services

PUBLIC_SERVICE: Final = "ecr-public"

NOBODY: Final = Admission(Principal("", "", "", "anonymous", ""), {}, {})
"""Who asks for an operation that nobody signs, before it has proven anybody."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An operation with the check of its requests, made once from the API's model."""

    operation: Operation
    check: Callable[[Mapping[str, Any]], None]
    unsigned: bool = False
    """Whether nobody signs it: the operation itself proves who asks, and decides."""
    public: bool = False
    """Whether the service is that of the public registries."""


def prepare(service: Service, operation: Operation) -> Prepared:
    """An operation made ready to be invoked; raises KeyError when the service's model does not have it."""
    known = service.operations[operation.name]
    return Prepared(operation, compile_check(service, known.input), known.unsigned, service.name == PUBLIC_SERVICE)


async def invoke(
    services: Services, prepared: Prepared, signed: Signed, request: Mapping[str, Any], trail: Trail
) -> Mapping[str, object]:
    """The answer to a decoded request; raises InvalidParameter, AccessDenied and what the operation raises."""
    trail.access_key_id, trail.region = signed.credential.access_key_id, signed.region
    # A request that breaks the model is not told of: anything may stand where a name belongs.
    prepared.check(request)
    try:
        if prepared.operation.meant is not None:
            request = await prepared.operation.meant(services, request)
        scope = Scope(signed.account, signed.region, signed.session, services.addresses.account, prepared.public)
        demands = prepared.operation.demands(scope, request)
        trail.ask(demands)
        admission = NOBODY
        if not prepared.unsigned:
            admission = await services.guard.require(signed.credential, demands, surroundings=trail.surroundings)
            trail.admit(admission)
        if services.rates is not None:
            services.rates.take(admission.principal.account, trail.surroundings.source_ip, demands)
        rooms = of_public(services) if prepared.public else services
        call = Call(rooms, trail.request_id, signed.region, signed.credential, admission, trail, prepared.public)
        answer = await prepared.operation.handler(call, request)
        trail.elements = told(answer) if trail.is_told else {}
    except AccessDenied as denied:
        trail.deny(denied)
        raise
    else:
        return answer
    finally:
        trail.parameters = told(request) if trail.is_told else {}
