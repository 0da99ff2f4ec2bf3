"""Amazon Elastic Container Registry, API version 2015-09-21: requests and answers as they are once decoded.

Written by tools/generate_shapes.py from botocore 1.44.5; do not edit. Timestamps are epoch milliseconds, blobs
are bytes. Where a member of an answer may be None, None leaves it out.
"""

from __future__ import annotations

from typing import NotRequired, TypeAlias, TypedDict

# ACTIVE ARCHIVED ACTIVATING
ArtifactStatus: TypeAlias = str
# ACTIVE ARCHIVED ACTIVATING ANY
ArtifactStatusFilter: TypeAlias = str
# AES256 KMS KMS_DSSE
EncryptionType: TypeAlias = str
# INFORMATIONAL LOW MEDIUM HIGH CRITICAL UNDEFINED
FindingSeverity: TypeAlias = str
# EXPIRE TRANSITION
ImageActionType: TypeAlias = str
# InvalidImageDigest InvalidImageTag ImageTagDoesNotMatchDigest ImageNotFound MissingDigestAndTag
# ImageReferencedByManifestList KmsError UpstreamAccessDenied UpstreamTooManyRequests UpstreamUnavailable
# ImageInaccessible
ImageFailureCode: TypeAlias = str
# ACTIVE ARCHIVED ACTIVATING
ImageStatus: TypeAlias = str
# ACTIVE ARCHIVED ACTIVATING ANY
ImageStatusFilter: TypeAlias = str
# MUTABLE IMMUTABLE IMMUTABLE_WITH_EXCLUSION MUTABLE_WITH_EXCLUSION
ImageTagMutability: TypeAlias = str
# WILDCARD
ImageTagMutabilityExclusionFilterType: TypeAlias = str
# AVAILABLE UNAVAILABLE ARCHIVED
LayerAvailability: TypeAlias = str
# InvalidLayerDigest MissingLayerDigest
LayerFailureCode: TypeAlias = str
# IN_PROGRESS COMPLETE EXPIRED FAILED
LifecyclePolicyPreviewStatus: TypeAlias = str
# ARCHIVE STANDARD
LifecyclePolicyStorageClass: TypeAlias = str
# ARCHIVE
LifecyclePolicyTargetStorageClass: TypeAlias = str
# REPLICATION PULL_THROUGH_CACHE CREATE_ON_PUSH
RCTAppliedFor: TypeAlias = str
# COMPLETE FAILED
ReplicationBackfillResultStatus: TypeAlias = str
# PREPARING IN_PROGRESS COMPLETE FAILED STOPPING STOPPED
ReplicationBackfillStatus: TypeAlias = str
# IN_PROGRESS COMPLETE FAILED
ReplicationStatus: TypeAlias = str
# PREFIX_MATCH
RepositoryFilterType: TypeAlias = str
# SCAN_ON_PUSH CONTINUOUS_SCAN MANUAL
ScanFrequency: TypeAlias = str
# IN_PROGRESS COMPLETE FAILED UNSUPPORTED_IMAGE ACTIVE PENDING SCAN_ELIGIBILITY_EXPIRED FINDINGS_UNAVAILABLE
# LIMIT_EXCEEDED IMAGE_ARCHIVED IMAGE_SIZE_EXCEEDED
ScanStatus: TypeAlias = str
# BASIC ENHANCED
ScanType: TypeAlias = str
# REPOSITORY_NOT_FOUND
ScanningConfigurationFailureCode: TypeAlias = str
# WILDCARD
ScanningRepositoryFilterType: TypeAlias = str
# WILDCARD_MATCH
SigningRepositoryFilterType: TypeAlias = str
# IN_PROGRESS COMPLETE FAILED
SigningStatus: TypeAlias = str
# TAGGED UNTAGGED ANY
TagStatus: TypeAlias = str
# STANDARD ARCHIVE
TargetStorageClass: TypeAlias = str
# ecr ecr-public quay k8s docker-hub github-container-registry azure-container-registry gitlab-container-registry
# chainguard
UpstreamRegistry: TypeAlias = str


class Attribute(TypedDict):
    key: str
    value: NotRequired[str | None]


class AuthorizationData(TypedDict):
    authorizationToken: NotRequired[str | None]
    expiresAt: NotRequired[int | None]
    proxyEndpoint: NotRequired[str | None]


class AwsEcrContainerImageDetails(TypedDict):
    architecture: NotRequired[str | None]
    author: NotRequired[str | None]
    imageHash: NotRequired[str | None]
    imageTags: NotRequired[list[str] | None]
    platform: NotRequired[str | None]
    pushedAt: NotRequired[int | None]
    lastInUseAt: NotRequired[int | None]
    inUseCount: NotRequired[int | None]
    registry: NotRequired[str | None]
    repositoryName: NotRequired[str | None]


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


class BatchGetImageRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    imageIds: list[ImageIdentifier]
    acceptedMediaTypes: NotRequired[list[str]]


class BatchGetImageResponse(TypedDict):
    images: NotRequired[list[Image] | None]
    failures: NotRequired[list[ImageFailure] | None]


class BatchGetRepositoryScanningConfigurationRequest(TypedDict):
    repositoryNames: list[str]


class BatchGetRepositoryScanningConfigurationResponse(TypedDict):
    scanningConfigurations: NotRequired[list[RepositoryScanningConfiguration] | None]
    failures: NotRequired[list[RepositoryScanningConfigurationFailure] | None]


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


class CreatePullThroughCacheRuleRequest(TypedDict):
    ecrRepositoryPrefix: str
    upstreamRegistryUrl: str
    registryId: NotRequired[str]
    upstreamRegistry: NotRequired[UpstreamRegistry]
    credentialArn: NotRequired[str]
    customRoleArn: NotRequired[str]
    upstreamRepositoryPrefix: NotRequired[str]


class CreatePullThroughCacheRuleResponse(TypedDict):
    ecrRepositoryPrefix: NotRequired[str | None]
    upstreamRegistryUrl: NotRequired[str | None]
    createdAt: NotRequired[int | None]
    registryId: NotRequired[str | None]
    upstreamRegistry: NotRequired[UpstreamRegistry | None]
    credentialArn: NotRequired[str | None]
    customRoleArn: NotRequired[str | None]
    upstreamRepositoryPrefix: NotRequired[str | None]


class CreateRepositoryCreationTemplateRequest(TypedDict):
    prefix: str
    description: NotRequired[str]
    encryptionConfiguration: NotRequired[EncryptionConfigurationForRepositoryCreationTemplate]
    resourceTags: NotRequired[list[Tag]]
    imageTagMutability: NotRequired[ImageTagMutability]
    imageTagMutabilityExclusionFilters: NotRequired[list[ImageTagMutabilityExclusionFilter]]
    repositoryPolicy: NotRequired[str]
    lifecyclePolicy: NotRequired[str]
    appliedFor: list[RCTAppliedFor]
    customRoleArn: NotRequired[str]


class CreateRepositoryCreationTemplateResponse(TypedDict):
    registryId: NotRequired[str | None]
    repositoryCreationTemplate: NotRequired[RepositoryCreationTemplate | None]


class CreateRepositoryRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    tags: NotRequired[list[Tag]]
    imageTagMutability: NotRequired[ImageTagMutability]
    imageTagMutabilityExclusionFilters: NotRequired[list[ImageTagMutabilityExclusionFilter]]
    imageScanningConfiguration: NotRequired[ImageScanningConfiguration]
    encryptionConfiguration: NotRequired[EncryptionConfiguration]


class CreateRepositoryResponse(TypedDict):
    repository: NotRequired[Repository | None]


class CvssScore(TypedDict):
    baseScore: NotRequired[float | None]
    scoringVector: NotRequired[str | None]
    source: NotRequired[str | None]
    version: NotRequired[str | None]


class CvssScoreAdjustment(TypedDict):
    metric: NotRequired[str | None]
    reason: NotRequired[str | None]


class CvssScoreDetails(TypedDict):
    adjustments: NotRequired[list[CvssScoreAdjustment] | None]
    score: NotRequired[float | None]
    scoreSource: NotRequired[str | None]
    scoringVector: NotRequired[str | None]
    version: NotRequired[str | None]


class DeleteLifecyclePolicyRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str


class DeleteLifecyclePolicyResponse(TypedDict):
    registryId: NotRequired[str | None]
    repositoryName: NotRequired[str | None]
    lifecyclePolicyText: NotRequired[str | None]
    lastEvaluatedAt: NotRequired[int | None]


class DeletePullThroughCacheRuleRequest(TypedDict):
    ecrRepositoryPrefix: str
    registryId: NotRequired[str]


class DeletePullThroughCacheRuleResponse(TypedDict):
    ecrRepositoryPrefix: NotRequired[str | None]
    upstreamRegistryUrl: NotRequired[str | None]
    createdAt: NotRequired[int | None]
    registryId: NotRequired[str | None]
    credentialArn: NotRequired[str | None]
    customRoleArn: NotRequired[str | None]
    upstreamRepositoryPrefix: NotRequired[str | None]


class DeleteRegistryPolicyRequest(TypedDict):
    pass


class DeleteRegistryPolicyResponse(TypedDict):
    registryId: NotRequired[str | None]
    policyText: NotRequired[str | None]


class DeleteReplication(TypedDict):
    enabled: bool


