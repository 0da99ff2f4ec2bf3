"""A repository's lifecycle policy as it is kept."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LifecyclePolicy:
    """The text as it was put, and when it was last evaluated, in epoch milliseconds: 0 if never."""

    text: str
    evaluated_at: int
