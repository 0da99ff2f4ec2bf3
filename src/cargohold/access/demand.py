"""A demand: the action, and what it is done to, that a request needs. Data beside the route or operation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from cargohold.core.arn import Registry

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Demand:
    """`action` is an IAM action; `repository` is None where the action's only resource is `*`."""

    action: str
    registry: Registry
    repository: str | None = None

    @property
    def resource(self) -> str:
        """The ARN that policies are matched against, or `*`."""
        return "*" if self.repository is None else self.registry.repository_arn(self.repository)


Demands = Callable[[R], Sequence[Demand]]
"""From a decoded request to what it needs: a hundred repository names are a hundred demands."""
