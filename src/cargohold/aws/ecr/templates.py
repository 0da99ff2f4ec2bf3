"""Operations on creation templates: Create-, Describe-, Update- and DeleteRepositoryCreationTemplate(s).

What a template does later its author must be allowed to do now, to every repository that it covers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from cargohold.access.demand import Demand, Entity
from cargohold.aws.ecr import present, resource_tags
from cargohold.aws.ecr.demands import on_registry, own_registry
from cargohold.aws.ecr.paging import exclude, listing
from cargohold.aws.operation import Call, Scope, operation
from cargohold.core.arn import Registry, parse_iam
from cargohold.core.errors import InvalidParameter
from cargohold.registry.creation_template import ROOT, Template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cargohold.aws.shapes.ecr import (
        CreateRepositoryCreationTemplateRequest,
        CreateRepositoryCreationTemplateResponse,
        DeleteRepositoryCreationTemplateRequest,
        DeleteRepositoryCreationTemplateResponse,
        DescribeRepositoryCreationTemplatesRequest,
        DescribeRepositoryCreationTemplatesResponse,
        Tag,
        UpdateRepositoryCreationTemplateRequest,
        UpdateRepositoryCreationTemplateResponse,
    )

PASSED_TO_ECR: Final = (("iam:PassedToService", "ecr.amazonaws.com"),)
"""The context of iam:PassRole."""

MOST_PREFIXES: Final = 100
"""That one DescribeRepositoryCreationTemplates names, as of repositories: the model has no limit of its own."""

_TEXTS: Final = {
    "description": "description",
    "repositoryPolicy": "repository_policy",
    "lifecyclePolicy": "lifecycle_policy",
    "customRoleArn": "custom_role_arn",
}
"""Members whose empty text means that there is none, and what a template calls them."""


def _demands(action: str, scope: Scope, request: Mapping[str, Any]) -> Sequence[Demand]:
    """The action, and what the template will do without its author."""
    registry, prefix = own_registry(scope), request["prefix"].removesuffix("/")
    covered = "*" if prefix == ROOT else f"{prefix}/*"
    facts = resource_tags.facts(request.get("resourceTags", ()))
    demands = [Demand(action, registry), Demand("ecr:CreateRepository", registry, covered, facts=facts)]
    if facts:
        demands.append(Demand("ecr:TagResource", registry, covered, facts=facts))
    if request.get("repositoryPolicy"):
        demands.append(Demand("ecr:SetRepositoryPolicy", registry, covered))
    if request.get("lifecyclePolicy"):
        demands.append(Demand("ecr:PutLifecyclePolicy", registry, covered))
    if request.get("customRoleArn"):
        demands.append(_pass_role(scope, request["customRoleArn"]))
    return demands


def _pass_role(scope: Scope, arn: str) -> Demand:
    """Demands the role by its name; of what is no role's ARN of this account, which is refused later, the text."""
    iam = Registry(scope.account, "us-east-1")
    named = parse_iam(arn)
    if named is None or (named.kind, named.account) != ("role", scope.account):
        return Demand("iam:PassRole", iam, arn=arn, facts=PASSED_TO_ECR)
    role = Entity("role", named.name, path=named.path, exact=True)
    return Demand("iam:PassRole", iam, entity=role, facts=PASSED_TO_ECR)


def _create_demands(scope: Scope, request: CreateRepositoryCreationTemplateRequest) -> Sequence[Demand]:
    return _demands("ecr:CreateRepositoryCreationTemplate", scope, request)


@operation("CreateRepositoryCreationTemplate", _create_demands)
async def create_template(
    call: Call, request: CreateRepositoryCreationTemplateRequest
) -> CreateRepositoryCreationTemplateResponse:
    registry = own_registry(call)
    new = Template(prefix=request["prefix"], **_members(request))
    created = await call.services.creation_templates.create(registry, new)
    return {"registryId": registry.account, "repositoryCreationTemplate": present.creation_template(created)}


