"""The nouns of repositories, and what CreateRepository asks of a new one.

Source: Amazon ECR API reference, CreateRepository.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cargohold.core.arn import Registry
from cargohold.core.errors import InvalidParameter, KmsUnsupported
from cargohold.core.reference import parse_repository_name
from cargohold.registry import mutability, resource_tags
from cargohold.registry.limits import Limits

_KMS_TYPES: Final = frozenset({"KMS", "KMS_DSSE"})


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository as it is kept; `created_at` is in epoch milliseconds."""

    id: int
    registry: Registry
    name: str
    created_at: int
    tag_mutability: str
    tag_mutability_filters: tuple[str, ...]
    scan_on_push: bool
    encryption_type: str
    kms_key: str | None

    @property
    def arn(self) -> str:
        return self.registry.repository_arn(self.name)


@dataclass(frozen=True, slots=True)
class NewRepository:
    """What CreateRepository is asked to make, or a template makes; `tags` are resource tags."""

    name: str
    tag_mutability: str = "MUTABLE"
    tag_mutability_filters: tuple[str, ...] = ()
    scan_on_push: bool = False
    encryption_type: str = "AES256"
    kms_key: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    policy: str | None = None
    """As policies are kept, with principals' ids; it was checked when it came."""
    lifecycle_policy: str | None = None
    """It was checked when it came."""


def check(new: NewRepository, limits: Limits) -> None:
    """Raises InvalidParameter, KmsUnsupported, InvalidTagParameter or TooManyTags when it may not be made like that."""
    parse_repository_name(new.name)
    mutability.check(new.tag_mutability, new.tag_mutability_filters)
    check_encryption(new.encryption_type, new.kms_key)
    resource_tags.check(new.tags, limits)


def check_encryption(encryption_type: str, kms_key: str | None) -> None:
    """Raises KmsUnsupported or InvalidParameter unless blobs can be kept like that."""
    if encryption_type in _KMS_TYPES:
        raise KmsUnsupported
    if encryption_type != "AES256":
        reason = "Member must satisfy enum value set: [AES256, KMS, KMS_DSSE]"
        raise InvalidParameter("encryptionConfiguration.encryptionType", reason)
    if kms_key is not None:
        raise InvalidParameter("encryptionConfiguration", "kmsKey can't be set when encryptionType is set as AES256")
