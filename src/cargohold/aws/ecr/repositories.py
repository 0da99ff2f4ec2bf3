"""Operations on repositories: CreateRepository, DescribeRepositories, PutImageTagMutability, DeleteRepository."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cargohold.access.demand import Demand
from cargohold.aws.ecr import present, resource_tags
from cargohold.aws.ecr.demands import on_repository
from cargohold.aws.ecr.paging import exclude, listing
from cargohold.aws.operation import Call, Scope, operation
from cargohold.registry.repository import NewRepository

if TYPE_CHECKING:
    from cargohold.aws.shapes.ecr import (
        CreateRepositoryRequest,
        CreateRepositoryResponse,
        DeleteRepositoryRequest,
        DeleteRepositoryResponse,
        DescribeRepositoriesRequest,
        DescribeRepositoriesResponse,
        ImageTagMutabilityExclusionFilter,
        PutImageTagMutabilityRequest,
        PutImageTagMutabilityResponse,
    )


def _create_demands(scope: Scope, request: CreateRepositoryRequest) -> Sequence[Demand]:
    registry, name = scope.registry(request), request["repositoryName"]
    facts = resource_tags.facts(request.get("tags", ()))
    create = Demand("ecr:CreateRepository", registry, name, facts=facts)
    return (create, Demand("ecr:TagResource", registry, name, facts=facts)) if facts else (create,)


@operation("CreateRepository", _create_demands)
async def create_repository(call: Call, request: CreateRepositoryRequest) -> CreateRepositoryResponse:
    encryption = request.get("encryptionConfiguration") or {"encryptionType": "AES256"}
    scanning = request.get("imageScanningConfiguration") or {}
    new = NewRepository(
        name=request["repositoryName"],
        tag_mutability=request.get("imageTagMutability", "MUTABLE"),
        tag_mutability_filters=_wildcards(request.get("imageTagMutabilityExclusionFilters", ())),
        scan_on_push=scanning.get("scanOnPush") or False,
        encryption_type=encryption["encryptionType"],
        kms_key=encryption.get("kmsKey"),
        tags=resource_tags.read(request.get("tags", ())),
    )
    created = await call.services.repositories.create(call.registry(request), new)
    return {"repository": present.repository(created, call.services.addresses)}


def _wildcards(filters: Sequence[ImageTagMutabilityExclusionFilter]) -> tuple[str, ...]:
    return tuple(each["filter"] for each in filters)


def _describe_demands(scope: Scope, request: DescribeRepositoriesRequest) -> Sequence[Demand]:
    registry = scope.registry(request)
    names = request.get("repositoryNames") or ["*"]
    return [Demand("ecr:DescribeRepositories", registry, name) for name in dict.fromkeys(names)]


@operation("DescribeRepositories", _describe_demands)
async def describe_repositories(call: Call, request: DescribeRepositoriesRequest) -> DescribeRepositoriesResponse:
    """The repositories of the names given, in their order, or one page of all."""
    rooms, registry = call.services, call.registry(request)
    names = request.get("repositoryNames")
    if names is not None:
        exclude(request, "repositoryNames", "repositories", "nextToken", "maxResults")
        targets = [call.admission.target(registry, name) for name in dict.fromkeys(names)]
        named = await rooms.repositories.describe(targets)
        return {"repositories": [present.repository(each, rooms.addresses) for each in named]}
    wanted = listing(call, "DescribeRepositories", request, registry)
    page = await rooms.repositories.page(registry, wanted.after, wanted.limit)
    return {
        "repositories": [present.repository(each, rooms.addresses) for each in page.items],
        "nextToken": wanted.next_token(page.after),
    }


@operation("PutImageTagMutability", on_repository("ecr:PutImageTagMutability"))
async def put_image_tag_mutability(call: Call, request: PutImageTagMutabilityRequest) -> PutImageTagMutabilityResponse:
    """Mode and filters as a whole: filters that are not given again are gone."""
    filters = _wildcards(request.get("imageTagMutabilityExclusionFilters", ()))
    target = call.target(request)
    changed = await call.services.repositories.set_tag_mutability(target, request["imageTagMutability"], filters)
    return present.tag_mutability(changed)


@operation("DeleteRepository", on_repository("ecr:DeleteRepository"))
async def delete_repository(call: Call, request: DeleteRepositoryRequest) -> DeleteRepositoryResponse:
    deleted = await call.services.repositories.delete(call.target(request), request.get("force", False))
    return {"repository": present.repository(deleted, call.services.addresses)}
