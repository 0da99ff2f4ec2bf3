"""Every operation succeeds, with what its model requires of an answer; and what asking again does."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from cargohold.aws import model
from cargohold.aws.served import OPERATIONS
from tests.bed.place import Place

from .desk import Desk
from .successes import SUCCESSES

SERVICES: Final = [service for service in ("ecr", "ecr-public") if service in OPERATIONS]
EVERY: Final = [(service, operation.name) for service in SERVICES for operation in OPERATIONS[service]]

GIVES_ANOTHER: Final = {
    "GetAuthorizationToken": {"authorizationData"},
    "GetDownloadUrlForLayer": {"downloadUrl"},
    "InitiateLayerUpload": {"uploadId"},
}
"""Operations that give something new each time, by the members that have it."""

AGAIN: Final[Mapping[str, str]] = {
    "CompleteLayerUpload": "UploadNotFoundException",
    "CreateRepository": "RepositoryAlreadyExistsException",
    "CreateRepositoryCreationTemplate": "TemplateAlreadyExistsException",
    "DeleteLifecyclePolicy": "LifecyclePolicyNotFoundException",
    "DeleteRegistryPolicy": "RegistryPolicyNotFoundException",
    "DeleteRepository": "RepositoryNotFoundException",
    "DeleteRepositoryCreationTemplate": "TemplateNotFoundException",
    "DeleteRepositoryPolicy": "RepositoryPolicyNotFoundException",
    "DeregisterPullTimeUpdateExclusion": "ExclusionNotFoundException",
    "PutImage": "ImageAlreadyExistsException",
    "RegisterPullTimeUpdateExclusion": "ExclusionAlreadyExistsException",
    "StartImageScan": "LimitExceededException",
    "StartLifecyclePolicyPreview": "LifecyclePolicyPreviewInProgressException",
    "UpdateImageStorageClass": "ImageStorageClassUpdateNotSupportedException",
    "UploadLayerPart": "InvalidLayerPartException",
}
"""Operations that are not idempotent, and what they say the second time. All others answer as before."""

CHANGES: Final = {"BatchDeleteImage": {"imageIds", "failures"}, "UpdateRepositoryCreationTemplate": {"updatedAt"}}
"""What the second answer of an idempotent operation says otherwise: an image that is gone is among the failures."""


@pytest.mark.parametrize(("service", "operation"), EVERY)
def test_every_operation_succeeds(place: Place, service: str, operation: str) -> None:
    """The answer has only members that its model knows, and those that the model requires."""
    desk, known = Desk(place, service), model.load(service)
    answer = desk(operation, **SUCCESSES[service][operation](desk))
    shape: Mapping[str, Any] = known.shapes[known.operations[operation].output or ""]
    assert set(shape.get("required", ())) <= set(answer) <= set(shape["members"])


@pytest.mark.parametrize(("service", "operation"), EVERY)
def test_every_operation_asked_again(place: Place, service: str, operation: str) -> None:
    """The same request a second time is answered as the first, or refused in the one way that the table names."""
    desk = Desk(place, service)
    request = SUCCESSES[service][operation](desk)
    first = desk(operation, **request)
    if operation in AGAIN:
        assert desk.refused(operation, request)[0] == AGAIN[operation]
        return
    new = GIVES_ANOTHER.get(operation, set()) | CHANGES.get(operation, set())
    assert without(desk(operation, **request), new) == without(first, new)


def without(value: Any, members: set[str]) -> Any:
    """An answer, or a part of one, without these members."""
    if isinstance(value, list):
        return [without(item, members) for item in value]
    if isinstance(value, dict):
        return {name: without(item, members) for name, item in value.items() if name not in members}
    return value
