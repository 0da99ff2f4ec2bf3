"""Statements on evaluations: which policy is due, who evaluates it, how far it has come and how it ended."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, case, select, update

from cargohold.core.arn import Registry, Target
from cargohold.database.schema.lifecycle import lifecycle_policy
from cargohold.database.schema.registry import registry, repository
from cargohold.lifecycle.evaluation import Claim, Evaluation

_TRIES: Final = 8
"""How many due policies one look considers: other workers may take some of them at the same moment."""


_OF_LIVE: Final = lifecycle_policy.join(repository, repository.c.id == lifecycle_policy.c.repository_id).join(
    registry, registry.c.id == repository.c.registry_id
)
_LIVE: Final = repository.c.deleted_at.is_(None)
_DUE: Final = (
    select(
        lifecycle_policy.c.repository_id,
        registry.c.id,
        registry.c.account,
        registry.c.region,
        registry.c.kind,
        repository.c.name,
        lifecycle_policy.c.policy,
        lifecycle_policy.c.due_at,
        lifecycle_policy.c.claimed_until,
    )
    .select_from(_OF_LIVE)
    .where(_LIVE, lifecycle_policy.c.due_at <= bindparam("now"), lifecycle_policy.c.claimed_until <= bindparam("now"))
    .order_by(lifecycle_policy.c.due_at)
    .limit(bindparam("limit"))
)
_OF_REPOSITORY: Final = lifecycle_policy.c.repository_id == bindparam("of")
_OURS: Final = (
    _OF_REPOSITORY
    & (lifecycle_policy.c.claimed_until == bindparam("claimed"))
    & (lifecycle_policy.c.policy == bindparam("text"))
)
_CLAIM: Final = (
    update(lifecycle_policy)
    .where(_OURS)
    .values(claimed_until=bindparam("until"), planned=0, expired=0, transitioned=0, failure=bindparam("unless_it_ends"))
    .returning(lifecycle_policy.c.repository_id)
)
_KEEP: Final = (
    update(lifecycle_policy)
    .where(_OURS)
    .values(
        claimed_until=bindparam("until"),
        planned=bindparam("all"),
        expired=lifecycle_policy.c.expired + bindparam("more_expired"),
        transitioned=lifecycle_policy.c.transitioned + bindparam("more_transitioned"),
    )
    .returning(lifecycle_policy.c.repository_id)
)
_NEXT: Final = case(
    (lifecycle_policy.c.due_at == bindparam("was_due"), bindparam("due", type_=lifecycle_policy.c.due_at.type)),
    else_=lifecycle_policy.c.due_at,
)
_END: Final = (
    update(lifecycle_policy)
    .where(_OF_REPOSITORY, lifecycle_policy.c.claimed_until == bindparam("claimed"))
    .values(claimed_until=0, due_at=_NEXT)
)
_DONE: Final = _END.values(evaluated_at=bindparam("ended"), failure=None)
_FAILED: Final = _END.values(failure=bindparam("reason"))
_EVALUATIONS: Final = (
    select(
        repository.c.name,
        lifecycle_policy.c.evaluated_at,
        lifecycle_policy.c.due_at,
        lifecycle_policy.c.claimed_until,
        lifecycle_policy.c.planned,
        lifecycle_policy.c.expired,
        lifecycle_policy.c.transitioned,
        lifecycle_policy.c.failure,
    )
    .select_from(_OF_LIVE)
    .where(
        _LIVE,
        registry.c.account == bindparam("account"),
        registry.c.region == bindparam("region"),
        registry.c.kind == bindparam("kind"),
        repository.c.name > bindparam("after"),
    )
    .order_by(repository.c.name)
    .limit(bindparam("limit"))
)
_EVALUATION: Final = _EVALUATIONS.where(repository.c.name == bindparam("named"))
_ASK: Final = (
    update(lifecycle_policy)
    .where(_OF_REPOSITORY)
    .values(due_at=bindparam("now"))
    .returning(lifecycle_policy.c.repository_id)
)


def claim_due(connection: Connection, now: int, until: int, unless_it_ends: str) -> Claim | None:
    """Takes the policy that has been due for longest; None when none is. It is kept as failed until it has ended."""
    for row in connection.execute(_DUE, {"now": now, "limit": _TRIES}).all():
        values = {"of": row[0], "claimed": row[8], "text": row[6], "until": until, "unless_it_ends": unless_it_ends}
        if connection.execute(_CLAIM, values).one_or_none() is not None:
            target = Target(Registry(row[2], row[3], row[4]), row[5], row[0])
            return Claim(row[0], row[1], target, row[6], row[7], until)
    return None


def keep_claim(connection: Connection, held: Claim, until: int, planned: int, done: tuple[int, int]) -> bool:
    """Prolongs a claim and counts what was (expired, transitioned); False when policy or claim are not the same."""
    values = {"of": held.repository_id, "claimed": held.until, "text": held.text, "until": until, "all": planned}
    expired, transitioned = done
    counted = {**values, "more_expired": expired, "more_transitioned": transitioned}
    return connection.execute(_KEEP, counted).one_or_none() is not None


def save_done(connection: Connection, held: Claim, now: int, due_at: int) -> None:
    """The evaluation has ended; the next one is at `due_at` unless somebody asked for another meanwhile."""
    connection.execute(_DONE, {**_ended(held, due_at), "ended": now})


def save_failure(connection: Connection, held: Claim, reason: str, due_at: int) -> None:
    """The evaluation could not go on; it is tried again at `due_at`."""
    connection.execute(_FAILED, {**_ended(held, due_at), "reason": reason})


def save_superseded(connection: Connection, held: Claim) -> None:
    """Another policy came meanwhile, or none: the claim ends, and what is due stays due."""
    connection.execute(_FAILED, {**_ended(held, held.due_at), "reason": None})


def ask(connection: Connection, repository_id: int, now: int) -> bool:
    """Makes a repository's policy due; False when it has none."""
    return connection.execute(_ASK, {"of": repository_id, "now": now}).one_or_none() is not None


def list_evaluations(connection: Connection, of: Registry, after: str, limit: int) -> list[Evaluation]:
    """Evaluations of repositories that have a policy, by name, behind the name `after`."""
    return list(_built(connection.execute(_EVALUATIONS, {**_named(of), "after": after, "limit": limit})))


def find_evaluation(connection: Connection, of: Registry, name: str) -> Evaluation | None:
    values = {**_named(of), "after": "", "limit": 1, "named": name}
    return next(_built(connection.execute(_EVALUATION, values)), None)


def _built(rows: Any) -> Iterator[Evaluation]:
    row: Sequence[Any]
    for row in rows:
        yield Evaluation(*row)


def _ended(held: Claim, due_at: int) -> dict[str, object]:
    return {"of": held.repository_id, "claimed": held.until, "was_due": held.due_at, "due": due_at}


def _named(of: Registry) -> dict[str, str]:
    return {"account": of.account, "region": of.region, "kind": of.kind}
