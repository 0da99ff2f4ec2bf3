"""The nouns of evaluations: how one stands, and a worker's claim to one."""

from dataclasses import dataclass

from cargohold.core.arn import Target


@dataclass(frozen=True, slots=True)
class Claim:
    """A policy that one worker evaluates until `until`, in epoch milliseconds, which tells it from other claims."""

    repository_id: int
    registry_id: int
    target: Target
    text: str
    due_at: int
    until: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How the evaluation of a repository's policy stands. Times are epoch milliseconds."""

    repository: str
    evaluated_at: int
    """0 before the first one."""
    due_at: int
    claimed_until: int
    planned: int
    """Images that the latest evaluation acts on; the next two are how many it did."""
    expired: int
    transitioned: int
    failure: str | None
    """Why it did not come to its end."""
