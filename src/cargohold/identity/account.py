"""An account: the owner of registries, users, roles, groups and policies."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """`created_at` is epoch milliseconds; the alias is None where it has none."""

    id: str
    """12 digits."""
    alias: str | None
    created_at: int
