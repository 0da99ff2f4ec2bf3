"""Whether a role trusts somebody for whom an OpenID Connect provider vouches: its trust policy alone decides.

Source: IAM user guide, "Available keys for AWS OIDC federation", "AWS global condition context keys".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Final

from cargohold.access.caller import compiled
from cargohold.access.context import DemandContext, Situation, Surroundings
from cargohold.access.demand import Demand
from cargohold.access.evaluate import Ask, Held, decide
from cargohold.access.store import Found, entities
from cargohold.core.clock import Clock
from cargohold.core.errors import NotTrusted
from cargohold.database import Database
from cargohold.identity.principals import Principal

_NOTHING: Final = Held()


class WebTrust:
    """Made once per process."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

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
