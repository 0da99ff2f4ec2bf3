"""How the evaluations of a registry's lifecycle policies stand, and one more when somebody asks for it."""

from dataclasses import dataclass
from functools import partial
from typing import Literal

from sqlalchemy import Connection

from cargohold.core.arn import Registry, Target
from cargohold.core.clock import Clock
from cargohold.core.errors import LifecyclePolicyNotFound
from cargohold.core.paging import Page, cut
from cargohold.database import Database
from cargohold.lifecycle.evaluation import Evaluation
from cargohold.lifecycle.store import evaluations
from cargohold.registry import lifecycle_policies

State = Literal["WAITING", "RUNNING", "DONE", "FAILED"]


@dataclass(frozen=True, slots=True)
class Standing:
    """An evaluation and what it is doing: WAITING until a worker takes it, DONE and FAILED until it is due again."""

    state: State
    evaluation: Evaluation


class Evaluations:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def start(self, target: Target) -> Standing:
        """Makes the repository's policy due now. Raises RepositoryNotFound and LifecyclePolicyNotFound."""

        def work(connection: Connection) -> Standing:
            lifecycle_policies.hold(connection, target)
            if not evaluations.ask(connection, target.existing, self._clock()):
                raise LifecyclePolicyNotFound(target.name, target.registry.account)
            return self._get(connection, target)

        return await self._database.write(work)

    async def get(self, target: Target) -> Standing:
        """Raises RepositoryNotFound and LifecyclePolicyNotFound."""
        _ = target.existing
        return await self._database.read(partial(self._get, target=target))

    async def page(self, registry: Registry, after: str | None, limit: int) -> Page[Standing]:
        """Those of the repositories that have a policy, by their names."""
        now = self._clock()
        found = await self._database.read(
            partial(evaluations.list_evaluations, of=registry, after=after or "", limit=limit + 1)
        )
        standing = [Standing(_state(each, now), each) for each in found]
        return cut(standing, limit, lambda each: each.evaluation.repository)

    def _get(self, connection: Connection, target: Target) -> Standing:
        found = evaluations.find_evaluation(connection, target.registry, target.name)
        if found is None:
            raise LifecyclePolicyNotFound(target.name, target.registry.account)
        return Standing(_state(found, self._clock()), found)


def _state(of: Evaluation, now: int) -> State:
    if of.claimed_until > now:
        return "RUNNING"
    if of.due_at <= now:
        return "WAITING"
    return "DONE" if of.failure is None else "FAILED"