class DeleteRepositoryCreationTemplateRequest(TypedDict):
    prefix: str


class DeleteRepositoryCreationTemplateResponse(TypedDict):
    registryId: NotRequired[str | None]
    repositoryCreationTemplate: NotRequired[RepositoryCreationTemplate | None]


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


class DeleteSigningConfigurationRequest(TypedDict):
    pass


class DeleteSigningConfigurationResponse(TypedDict):
    registryId: NotRequired[str | None]
    signingConfiguration: NotRequired[SigningConfiguration | None]


class DeregisterPullTimeUpdateExclusionRequest(TypedDict):
    principalArn: str


class DeregisterPullTimeUpdateExclusionResponse(TypedDict):
    principalArn: NotRequired[str | None]


class DescribeImageReplicationStatusRequest(TypedDict):
    repositoryName: str
    imageId: ImageIdentifier
    registryId: NotRequired[str]


class DescribeImageReplicationStatusResponse(TypedDict):
    repositoryName: NotRequired[str | None]
    imageId: NotRequired[ImageIdentifier | None]
    replicationStatuses: NotRequired[list[ImageReplicationStatus] | None]


class DescribeImageScanFindingsRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    imageId: ImageIdentifier
    nextToken: NotRequired[str]
    maxResults: NotRequired[int]


class DescribeImageScanFindingsResponse(TypedDict):
    registryId: NotRequired[str | None]
    repositoryName: NotRequired[str | None]
    imageId: NotRequired[ImageIdentifier | None]
    imageScanStatus: NotRequired[ImageScanStatus | None]
    imageScanFindings: NotRequired[ImageScanFindings | None]
    nextToken: NotRequired[str | None]


class DescribeImageSigningStatusRequest(TypedDict):
    repositoryName: str
    imageId: ImageIdentifier
    registryId: NotRequired[str]


class DescribeImageSigningStatusResponse(TypedDict):
    repositoryName: NotRequired[str | None]
    imageId: NotRequired[ImageIdentifier | None]
    registryId: NotRequired[str | None]
    signingStatuses: NotRequired[list[ImageSigningStatus] | None]


class DescribeImagesFilter(TypedDict):
    tagStatus: NotRequired[TagStatus]
    imageStatus: NotRequired[ImageStatusFilter]


class DescribeImagesRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    imageIds: NotRequired[list[ImageIdentifier]]
    nextToken: NotRequired[str]
    maxResults: NotRequired[int]
    filter: NotRequired[DescribeImagesFilter]


class DescribeImagesResponse(TypedDict):
    imageDetails: NotRequired[list[ImageDetail] | None]
    nextToken: NotRequired[str | None]


class DescribePullThroughCacheRulesRequest(TypedDict):
    registryId: NotRequired[str]
    ecrRepositoryPrefixes: NotRequired[list[str]]
    nextToken: NotRequired[str]
    maxResults: NotRequired[int]


class DescribePullThroughCacheRulesResponse(TypedDict):
    pullThroughCacheRules: NotRequired[list[PullThroughCacheRule] | None]
    nextToken: NotRequired[str | None]


class DescribeRegistryRequest(TypedDict):
    pass


class DescribeRegistryResponse(TypedDict):
    registryId: NotRequired[str | None]
    replicationConfiguration: NotRequired[ReplicationConfiguration | None]


class DescribeReplicationBackfillResultsRequest(TypedDict):
    registryId: NotRequired[str]
    replicationBackfillId: str
    resultStatusFilter: NotRequired[ReplicationBackfillResultStatus]
    maxResults: NotRequired[int]
    nextToken: NotRequired[str]


class DescribeReplicationBackfillResultsResponse(TypedDict):
    registryId: NotRequired[str | None]
    replicationBackfillId: NotRequired[str | None]
    destination: NotRequired[ReplicationDestination | None]
    status: NotRequired[ReplicationBackfillStatus | None]
    failureCode: NotRequired[str | None]
    progress: NotRequired[ReplicationBackfillProgress | None]
    results: NotRequired[list[ReplicationBackfillResult] | None]
    startedAt: NotRequired[int | None]
    endedAt: NotRequired[int | None]
    nextToken: NotRequired[str | None]


class DescribeRepositoriesRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryNames: NotRequired[list[str]]
    nextToken: NotRequired[str]
    maxResults: NotRequired[int]


class DescribeRepositoriesResponse(TypedDict):
    repositories: NotRequired[list[Repository] | None]
    nextToken: NotRequired[str | None]


class DescribeRepositoryCreationTemplatesRequest(TypedDict):
    prefixes: NotRequired[list[str]]
    nextToken: NotRequired[str]
    maxResults: NotRequired[int]