@operation("DescribeRepositoryCreationTemplates", on_registry("ecr:DescribeRepositoryCreationTemplates"))
async def describe_templates(
    call: Call, request: DescribeRepositoryCreationTemplatesRequest
) -> DescribeRepositoryCreationTemplatesResponse:
    """Those of the prefixes given that are there, or one page of all."""
    registry, templates = own_registry(call), call.services.creation_templates
    if "prefixes" in request:
        exclude(request, "prefixes", "repository creation templates", "nextToken", "maxResults")
        if len(request["prefixes"]) > MOST_PREFIXES:
            raise InvalidParameter("prefixes", f"Member must have length less than or equal to {MOST_PREFIXES}")
        named = await templates.describe(registry, request["prefixes"])
        shown = [present.creation_template(each) for each in named]
        return {"registryId": registry.account, "repositoryCreationTemplates": shown}
    wanted = listing(call, "DescribeRepositoryCreationTemplates", request, registry)
    page = await templates.page(registry, wanted.after, wanted.limit)
    return {
        "registryId": registry.account,
        "repositoryCreationTemplates": [present.creation_template(each) for each in page.items],
        "nextToken": wanted.next_token(page.after),
    }


def _update_demands(scope: Scope, request: UpdateRepositoryCreationTemplateRequest) -> Sequence[Demand]:
    return _demands("ecr:UpdateRepositoryCreationTemplate", scope, request)


@operation("UpdateRepositoryCreationTemplate", _update_demands)
async def update_template(
    call: Call, request: UpdateRepositoryCreationTemplateRequest
) -> UpdateRepositoryCreationTemplateResponse:
    """What the request does not name stays as it is; an empty policy takes the template's away."""
    registry = own_registry(call)
    changed = await call.services.creation_templates.update(registry, request["prefix"], _members(request))
    return {"registryId": registry.account, "repositoryCreationTemplate": present.creation_template(changed)}


@operation("DeleteRepositoryCreationTemplate", on_registry("ecr:DeleteRepositoryCreationTemplate"))
async def delete_template(
    call: Call, request: DeleteRepositoryCreationTemplateRequest
) -> DeleteRepositoryCreationTemplateResponse:
    """The answer is the template that was deleted; repositories that it made stay as they are."""
    registry = own_registry(call)
    deleted = await call.services.creation_templates.delete(registry, request["prefix"])
    return {"registryId": registry.account, "repositoryCreationTemplate": present.creation_template(deleted)}


def _members(
    request: CreateRepositoryCreationTemplateRequest | UpdateRepositoryCreationTemplateRequest,
) -> dict[str, Any]:
    """What the request says of a template, by the template's own names."""
    members: dict[str, Any] = {}
    if "appliedFor" in request:
        members["applied_for"] = tuple(dict.fromkeys(request["appliedFor"]))
    for given, name in _TEXTS.items():
        if given in request:
            members[name] = request[given] or None  # type: ignore[literal-required]
    if "encryptionConfiguration" in request:
        encryption = request["encryptionConfiguration"]
        members |= {"encryption_type": encryption["encryptionType"], "kms_key": encryption.get("kmsKey") or None}
    if "resourceTags" in request:
        members["resource_tags"] = _tags(request["resourceTags"])
    filters = request.get("imageTagMutabilityExclusionFilters")
    if "imageTagMutability" in request:
        members |= {"tag_mutability": request["imageTagMutability"], "tag_mutability_filters": ()}
    if filters is not None:
        members["tag_mutability_filters"] = tuple(each["filter"] for each in filters)
    return members


def _tags(given: Sequence[Tag]) -> dict[str, str]:
    tags = {tag["Key"]: tag["Value"] for tag in given}
    if len(tags) < len(given):
        raise InvalidParameter("resourceTags", "Duplicate tag keys are not allowed")
    return tags
