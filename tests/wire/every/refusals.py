"""For every error that an operation's model declares, a request that meets it, or the reason why none can."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from cargohold.aws import model

from .desk import ABSENT, CONFIG, INDEX, MANIFEST, Desk, digest
from .successes import SUCCESSES, Request

Refusal = Callable[[Desk, str], Request]
"""From a desk and an operation's name to a request that must be refused."""

TAGS: Final = [{"Key": f"k{number}", "Value": ""} for number in range(51)]
NO_UPLOAD: Final = "00000000-0000-4000-8000-000000000000"
KMS: Final = {"encryptionConfiguration": {"encryptionType": "KMS"}}


def success(desk: Desk, operation: str) -> Request:
    return SUCCESSES[desk.service][operation](desk)


def _invalid(desk: Desk, operation: str) -> Request:
    """A member that is required is not there; or, where none is, what may not be."""
    known = model.load(desk.service)
    shape: Mapping[str, Any] = known.shapes[known.operations[operation].input or ""]
    required = shape.get("required", ())
    if required:
        request = success(desk, operation)
        return {member: value for member, value in request.items() if member != required[0]}
    return next(bad for member, bad in _BAD.items() if member in shape["members"])


_BAD: Final[Mapping[str, Request]] = {
    "registryIds": {"registryIds": ["none"]},
    "maxResults": {"maxResults": 0},
    "displayName": {"displayName": "a" * 101},
    "scanType": {"scanType": "OTHER"},
}


def _absent(desk: Desk, operation: str) -> Request:
    """The same request of a repository that is not there."""
    request = success(desk, operation)
    if "resourceArn" in request:
        return request | {"resourceArn": desk.arn("absent")}
    if "repositoryNames" in request:
        return {"repositoryNames": ["absent"]}
    return request | {"repositoryName": "absent"}


def _again(desk: Desk, operation: str) -> Request:
    """What was done already."""
    request = success(desk, operation)
    desk(operation, **request)
    return request


def _without(operation_before: str) -> Refusal:
    """What another operation takes away before."""

    def make(desk: Desk, operation: str) -> Request:
        request = success(desk, operation)
        named = {"repositoryName": request["repositoryName"]} if "repositoryName" in request else {}
        desk(operation_before, **named)
        return request

    return make


def _bare(desk: Desk, _: str) -> Request:
    return {"repositoryName": desk.repository()}


def _held(desk: Desk, _: str) -> Request:
    return {"repositoryName": desk.images(1)}


def _no_registry(desk: Desk, operation: str) -> Request:
    return success(desk, operation) | {"registryId": "nobodys-alias"}


def _upload_gone(desk: Desk, operation: str) -> Request:
    return success(desk, operation) | {"uploadId": NO_UPLOAD}


def _complete(*parts: bytes, expected: bytes = b"layer") -> Refusal:
    def make(desk: Desk, _: str) -> Request:
        repository = desk.repository()
        upload = desk.part(repository, *parts)
        return {"repositoryName": repository, "uploadId": upload, "layerDigests": [digest(expected)]}

    return make


def _layer_there(desk: Desk, _: str) -> Request:
    repository = desk.repository()
    desk.layer(repository, b"layer")
    upload = desk.part(repository, b"layer")
    return {"repositoryName": repository, "uploadId": upload, "layerDigests": [digest(b"layer")]}


def _gap(desk: Desk, operation: str) -> Request:
    return success(desk, operation) | {"partFirstByte": 7, "partLastByte": 10}


def _no_layer(desk: Desk, operation: str) -> Request:
    return success(desk, operation) | {"layerDigest": ABSENT}


def _unused_layer(desk: Desk, _: str) -> Request:
    repository = desk.repository()
    return {"repositoryName": repository, "layerDigest": desk.layer(repository, b"layer")}


def _tag_taken(desk: Desk, _: str) -> Request:
    repository = desk.repository(imageTagMutability="IMMUTABLE")
    desk.image(repository, "v1")
    return {"repositoryName": repository, "imageManifest": desk.unput(repository, b"other"), "imageTag": "v1"}


def _wrong_digest(desk: Desk, operation: str) -> Request:
    return success(desk, operation) | {"imageDigest": ABSENT}


def _layers_missing(desk: Desk, operation: str) -> Request:
    return success(desk, operation) | {"repositoryName": desk.repository()}


def _children_missing(desk: Desk, _: str) -> Request:
    child = {"mediaType": MANIFEST, "digest": ABSENT, "size": len(CONFIG)}
    text = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [child]})
    return {"repositoryName": desk.repository(), "imageManifest": text}


def _too_many_tags(desk: Desk, operation: str) -> Request:
    return success(desk, operation) | {"tags": TAGS}


def _bad_tag(desk: Desk, operation: str) -> Request:
    return success(desk, operation) | {"tags": [{"Key": "aws:reserved", "Value": ""}]}


def _bad_tag_key(desk: Desk, operation: str) -> Request:
    return success(desk, operation) | {"tagKeys": ["aws:reserved"]}


def _kms(desk: Desk, operation: str) -> Request:
    return success(desk, operation) | KMS


def _no_preview(desk: Desk, operation: str) -> Request:
    return {"repositoryName": success(desk, "GetLifecyclePolicy")["repositoryName"]}


def _is_standard(desk: Desk, operation: str) -> Request:
    return success(desk, operation) | {"targetStorageClass": "STANDARD"}


def _never_scanned(desk: Desk, _: str) -> Request:
    return success(desk, "StartImageScan")


def _archived(desk: Desk, _: str) -> Request:
    request = success(desk, "UpdateImageStorageClass")
    desk("UpdateImageStorageClass", **request)
    return {member: value for member, value in request.items() if member != "targetStorageClass"}


