"""Cargohold, API version 2026-11-01: requests and answers as they are once decoded.

Written by tools/generate_shapes.py from our own model; do not edit. Timestamps are epoch milliseconds, blobs
are bytes. Where a member of an answer may be None, None leaves it out.
"""

from __future__ import annotations

from typing import NotRequired, TypeAlias, TypedDict

# WAITING RUNNING DONE FAILED
LifecycleEvaluationStatus: TypeAlias = str
# cyclonedx spdx
SbomFormat: TypeAlias = str
# allows denies condition
StatementPart: TypeAlias = str


class AccessKey(TypedDict):
    userName: str
    accessKeyId: str
    secretAccessKey: str


class Account(TypedDict):
    accountId: str
    alias: NotRequired[str | None]
    arn: NotRequired[str | None]
    createdAt: int


class AddIgnoreRuleRequest(TypedDict):
    vulnerability: str
    package: NotRequired[str]
    path: NotRequired[str]
    repository: NotRequired[str]
    reason: str
    expiresAt: NotRequired[int]


class AddIgnoreRuleResponse(TypedDict):
    rule: IgnoreRule


class AdvisorySource(TypedDict):
    name: str
    sha256: str
    updatedAt: int
    records: int


class AdvisoryUpdate(TypedDict):
    attemptedAt: NotRequired[int | None]
    succeededAt: NotRequired[int | None]
    running: bool
    step: NotRequired[str | None]
    error: NotRequired[str | None]


class AuditEvent(TypedDict):
    eventId: str
    eventTime: int
    action: str
    principal: NotRequired[str | None]
    accountId: NotRequired[str | None]
    sourceIpAddress: NotRequired[str | None]
    errorCode: NotRequired[str | None]
    errorMessage: NotRequired[str | None]
    readOnly: NotRequired[bool | None]
    resources: NotRequired[list[str] | None]
    event: str


class Collection(TypedDict):
    queuedBlobCount: int
    dueBlobCount: int
    oldestReviewAt: NotRequired[int | None]
    restorableImageCount: int
    restorableRepositoryCount: int
    purgeableCount: int
    reclaimedBlobCount: int
    reclaimedBytes: int
    failureCount: int
    keepDeletedSeconds: int


class ContextEntry(TypedDict):
    key: str
    values: list[str]


class CreateAccountRequest(TypedDict):
    alias: NotRequired[str]
    accountId: NotRequired[str]


class CreateAccountResponse(TypedDict):
    account: Account
    accessKey: AccessKey


class CreateRegistryAliasRequest(TypedDict):
    alias: str
    accountId: NotRequired[str]


class CreateRegistryAliasResponse(TypedDict):
    registryUri: str
    aliases: list[str]


class DamagedBlob(TypedDict):
    digest: str
    size: int
    reason: str
    foundAt: int
    repositories: list[str]


class DeletedImage(TypedDict):
    imageDigest: str
    imageTags: list[str]
    imageManifestMediaType: str
    imageSizeInBytes: int
    imagePushedAt: int
    deletedAt: int
    deletedBy: NotRequired[str | None]
    restorableUntil: int


class DeletedRepository(TypedDict):
    repositoryName: str
    createdAt: int
    deletedAt: int
    restorableUntil: int


class DescribeAdvisoriesRequest(TypedDict):
    pass


class DescribeAdvisoriesResponse(TypedDict):
    version: NotRequired[str | None]
    builtAt: NotRequired[int | None]
    sources: list[AdvisorySource]
    update: AdvisoryUpdate


class DescribeCollectionRequest(TypedDict):
    pass


class DescribeCollectionResponse(TypedDict):
    collection: Collection


class DescribeVerificationRequest(TypedDict):
    pass


class DescribeVerificationResponse(TypedDict):
    verification: NotRequired[Verification | None]
    damagedBlobCount: int


class ExplainAccessRequest(TypedDict):
    encodedMessage: NotRequired[str]
    principalArn: NotRequired[str]
    action: NotRequired[str]
    resourceArn: NotRequired[str]
    context: NotRequired[list[ContextEntry]]


class ExplainAccessResponse(TypedDict):
    allowed: bool
    explicitDeny: bool
    principal: str
    action: str
    resource: str
    reason: NotRequired[str | None]
    missing: NotRequired[str | None]
    matchedStatements: NotRequired[list[MatchedStatement] | None]
    suggestions: NotRequired[list[Suggestion] | None]
    elsewhere: NotRequired[str | None]
    notes: NotRequired[list[str] | None]


class GetHostCredentialsRequest(TypedDict):
    hostId: str


class GetHostCredentialsResponse(TypedDict):
    credentials: HostCredentials
    roleName: str
    roleArn: str
    instanceProfileArn: NotRequired[str | None]
    instanceProfileId: NotRequired[str | None]
    issuedAt: int


class GetImageSbomRequest(TypedDict):
    registryId: NotRequired[str]
    repositoryName: str
    imageTag: NotRequired[str]
    imageDigest: NotRequired[str]
    format: SbomFormat


class GetImageSbomResponse(TypedDict):
    imageDigest: str
    format: SbomFormat
    document: str


class Host(TypedDict):
    hostId: str
    hostName: str
    arn: str
    region: str
    instanceProfileArn: NotRequired[str | None]
    accessKeyId: NotRequired[str | None]
    joinedAt: int
    lastUsedAt: NotRequired[int | None]


class HostCredentials(TypedDict):
    accessKeyId: str
    secretAccessKey: str
    sessionToken: str
    expiration: int


