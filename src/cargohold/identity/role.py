"""What a role is. Source: IAM API reference, "Role", "CreateRole", "UpdateRole"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from cargohold.core.arn import iam_arn

DEFAULT_SESSION: Final = 3_600
"""Seconds that a session lives at most where a role does not say otherwise; its range stands in the API's model."""


@dataclass(frozen=True, slots=True)
class NewRole:
    """A role as CreateRole describes it."""

    name: str
    trust_policy: str
    path: str = "/"
    description: str | None = None
    longest_session: int = DEFAULT_SESSION
    boundary: str | None = None
    """The ARN of a managed policy."""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Role:
    """A role; times are epoch milliseconds."""

    id: str
    """AROA…"""
    account: str
    path: str
    name: str
    created_at: int
    trust_policy: str
    """As it is stored, principals by their ids, or as it is shown, by their ARNs: who reads it says which."""
    description: str | None
    longest_session: int
    """Seconds."""
    used_at: int | None = None
    used_in_region: str | None = None
    boundary: str | None = None
    """The ARN of a managed policy."""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return iam_arn(self.account, "role", self.path, self.name)

    def shown(self, show: Callable[[str], str]) -> Role:
        """The role with its trust policy as it is read: `show` puts ARNs in place of ids."""
        return replace(self, trust_policy=show(self.trust_policy))
