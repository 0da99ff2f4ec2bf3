"""Amazon Elastic Container Registry Public, API version 2020-10-30: requests and answers as they are once decoded.

Written by tools/generate_shapes.py from botocore 1.44.5; do not edit. Timestamps are epoch milliseconds, blobs
are bytes. Where a member of an answer may be None, None leaves it out.
"""

from __future__ import annotations

from typing import NotRequired, TypeAlias, TypedDict

# InvalidImageDigest InvalidImageTag ImageTagDoesNotMatchDigest ImageNotFound MissingDigestAndTag
# ImageReferencedByManifestList KmsError
ImageFailureCode: TypeAlias = str
# AVAILABLE UNAVAILABLE
LayerAvailability: TypeAlias = str
# InvalidLayerDigest MissingLayerDigest
LayerFailureCode: TypeAlias = str
# ACTIVE PENDING REJECTED
RegistryAliasStatus: TypeAlias = str


class AuthorizationData(TypedDict):
    authorizationToken: NotRequired[str | None]
    expiresAt: NotRequired[int | None]


class BatchCheckLayerAvailabilityRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    layerDigests: list[str]


class BatchCheckLayerAvailabilityResponse(TypedDict):
    layers: NotRequired[list[Layer] | None]
    failures: NotRequired[list[LayerFailure] | None]


class BatchDeleteImageRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    imageIds: list[ImageIdentifier]


class BatchDeleteImageResponse(TypedDict):
    imageIds: NotRequired[list[ImageIdentifier] | None]
    failures: NotRequired[list[ImageFailure] | None]


class CompleteLayerUploadRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    uploadId: str
    layerDigests: list[str]


class CompleteLayerUploadResponse(TypedDict):
    registryId: NotRequired[str | None]
    repositoryName: NotRequired[str | None]
    uploadId: NotRequired[str | None]
    layerDigest: NotRequired[str | None]


class CreateRepositoryRequest(TypedDict):
    repositoryName: str
    catalogData: NotRequired[RepositoryCatalogDataInput]
    tags: NotRequired[list[Tag]]


class CreateRepositoryResponse(TypedDict):
    repository: NotRequired[Repository | None]
    catalogData: NotRequired[RepositoryCatalogData | None]


class DeleteRepositoryPolicyRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str


class DeleteRepositoryPolicyResponse(TypedDict):
    registryId: NotRequired[str | None]
    repositoryName: NotRequired[str | None]
    policyText: NotRequired[str | None]


class DeleteRepositoryRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    force: NotRequired[bool]


class DeleteRepositoryResponse(TypedDict):
    repository: NotRequired[Repository | None]


class DescribeImageTagsRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    nextToken: NotRequired[str]
    maxResults: NotRequired[int]


class DescribeImageTagsResponse(TypedDict):
    imageTagDetails: NotRequired[list[ImageTagDetail] | None]
    nextToken: NotRequired[str | None]


class DescribeImagesRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    imageIds: NotRequired[list[ImageIdentifier]]
    nextToken: NotRequired[str]
    maxResults: NotRequired[int]


class DescribeImagesResponse(TypedDict):
    imageDetails: NotRequired[list[ImageDetail] | None]
    nextToken: NotRequired[str | None]


class DescribeRegistriesRequest(TypedDict):
    nextToken: NotRequired[str]
    maxResults: NotRequired[int]


class DescribeRegistriesResponse(TypedDict):
    registries: list[Registry]
    nextToken: NotRequired[str | None]


class DescribeRepositoriesRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryNames: NotRequired[list[str]]
    nextToken: NotRequired[str]
    maxResults: NotRequired[int]


class DescribeRepositoriesResponse(TypedDict):
    repositories: NotRequired[list[Repository] | None]
    nextToken: NotRequired[str | None]


class GetAuthorizationTokenRequest(TypedDict):
    pass


class GetAuthorizationTokenResponse(TypedDict):
    authorizationData: NotRequired[AuthorizationData | None]


class GetRegistryCatalogDataRequest(TypedDict):
    pass


class GetRegistryCatalogDataResponse(TypedDict):
    registryCatalogData: RegistryCatalogData


class GetRepositoryCatalogDataRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str


class GetRepositoryCatalogDataResponse(TypedDict):
    catalogData: NotRequired[RepositoryCatalogData | None]


class GetRepositoryPolicyRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str


class GetRepositoryPolicyResponse(TypedDict):
    registryId: NotRequired[str | None]
    repositoryName: NotRequired[str | None]
    policyText: NotRequired[str | None]


class Image(TypedDict):
    registryId: NotRequired[str | None]
    repositoryName: NotRequired[str | None]
    imageId: NotRequired[ImageIdentifier | None]
    imageManifest: NotRequired[str | None]
    imageManifestMediaType: NotRequired[str | None]


