"""Who owns what, and how AWS writes it: registries, targets inside them, and ARNs.

An ARN is built from (partition, region, account) and never stored.
Source: AWS service authorization reference, "Actions, resources, and condition keys for Amazon ECR".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from cargohold.core.errors import InvalidParameter, RepositoryNotFound
from cargohold.core.reference import is_public_repository_name, is_repository_name

PARTITION = "aws"

PUBLIC_REGION: Final = "us-east-1"
"""Where every public registry lives, whatever regions are served."""

_REPOSITORY_ARN: Final = re.compile(rf"arn:{PARTITION}:ecr:([a-z0-9-]+):([0-9]{{12}}):repository/(.+)")
_PUBLIC_ARN: Final = re.compile(rf"arn:{PARTITION}:ecr-public::([0-9]{{12}}):repository/(.+)")

IamKind = Literal["user", "group", "role", "policy"]

_IAM_KINDS: Final[Mapping[str, IamKind]] = {"user": "user", "group": "group", "role": "role", "policy": "policy"}
_IAM_ARN: Final = re.compile(
    rf"arn:{PARTITION}:iam::([0-9]{{12}}|aws(?=:policy/)):(user|group|role|policy)(/(?:[!-~]+/)?)([\w+=,.@-]+)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Registry:
    """All repositories of one account in one region, private or public."""

    account: str
    region: str
    kind: str = "private"

    @property
    def arn(self) -> str:
        """Of a public registry, which has one; a private one has none."""
        return f"arn:{PARTITION}:ecr-public::{self.account}:registry/{self.account}"

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


def parse_repository_arn(text: str, region: str) -> tuple[Registry, str]:
    """The private registry and the name in the ARN of a repository of that region, whichever account it is of.

    Raises InvalidParameter in ECR's words for anything else, an ARN with a wildcard and one of another region too.
    """
    parts = _REPOSITORY_ARN.fullmatch(text)
    if parts is None or parts[1] != region or not is_repository_name(parts[3]):
        raise InvalidParameter("resourceArn", "Invalid ARN")
    return Registry(parts[2], region), parts[3]


def public_registry(account: str) -> Registry:
    """The one public registry of an account."""
    return Registry(account, PUBLIC_REGION, "public")


def parse_public_repository_arn(text: str) -> tuple[Registry, str]:
    """The public registry and the name in a repository's ARN, which has no region, whichever account it is of.

    Raises InvalidParameter in ECR's words for anything else.
    """
    parts = _PUBLIC_ARN.fullmatch(text)
    if parts is None or not is_public_repository_name(parts[2]):
        raise InvalidParameter("resourceArn", "Invalid ARN")
    return public_registry(parts[1]), parts[2]


def iam_arn(account: str, kind: str, path: str, name: str) -> str:
    """The ARN of a user, group, role or policy of IAM; `path` begins and ends with a slash."""
    return f"arn:{PARTITION}:iam::{account}:{kind}{path}{name}"


class IamArn(NamedTuple):
    """What the ARN of a user, group, role or managed policy says; `path` begins and ends with a slash."""

    account: str
    """Twelve digits; `aws` of a policy that AWS wrote."""
    kind: IamKind
    path: str
    name: str


def parse_iam(text: str) -> IamArn | None:
    """What an ARN of IAM names, whether it is there or not; None for what is none, and one of anything else of IAM."""
    parts = _IAM_ARN.fullmatch(text)
    return None if parts is None else IamArn(parts[1], _IAM_KINDS[parts[2]], parts[3], parts[4])


def user_arn(account: str, path: str, name: str) -> str:
    """The ARN of an IAM user; `path` begins and ends with a slash."""
    return iam_arn(account, "user", path, name)


def session_arn(account: str, kind: str, name: str) -> str:
    """The ARN of a session of STS: `assumed-role` with `role/session`, `federated-user` with its name."""
    return f"arn:{PARTITION}:sts::{account}:{kind}/{name}"


def root_arn(account: str) -> str:
    """The ARN that stands for a whole account in a policy."""
    return f"arn:{PARTITION}:iam::{account}:root"
