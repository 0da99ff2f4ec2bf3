"""The request context: the keys that a policy's conditions and variables can ask for, as this request fills them.

Nothing is made before a policy asks. Keys are in lower case, as IAM compares them; one that does not apply is absent,
not empty. What a registry token carries is what its session's row says: nothing of a request speaks for a session.
Source: IAM user guide, "AWS global condition context keys"; service authorization reference, ECR and IAM.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from cargohold.access.demand import Demand
from cargohold.core.clock import SECOND
from cargohold.identity.principals import Principal, Session

Value = str | tuple[str, ...]
"""Of one key; a tuple is a key with several values."""

_TAGGED_BY: Final = {"sts": "iam"}
"""Whose key tells a resource's tags, where that is not the action's own service: what STS gives are IAM's roles."""

_TYPES: Final = {"user": "User", "assumed-role": "AssumedRole", "federated-user": "FederatedUser"}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a request tells of where it comes from; a door fills it from what the client cannot make up."""

    source_ip: str = ""
    """The client's address, behind trusted proxies too; empty where it has none."""
    secure: bool = False
    """Whether it came over TLS."""
    user_agent: str = ""


@dataclass(slots=True)
class Situation:
    """What holds for all of a request's demands."""

    principal: Principal
    session: Session | None
    token_issued_at: int | None
    """When the registry token or the download was issued; None for a signed request."""
    surroundings: Surroundings
    now: int
    _values: dict[str, Value] | None = None

    def values(self) -> dict[str, Value]:
        """The keys that no demand changes; made once."""
        if self._values is None:
            self._values = {**_of_request(self), **of_principal(self.principal), **_of_session(self.session)}
            issued_at = self.token_issued_at if self.session is None else self.session.issued_at
            if issued_at is not None:
                self._values["aws:tokenissuetime"] = moment(issued_at)
        return self._values


@dataclass(slots=True, eq=False)
class DemandContext(Mapping[str, Value]):
    """The context of one demand, made when it is first asked; it remembers what it was asked for."""

    _situation: Situation
    _demand: Demand
    _tags: Callable[[], Mapping[str, str]]
    """Of the resource."""
    asked: dict[str, Value] = field(default_factory=dict)
    _values: dict[str, Value] | None = None

    def __getitem__(self, key: str) -> Value:
        value = self.asked[key] = self._all()[key]
        return value

    def __contains__(self, key: object) -> bool:
        return key in self._all()

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> dict[str, Value]:
        if self._values is None:
            self._values = {**self._situation.values(), **_of_demand(self._demand, self._tags())}
        return self._values


def _of_request(situation: Situation) -> dict[str, Value]:
    seen = situation.surroundings
    values: dict[str, Value] = {
        "aws:currenttime": moment(situation.now),
        "aws:epochtime": str(situation.now // SECOND),
        "aws:securetransport": "true" if seen.secure else "false",
        "aws:viaawsservice": "false",
        "aws:principalisawsservice": "false",
    }
    if seen.source_ip:
        values["aws:sourceip"] = seen.source_ip
    if seen.user_agent:
        values["aws:useragent"] = seen.user_agent
    return values


def of_principal(principal: Principal) -> dict[str, Value]:
    """Nothing of who has no credentials of AWS's yet."""
    if principal.kind == "web-identity":
        return {}
    values: dict[str, Value] = {
        "aws:principalarn": principal.entity_arn,
        "aws:principalaccount": principal.account,
        "aws:principaltype": _TYPES.get(principal.kind, "Anonymous"),
        "aws:userid": principal.id,
    }
    if principal.kind == "user":
        values["aws:username"] = principal.name
    return values | _tagged("aws:principaltag/", principal.tags)


def _of_session(session: Session | None) -> dict[str, Value]:
    """MFA is not there for long-term keys, and not used in sessions, which is another thing to a policy."""
    if session is None:
        return {}
    values: dict[str, Value] = {} if session.kind == "federated-user" else {"aws:multifactorauthpresent": "false"}
    if session.source_identity is not None:
        values["aws:sourceidentity"] = session.source_identity
    rests_on = session.federation
    if rests_on is not None:
        values |= {
            "aws:federatedprovider": rests_on.provider_arn,
            f"{rests_on.issuer}:sub".lower(): rests_on.subject,
            f"{rests_on.issuer}:aud".lower(): rests_on.audience,
        }
    return values


def _of_demand(demand: Demand, tags: Mapping[str, str]) -> dict[str, Value]:
    values: dict[str, Value] = {
        "aws:requestedregion": demand.registry.region,
        "aws:resourceaccount": demand.registry.account,
    }
    if tags:
        service = demand.action.partition(":")[0].lower()
        owner = _TAGGED_BY.get(service, service)
        values |= _tagged("aws:resourcetag/", tags) | _tagged(f"{owner}:resourcetag/", tags)
    values.update((key.lower(), value) for key, value in sorted(demand.facts))
    return values


def _tagged(prefix: str, tags: Mapping[str, str]) -> dict[str, Value]:
    """Of keys that are the same but for their case, which IAM's are not and ECR's may be, the lower one counts."""
    return {prefix + key.lower(): value for key, value in sorted(tags.items())}


def moment(time: int) -> str:
    return datetime.fromtimestamp(time // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
