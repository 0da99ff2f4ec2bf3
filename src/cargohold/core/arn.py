"""Who owns what, and how AWS writes it: registries, targets inside them, and ARNs.

An ARN is built from (partition, region, account) and never stored.
Source: AWS service authorization reference, "Actions, resources, and condition keys for Amazon ECR".
"""

from dataclasses import dataclass

from cargohold.core.errors import RepositoryNotFound

PARTITION = "aws"


@dataclass(frozen=True, slots=True)
class Registry:
    """All repositories of one account in one region, private or public."""

    account: str
    region: str
    kind: str = "private"

    def repository_arn(self, name: str) -> str:
        if self.kind == "public":
            return f"arn:{PARTITION}:ecr-public::{self.account}:repository/{name}"
        return f"arn:{PARTITION}:ecr:{self.region}:{self.account}:repository/{name}"


@dataclass(frozen=True, slots=True)
class Target:
    """A repository as a request names it, and its row's id as the guard found it (None: there is none)."""

    registry: Registry
    name: str
    id: int | None

    @property
    def existing(self) -> int:
        """The repository's id; raises RepositoryNotFound."""
        if self.id is None:
            raise RepositoryNotFound(self.name, self.registry.account)
        return self.id


def user_arn(account: str, path: str, name: str) -> str:
    """The ARN of an IAM user; `path` begins and ends with a slash."""
    return f"arn:{PARTITION}:iam::{account}:user{path}{name}"
