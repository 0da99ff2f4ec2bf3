"""The noun of creation templates: what repositories that nobody creates by name are made like, and which of them. Pure.

A template covers the repositories below its prefix: `prod` covers `prod/app`, not `prod`. ROOT covers what no other
template of the scenario does.
Source: Amazon ECR user guide, "Templates to control repositories created during a pull through cache, create on push,
or replication action"; API reference, CreateRepositoryCreationTemplate.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from cargohold.core.arn import Registry, parse_iam
from cargohold.core.errors import InvalidParameter, InvalidTagParameter, KmsUnsupported, TooManyTags, ValidationError
from cargohold.core.text import NOT_TEXT, is_sound
from cargohold.registry import mutability, resource_tags
from cargohold.registry.limits import Limits
from cargohold.registry.repository import NewRepository, check_encryption

ROOT: Final = "ROOT"
CREATE_ON_PUSH: Final = "CREATE_ON_PUSH"


@dataclass(frozen=True, slots=True)
class Template:
    """What a template says. Times are epoch milliseconds."""

    prefix: str
    """As it was given: with a slash at its end or without."""
    applied_for: tuple[str, ...]
    """The scenarios: REPLICATION, PULL_THROUGH_CACHE, CREATE_ON_PUSH."""
    description: str | None = None
    encryption_type: str = "AES256"
    kms_key: str | None = None
    tag_mutability: str = "MUTABLE"
    tag_mutability_filters: tuple[str, ...] = ()
    resource_tags: Mapping[str, str] = field(default_factory=dict)
    repository_policy: str | None = None
    lifecycle_policy: str | None = None
    custom_role_arn: str | None = None
    created_at: int = 0
    updated_at: int = 0

    def repository(self, name: str) -> NewRepository:
        """What a repository of that name is made like."""
        return NewRepository(
            name=name,
            tag_mutability=self.tag_mutability,
            tag_mutability_filters=self.tag_mutability_filters,
            encryption_type=self.encryption_type,
            kms_key=self.kms_key,
            tags=self.resource_tags,
            policy=self.repository_policy,
            lifecycle_policy=self.lifecycle_policy,
        )


def forms(prefix: str) -> tuple[str, str]:
    """The two ways to write a prefix, which mean the same."""
    bare = prefix.removesuffix("/")
    return bare, f"{bare}/"


def covering(name: str) -> list[str]:
    """Every prefix under which a template covers a repository of that name, the longest first and ROOT last."""
    parts = name.split("/")[:-1]
    lengths = range(len(parts), 0, -1)
    return [form for length in lengths for form in forms("/".join(parts[:length]))] + [ROOT]


def choose(templates: Iterable[Template], name: str, scenario: str) -> Template | None:
    """The template that makes a repository of that name in that scenario, of those whose prefixes cover it."""
    of = {template.prefix: template for template in templates if scenario in template.applied_for}
    return next((of[prefix] for prefix in covering(name) if prefix in of), None)


def check(template: Template, registry: Registry, limits: Limits) -> None:
    """Raises InvalidParameter or ValidationError unless repositories could be made like that.

    The two policies are others' to check.
    """
    if not template.applied_for:
        raise InvalidParameter("appliedFor", "Member must have length greater than or equal to 1")
    if not is_sound(template.description or ""):
        raise InvalidParameter("description", NOT_TEXT)
    mutability.check(template.tag_mutability, template.tag_mutability_filters)
    try:
        check_encryption(template.encryption_type, template.kms_key)
    except KmsUnsupported as error:
        raise ValidationError(str(error)) from None
    try:
        resource_tags.check(template.resource_tags, limits)
    except (InvalidTagParameter, TooManyTags) as error:
        raise InvalidParameter("resourceTags", str(error)) from None
    _check_role(template.custom_role_arn, registry)


def _check_role(arn: str | None, registry: Registry) -> None:
    """A role of the registry's own account, whether it is there or not."""
    if arn is None:
        return
    named = parse_iam(arn)
    if named is None or named.kind != "role" or named.account != registry.account:
        raise InvalidParameter("customRoleArn", "Invalid ARN")
