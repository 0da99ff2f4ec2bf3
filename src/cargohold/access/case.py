"""One request's case: all that its decisions rest on, and what is decided of each demand. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Final

from cargohold.access import evaluate, reach
from cargohold.access.caller import Caller, compiled
from cargohold.access.context import DemandContext, Situation
from cargohold.access.demand import Demand, Entity
from cargohold.access.evaluate import Ask, Decision
from cargohold.access.policy import NO_TRUST, TRUSTED, Policy
from cargohold.access.store import Found, Grounds, Repository
from cargohold.identity.principals import Credential, Principal

_read: Final = lru_cache(1024)(json.loads)
_NO_TAGS: Final[Mapping[str, str]] = {}
_ASSUME: Final = "sts:AssumeRole"
_BOUNDED: Final = frozenset(
    f"iam:{name}"
    for name in (
        *(f"{verb}{kind}Policy" for verb in ("Attach", "Detach", "Put", "Delete") for kind in ("User", "Role")),
        *("DeleteUserPermissionsBoundary", "DeleteRolePermissionsBoundary", "GetRole", "DeleteRole"),
        *("UpdateRole", "UpdateRoleDescription", "UpdateAssumeRolePolicy"),
    )
)
"""The actions that know iam:PermissionsBoundary of what is there. Source: service authorization reference, IAM."""


@dataclass(frozen=True, slots=True)
class Case:
    credential: Credential
    caller: Caller
    grounds: Grounds
    situation: Situation
    entities: Mapping[Demand, Found]
    """What the demands on IAM's things found there."""

    def decide(self, demand: Demand, context: DemandContext | None = None, instead: str | None = None) -> Decision:
        """Whether the demand is met; `instead`, as stored, is tried in place of the repository's or registry's own."""
        if self.caller.principal.kind == "host" or demand.action == reach.HOST_ACTION:
            return _of_host(self.caller.principal, demand)
        kind = None if self.caller.session is None else self.caller.session.kind
        if not reach.within(self.credential, kind, demand):
            reason = f"because no session policy allows the {demand.action} action"
            return Decision(allowed=False, reason=reason, missing="session")
        ask = Ask(
            principal=self.caller.principal,
            action=demand.action,
            resource=demand.resource if demand.entity is None else self.resource(demand),
            owner=demand.registry.account,
            context=self.context(demand) if context is None else context,
        )
        return evaluate.decide(ask, self.caller.held, self._resource_policies(demand, instead))

    def context(self, demand: Demand) -> DemandContext:
        told = demand if demand.entity is None else self._told(demand)
        return DemandContext(self.situation, told, partial(self._tags, demand))

    def resource(self, demand: Demand) -> str:
        """The ARN that policies are matched against: of something that is there, its true one."""
        if demand.entity is None:
            return demand.resource
        found = self.entities.get(demand)
        if found is None:
            return demand.resource
        return demand.entity.arn(demand.registry.account, found.path, found.name)

    def entity_id(self, entity: Entity) -> str | None:
        """The unique id of something of IAM that a demand names; None where it is not there."""
        return next((found.id for demand, found in self.entities.items() if demand.entity == entity), None)

    def _told(self, demand: Demand) -> Demand:
        """With the permissions boundary that its user or role has, where the action knows it and sets no other."""
        found = self.entities.get(demand)
        if found is None or found.boundary is None or demand.action not in _BOUNDED:
            return demand
        return replace(demand, facts=(("iam:PermissionsBoundary", found.boundary), *demand.facts))

    def _tags(self, demand: Demand) -> Mapping[str, str]:
        if demand.repository is not None:
            held: Repository | Found | None = self.grounds.repositories.get((demand.registry, demand.repository))
        else:
            held = self.entities.get(demand) if demand.entity is not None else None
        return _NO_TAGS if held is None or held.tags is None else _read(held.tags)

    def _resource_policies(self, demand: Demand, instead: str | None) -> list[Policy]:
        """The repository's and the registry's; to assume a role, the role's own, which is empty where there is none.

        Of a federated user, which is no entity, no other policy than the caller's is asked.
        """
        if demand.action == _ASSUME or (demand.action in TRUSTED and demand.entity is not None):
            found = self.entities.get(demand)
            trust = None if found is None else found.trust_policy
            return [NO_TRUST if trust is None else compiled(trust, "trust", "")]
        policies = []
        held = self.grounds.repositories.get((demand.registry, demand.repository or ""))
        of_repository = None if held is None else held.policy
        of_registry = self.grounds.registry_policies.get(demand.registry)
        if instead is not None and demand.repository is None:
            of_registry = instead
        elif instead is not None:
            of_repository = instead
        if of_repository is not None:
            policies.append(compiled(of_repository, "resource", ""))
        if of_registry is not None and demand.action.startswith("ecr:"):
            policies.append(compiled(of_registry, "resource", ""))
        return policies


def _of_host(who: Principal, demand: Demand) -> Decision:
    if reach.of_host(who, demand):
        return Decision(allowed=True)
    reason = f"because no identity-based policy allows the {demand.action} action"
    return Decision(allowed=False, reason=reason, missing="identity")
