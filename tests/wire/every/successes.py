"""For every operation a request that succeeds, made of what a desk furnishes for it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.fuzz.population import lifecycle, policy

from .desk import ABSENT, Desk, digest

Request = dict[str, Any]
Make = Callable[[Desk], Request]

USER: Final = "arn:aws:iam::123456789012:user/administrator"
READ: Final = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "ecr:BatchGetImage"}
PUBLIC_READ: Final = READ | {"Action": "ecr-public:DescribeImages"}
REGISTRY_READ: Final = READ | {"Resource": "*"}


def _named(desk: Desk) -> Request:
    return {"repositoryName": desk.repository()}


def _tagged(desk: Desk) -> Request:
    repository = desk.repository()
    desk.image(repository, "v1")
    return {"repositoryName": repository, "imageIds": [{"imageTag": "v1"}]}


def _with_policy(desk: Desk) -> Request:
    request = _named(desk)
    desk("SetRepositoryPolicy", **request, policyText=_policy(desk))
    return request


def _policy(desk: Desk) -> str:
    return policy(PUBLIC_READ if desk.service == "ecr-public" else READ)


def _registry_policy(desk: Desk) -> Request:
    desk("PutRegistryPolicy", policyText=policy(REGISTRY_READ))
    return {}


def _put(desk: Desk) -> Request:
    repository = desk.repository()
    return {"repositoryName": repository, "imageManifest": desk.unput(repository), "imageTag": "v1"}


def _upload(desk: Desk) -> Request:
    request = _named(desk)
    upload = desk.part(request["repositoryName"])
    return request | {"uploadId": upload, "partFirstByte": 0, "partLastByte": 3, "layerPartBlob": b"part"}


def _complete(desk: Desk) -> Request:
    request = _named(desk)
    return request | {"uploadId": desk.part(request["repositoryName"], b"layer"), "layerDigests": [digest(b"layer")]}


def _download(desk: Desk) -> Request:
    repository = desk.repository()
    desk.image(repository, "v1")
    return {"repositoryName": repository, "layerDigest": digest(b"layer")}


def _resource(desk: Desk) -> Request:
    return {"resourceArn": desk.arn(desk.repository(tags=[{"Key": "team", "Value": "red"}]))}


def _referrers(desk: Desk) -> Request:
    return _named(desk) | {"subjectId": {"imageDigest": ABSENT}}


def template(desk: Desk) -> Request:
    """What makes a creation template that is not there yet."""
    return {"prefix": desk.name(), "appliedFor": ["CREATE_ON_PUSH"]}


def _template(desk: Desk) -> Request:
    made = template(desk)
    desk("CreateRepositoryCreationTemplate", **made)
    return {"prefix": made["prefix"]}


def _exclusion(desk: Desk) -> Request:
    """Who is not excluded yet; only who is there may be, and there is one."""
    desk.send("DeregisterPullTimeUpdateExclusion", {"principalArn": USER})
    return {"principalArn": USER}


def _excluded(desk: Desk) -> Request:
    made = _exclusion(desk)
    desk("RegisterPullTimeUpdateExclusion", **made)
    return made


def _lifecycle(desk: Desk) -> Request:
    return _named(desk) | {"lifecyclePolicyText": lifecycle()}


def _with_lifecycle(desk: Desk) -> Request:
    made = _lifecycle(desk)
    desk("PutLifecyclePolicy", **made)
    return {"repositoryName": made["repositoryName"]}


def _previewed(desk: Desk) -> Request:
    request = _with_lifecycle(desk)
    desk("StartLifecyclePolicyPreview", **request)
    return request


def _archive(desk: Desk) -> Request:
    tagged = _tagged(desk)
    return {
        "repositoryName": tagged["repositoryName"],
        "imageId": tagged["imageIds"][0],
        "targetStorageClass": "ARCHIVE",
    }


def _scan(desk: Desk) -> Request:
    tagged = _tagged(desk)
    return {"repositoryName": tagged["repositoryName"], "imageId": tagged["imageIds"][0]}


def _scanned(desk: Desk) -> Request:
    request = _scan(desk)
    desk("StartImageScan", **request)
    return request


def _catalog(desk: Desk) -> Request:
    return _named(desk) | {"catalogData": {"description": "What it is"}}


def _with_catalog(desk: Desk) -> Request:
    request = _catalog(desk)
    desk("PutRepositoryCatalogData", **request)
    return {"repositoryName": request["repositoryName"]}


_BOTH: Final[Mapping[str, Make]] = {
    "BatchCheckLayerAvailability": lambda desk: _named(desk) | {"layerDigests": [ABSENT]},
    "BatchDeleteImage": _tagged,
    "CompleteLayerUpload": _complete,
    "CreateRepository": lambda desk: {"repositoryName": desk.name()},
    "DeleteRepository": _named,
    "DeleteRepositoryPolicy": _with_policy,
    "DescribeImages": _tagged,
    "DescribeRepositories": lambda desk: {"repositoryNames": [desk.repository()]},
    "GetAuthorizationToken": lambda _: {},
    "GetRepositoryPolicy": _with_policy,
    "InitiateLayerUpload": _named,
    "ListTagsForResource": _resource,
    "PutImage": _put,
    "SetRepositoryPolicy": lambda desk: _named(desk) | {"policyText": _policy(desk)},
    "TagResource": lambda desk: _resource(desk) | {"tags": [{"Key": "stack", "Value": "blue"}]},
    "UntagResource": lambda desk: _resource(desk) | {"tagKeys": ["team"]},
    "UploadLayerPart": _upload,
}

_PRIVATE: Final[Mapping[str, Make]] = {
    "BatchGetImage": _tagged,
    "BatchGetRepositoryScanningConfiguration": lambda desk: {"repositoryNames": [desk.repository()]},
    "CreateRepositoryCreationTemplate": template,
    "DeleteLifecyclePolicy": _with_lifecycle,
    "DeleteRegistryPolicy": _registry_policy,
    "DeleteRepositoryCreationTemplate": _template,
    "DeregisterPullTimeUpdateExclusion": _excluded,
    "DescribeImageScanFindings": _scanned,
    "DescribeRegistry": lambda _: {},
    "DescribeRepositoryCreationTemplates": lambda desk: {"prefixes": [_template(desk)["prefix"]]},
    "GetAccountSetting": lambda _: {"name": "BLOB_MOUNTING"},
    "GetDownloadUrlForLayer": _download,
    "GetLifecyclePolicy": _with_lifecycle,
    "GetLifecyclePolicyPreview": _previewed,
    "GetRegistryPolicy": _registry_policy,
    "GetRegistryScanningConfiguration": lambda _: {},
    "ListImageReferrers": _referrers,
    "ListImages": _named,
    "ListPullTimeUpdateExclusions": lambda _: {},
    "PutAccountSetting": lambda _: {"name": "BLOB_MOUNTING", "value": "ENABLED"},
    "PutImageScanningConfiguration": lambda desk: _named(desk) | {"imageScanningConfiguration": {"scanOnPush": True}},
    "PutImageTagMutability": lambda desk: _named(desk) | {"imageTagMutability": "IMMUTABLE"},
    "PutLifecyclePolicy": _lifecycle,
    "PutRegistryPolicy": lambda _: {"policyText": policy(REGISTRY_READ)},
    "PutRegistryScanningConfiguration": lambda _: {"scanType": "BASIC", "rules": []},
    "RegisterPullTimeUpdateExclusion": _exclusion,
    "StartImageScan": _scan,
    "StartLifecyclePolicyPreview": _with_lifecycle,
    "UpdateImageStorageClass": _archive,
    "UpdateRepositoryCreationTemplate": lambda desk: _template(desk) | {"description": "changed"},
}

_PUBLIC: Final[Mapping[str, Make]] = {
    "DescribeImageTags": _named,
    "DescribeRegistries": lambda _: {},
    "GetRegistryCatalogData": lambda _: {},
    "GetRepositoryCatalogData": _with_catalog,
    "PutRegistryCatalogData": lambda _: {"displayName": "A publisher"},
    "PutRepositoryCatalogData": _catalog,
}

SUCCESSES: Final[Mapping[str, Mapping[str, Make]]] = {
    "ecr": {**_BOTH, **_PRIVATE},
    "ecr-public": {**_BOTH, **_PUBLIC},
}
