"""Evaluations: policies whose time has come are carried out, batch by batch, by any number of workers.

A worker claims a policy, decides once, and then acts on some BATCH images in a transaction, in which it looks at each
again: one that was pulled, tagged, archived or listed by an index since is left, with what refers to it, for the next
evaluation. A worker that dies leaves a claim that runs out, and another begins anew.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final
from uuid import uuid4

from sqlalchemy import Connection

from cargohold.core.clock import DAY, HOUR, MINUTE, SECOND, Clock
from cargohold.core.errors import CargoholdError
from cargohold.database import Database
from cargohold.lifecycle import trail
from cargohold.lifecycle.decide import decide
from cargohold.lifecycle.evaluation import Claim
from cargohold.lifecycle.policy import Action
from cargohold.lifecycle.select import Decision
from cargohold.lifecycle.store import evaluations, images
from cargohold.registry import lifecycle_policies
from cargohold.registry.image_archive import archive
from cargohold.registry.image_delete import Moment, expire
from cargohold.telemetry import logs
from cargohold.telemetry.audit.trail import Audit

BATCH: Final = 25
"""Images that one transaction acts on: the fewer they are, the shorter is the wait of a push that comes meanwhile."""
LARGEST: Final = 100
"""As many it acts on where they refer to each other."""
LEASE: Final = 10 * MINUTE
"""How long a policy stays its worker's without a batch."""
TURN: Final = SECOND // 2
"""For how long one run acts, before pushes and other work of the worker have their turn."""
RETRY: Final = HOUR
"""How long after a failure an evaluation is tried again."""
NOT_ENDED: Final = "The evaluation did not come to its end: the worker's log tells why."
"""What is kept of an evaluation while it runs, for the case that its worker dies."""

_SPREAD: Final = 2_654_435_761
"""Multiplied by it, ids that follow each other lie far apart in the day."""


class _Superseded(Exception):
    """The policy was changed or deleted meanwhile, or the claim ran out."""


@dataclass(slots=True)
class _Underway:
    """An evaluation of this worker's. Its batches are None until it has decided."""

    claim: Claim
    batches: deque[Sequence[Decision]] | None = None
    planned: int = 0
    expired: int = 0
    transitioned: int = 0
    id: str = field(default_factory=lambda: str(uuid4()))