class IgnoreRule(TypedDict):
    id: str
    vulnerability: str
    package: str
    path: str
    repository: str
    reason: str
    createdBy: str
    createdAt: int
    expiresAt: NotRequired[int | None]


class InviteHostRequest(TypedDict):
    instanceProfileName: str
    hostName: NotRequired[str]


class InviteHostResponse(TypedDict):
    joinToken: str
    expiresAt: int
    instanceProfileArn: str


class JoinHostRequest(TypedDict):
    joinToken: str
    hostName: NotRequired[str]


class JoinHostResponse(TypedDict):
    host: Host
    accessKeyId: str
    secretAccessKey: str


class LifecycleEvaluation(TypedDict):
    repositoryName: str
    status: LifecycleEvaluationStatus
    lastEvaluatedAt: NotRequired[int | None]
    nextEvaluationAt: int
    plannedImageCount: int
    expiredImageCount: int
    transitionedImageCount: int
    failureReason: NotRequired[str | None]


class ListAccountsRequest(TypedDict):
    nextToken: NotRequired[str]
    maxResults: NotRequired[int]


class ListAccountsResponse(TypedDict):
    accounts: list[Account]
    nextToken: NotRequired[str | None]


class ListDamagedBlobsRequest(TypedDict):
    nextToken: NotRequired[str]
    maxResults: NotRequired[int]


class ListDamagedBlobsResponse(TypedDict):
    damagedBlobs: list[DamagedBlob]
    nextToken: NotRequired[str | None]


class ListDeletedImagesRequest(TypedDict):
    repositoryName: str
    nextToken: NotRequired[str]
    maxResults: NotRequired[int]


class ListDeletedImagesResponse(TypedDict):
    deletedImages: list[DeletedImage]
    nextToken: NotRequired[str | None]


class ListDeletedRepositoriesRequest(TypedDict):
    nextToken: NotRequired[str]
    maxResults: NotRequired[int]


class ListDeletedRepositoriesResponse(TypedDict):
    deletedRepositories: list[DeletedRepository]
    nextToken: NotRequired[str | None]


class ListHostsRequest(TypedDict):
    nextToken: NotRequired[str]
    maxResults: NotRequired[int]


class ListHostsResponse(TypedDict):
    hosts: list[Host]
    nextToken: NotRequired[str | None]


class ListIgnoreRulesRequest(TypedDict):
    pass


class ListIgnoreRulesResponse(TypedDict):
    rules: list[IgnoreRule]


class ListLifecycleEvaluationsRequest(TypedDict):
    repositoryName: NotRequired[str]
    nextToken: NotRequired[str]
    maxResults: NotRequired[int]


class ListLifecycleEvaluationsResponse(TypedDict):
    evaluations: list[LifecycleEvaluation]
    nextToken: NotRequired[str | None]


class MatchedStatement(TypedDict):
    policy: NotRequired[str | None]
    kind: str
    sid: NotRequired[str | None]
    index: NotRequired[int | None]
    effect: str
    statement: NotRequired[str | None]
    description: NotRequired[str | None]
    part: StatementPart
    firstLine: NotRequired[int | None]
    lastLine: NotRequired[int | None]
    conditionKeys: NotRequired[list[str] | None]


class RemoveIgnoreRuleRequest(TypedDict):
    id: str


class RemoveIgnoreRuleResponse(TypedDict):
    pass


class RestoreImageRequest(TypedDict):
    repositoryName: str
    imageDigest: str


class RestoreImageResponse(TypedDict):
    imageDigest: str
    imageTags: list[str]
    takenTags: list[str]
    restoredImageDigests: list[str]


class RestoreRepositoryRequest(TypedDict):
    repositoryName: str


class RestoreRepositoryResponse(TypedDict):
    repositoryName: str
    createdAt: int


class RevokeHostRequest(TypedDict):
    host: str


class RevokeHostResponse(TypedDict):
    host: Host


class SearchAuditRequest(TypedDict):
    accountId: NotRequired[str]
    principal: NotRequired[str]
    repository: NotRequired[str]
    action: NotRequired[str]
    startTime: NotRequired[int]
    endTime: NotRequired[int]
    errorsOnly: NotRequired[bool]
    maxResults: NotRequired[int]
    nextToken: NotRequired[str]


class SearchAuditResponse(TypedDict):
    events: list[AuditEvent]
    nextToken: NotRequired[str | None]


class StartCollectionRequest(TypedDict):
    pass


class StartCollectionResponse(TypedDict):
    collection: Collection


class StartLifecycleEvaluationRequest(TypedDict):
    repositoryName: str


class StartLifecycleEvaluationResponse(TypedDict):
    evaluation: LifecycleEvaluation


class StartVerificationRequest(TypedDict):
    bytesPerSecond: NotRequired[int]


class StartVerificationResponse(TypedDict):
    verification: Verification


class StopVerificationRequest(TypedDict):
    pass


class StopVerificationResponse(TypedDict):
    verification: NotRequired[Verification | None]


class Suggestion(TypedDict):
    kind: str
    place: str
    statement: str


class UpdateAdvisoriesRequest(TypedDict):
    pass


class UpdateAdvisoriesResponse(TypedDict):
    requestedAt: int


class Verification(TypedDict):
    startedAt: int
    endedAt: NotRequired[int | None]
    bytesPerSecond: int
    totalBlobs: int
    totalBytes: int
    verifiedBlobs: int
    verifiedBytes: int
    damagedBlobs: int
    repairedBlobs: int