class DescribeRepositoryCreationTemplatesResponse(TypedDict):
    registryId: NotRequired[str | None]
    repositoryCreationTemplates: NotRequired[list[RepositoryCreationTemplate] | None]
    nextToken: NotRequired[str | None]


class EncryptionConfiguration(TypedDict):
    encryptionType: EncryptionType
    kmsKey: NotRequired[str | None]


class EncryptionConfigurationForRepositoryCreationTemplate(TypedDict):
    encryptionType: EncryptionType
    kmsKey: NotRequired[str | None]


class EnhancedImageScanFinding(TypedDict):
    awsAccountId: NotRequired[str | None]
    description: NotRequired[str | None]
    findingArn: NotRequired[str | None]
    firstObservedAt: NotRequired[int | None]
    lastObservedAt: NotRequired[int | None]
    packageVulnerabilityDetails: NotRequired[PackageVulnerabilityDetails | None]
    remediation: NotRequired[Remediation | None]
    resources: NotRequired[list[Resource] | None]
    score: NotRequired[float | None]
    scoreDetails: NotRequired[ScoreDetails | None]
    severity: NotRequired[str | None]
    status: NotRequired[str | None]
    title: NotRequired[str | None]
    type: NotRequired[str | None]
    updatedAt: NotRequired[int | None]
    fixAvailable: NotRequired[str | None]
    exploitAvailable: NotRequired[str | None]


class GetAccountSettingRequest(TypedDict):
    name: str


class GetAccountSettingResponse(TypedDict):
    name: NotRequired[str | None]
    value: NotRequired[str | None]


class GetAuthorizationTokenRequest(TypedDict):
    registryIds: NotRequired[list[str]]


class GetAuthorizationTokenResponse(TypedDict):
    authorizationData: NotRequired[list[AuthorizationData] | None]


class GetDownloadUrlForLayerRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    layerDigest: str


class GetDownloadUrlForLayerResponse(TypedDict):
    downloadUrl: NotRequired[str | None]
    layerDigest: NotRequired[str | None]


class GetLifecyclePolicyPreviewRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    imageIds: NotRequired[list[ImageIdentifier]]
    nextToken: NotRequired[str]
    maxResults: NotRequired[int]
    filter: NotRequired[LifecyclePolicyPreviewFilter]


class GetLifecyclePolicyPreviewResponse(TypedDict):
    registryId: NotRequired[str | None]
    repositoryName: NotRequired[str | None]
    lifecyclePolicyText: NotRequired[str | None]
    status: NotRequired[LifecyclePolicyPreviewStatus | None]
    nextToken: NotRequired[str | None]
    previewResults: NotRequired[list[LifecyclePolicyPreviewResult] | None]
    summary: NotRequired[LifecyclePolicyPreviewSummary | None]


class GetLifecyclePolicyRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str


class GetLifecyclePolicyResponse(TypedDict):
    registryId: NotRequired[str | None]
    repositoryName: NotRequired[str | None]
    lifecyclePolicyText: NotRequired[str | None]
    lastEvaluatedAt: NotRequired[int | None]


class GetRegistryPolicyRequest(TypedDict):
    pass


class GetRegistryPolicyResponse(TypedDict):
    registryId: NotRequired[str | None]
    policyText: NotRequired[str | None]


class GetRegistryScanningConfigurationRequest(TypedDict):
    pass


class GetRegistryScanningConfigurationResponse(TypedDict):
    registryId: NotRequired[str | None]
    scanningConfiguration: NotRequired[RegistryScanningConfiguration | None]


class GetRepositoryPolicyRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str


class GetRepositoryPolicyResponse(TypedDict):
    registryId: NotRequired[str | None]
    repositoryName: NotRequired[str | None]
    policyText: NotRequired[str | None]


class GetSigningConfigurationRequest(TypedDict):
    pass


class GetSigningConfigurationResponse(TypedDict):
    registryId: NotRequired[str | None]
    signingConfiguration: NotRequired[SigningConfiguration | None]


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
    imageScanStatus: NotRequired[ImageScanStatus | None]
    imageScanFindingsSummary: NotRequired[ImageScanFindingsSummary | None]
    imageManifestMediaType: NotRequired[str | None]
    artifactMediaType: NotRequired[str | None]
    lastRecordedPullTime: NotRequired[int | None]
    subjectManifestDigest: NotRequired[str | None]
    imageStatus: NotRequired[ImageStatus | None]
    lastArchivedAt: NotRequired[int | None]
    lastActivatedAt: NotRequired[int | None]


class ImageFailure(TypedDict):
    imageId: NotRequired[ImageIdentifier | None]
    failureCode: NotRequired[ImageFailureCode | None]
    failureReason: NotRequired[str | None]