class Evaluator:
    """One worker's evaluations, one at a time. `lease` is for how long a deletion can be undone, in milliseconds."""

    def __init__(self, database: Database, audit: Audit, clock: Clock, lease: int) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._lease = lease
        self._underway: _Underway | None = None

    async def run(self) -> int:
        """Goes on with the evaluation that is under way, or begins one that is due; 0 when none is."""
        underway = self._underway or await self._claimed()
        if underway is None:
            return 0
        self._underway = None  # an error that nobody foresaw ends it, and its claim runs out
        try:
            await self._go_on(underway)
        except _Superseded:
            await self._database.write(partial(evaluations.save_superseded, held=underway.claim))
        except CargoholdError as error:
            await self._failed(underway.claim, error)
        return 1

    async def _claimed(self) -> _Underway | None:
        now = self._clock()
        due = partial(evaluations.claim_due, now=now, until=now + LEASE, unless_it_ends=NOT_ENDED)
        claim = await self._database.write(due)
        return None if claim is None else _Underway(claim)

    async def _go_on(self, underway: _Underway) -> None:
        """Decides; or acts for a while, and ends when nothing is left."""
        if underway.batches is None:
            await self._decide(underway)
        else:
            end = self._clock() + TURN
            while underway.batches and self._clock() < end:
                await self._act(underway, underway.batches.popleft())
        if underway.batches:
            self._underway = underway
        else:
            await self._end(underway)

    async def _decide(self, underway: _Underway) -> None:
        claim = underway.claim
        decisions = await decide(self._database, claim.repository_id, claim.text, self._clock())
        underway.planned, underway.batches = len(decisions), deque(_batches(decisions))
        until = self._clock() + LEASE
        await self._database.write(partial(self._keep, underway=underway, until=until, done=(0, 0)))
        underway.claim = replace(claim, until=until)

    async def _act(self, underway: _Underway, batch: Sequence[Decision]) -> None:
        now = self._clock()
        work = partial(self._acted, underway=underway, batch=batch, now=now)
        done = await self._database.write(work)
        underway.claim = replace(underway.claim, until=now + LEASE)
        for decision in done:
            trail.record(self._audit, underway.claim, decision, underway.id)
        if batch[0].action == "expire":
            underway.expired += len(done)
        else:
            underway.transitioned += len(done)

    def _acted(
        self, connection: Connection, underway: _Underway, batch: Sequence[Decision], now: int
    ) -> Sequence[Decision]:
        """Does what still holds of a batch, all of it one rule's; returns that."""
        claim = underway.claim
        lifecycle_policies.hold_alone(connection, claim.target)
        still = _still(connection, batch)
        ids = [decision.image.id for decision in still]
        if batch[0].action == "transition":
            archived = frozenset(archive(connection, claim.target, ids, now))
            done = [decision for decision in still if decision.image.id in archived]
            self._keep(connection, underway, now + LEASE, (0, len(done)))
            return done
        expire(connection, claim.repository_id, ids, Moment(now, now + self._lease, trail.deleted_by(batch[0])))
        for decision in still:
            trail.publish_expired(connection, claim, decision, now)
        self._keep(connection, underway, now + LEASE, (len(still), 0))
        return still

    def _keep(self, connection: Connection, underway: _Underway, until: int, done: tuple[int, int]) -> None:
        """Raises _Superseded, so that nothing is done, when the policy is not ours to carry out any more."""
        if not evaluations.keep_claim(connection, underway.claim, until, underway.planned, done):
            raise _Superseded

    async def _end(self, underway: _Underway) -> None:
        claim, now = underway.claim, self._clock()
        due = next_due(claim.repository_id, now)
        await self._database.write(partial(evaluations.save_done, held=claim, now=now, due_at=due))
        logs.logger().info(
            "lifecycle policy evaluated",
            repository=claim.target.name,
            account=claim.target.registry.account,
            planned=underway.planned,
            expired=underway.expired,
            transitioned=underway.transitioned,
        )

    async def _failed(self, claim: Claim, error: CargoholdError) -> None:
        due = self._clock() + RETRY
        await self._database.write(partial(evaluations.save_failure, held=claim, reason=str(error), due_at=due))
        logs.logger().error(
            "lifecycle policy not evaluated",
            repository=claim.target.name,
            account=claim.target.registry.account,
            reason=str(error),
        )


def next_due(repository_id: int, now: int) -> int:
    """When a repository's policy is evaluated again: at its own time of day, within 24 hours."""
    at = now - now % DAY + repository_id * _SPREAD % DAY
    return at if at > now else at + DAY


def _still(connection: Connection, batch: Sequence[Decision]) -> list[Decision]:
    """The decisions on images that are what they were when it was decided, and do not refer to one that stays."""
    found = images.list_candidates(connection, [decision.image.id for decision in batch])
    still: deque[Decision] = deque()
    staying: set[str] = set()
    for decision in reversed(batch):  # of what expires, subjects stand behind their referrers
        image = found.get(decision.image.id)
        if image == decision.image and image.subject_digest not in staying:
            still.appendleft(decision)
        elif image is not None:
            staying.add(image.digest)
    return list(still)


def _batches(decisions: Sequence[Decision]) -> Iterator[Sequence[Decision]]:
    """Those of each rule, BATCH at a time, in their order; first what goes to the archive."""
    rules = sorted({(decision.action != "transition", decision.priority) for decision in decisions})
    for expires, priority in rules:
        action: Action = "expire" if expires else "transition"
        chosen = [each for each in decisions if each.action == action and each.priority == priority]
        yield from _cut(chosen)


def _cut(decisions: Sequence[Decision]) -> Iterator[Sequence[Decision]]:
    """BATCH at a time, or a few more up to LARGEST, so that what expires goes together with what refers to it."""
    digests = {decision.image.digest for decision in decisions}
    batch: list[Decision] = []
    for decision in decisions:
        batch.append(decision)
        if len(batch) == LARGEST or (len(batch) >= BATCH and decision.image.subject_digest not in digests):
            yield batch
            batch = []
    if batch:
        yield batch
