"""What was deleted and can be restored for a while. Times are epoch milliseconds, sizes bytes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeletedImage:
    """An image's tombstone; `payload` is read only where it is restored."""

    id: int
    digest: str
    media_type: str
    artifact_type: str | None
    size: int
    pushed_at: int
    deleted_at: int
    deleted_by: str
    """An ARN, or the rule of a lifecycle policy; empty where it was not written down."""
    tags: tuple[str, ...]
    """Those that went with it."""
    expires_at: int
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class DeletedRepository:
    id: int
    name: str
    created_at: int
    deleted_at: int


@dataclass(frozen=True, slots=True)
class Restored:
    """An image that is there again, with the digests of the images that came with it, and what became of the tags."""

    digest: str
    tags: tuple[str, ...]
    """Those that are its own again."""
    taken: tuple[str, ...]
    """Those that name another image by now, and stay with it."""
    children: tuple[str, ...] = ()
    came: bool = True
    """False where it was there already."""
