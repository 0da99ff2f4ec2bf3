"""An access key of a user, without its secret."""

from dataclasses import dataclass, field
from typing import Final

ACTIVE: Final = "Active"
INACTIVE: Final = "Inactive"
DEVELOPMENT_KEY: Final = "test"
"""Id and secret of the key that `serve --dev` gives the administrator; no quota counts it."""


@dataclass(frozen=True, slots=True)
class AccessKey:
    """`created_at` is epoch milliseconds."""

    id: str
    """AKIA…"""
    user_id: str
    status: str
    """Active or Inactive."""
    created_at: int


@dataclass(frozen=True, slots=True)
class NewKey:
    """An access key when it is made: the only time that its secret can be read."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Use:
    """Whose key it is, and its last use that was written down; None for what is not known, or was never."""

    account: str | None
    user: str | None
    used_at: int | None
    region: str | None
    service: str | None
