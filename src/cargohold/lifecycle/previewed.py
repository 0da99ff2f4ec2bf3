"""The nouns of previews: one of a repository, and what it says of each image."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview as its row has it; times are epoch milliseconds."""

    text: str
    status: str
    expiring: int
    transitioning: int
    started_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class Result:
    """What would happen to one image; `position` orders them, the image that would go first being 0."""

    position: int
    digest: str
    tags: tuple[str, ...]
    pushed_at: int
    storage_class: str
    action: str
    rule_priority: int
