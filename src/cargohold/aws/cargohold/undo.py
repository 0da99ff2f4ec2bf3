"""ListDeletedImages, RestoreImage, ListDeletedRepositories, RestoreRepository: what was deleted comes back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cargohold.access.demand import Demand
from cargohold.aws.ecr.paging import listing
from cargohold.aws.operation import Call, Scope, operation

if TYPE_CHECKING:
    from cargohold.aws.shapes import cargohold as shapes
    from cargohold.registry.undo import DeletedImage, DeletedRepository


def _images_demands(scope: Scope, request: shapes.ListDeletedImagesRequest) -> Sequence[Demand]:
    return (Demand("cargohold:ListDeletedImages", scope.registry(request), request["repositoryName"]),)


@operation("ListDeletedImages", _images_demands)
async def list_deleted_images(call: Call, request: shapes.ListDeletedImagesRequest) -> shapes.ListDeletedImagesResponse:
    """One page of a repository's images that can be restored."""
    target = call.target(request)
    wanted = listing(call, "ListDeletedImages", request, target.registry, target.name)
    page = await call.services.undo.deleted_images(target, wanted.after, wanted.limit)
    return {"deletedImages": [_image(each) for each in page.items], "nextToken": wanted.next_token(page.after)}


def _restore_image_demands(scope: Scope, request: shapes.RestoreImageRequest) -> Sequence[Demand]:
    return (Demand("cargohold:RestoreImage", scope.registry(request), request["repositoryName"]),)


@operation("RestoreImage", _restore_image_demands)
async def restore_image(call: Call, request: shapes.RestoreImageRequest) -> shapes.RestoreImageResponse:
    """The image, which is there again, and what became of its tags."""
    restored = await call.services.undo.restore_image(call.target(request), request["imageDigest"])
    return {
        "imageDigest": restored.digest,
        "imageTags": list(restored.tags),
        "takenTags": list(restored.taken),
        "restoredImageDigests": [restored.digest, *restored.children] if restored.came else [],
    }


def _repositories_demands(scope: Scope, request: shapes.ListDeletedRepositoriesRequest) -> Sequence[Demand]:
    return (Demand("cargohold:ListDeletedRepositories", scope.registry(request), "*"),)


@operation("ListDeletedRepositories", _repositories_demands)
async def list_deleted_repositories(
    call: Call, request: shapes.ListDeletedRepositoriesRequest
) -> shapes.ListDeletedRepositoriesResponse:
    """One page of the registry's repositories that can be restored."""
    registry = call.registry(request)
    wanted = listing(call, "ListDeletedRepositories", request, registry)
    undo = call.services.undo
    page = await undo.deleted_repositories(registry, wanted.after, wanted.limit)
    return {
        "deletedRepositories": [_repository(each, undo.lease) for each in page.items],
        "nextToken": wanted.next_token(page.after),
    }


def _restore_repository_demands(scope: Scope, request: shapes.RestoreRepositoryRequest) -> Sequence[Demand]:
    return (Demand("cargohold:RestoreRepository", scope.registry(request), request["repositoryName"]),)


@operation("RestoreRepository", _restore_repository_demands)
async def restore_repository(call: Call, request: shapes.RestoreRepositoryRequest) -> shapes.RestoreRepositoryResponse:
    """The name of the repository, which is there again with all its images."""
    restored = await call.services.undo.restore_repository(call.registry(request), request["repositoryName"])
    return {"repositoryName": restored.name, "createdAt": restored.created_at}


def _image(of: DeletedImage) -> shapes.DeletedImage:
    return {
        "imageDigest": of.digest,
        "imageTags": list(of.tags),
        "imageManifestMediaType": of.media_type,
        "imageSizeInBytes": of.size,
        "imagePushedAt": of.pushed_at,
        "deletedAt": of.deleted_at,
        "deletedBy": of.deleted_by or None,
        "restorableUntil": of.expires_at,
    }


def _repository(of: DeletedRepository, lease: int) -> shapes.DeletedRepository:
    return {
        "repositoryName": of.name,
        "createdAt": of.created_at,
        "deletedAt": of.deleted_at,
        "restorableUntil": of.deleted_at + lease,
    }
