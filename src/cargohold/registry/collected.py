"""What collection says of itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backlog:
    """Blobs that wait for review: all, those whose time has come, and when the first one's comes or came.

    Both are counted up to store.collection.COUNTED. `oldest` is epoch milliseconds, None where nothing waits.
    """

    queued: int
    due: int
    oldest: int | None


@dataclass(frozen=True, slots=True)
class Totals:
    """What was reclaimed since the database was made, and how often the store would not delete."""

    blobs: int
    bytes: int
    failures: int


@dataclass(frozen=True, slots=True)
class Undoable:
    """What was deleted and can still be restored, up to store.collection.COUNTED of each."""

    images: int
    repositories: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How collection stands; `lease` is for how long a deletion can be undone, in milliseconds."""

    backlog: Backlog
    totals: Totals
    undoable: Undoable
    purgeable: int
    """Images and repositories that can be restored no more, and whose rows are still there."""
    lease: int