class ImageIdentifier(TypedDict):
    imageDigest: NotRequired[str | None]
    imageTag: NotRequired[str | None]


class ImageReferrer(TypedDict):
    digest: str
    mediaType: str
    artifactType: NotRequired[str | None]
    size: int
    annotations: NotRequired[dict[str, str] | None]
    artifactStatus: NotRequired[ArtifactStatus | None]


class ImageReplicationStatus(TypedDict):
    region: NotRequired[str | None]
    registryId: NotRequired[str | None]
    status: NotRequired[ReplicationStatus | None]
    failureCode: NotRequired[str | None]


class ImageScanFinding(TypedDict):
    name: NotRequired[str | None]
    description: NotRequired[str | None]
    uri: NotRequired[str | None]
    severity: NotRequired[FindingSeverity | None]
    attributes: NotRequired[list[Attribute] | None]


class ImageScanFindings(TypedDict):
    imageScanCompletedAt: NotRequired[int | None]
    vulnerabilitySourceUpdatedAt: NotRequired[int | None]
    findingSeverityCounts: NotRequired[dict[FindingSeverity, int] | None]
    findings: NotRequired[list[ImageScanFinding] | None]
    enhancedFindings: NotRequired[list[EnhancedImageScanFinding] | None]


class ImageScanFindingsSummary(TypedDict):
    imageScanCompletedAt: NotRequired[int | None]
    vulnerabilitySourceUpdatedAt: NotRequired[int | None]
    findingSeverityCounts: NotRequired[dict[FindingSeverity, int] | None]


class ImageScanStatus(TypedDict):
    status: NotRequired[ScanStatus | None]
    description: NotRequired[str | None]


class ImageScanningConfiguration(TypedDict):
    scanOnPush: NotRequired[bool | None]


class ImageSigningStatus(TypedDict):
    signingProfileArn: NotRequired[str | None]
    failureCode: NotRequired[str | None]
    failureReason: NotRequired[str | None]
    status: NotRequired[SigningStatus | None]


class ImageTagMutabilityExclusionFilter(TypedDict):
    filterType: ImageTagMutabilityExclusionFilterType
    filter: str


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


class LifecyclePolicyPreviewFilter(TypedDict):
    tagStatus: NotRequired[TagStatus]


class LifecyclePolicyPreviewResult(TypedDict):
    imageTags: NotRequired[list[str] | None]
    imageDigest: NotRequired[str | None]
    imagePushedAt: NotRequired[int | None]
    action: NotRequired[LifecyclePolicyRuleAction | None]
    appliedRulePriority: NotRequired[int | None]
    storageClass: NotRequired[LifecyclePolicyStorageClass | None]


class LifecyclePolicyPreviewSummary(TypedDict):
    expiringImageTotalCount: NotRequired[int | None]
    transitioningImageTotalCounts: NotRequired[list[TransitioningImageTotalCount] | None]


class LifecyclePolicyRuleAction(TypedDict):
    type: NotRequired[ImageActionType | None]
    targetStorageClass: NotRequired[LifecyclePolicyTargetStorageClass | None]


class ListImageReferrersFilter(TypedDict):
    artifactTypes: NotRequired[list[str]]
    artifactStatus: NotRequired[ArtifactStatusFilter]


class ListImageReferrersRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    subjectId: SubjectIdentifier
    filter: NotRequired[ListImageReferrersFilter]
    nextToken: NotRequired[str]
    maxResults: NotRequired[int]


class ListImageReferrersResponse(TypedDict):
    referrers: NotRequired[list[ImageReferrer] | None]
    nextToken: NotRequired[str | None]


class ListImagesFilter(TypedDict):
    tagStatus: NotRequired[TagStatus]
    imageStatus: NotRequired[ImageStatusFilter]


class ListImagesRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    nextToken: NotRequired[str]
    maxResults: NotRequired[int]
    filter: NotRequired[ListImagesFilter]


class ListImagesResponse(TypedDict):
    imageIds: NotRequired[list[ImageIdentifier] | None]
    nextToken: NotRequired[str | None]


class ListPullTimeUpdateExclusionsRequest(TypedDict):
    maxResults: NotRequired[int]
    nextToken: NotRequired[str]


class ListPullTimeUpdateExclusionsResponse(TypedDict):
    pullTimeUpdateExclusions: NotRequired[list[str] | None]
    nextToken: NotRequired[str | None]


class ListReplicationBackfillsRequest(TypedDict):
    registryId: NotRequired[str]
    maxResults: NotRequired[int]
    nextToken: NotRequired[str]


class ListReplicationBackfillsResponse(TypedDict):
    registryId: NotRequired[str | None]
    backfills: NotRequired[list[ReplicationBackfillSummary] | None]
    nextToken: NotRequired[str | None]


