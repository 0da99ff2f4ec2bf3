"""A demand: the action, and what it is done to, that a request needs. Data beside the route or operation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from cargohold.core.arn import Registry, iam_arn

R = TypeVar("R")

Facts = tuple[tuple[str, str | tuple[str, ...]], ...]
"""Context keys of IAM that the request itself fills: `(("aws:RequestTag/team", "red"), ("aws:TagKeys", ("team",)))`."""


@dataclass(frozen=True, slots=True)
class Entity:
    """Something of IAM by its name, as a request gives it; where it exists the guard finds its path and tags.

    A user without a name is the caller's own: the guard puts it there.
    """

    kind: Literal["user", "group", "role", "policy"]
    name: str
    path: str = "/"


@dataclass(frozen=True, slots=True)
class Demand:
    """`action` is an IAM action, done to one of: a repository, something of IAM, an ARN; to `*` where none is given.

    `registry` says whose that is and in which region (IAM's is us-east-1).
    """

    action: str
    registry: Registry
    repository: str | None = None
    entity: Entity | None = None
    arn: str | None = None
    facts: Facts = ()

    @property
    def resource(self) -> str:
        """The ARN that policies are matched against, or `*`."""
        if self.repository is not None:
            return self.registry.repository_arn(self.repository)
        if self.entity is not None:
            return iam_arn(self.registry.account, self.entity.kind, self.entity.path, self.entity.name)
        return self.arn or "*"


Demands = Callable[[R], Sequence[Demand]]
"""From a decoded request to what it needs: a hundred repository names are a hundred demands."""
