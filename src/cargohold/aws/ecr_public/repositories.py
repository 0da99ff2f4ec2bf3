"""Operations on public repositories: CreateRepository, DescribeRepositories, DeleteRepository."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cargohold.access.demand import Demand
from cargohold.aws.ecr.paging import exclude, listing
from cargohold.aws.ecr.resource_tags import facts, read
from cargohold.aws.ecr_public import present
from cargohold.aws.ecr_public.operation import on_repository, operation
from cargohold.aws.ecr_public.resource_tags import whole
from cargohold.aws.operation import Call, Scope
from cargohold.core.arn import Target
from cargohold.registry.repository import NewRepository

if TYPE_CHECKING:
    from cargohold.aws.shapes.ecr_public import (
        CreateRepositoryRequest,
        CreateRepositoryResponse,
        DeleteRepositoryRequest,
        DeleteRepositoryResponse,
        DescribeRepositoriesRequest,
        DescribeRepositoriesResponse,
    )


def _create_demands(scope: Scope, request: CreateRepositoryRequest) -> Sequence[Demand]:
    registry, name = scope.registry({}), request["repositoryName"]
    told = facts(whole(request.get("tags", ())))
    create = Demand("ecr-public:CreateRepository", registry, name, facts=told)
    return (create, Demand("ecr-public:TagResource", registry, name, facts=told)) if told else (create,)


@operation("CreateRepository", _create_demands)
async def create_repository(call: Call, request: CreateRepositoryRequest) -> CreateRepositoryResponse:
    """With an account's first public repository its registry gets its default alias."""
    registries, registry = call.services.public.registries, call.registry({})
    new = NewRepository(request["repositoryName"], tags=read(whole(request.get("tags", ()))))
    catalog = present.read_catalog(request["catalogData"]) if "catalogData" in request else None
    made = await registries.create(registry, new, catalog)
    publisher, addresses = await registries.publisher(registry), call.services.addresses
    said = None
    if catalog is not None:
        target = Target(registry, made.name, made.id)
        said = present.catalog(catalog, present.logo_url(target, publisher, addresses))
    return {"repository": present.repository(made, publisher, addresses), "catalogData": said}


def _describe_demands(scope: Scope, request: DescribeRepositoriesRequest) -> Sequence[Demand]:
    registry = scope.registry(request)
    names = request.get("repositoryNames") or ["*"]
    return [Demand("ecr-public:DescribeRepositories", registry, name) for name in dict.fromkeys(names)]


@operation("DescribeRepositories", _describe_demands)
async def describe_repositories(call: Call, request: DescribeRepositoriesRequest) -> DescribeRepositoriesResponse:
    """The repositories of the names given, in their order, or one page of all."""
    rooms, registry = call.services, call.registry(request)
    names, after = request.get("repositoryNames"), None
    if names is not None:
        exclude(request, "repositoryNames", "repositories", "nextToken", "maxResults")
        targets = [call.admission.target(registry, name) for name in dict.fromkeys(names)]
        found = await rooms.repositories.describe(targets)
    else:
        wanted = listing(call, "DescribeRepositories", request, registry)
        page = await rooms.repositories.page(registry, wanted.after, wanted.limit)
        found, after = list(page.items), wanted.next_token(page.after)
    publisher = await rooms.public.registries.publisher(registry)
    described = [present.repository(each, publisher, rooms.addresses) for each in found]
    return {"repositories": described, "nextToken": after}


@operation("DeleteRepository", on_repository("DeleteRepository"))
async def delete_repository(call: Call, request: DeleteRepositoryRequest) -> DeleteRepositoryResponse:
    rooms, target = call.services, call.target(request)
    deleted = await rooms.repositories.delete(target, request.get("force", False))
    publisher = await rooms.public.registries.publisher(target.registry)
    return {"repository": present.repository(deleted, publisher, rooms.addresses)}
