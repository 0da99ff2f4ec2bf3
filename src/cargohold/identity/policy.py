"""What a managed policy is, and how its ARN names it. Pure.

Sources: IAM API reference, "Policy", "PolicyVersion"; IAM user guide, "IAM identifiers" and "IAM and AWS STS quotas":
white space does not count.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from cargohold.core.arn import iam_arn, parse_iam
from cargohold.core.errors import NoSuchEntity, ValidationError
from cargohold.identity import aws_managed
from cargohold.identity.aws_managed import AwsManagedPolicy
from cargohold.identity.entity import Kind as EntityKind

Kind = Literal["identity", "boundary", "session", "resource", "trust", "managed"]
"""What a document is to be; a managed policy needs a Version, which an inline one need not have."""

Way = Literal["attached", "boundary", "either"]
"""How a policy is used."""

Validator = Callable[[str, Kind], None]
"""Raises MalformedPolicyDocument unless a text is a policy of that kind; wiring passes it in."""

_ARN: Final = re.compile(r"arn:[^:]*:[^:]*:[^:]*:[^:]*:.+", re.DOTALL)
_SPACE: Final = re.compile(r"[ \t\r\n]+")


@dataclass(frozen=True, slots=True)
class PolicyName:
    """A managed policy as its ARN names it."""

    account: str
    """The owner: 12 digits, or `aws`."""
    path: str
    name: str

    @property
    def arn(self) -> str:
        return iam_arn(self.account, "policy", self.path, self.name)

    @property
    def missing(self) -> NoSuchEntity:
        return NoSuchEntity(f"Policy {self.arn} was not found.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which policies a list is of."""

    path: str = "/"
    """What their paths begin with."""
    used: Way | None = None
    """None: used or not."""


@dataclass(frozen=True, slots=True)
class UsedBy:
    """Which of those that use a policy a list is of."""

    way: Way = "either"
    kinds: tuple[EntityKind, ...] = ("group", "role", "user")
    path: str = "/"
    """What their paths begin with."""


@dataclass(frozen=True, slots=True)
class Usage:
    """How often a policy is used in an account."""

    attachments: int = 0
    boundaries: int = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """A managed policy; times are epoch milliseconds."""

    id: str
    """ANPA…"""
    account: str
    """The owner: 12 digits, or `aws`."""
    path: str
    name: str
    description: str | None
    default_version: int
    created_at: int
    updated_at: int
    usage: Usage = Usage()
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return iam_arn(self.account, "policy", self.path, self.name)


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A document of a managed policy; `created_at` is epoch milliseconds."""

    number: int
    document: str
    default: bool
    created_at: int


def parse(arn: str) -> PolicyName:
    """What the ARN of a managed policy names; raises ValidationError in AWS's words."""
    named = parse_iam(arn)
    if named is not None and named.kind == "policy":
        return PolicyName(named.account, named.path, named.name)
    raise ValidationError(f"ARN {arn} is not valid." if _ARN.fullmatch(arn) else "Invalid ARN:  Could not be parsed!")


def of_aws(policy: AwsManagedPolicy, usage: Usage) -> Policy:
    """A policy that AWS wrote, as one account uses it."""
    return Policy(
        id=policy.id,
        account=aws_managed.OWNER,
        path=policy.path,
        name=policy.name,
        description=policy.description,
        default_version=policy.version,
        created_at=policy.created_at,
        updated_at=policy.updated_at,
        usage=usage,
    )


def size(document: str) -> int:
    """The characters of a policy that count against a quota."""
    return len(_SPACE.sub("", document))
