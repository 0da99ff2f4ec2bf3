"""The guard: both doors call it once per request, after they know who asks and what that needs, before any room.

It decides before existence is told: whether a repository is there is handed on as an id, and the room says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from cargohold.access import reach, store
from cargohold.access.demand import Demand
from cargohold.access.reach import Decision
from cargohold.core.arn import Registry, Target
from cargohold.core.errors import AccessDenied, CredentialsRequired, UnknownCredential
from cargohold.database import Database
from cargohold.identity.principals import Credential, Principal


@dataclass(frozen=True, slots=True)
class Admission:
    """What the guard found out for one request."""

    principal: Principal
    targets: Mapping[tuple[Registry, str], Target]
    optional: Mapping[Demand, Decision]

    def target(self, registry: Registry, name: str) -> Target:
        """The repository that a demand of this request named."""
        return self.targets[registry, name]

    def allows(self, demand: Demand) -> bool:
        """Whether an optional power, which must be among those the guard was asked for, is given."""
        return self.optional[demand].allowed


class Guard:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def require(
        self, credential: Credential, demands: Sequence[Demand], optional: Sequence[Demand] = ()
    ) -> Admission:
        """Admits the request when the credential lives and every demand is met; `optional` ones are only looked at.

        Raises CredentialsRequired (nobody is named), UnknownCredential (its key or principal is gone or inactive)
        and AccessDenied for the first demand that is not met.
        """
        if credential.access_key_id is None:
            raise CredentialsRequired
        every = (*demands, *optional)
        names = tuple({(demand.registry, demand.repository): None for demand in every if demand.repository is not None})
        grounds = await self._database.read(partial(store.find_grounds, key_id=credential.access_key_id, names=names))
        if grounds is None:
            raise UnknownCredential
        for demand in demands:
            decision = reach.decide(credential, grounds.principal, demand)
            if not decision.allowed:
                raise AccessDenied(grounds.principal.arn, demand.action, demand.resource, decision.reason)
        return Admission(
            principal=grounds.principal,
            targets={name: Target(*name, grounds.repositories.get(name)) for name in names},
            optional={demand: reach.decide(credential, grounds.principal, demand) for demand in optional},
        )
