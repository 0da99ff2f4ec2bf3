"""How far a credential reaches whatever policies say. Pure.

A registry token opens its region, a download the blobs of one repository; the sessions of users do not reach IAM.
Source: IAM user guide, "Compare AWS STS credentials" (what sessions of GetSessionToken and GetFederationToken, which
know no MFA here, may call).
"""

from __future__ import annotations

from collections.abc import Set
from typing import Final

from cargohold.access.demand import Demand
from cargohold.identity.principals import Credential, Principal

DOWNLOAD_ACTIONS: Final = frozenset({"ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"})
"""What GET and HEAD of a blob demand."""

_STS_OF_SESSIONS: Final[dict[str, Set[str]]] = {
    "session": frozenset({"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity", "sts:GetCallerIdentity"}),
    "federated-user": frozenset({"sts:GetCallerIdentity"}),
}
"""All that the sessions of users may call of STS; a role's may call everything."""


HOST_ACTION: Final = "cargohold:GetHostCredentials"
"""All that a host may call, and nobody else: who wants a role for himself assumes it."""


def of_host(who: Principal, demand: Demand) -> bool:
    """Whether it is a host that asks for its own credentials; that is so whatever policies say."""
    return who.kind == "host" and demand.action == HOST_ACTION and demand.resource == who.arn


def within(credential: Credential, session_kind: str | None, demand: Demand) -> bool:
    """Whether the credential reaches as far as the demand."""
    limit = credential.limit
    if credential.region is not None and credential.region != demand.registry.region:
        return False
    if session_kind in _STS_OF_SESSIONS and demand.action.startswith(("iam:", "sts:")):
        return demand.action in _STS_OF_SESSIONS[session_kind]
    if limit is None:
        return True
    named = (demand.registry, demand.repository)
    return named == (limit.registry, limit.repository) and demand.action in DOWNLOAD_ACTIONS
