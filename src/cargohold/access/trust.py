"""Whether a role trusts a service of AWS's, or somebody for whom an OpenID Connect provider vouches.

Neither has policies of its own: the role's trust policy alone decides.
Sources: IAM user guide, "AWS service principals", "aws:SourceArn" and "aws:SourceAccount", "Available keys for AWS OIDC
federation", "AWS global condition context keys".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final

from cargohold.access.caller import compiled
from cargohold.access.context import DemandContext, Situation, Surroundings
from cargohold.access.demand import Demand
from cargohold.access.evaluate import Ask, Held, decide
from cargohold.access.store import Found, entities
from cargohold.access.store.holdings import find_trust_policy
from cargohold.core.clock import SECOND, Clock
from cargohold.core.errors import NotTrusted
from cargohold.database import Database
from cargohold.identity.principals import Principal

_NOTHING: Final = Held()


class Trust:
    """Made once per process."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def allows_service(self, role_id: str, role_arn: str, service: str, source: str) -> bool:
        """Whether the role's trust policy lets `service` call sts:AssumeRole for `source`, the ARN of who gets it.

        A service hands the credentials to somebody, as EC2 does to an instance.
        """
        policy = await self._database.read(partial(find_trust_policy, role_id=role_id))
        if policy is None:
            return False
        now, account = self._clock(), role_arn.split(":")[4]
        context = {
            "aws:currenttime": datetime.fromtimestamp(now // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "aws:epochtime": str(now // SECOND),
            "aws:principalisawsservice": "true",
            "aws:principalservicename": service,
            "aws:securetransport": "true",
            "aws:sourceaccount": account,
            "aws:sourcearn": source,
            "aws:resourceaccount": account,
        }
        principal = Principal(service, service, "", "service", service)
        ask = Ask(principal, "sts:AssumeRole", role_arn, account, context)
        return decide(ask, _NOTHING, [compiled(policy, "trust", "")]).allowed

    async def require(self, principal: Principal, demands: Sequence[Demand], surroundings: Surroundings) -> str:
        """The unique id of the role that all demands name; raises NotTrusted where it is not there, or denies one."""
        entity, account = demands[0].entity, demands[0].registry.account
        found = None
        if entity is not None:
            found = await self._database.read(partial(entities.find_entity, account=account, entity=entity))
        situation = Situation(principal, None, None, surroundings, self._clock())
        for demand in demands:
            if found is None or not _is_allowed(situation, demand, found):
                raise NotTrusted(demand.action)
        return "" if found is None else found.id


def _is_allowed(situation: Situation, demand: Demand, role: Found) -> bool:
    if role.trust_policy is None:
        return False
    tags = {} if role.tags is None else json.loads(role.tags)
    context = DemandContext(situation, demand, lambda: tags)
    ask = Ask(situation.principal, demand.action, demand.resource, demand.registry.account, context)
    return decide(ask, _NOTHING, [compiled(role.trust_policy, "trust", "")]).allowed