class ListTagsForResourceRequest(TypedDict):
    resourceArn: str


class ListTagsForResourceResponse(TypedDict):
    tags: NotRequired[list[Tag] | None]


class PackageVulnerabilityDetails(TypedDict):
    cvss: NotRequired[list[CvssScore] | None]
    referenceUrls: NotRequired[list[str] | None]
    relatedVulnerabilities: NotRequired[list[str] | None]
    source: NotRequired[str | None]
    sourceUrl: NotRequired[str | None]
    vendorCreatedAt: NotRequired[int | None]
    vendorSeverity: NotRequired[str | None]
    vendorUpdatedAt: NotRequired[int | None]
    vulnerabilityId: NotRequired[str | None]
    vulnerablePackages: NotRequired[list[VulnerablePackage] | None]


class PullThroughCacheRule(TypedDict):
    ecrRepositoryPrefix: NotRequired[str | None]
    upstreamRegistryUrl: NotRequired[str | None]
    createdAt: NotRequired[int | None]
    registryId: NotRequired[str | None]
    credentialArn: NotRequired[str | None]
    customRoleArn: NotRequired[str | None]
    upstreamRepositoryPrefix: NotRequired[str | None]
    upstreamRegistry: NotRequired[UpstreamRegistry | None]
    updatedAt: NotRequired[int | None]


class PutAccountSettingRequest(TypedDict):
    name: str
    value: str


class PutAccountSettingResponse(TypedDict):
    name: NotRequired[str | None]
    value: NotRequired[str | None]


class PutImageRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    imageManifest: str
    imageManifestMediaType: NotRequired[str]
    imageTag: NotRequired[str]
    imageDigest: NotRequired[str]


class PutImageResponse(TypedDict):
    image: NotRequired[Image | None]


class PutImageScanningConfigurationRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    imageScanningConfiguration: ImageScanningConfiguration


class PutImageScanningConfigurationResponse(TypedDict):
    registryId: NotRequired[str | None]
    repositoryName: NotRequired[str | None]
    imageScanningConfiguration: NotRequired[ImageScanningConfiguration | None]


class PutImageTagMutabilityRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    imageTagMutability: ImageTagMutability
    imageTagMutabilityExclusionFilters: NotRequired[list[ImageTagMutabilityExclusionFilter]]


class PutImageTagMutabilityResponse(TypedDict):
    registryId: NotRequired[str | None]
    repositoryName: NotRequired[str | None]
    imageTagMutability: NotRequired[ImageTagMutability | None]
    imageTagMutabilityExclusionFilters: NotRequired[list[ImageTagMutabilityExclusionFilter] | None]


class PutLifecyclePolicyRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    lifecyclePolicyText: str


class PutLifecyclePolicyResponse(TypedDict):
    registryId: NotRequired[str | None]
    repositoryName: NotRequired[str | None]
    lifecyclePolicyText: NotRequired[str | None]


class PutRegistryPolicyRequest(TypedDict):
    policyText: str


class PutRegistryPolicyResponse(TypedDict):
    registryId: NotRequired[str | None]
    policyText: NotRequired[str | None]


class PutRegistryScanningConfigurationRequest(TypedDict):
    scanType: NotRequired[ScanType]
    rules: NotRequired[list[RegistryScanningRule]]


class PutRegistryScanningConfigurationResponse(TypedDict):
    registryScanningConfiguration: NotRequired[RegistryScanningConfiguration | None]


class PutReplicationConfigurationRequest(TypedDict):
    replicationConfiguration: ReplicationConfiguration


class PutReplicationConfigurationResponse(TypedDict):
    replicationConfiguration: NotRequired[ReplicationConfiguration | None]


class PutSigningConfigurationRequest(TypedDict):
    signingConfiguration: SigningConfiguration


class PutSigningConfigurationResponse(TypedDict):
    signingConfiguration: NotRequired[SigningConfiguration | None]


class Recommendation(TypedDict):
    url: NotRequired[str | None]
    text: NotRequired[str | None]


class RegisterPullTimeUpdateExclusionRequest(TypedDict):
    principalArn: str


class RegisterPullTimeUpdateExclusionResponse(TypedDict):
    principalArn: NotRequired[str | None]
    createdAt: NotRequired[int | None]


class RegistryScanningConfiguration(TypedDict):
    scanType: NotRequired[ScanType | None]
    rules: NotRequired[list[RegistryScanningRule] | None]


class RegistryScanningRule(TypedDict):
    scanFrequency: ScanFrequency
    repositoryFilters: list[ScanningRepositoryFilter]


class Remediation(TypedDict):
    recommendation: NotRequired[Recommendation | None]