def _index(desk: Desk, _: str) -> Request:
    """An image that has no layers of its own."""
    repository = desk.repository()
    text = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": []})
    desk("PutImage", repositoryName=repository, imageManifest=text, imageTag="v1")
    return {"repositoryName": repository, "imageId": {"imageTag": "v1"}}


def _missing_image(desk: Desk, operation: str) -> Request:
    request = success(desk, operation)
    gone = {"imageTag": "gone"}
    return request | ({"imageId": gone} if "imageId" in request else {"imageIds": [gone]})


REFUSALS: Final[Mapping[str, Refusal | Mapping[str, Refusal]]] = {
    "InvalidParameterException": _invalid,
    "RepositoryNotFoundException": _absent,
    "EmptyUploadException": _complete(),
    "ExclusionAlreadyExistsException": _again,
    "ExclusionNotFoundException": _again,
    "ImageAlreadyExistsException": _again,
    "ImageArchivedException": _archived,
    "ImageDigestDoesNotMatchException": _wrong_digest,
    "ImageNotFoundException": _missing_image,
    "ImageTagAlreadyExistsException": _tag_taken,
    "ImageStorageClassUpdateNotSupportedException": _is_standard,
    "InvalidLayerException": _complete(b"other"),
    "InvalidLayerPartException": _gap,
    "InvalidTagParameterException": {
        "CreateRepository": _bad_tag,
        "TagResource": _bad_tag,
        "UntagResource": _bad_tag_key,
    },
    "KmsException": {"CreateRepository": _kms},
    "LayerAlreadyExistsException": _layer_there,
    "LayerInaccessibleException": _unused_layer,
    "LayerPartTooSmallException": _complete(b"lay", b"er"),
    "LayersNotFoundException": {"GetDownloadUrlForLayer": _no_layer, "PutImage": _layers_missing},
    "LimitExceededException": {"StartImageScan": _again},
    "LifecyclePolicyNotFoundException": _bare,
    "LifecyclePolicyPreviewInProgressException": _again,
    "LifecyclePolicyPreviewNotFoundException": _no_preview,
    "ReferencedImagesNotFoundException": _children_missing,
    "RegistryNotFoundException": _no_registry,
    "RegistryPolicyNotFoundException": _without("DeleteRegistryPolicy"),
    "RepositoryAlreadyExistsException": _again,
    "RepositoryCatalogDataNotFoundException": _bare,
    "RepositoryNotEmptyException": _held,
    "RepositoryPolicyNotFoundException": _bare,
    "ScanNotFoundException": _never_scanned,
    "TemplateAlreadyExistsException": _again,
    "TemplateNotFoundException": lambda desk, operation: success(desk, operation) | {"prefix": "absent"},
    "TooManyTagsException": {"CreateRepository": _too_many_tags, "TagResource": _too_many_tags},
    "UnsupportedImageTypeException": _index,
    "UploadNotFoundException": _upload_gone,
}
"""By error; a table by operation where each meets it in its own way."""

UNREACHABLE: Final[Mapping[str, str | Mapping[str, str]]] = {
    "ServerException": "a fault of ours: tests/house holds how one is told",
    "ValidationException": "what breaks the model is InvalidParameterException at every operation of ECR's; under "
    "enhanced scanning StartImageScan: test_ecr_scanning",
    "BlockedByOrganizationPolicyException": "no organisation's policy stands above a deployment",
    "UnableToGetUpstreamImageException": "until there are pull-through caches",
    "UnableToGetUpstreamLayerException": "until there are pull-through caches",
    "UnableToListUpstreamImageReferrersException": "until there are pull-through caches",
    "KmsException": "until repositories may be encrypted with a key of KMS, only making one can be refused for it",
    "RepositoryNotFoundException": {
        "BatchGetRepositoryScanningConfiguration": "a repository that is not there is among the failures"
    },
    "TooManyTagsException": {"UntagResource": "fewer tags are never too many"},
    "ImageTagAlreadyExistsException": {"ecr-public:PutImage": "tags of public repositories always move"},
    "InvalidParameterException": dict.fromkeys(
        (
            "DeleteRegistryPolicy",
            "DescribeRegistry",
            "GetRegistryPolicy",
            "GetRegistryScanningConfiguration",
            "ecr-public:GetAuthorizationToken",
        ),
        "no member may be given",
    ),
    "LimitExceededException": {
        "BatchGetImage": "ECR's limit of upstream images; there are no pull-through caches yet",
        "DeregisterPullTimeUpdateExclusion": "fewer exclusions are never too many",
        "ListPullTimeUpdateExclusions": "a list has no limit but its pages",
        "PutAccountSetting": "there is one value for each of three settings",
    },
}
"""By error, or by error and operation; with the service before it where the other one meets it."""


def _one_repository_more(desk: Desk, _: str) -> Request:
    """A name that is new, after as many as there may be."""
    while desk.send("CreateRepository", {"repositoryName": desk.name()}).status == 200:
        pass
    return {"repositoryName": desk.name()}


def _one_part_more(desk: Desk, operation: str) -> Request:
    """The part behind the only one that there may be."""
    desk(operation, **(request := success(desk, operation)))
    return request | {"partFirstByte": 4, "partLastByte": 7}


CRAMPED: Final[Mapping[str, Refusal]] = {
    "CreateRepository": _one_repository_more,
    "CreateRepositoryCreationTemplate": success,
    "PutImage": success,
    "RegisterPullTimeUpdateExclusion": success,
    "UploadLayerPart": _one_part_more,
}
"""LimitExceededException, where there is room for next to nothing."""
