"""A public registry as others see it: DescribeRegistries, and what the gallery says of it and of its repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargohold.aws.ecr.paging import listing
from cargohold.aws.ecr_public import present
from cargohold.aws.ecr_public.operation import on_registry, on_repository, operation
from cargohold.aws.operation import Call

if TYPE_CHECKING:
    from cargohold.aws.shapes.ecr_public import (
        DescribeRegistriesRequest,
        DescribeRegistriesResponse,
        GetRegistryCatalogDataRequest,
        GetRegistryCatalogDataResponse,
        GetRepositoryCatalogDataRequest,
        GetRepositoryCatalogDataResponse,
        PutRegistryCatalogDataRequest,
        PutRegistryCatalogDataResponse,
        PutRepositoryCatalogDataRequest,
        PutRepositoryCatalogDataResponse,
    )


@operation("DescribeRegistries", on_registry("DescribeRegistries"))
async def describe_registries(call: Call, request: DescribeRegistriesRequest) -> DescribeRegistriesResponse:
    """The caller's one registry, without an alias before its first repository; there is never a next page."""
    registry = call.registry({})
    if listing(call, "DescribeRegistries", request, registry).after is not None:
        return {"registries": []}
    publisher = await call.services.public.registries.publisher(registry)
    return {"registries": [present.registry(registry, publisher, call.services.addresses)]}


@operation("GetRegistryCatalogData", on_registry("GetRegistryCatalogData"))
async def get_registry_catalog_data(call: Call, _: GetRegistryCatalogDataRequest) -> GetRegistryCatalogDataResponse:
    name = await call.services.public.registries.display_name(call.registry({}))
    return {"registryCatalogData": {"displayName": name}}


@operation("PutRegistryCatalogData", on_registry("PutRegistryCatalogData"))
async def put_registry_catalog_data(
    call: Call, request: PutRegistryCatalogDataRequest
) -> PutRegistryCatalogDataResponse:
    """The name that the gallery shows; without one the registry has none any more."""
    registries, registry = call.services.public.registries, call.registry({})
    await registries.set_display_name(registry, request.get("displayName", ""))
    return {"registryCatalogData": {"displayName": await registries.display_name(registry)}}


@operation("GetRepositoryCatalogData", on_repository("GetRepositoryCatalogData"))
async def get_repository_catalog_data(
    call: Call, request: GetRepositoryCatalogDataRequest
) -> GetRepositoryCatalogDataResponse:
    rooms, target = call.services, call.target(request)
    said = await rooms.public.registries.catalog(target)
    publisher = await rooms.public.registries.publisher(target.registry)
    return {"catalogData": present.catalog(said, present.logo_url(target, publisher, rooms.addresses))}


@operation("PutRepositoryCatalogData", on_repository("PutRepositoryCatalogData"))
async def put_repository_catalog_data(
    call: Call, request: PutRepositoryCatalogDataRequest
) -> PutRepositoryCatalogDataResponse:
    """As a whole: what is not said again is gone."""
    rooms, target = call.services, call.target(request)
    said = present.read_catalog(request["catalogData"])
    await rooms.public.registries.set_catalog(target, said)
    publisher = await rooms.public.registries.publisher(target.registry)
    return {"catalogData": present.catalog(said, present.logo_url(target, publisher, rooms.addresses))}
