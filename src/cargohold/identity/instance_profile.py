"""What an instance profile is. Source: IAM API reference, "InstanceProfile"."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cargohold.core.arn import iam_arn
from cargohold.identity.role import Role


@dataclass(frozen=True, slots=True)
class InstanceProfile:
    """What gives a host its role; `created_at` is epoch milliseconds."""

    id: str
    """AIPA…"""
    account: str
    path: str
    name: str
    created_at: int
    role: Role | None = None
    """With its trust policy as it is shown."""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return iam_arn(self.account, "instance-profile", self.path, self.name)