class ImageDetail(TypedDict):
    registryId: NotRequired[str | None]
    repositoryName: NotRequired[str | None]
    imageDigest: NotRequired[str | None]
    imageTags: NotRequired[list[str] | None]
    imageSizeInBytes: NotRequired[int | None]
    imagePushedAt: NotRequired[int | None]
    imageManifestMediaType: NotRequired[str | None]
    artifactMediaType: NotRequired[str | None]


class ImageFailure(TypedDict):
    imageId: NotRequired[ImageIdentifier | None]
    failureCode: NotRequired[ImageFailureCode | None]
    failureReason: NotRequired[str | None]


class ImageIdentifier(TypedDict):
    imageDigest: NotRequired[str | None]
    imageTag: NotRequired[str | None]


class ImageTagDetail(TypedDict):
    imageTag: NotRequired[str | None]
    createdAt: NotRequired[int | None]
    imageDetail: NotRequired[ReferencedImageDetail | None]


class InitiateLayerUploadRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str


class InitiateLayerUploadResponse(TypedDict):
    uploadId: NotRequired[str | None]
    partSize: NotRequired[int | None]


class Layer(TypedDict):
    layerDigest: NotRequired[str | None]
    layerAvailability: NotRequired[LayerAvailability | None]
    layerSize: NotRequired[int | None]
    mediaType: NotRequired[str | None]


class LayerFailure(TypedDict):
    layerDigest: NotRequired[str | None]
    failureCode: NotRequired[LayerFailureCode | None]
    failureReason: NotRequired[str | None]


class ListTagsForResourceRequest(TypedDict):
    resourceArn: str


class ListTagsForResourceResponse(TypedDict):
    tags: NotRequired[list[Tag] | None]


class PutImageRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    imageManifest: str
    imageManifestMediaType: NotRequired[str]
    imageTag: NotRequired[str]
    imageDigest: NotRequired[str]


class PutImageResponse(TypedDict):
    image: NotRequired[Image | None]


class PutRegistryCatalogDataRequest(TypedDict):
    displayName: NotRequired[str]


class PutRegistryCatalogDataResponse(TypedDict):
    registryCatalogData: RegistryCatalogData


class PutRepositoryCatalogDataRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    catalogData: RepositoryCatalogDataInput


class PutRepositoryCatalogDataResponse(TypedDict):
    catalogData: NotRequired[RepositoryCatalogData | None]


class ReferencedImageDetail(TypedDict):
    imageDigest: NotRequired[str | None]
    imageSizeInBytes: NotRequired[int | None]
    imagePushedAt: NotRequired[int | None]
    imageManifestMediaType: NotRequired[str | None]
    artifactMediaType: NotRequired[str | None]


class Registry(TypedDict):
    registryId: str
    registryArn: str
    registryUri: str
    verified: bool
    aliases: list[RegistryAlias]


class RegistryAlias(TypedDict):
    name: str
    status: RegistryAliasStatus
    primaryRegistryAlias: bool
    defaultRegistryAlias: bool


class RegistryCatalogData(TypedDict):
    displayName: NotRequired[str | None]


class Repository(TypedDict):
    repositoryArn: NotRequired[str | None]
    registryId: NotRequired[str | None]
    repositoryName: NotRequired[str | None]
    repositoryUri: NotRequired[str | None]
    createdAt: NotRequired[int | None]


class RepositoryCatalogData(TypedDict):
    description: NotRequired[str | None]
    architectures: NotRequired[list[str] | None]
    operatingSystems: NotRequired[list[str] | None]
    logoUrl: NotRequired[str | None]
    aboutText: NotRequired[str | None]
    usageText: NotRequired[str | None]
    marketplaceCertified: NotRequired[bool | None]


class RepositoryCatalogDataInput(TypedDict):
    description: NotRequired[str]
    architectures: NotRequired[list[str]]
    operatingSystems: NotRequired[list[str]]
    logoImageBlob: NotRequired[bytes]
    aboutText: NotRequired[str]
    usageText: NotRequired[str]


class SetRepositoryPolicyRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    policyText: str
    force: NotRequired[bool]


class SetRepositoryPolicyResponse(TypedDict):
    registryId: NotRequired[str | None]
    repositoryName: NotRequired[str | None]
    policyText: NotRequired[str | None]


class Tag(TypedDict):
    Key: NotRequired[str | None]
    Value: NotRequired[str | None]


class TagResourceRequest(TypedDict):
    resourceArn: str
    tags: list[Tag]


class TagResourceResponse(TypedDict):
    pass


class UntagResourceRequest(TypedDict):
    resourceArn: str
    tagKeys: list[str]


class UntagResourceResponse(TypedDict):
    pass


class UploadLayerPartRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    uploadId: str
    partFirstByte: int
    partLastByte: int
    layerPartBlob: bytes


class UploadLayerPartResponse(TypedDict):
    registryId: NotRequired[str | None]
    repositoryName: NotRequired[str | None]
    uploadId: NotRequired[str | None]
    lastByteReceived: NotRequired[int | None]
