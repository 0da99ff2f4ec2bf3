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

    A user without a name is the caller's own: the guard puts it there. What is `new` is yet to be made: whatever has
    its name already, its path is the request's.
    """

    kind: Literal["user", "group", "role", "policy", "instance-profile", "oidc-provider"]
    name: str
    path: str = "/"
    new: bool = False
    exact: bool = False
    """It was named by its ARN: one of another path, or of other letters' case, is another one."""
    key: str = ""
    """An access key's id: what is meant is the user whose key it is."""
    new_name: str = ""
    new_path: str = ""
    """What it is to become: the demand is on its ARN as that will be."""

    def arn(self, account: str, path: str, name: str) -> str:
        """The ARN that the demand is on, where this path and name are found."""
        return iam_arn(account, self.kind, self.new_path or path, self.new_name or name)


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
            return self.entity.arn(self.registry.account, self.entity.path, self.entity.name)
        return self.arn or "*"


Demands = Callable[[R], Sequence[Demand]]
"""From a decoded request to what it needs: a hundred repository names are a hundred demands."""