class ReplicationBackfillProgress(TypedDict):
    totalReplicationCount: int
    completedReplicationCount: int
    failedReplicationCount: int
    failureCodes: list[str]


class ReplicationBackfillResult(TypedDict):
    repositoryName: str
    imageId: ImageIdentifier
    status: ReplicationBackfillResultStatus
    failureCode: NotRequired[str | None]
    subImageFailureCodes: NotRequired[list[str] | None]


class ReplicationBackfillSummary(TypedDict):
    replicationBackfillId: str
    destination: ReplicationDestination
    status: ReplicationBackfillStatus
    failureCode: NotRequired[str | None]
    progress: NotRequired[ReplicationBackfillProgress | None]
    startedAt: int
    endedAt: NotRequired[int | None]


class ReplicationConfiguration(TypedDict):
    rules: list[ReplicationRule]


class ReplicationDestination(TypedDict):
    region: str
    registryId: str


class ReplicationRule(TypedDict):
    destinations: list[ReplicationDestination]
    repositoryFilters: NotRequired[list[RepositoryFilter] | None]
    deleteReplication: NotRequired[DeleteReplication | None]


class Repository(TypedDict):
    repositoryArn: NotRequired[str | None]
    registryId: NotRequired[str | None]
    repositoryName: NotRequired[str | None]
    repositoryUri: NotRequired[str | None]
    createdAt: NotRequired[int | None]
    imageTagMutability: NotRequired[ImageTagMutability | None]
    imageTagMutabilityExclusionFilters: NotRequired[list[ImageTagMutabilityExclusionFilter] | None]
    imageScanningConfiguration: NotRequired[ImageScanningConfiguration | None]
    encryptionConfiguration: NotRequired[EncryptionConfiguration | None]


class RepositoryCreationTemplate(TypedDict):
    prefix: NotRequired[str | None]
    description: NotRequired[str | None]
    encryptionConfiguration: NotRequired[EncryptionConfigurationForRepositoryCreationTemplate | None]
    resourceTags: NotRequired[list[Tag] | None]
    imageTagMutability: NotRequired[ImageTagMutability | None]
    imageTagMutabilityExclusionFilters: NotRequired[list[ImageTagMutabilityExclusionFilter] | None]
    repositoryPolicy: NotRequired[str | None]
    lifecyclePolicy: NotRequired[str | None]
    appliedFor: NotRequired[list[RCTAppliedFor] | None]
    customRoleArn: NotRequired[str | None]
    createdAt: NotRequired[int | None]
    updatedAt: NotRequired[int | None]


class RepositoryFilter(TypedDict):
    filter: str
    filterType: RepositoryFilterType


class RepositoryScanningConfiguration(TypedDict):
    repositoryArn: NotRequired[str | None]
    repositoryName: NotRequired[str | None]
    scanOnPush: NotRequired[bool | None]
    scanFrequency: NotRequired[ScanFrequency | None]
    appliedScanFilters: NotRequired[list[ScanningRepositoryFilter] | None]


class RepositoryScanningConfigurationFailure(TypedDict):
    repositoryName: NotRequired[str | None]
    failureCode: NotRequired[ScanningConfigurationFailureCode | None]
    failureReason: NotRequired[str | None]


class Resource(TypedDict):
    details: NotRequired[ResourceDetails | None]
    id: NotRequired[str | None]
    tags: NotRequired[dict[str, str] | None]
    type: NotRequired[str | None]


class ResourceDetails(TypedDict):
    awsEcrContainerImage: NotRequired[AwsEcrContainerImageDetails | None]


class ScanningRepositoryFilter(TypedDict):
    filter: str
    filterType: ScanningRepositoryFilterType


class ScoreDetails(TypedDict):
    cvss: NotRequired[CvssScoreDetails | None]


class SetRepositoryPolicyRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    policyText: str
    force: NotRequired[bool]


class SetRepositoryPolicyResponse(TypedDict):
    registryId: NotRequired[str | None]
    repositoryName: NotRequired[str | None]
    policyText: NotRequired[str | None]


class SigningConfiguration(TypedDict):
    rules: list[SigningRule]


class SigningRepositoryFilter(TypedDict):
    filter: str
    filterType: SigningRepositoryFilterType


class SigningRule(TypedDict):
    signingProfileArn: str
    repositoryFilters: NotRequired[list[SigningRepositoryFilter] | None]


class StartImageScanRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    imageId: ImageIdentifier


class StartImageScanResponse(TypedDict):
    registryId: NotRequired[str | None]
    repositoryName: NotRequired[str | None]
    imageId: NotRequired[ImageIdentifier | None]
    imageScanStatus: NotRequired[ImageScanStatus | None]


class StartLifecyclePolicyPreviewRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    lifecyclePolicyText: NotRequired[str]


class StartLifecyclePolicyPreviewResponse(TypedDict):
    registryId: NotRequired[str | None]
    repositoryName: NotRequired[str | None]
    lifecyclePolicyText: NotRequired[str | None]
    status: NotRequired[LifecyclePolicyPreviewStatus | None]


class StartReplicationBackfillRequest(TypedDict):
    registryId: NotRequired[str]
    destination: ReplicationDestination


class StartReplicationBackfillResponse(TypedDict):
    replicationBackfillId: NotRequired[str | None]
    registryId: NotRequired[str | None]
    destination: NotRequired[ReplicationDestination | None]
    status: NotRequired[ReplicationBackfillStatus | None]
    startedAt: NotRequired[int | None]


class StopReplicationBackfillRequest(TypedDict):
    registryId: NotRequired[str]
    replicationBackfillId: str


class StopReplicationBackfillResponse(TypedDict):
    registryId: NotRequired[str | None]
    replicationBackfillId: NotRequired[str | None]
    destination: NotRequired[ReplicationDestination | None]
    status: NotRequired[ReplicationBackfillStatus | None]
    startedAt: NotRequired[int | None]


class SubjectIdentifier(TypedDict):
    imageDigest: str


class Tag(TypedDict):
    Key: str
    Value: str


class TagResourceRequest(TypedDict):
    resourceArn: str
    tags: list[Tag]


class TagResourceResponse(TypedDict):
    pass


class TransitioningImageTotalCount(TypedDict):
    targetStorageClass: NotRequired[LifecyclePolicyTargetStorageClass | None]
    imageTotalCount: NotRequired[int | None]


class UntagResourceRequest(TypedDict):
    resourceArn: str
    tagKeys: list[str]


class UntagResourceResponse(TypedDict):
    pass


class UpdateImageStorageClassRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    imageId: ImageIdentifier
    targetStorageClass: TargetStorageClass


class UpdateImageStorageClassResponse(TypedDict):
    registryId: NotRequired[str | None]
    repositoryName: NotRequired[str | None]
    imageId: NotRequired[ImageIdentifier | None]
    imageStatus: NotRequired[ImageStatus | None]


class UpdatePullThroughCacheRuleRequest(TypedDict):
    registryId: NotRequired[str]
    ecrRepositoryPrefix: str
    credentialArn: NotRequired[str]
    customRoleArn: NotRequired[str]


class UpdatePullThroughCacheRuleResponse(TypedDict):
    ecrRepositoryPrefix: NotRequired[str | None]
    registryId: NotRequired[str | None]
    updatedAt: NotRequired[int | None]
    credentialArn: NotRequired[str | None]
    customRoleArn: NotRequired[str | None]
    upstreamRepositoryPrefix: NotRequired[str | None]


class UpdateRepositoryCreationTemplateRequest(TypedDict):
    prefix: str
    description: NotRequired[str]
    encryptionConfiguration: NotRequired[EncryptionConfigurationForRepositoryCreationTemplate]
    resourceTags: NotRequired[list[Tag]]
    imageTagMutability: NotRequired[ImageTagMutability]
    imageTagMutabilityExclusionFilters: NotRequired[list[ImageTagMutabilityExclusionFilter]]
    repositoryPolicy: NotRequired[str]
    lifecyclePolicy: NotRequired[str]
    appliedFor: NotRequired[list[RCTAppliedFor]]
    customRoleArn: NotRequired[str]


class UpdateRepositoryCreationTemplateResponse(TypedDict):
    registryId: NotRequired[str | None]
    repositoryCreationTemplate: NotRequired[RepositoryCreationTemplate | None]


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


class ValidatePullThroughCacheRuleRequest(TypedDict):
    ecrRepositoryPrefix: str
    registryId: NotRequired[str]


class ValidatePullThroughCacheRuleResponse(TypedDict):
    ecrRepositoryPrefix: NotRequired[str | None]
    registryId: NotRequired[str | None]
    upstreamRegistryUrl: NotRequired[str | None]
    credentialArn: NotRequired[str | None]
    customRoleArn: NotRequired[str | None]
    upstreamRepositoryPrefix: NotRequired[str | None]
    isValid: NotRequired[bool | None]
    failure: NotRequired[str | None]


class VulnerablePackage(TypedDict):
    arch: NotRequired[str | None]
    epoch: NotRequired[int | None]
    filePath: NotRequired[str | None]
    name: NotRequired[str | None]
    packageManager: NotRequired[str | None]
    release: NotRequired[str | None]
    sourceLayerHash: NotRequired[str | None]
    version: NotRequired[str | None]
    fixedInVersion: NotRequired[str | None]
