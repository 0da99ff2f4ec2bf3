"""What one request's audit event will say, gathered at a door on the way: one that is refused half-way is told too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cargohold.access.context import Surroundings
from cargohold.access.demand import Demand
from cargohold.core.errors import AccessDenied
from cargohold.identity.principals import Principal
from cargohold.telemetry.audit.event import Happened, Identity, Issuer
from cargohold.telemetry.audit.trail import Audit

if TYPE_CHECKING:
    from cargohold.access.guard import Admission

_KINDS: Final = {
    "user": "IAMUser",
    "assumed-role": "AssumedRole",
    "federated-user": "FederatedUser",
    "host": "Host",
    "web-identity": "WebIdentityUser",
}


@dataclass(slots=True)
class Trail:
    """What is known so far; a door fills in what it learns, and records it when the request has ended."""

    request_id: str
    surroundings: Surroundings
    """Where the request comes from, as policies may ask."""
    action: str = ""
    """`ecr:PutImage`; empty while it is not known which operation is asked for."""
    is_event: bool = True
    """Whether it is worth a line when it is served."""
    is_told: bool = True
    """Whether it is written down: an event, or a read that came no further than the guard."""
    only_reads: bool = False
    region: str = ""
    recipient: str = ""
    """The account that it is done in."""
    access_key_id: str | None = None
    """Of a credential that was proven."""
    session_began: int | None = None
    """Epoch milliseconds; None where no session asks."""
    resources: Sequence[str] = ()
    parameters: Mapping[str, object] = field(default_factory=dict)
    elements: Mapping[str, object] = field(default_factory=dict)
    message: str = ""
    """The error's sentence."""
    principal: Principal | None = None
    denied: AccessDenied | None = None
    """Why somebody proven may not do this."""

    def ask(self, demands: Sequence[Demand]) -> None:
        """What the request needs, and so which account it is done in."""
        self.resources = [demand.resource for demand in demands]
        if demands:
            self.recipient = demands[0].registry.account

    def admit(self, admission: Admission) -> None:
        """The guard let somebody in."""
        self.principal, self.is_told = admission.principal, self.is_event
        if admission.session is not None:
            self.session_began = admission.session.issued_at

    def deny(self, denied: AccessDenied) -> None:
        """Somebody proven may not do this."""
        self.denied, self.is_told = denied, True

    def record(self, audit: Audit, code: str) -> None:
        """Writes the event; `code` is the error's as the client reads it, or empty."""
        identity = self._identity()
        audit.write(
            Happened(
                request_id=self.request_id,
                action=self.action or "cargohold:UnknownOperation",
                identity=identity,
                client=self.surroundings.source_ip,
                user_agent=self.surroundings.user_agent,
                region=self.region,
                recipient=self.recipient or identity.account,
                code=code,
                message=self.message,
                only_reads=self.only_reads,
                resources=tuple(self.resources),
                parameters=self.parameters,
                elements=self.elements,
            )
        )

    def _identity(self) -> Identity:
        key = self.access_key_id or ""
        principal = self.principal
        if principal is None:
            return Identity(access_key_id=key) if self.denied is None else _denied(self.denied, key)
        return Identity(
            kind=_KINDS.get(principal.kind, "Unknown"),
            id=principal.id,
            arn=principal.arn,
            account=principal.account,
            name=principal.name,
            access_key_id=key,
            issuer=_issuer(principal),
            session_began=self.session_began,
        )


def _issuer(principal: Principal) -> Issuer | None:
    if principal.kind != "assumed-role":
        return None
    name = principal.entity_arn.rpartition("/")[2]
    return Issuer(principal.entity_id, principal.entity_arn, principal.account, name)


def _denied(denied: AccessDenied, access_key_id: str) -> Identity:
    """Who was denied at the guard, as far as the ARN tells it."""
    arn = denied.principal
    _, _, service, _, account, rest = (*arn.split(":", 5), "", "", "", "", "")[:6]
    kind = "user" if service == "iam" else rest.partition("/")[0]
    name = arn.rpartition("/")[2]
    return Identity(_KINDS.get(kind, "Unknown"), denied.principal_id, arn, account, name, access_key_id)
