"""Does an operation for somebody who is proven: validate, require, do. The door calls it, and so may any page of ours.

What an audit line will say is gathered on the way, because a request that is refused half-way is audited too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cargohold.aws.model import Service
from cargohold.aws.operation import Call, Operation, Scope
from cargohold.aws.validation import compile_check
from cargohold.core.errors import AccessDenied
from cargohold.telemetry import audit

if TYPE_CHECKING:
    from cargohold.identity.authenticate import Signed
    from cargohold.services import Services


@dataclass(frozen=True, slots=True)
class Prepared:
    """An operation with the check of its requests, made once from the API's model."""

    operation: Operation
    check: Callable[[Mapping[str, Any]], None]


@dataclass(slots=True)
class Trail:
    """What one request's audit line says, as far as it is known."""

    request_id: str
    client: str
    """The peer's address."""
    action: str = ""
    """`ecr:PutImage`; empty while it is not known which operation is asked for."""
    resources: Sequence[str] = ()
    principal_arn: str | None = None
    is_event: bool = True
    """Whether it is written down when it is served; what fails before the guard, or at it, always is."""
    admitted: bool = False

    def record(self, code: str) -> None:
        """Writes the audit line, if there is to be one; `code` is the error's as the client reads it, or empty."""
        if self.admitted and not self.is_event:
            return
        audit.record(
            request_id=self.request_id,
            principal_arn=self.principal_arn,
            action=self.action,
            resources=self.resources,
            code=code,
            client=self.client,
        )


def prepare(service: Service, operation: Operation) -> Prepared:
    """An operation made ready to be invoked; raises KeyError when the service's model does not have it."""
    return Prepared(operation, compile_check(service, service.operations[operation.name].input))


async def invoke(
    services: Services, prepared: Prepared, signed: Signed, request: Mapping[str, Any], trail: Trail
) -> Mapping[str, object]:
    """The answer to a decoded request; raises InvalidParameter, AccessDenied and what the operation raises."""
    prepared.check(request)
    demands = prepared.operation.demands(Scope(signed.account, signed.region), request)
    trail.resources = [demand.resource for demand in demands]
    try:
        admission = await services.guard.require(signed.credential, demands)
        trail.principal_arn, trail.admitted = admission.principal.arn, True
        call = Call(services, trail.request_id, signed.region, signed.credential, admission)
        return await prepared.operation.handler(call, request)
    except AccessDenied as denied:
        trail.principal_arn, trail.admitted = denied.principal, False
        raise
