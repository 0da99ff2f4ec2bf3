"""The guard: both doors call it once per request, after they know who asks and what that needs, before any room.

It decides before existence is told: whether a repository is there is handed on as an id, and the room says so. What
changes what somebody may do raises the account's access version, which the guard reads each time: what it compiled of
an older one it never uses again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from sqlalchemy import Connection

from cargohold.access import caller as callers
from cargohold.access import denial, store
from cargohold.access.caller import Caller
from cargohold.access.case import Case
from cargohold.access.context import Situation, Surroundings
from cargohold.access.demand import Demand, Entity
from cargohold.access.denial import Denial
from cargohold.access.evaluate import Decision
from cargohold.core.arn import Registry, Target
from cargohold.core.clock import Clock
from cargohold.core.errors import AccessDenied, Corrupt, CredentialsRequired, UnknownCredential
from cargohold.database import Database
from cargohold.encryption.root import Root
from cargohold.identity.principals import Credential, Principal, Session

KEPT: Final = 1024
"""Callers whose policies stay compiled, the latest used."""

_NOWHERE: Final = Surroundings()
_ECR: Final = "ecr:"
"""What is done in a registry, whose policy is asked where no repository is named, too."""


@dataclass(frozen=True, slots=True)
class Admission:
    """What the guard found out for one request."""

    principal: Principal
    targets: Mapping[tuple[Registry, str], Target]
    optional: Mapping[Demand, Decision]
    session: Session | None = None
    case: Case | None = None
    now: int = 0
    """When it decided, in epoch milliseconds."""

    def target(self, registry: Registry, name: str) -> Target:
        """The repository that a demand of this request named."""
        return self.targets[registry, name]

    def allows(self, demand: Demand) -> bool:
        """Whether an optional power, which must be among those the guard was asked for, is given."""
        return self.optional[demand].allowed

    def entity_id(self, entity: Entity) -> str | None:
        """The unique id of something of IAM that a demand of this request named; None where it is not there."""
        return None if self.case is None else self.case.entity_id(entity)

    def would_allow(self, demand: Demand, policy: str) -> bool:
        """Whether the demand would be met if its repository, or the registry where it names none, had this policy.

        `policy` is as it would be stored.
        """
        return self.case is not None and self.case.decide(demand, instead=policy).allowed


class Guard:
    """Made once per process."""

    def __init__(self, database: Database, root: Root, clock: Clock) -> None:
        self._database = database
        self._root = root
        self._clock = clock
        self._callers: OrderedDict[store.Who, Caller] = OrderedDict()

    async def require(
        self,
        credential: Credential,
        demands: Sequence[Demand],
        optional: Sequence[Demand] = (),
        surroundings: Surroundings = _NOWHERE,
    ) -> Admission:
        """Admits the request when the credential lives and every demand is met; `optional` ones are only looked at.

        Raises CredentialsRequired (nobody is named), UnknownCredential (its key, session or principal is gone or
        inactive) and AccessDenied for the first demand that is not met.
        """
        key_id = credential.access_key_id
        if key_id is None:
            raise CredentialsRequired
        every = (*demands, *optional)
        names = tuple(
            {
                (each.registry, each.repository or ""): None
                for each in every
                if each.repository is not None or each.action.startswith(_ECR)
            }
        )
        grounds = await self._database.read(partial(store.find_grounds, key_id=key_id, names=names))
        if grounds is None:
            raise UnknownCredential
        caller = self._callers.get(grounds.who) or await self._load(grounds.who)
        self._callers.move_to_end(grounds.who)
        situation = Situation(caller.principal, caller.session, credential.issued_at, surroundings, self._clock())
        of_iam = [each for each in every if each.entity is not None]
        found = await self._look_up(of_iam, caller.principal) if of_iam else {}
        case = Case(credential, caller, grounds, situation, found)
        for demand in demands:
            if not case.decide(demand).allowed:
                raise self._refusal(case, demand)
        there = grounds.repositories
        return Admission(
            principal=caller.principal,
            targets={name: Target(*name, there[name].id if name in there else None) for name in names if name[1]},
            optional={demand: case.decide(demand) for demand in optional},
            session=caller.session,
            case=case,
            now=situation.now,
        )

    def opened(self, message: str) -> Denial | None:
        """What the encoded message of a refusal says; None when this deployment did not make it."""
        try:
            return denial.open(self._root, message)
        except Corrupt:
            return None

    async def _load(self, who: store.Who) -> Caller:
        documents = await self._database.read(partial(store.get_documents, who=who))
        made = self._callers[who] = callers.make(who, documents)
        while len(self._callers) > KEPT:
            self._callers.popitem(last=False)
        return made

    async def _look_up(self, demands: Sequence[Demand], principal: Principal) -> dict[Demand, store.Found]:
        """What is there of the things of IAM that the demands name; a user without a name is the principal itself."""
        entities = {each: _meant(each.entity, principal) for each in demands if each.entity and not each.entity.new}

        def work(connection: Connection) -> dict[Demand, store.Found]:
            looked_up = (
                (demand, store.find_entity(connection, demand.registry.account, entity))
                for demand, entity in entities.items()
            )
            return {demand: found for demand, found in looked_up if found is not None}

        return await self._database.read(work) if entities else {}

    def _refusal(self, case: Case, demand: Demand) -> AccessDenied:
        """The error, with the encoded message of what decided; the decision is made once more to see what it asks."""
        context = case.context(demand)
        decision = case.decide(demand, context)
        principal = case.caller.principal
        resource = case.resource(demand)
        told = Denial(
            explicit_deny=decision.missing is None,
            principal_id=principal.id,
            principal_arn=principal.arn,
            account=principal.account,
            action=demand.action,
            resource=resource,
            conditions=context.asked,
            matched=decision.matched,
            missing=decision.missing,
        )
        sealed = denial.seal(self._root, told)
        denied = AccessDenied(principal.arn, demand.action, resource, decision.reason, sealed)
        denied.principal_id = principal.id
        return denied


def _meant(entity: Entity, principal: Principal) -> Entity:
    own = entity.kind == "user" and not entity.name and not entity.key
    return replace(entity, name=principal.name) if own else entity
