"""Whoever a policy can be attached to: a user, a group or a role."""

from dataclasses import dataclass
from typing import Literal

from cargohold.core.arn import iam_arn

Kind = Literal["user", "group", "role"]


@dataclass(frozen=True, slots=True)
class Entity:
    """A user, group or role as it is stored; `created_at` is epoch milliseconds."""

    id: str
    """AIDA…, AGPA… or AROA…"""
    account: str
    kind: Kind
    path: str
    name: str
    created_at: int

    @property
    def arn(self) -> str:
        return iam_arn(self.account, self.kind, self.path, self.name)

    @property
    def folded_name(self) -> str:
        """The name in lower case: names are the same regardless of case, and lists go by them."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Named:
    """A user, group or role as a request names it."""

    account: str
    kind: Kind
    name: str
