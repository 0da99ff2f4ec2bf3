"""How far a credential reaches whatever policies say: the region of a registry token, the repository of a download.

Pure. Until the evaluator decides, an administrator may do everything in its own account, and nobody anything else.
"""

from dataclasses import dataclass
from typing import Final

from cargohold.access.demand import Demand
from cargohold.identity.principals import Credential, Principal

DOWNLOAD_ACTIONS: Final = frozenset({"ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"})
"""What GET and HEAD of a blob demand."""

_FOR_EVERYBODY = frozenset({"sts:GetCallerIdentity"})


@dataclass(frozen=True, slots=True)
class Decision:
    """`reason` ends AWS's sentence where it is denied."""

    allowed: bool
    reason: str = ""


ALLOWED: Final = Decision(allowed=True)


def decide(credential: Credential, principal: Principal, demand: Demand) -> Decision:
    """What the credential reaches and then the policies allow.

    An administrator may do everything in its own account, and nobody may do anything else.
    """
    reach = within(credential, demand)
    if not reach.allowed:
        return reach
    if demand.action in _FOR_EVERYBODY:
        return ALLOWED
    if demand.registry.account != principal.account:
        return _denied("resource-based", demand)
    if principal.administrator:
        return ALLOWED
    return _denied("identity-based", demand)


def within(credential: Credential, demand: Demand) -> Decision:
    """Whether the credential reaches as far as the demand: its region, and the one repository of a download."""
    limit = credential.limit
    if credential.region is not None and credential.region != demand.registry.region:
        return _denied("session", demand)
    if limit is None:
        return ALLOWED
    if (demand.registry, demand.repository) == (limit.registry, limit.repository) and demand.action in DOWNLOAD_ACTIONS:
        return ALLOWED
    return _denied("session", demand)


def _denied(kind: str, demand: Demand) -> Decision:
    return Decision(allowed=False, reason=f"because no {kind} policy allows the {demand.action} action")
