"""AWS Identity and Access Management, API version 2010-05-08: requests and answers as they are once decoded.

Written by tools/generate_shapes.py from botocore 1.44.5; do not edit. Timestamps are epoch milliseconds, blobs
are bytes. Where a member of an answer may be None, None leaves it out.
"""

from __future__ import annotations

from typing import NotRequired, TypeAlias, TypedDict

# SERVICE_LEVEL ACTION_LEVEL
AccessAdvisorUsageGranularityType: TypeAlias = str
# user group role
AttachmentType: TypeAlias = str
# string stringList numeric numericList boolean booleanList ip ipList binary binaryList date dateList
ContextKeyTypeEnum: TypeAlias = str
# SUCCEEDED IN_PROGRESS FAILED NOT_STARTED
DeletionTaskStatusType: TypeAlias = str
# User Role Group LocalManagedPolicy AWSManagedPolicy
EntityType: TypeAlias = str
# RootCredentialsManagement RootSessions
FeatureType: TypeAlias = str
# PermissionsBoundaryPolicy
PermissionsBoundaryAttachmentType: TypeAlias = str
# allowed explicitDeny implicitDeny
PolicyEvaluationDecisionType: TypeAlias = str
# inline aws-managed user-managed permission-boundary scp rcp
PolicyIdentifierPolicyType: TypeAlias = str
# string stringList
PolicyParameterTypeEnum: TypeAlias = str
# user group role aws-managed user-managed resource none
PolicySourceType: TypeAlias = str
# PermissionsPolicy PermissionsBoundary
PolicyUsageType: TypeAlias = str
# text/csv
ReportFormatType: TypeAlias = str
# STARTED INPROGRESS COMPLETE
ReportStateType: TypeAlias = str
# Required Allowed
assertionEncryptionModeType: TypeAlias = str
# Assigned Unassigned Any
assignmentStatusType: TypeAlias = str
# SSH PEM
encodingType: TypeAlias = str
# v1Token v2Token
globalEndpointTokenVersion: TypeAlias = str
# IN_PROGRESS COMPLETED FAILED
jobStatusType: TypeAlias = str
# Service
managedByTypeType: TypeAlias = str
# String StringList Number NumberList Arn ArnList
parameterTypeType: TypeAlias = str
# ALLOWED DENIED UNSURE
permissionCheckResultType: TypeAlias = str
# COMPLETE IN_PROGRESS FAILED
permissionCheckStatusType: TypeAlias = str
# USER ROLE GROUP
policyOwnerEntityType: TypeAlias = str
# All AWS Local
policyScopeType: TypeAlias = str
# INLINE MANAGED
policyType: TypeAlias = str
# SERVICE_NAMESPACE_ASCENDING SERVICE_NAMESPACE_DESCENDING LAST_AUTHENTICATED_TIME_ASCENDING
# LAST_AUTHENTICATED_TIME_DESCENDING
sortKeyType: TypeAlias = str
# UNASSIGNED ASSIGNED PENDING_APPROVAL FINALIZED ACCEPTED REJECTED EXPIRED
stateType: TypeAlias = str
# Active Inactive Expired
statusType: TypeAlias = str
# Users UsersQuota Groups GroupsQuota ServerCertificates ServerCertificatesQuota UserPolicySizeQuota
# GroupPolicySizeQuota GroupsPerUserQuota SigningCertificatesPerUserQuota AccessKeysPerUserQuota MFADevices
# MFADevicesInUse AccountMFAEnabled AccountAccessKeysPresent AccountPasswordPresent
# AccountSigningCertificatesPresent AttachedPoliciesPerGroupQuota AttachedPoliciesPerRoleQuota
# AttachedPoliciesPerUserQuota Policies PoliciesQuota PolicySizeQuota PolicyVersionsInUse PolicyVersionsInUseQuota
# VersionsPerPolicyQuota GlobalEndpointTokenVersion AssumeRolePolicySizeQuota InstanceProfiles InstanceProfilesQuota
# Providers RolePolicySizeQuota Roles RolesQuota
summaryKeyType: TypeAlias = str
# AVAILABLE NOT_AVAILABLE NOT_SUPPORTED FAILED
summaryStateType: TypeAlias = str


class AcceptDelegationRequestRequest(TypedDict):
    DelegationRequestId: str


class AccessDetail(TypedDict):
    ServiceName: str
    ServiceNamespace: str
    Region: NotRequired[str | None]
    EntityPath: NotRequired[str | None]
    LastAuthenticatedTime: NotRequired[int | None]
    TotalAuthenticatedEntities: NotRequired[int | None]


class AccessKey(TypedDict):
    UserName: str
    AccessKeyId: str
    Status: statusType
    SecretAccessKey: str
    CreateDate: NotRequired[int | None]


class AccessKeyLastUsed(TypedDict):
    LastUsedDate: NotRequired[int | None]
    ServiceName: str
    Region: str


class AccessKeyMetadata(TypedDict):
    UserName: NotRequired[str | None]
    AccessKeyId: NotRequired[str | None]
    Status: NotRequired[statusType | None]
    CreateDate: NotRequired[int | None]


class AcquireRoleRequest(TypedDict):
    TemplateArn: str
    TemplateMinorVersion: NotRequired[int]
    ReplacementValues: NotRequired[dict[str, ReplacementValueEntry]]


class AcquireRoleResponse(TypedDict):
    Role: Role


class AddClientIDToOpenIDConnectProviderRequest(TypedDict):
    OpenIDConnectProviderArn: str
    ClientID: str


class AddRoleToInstanceProfileRequest(TypedDict):
    InstanceProfileName: str
    RoleName: str


class AddUserToGroupRequest(TypedDict):
    GroupName: str
    UserName: str


class AssociateDelegationRequestRequest(TypedDict):
    DelegationRequestId: str


class AttachGroupPolicyRequest(TypedDict):
    GroupName: str
    PolicyArn: str


class AttachRolePolicyRequest(TypedDict):
    RoleName: str
    PolicyArn: str


class AttachUserPolicyRequest(TypedDict):
    UserName: str
    PolicyArn: str


class AttachedPermissionsBoundary(TypedDict):
    PermissionsBoundaryType: NotRequired[PermissionsBoundaryAttachmentType | None]
    PermissionsBoundaryArn: NotRequired[str | None]


class AttachedPolicy(TypedDict):
    PolicyName: NotRequired[str | None]
    PolicyArn: NotRequired[str | None]


class ChangePasswordRequest(TypedDict):
    OldPassword: str
    NewPassword: str


class ContextEntry(TypedDict):
    ContextKeyName: NotRequired[str]
    ContextKeyValues: NotRequired[list[str]]
    ContextKeyType: NotRequired[ContextKeyTypeEnum]


class CreateAccessKeyRequest(TypedDict):
    UserName: NotRequired[str]


class CreateAccessKeyResponse(TypedDict):
    AccessKey: AccessKey


class CreateAccountAliasRequest(TypedDict):
    AccountAlias: str


class CreateDelegationRequestRequest(TypedDict):
    OwnerAccountId: NotRequired[str]
    Description: str
    Permissions: DelegationPermission
    RequestMessage: NotRequired[str]
    RequestorWorkflowId: str
    RedirectUrl: NotRequired[str]
    NotificationChannel: str
    SessionDuration: int
    OnlySendByOwner: NotRequired[bool]


class CreateDelegationRequestResponse(TypedDict):
    ConsoleDeepLink: NotRequired[str | None]
    DelegationRequestId: NotRequired[str | None]


class CreateGroupRequest(TypedDict):
    Path: NotRequired[str]
    GroupName: str


class CreateGroupResponse(TypedDict):
    Group: Group


class CreateInstanceProfileRequest(TypedDict):
    InstanceProfileName: str
    Path: NotRequired[str]
    Tags: NotRequired[list[Tag]]


class CreateInstanceProfileResponse(TypedDict):
    InstanceProfile: InstanceProfile


class CreateLoginProfileRequest(TypedDict):
    UserName: NotRequired[str]
    Password: NotRequired[str]
    PasswordResetRequired: NotRequired[bool]


class CreateLoginProfileResponse(TypedDict):
    LoginProfile: LoginProfile


class CreateOpenIDConnectProviderRequest(TypedDict):
    Url: str
    ClientIDList: NotRequired[list[str]]
    ThumbprintList: NotRequired[list[str]]
    Tags: NotRequired[list[Tag]]


class CreateOpenIDConnectProviderResponse(TypedDict):
    OpenIDConnectProviderArn: NotRequired[str | None]
    Tags: NotRequired[list[Tag] | None]


class CreatePolicyRequest(TypedDict):
    PolicyName: str
    Path: NotRequired[str]
    PolicyDocument: str
    Description: NotRequired[str]
    Tags: NotRequired[list[Tag]]


class CreatePolicyResponse(TypedDict):
    Policy: NotRequired[Policy | None]


class CreatePolicyVersionRequest(TypedDict):
    PolicyArn: str
    PolicyDocument: str
    SetAsDefault: NotRequired[bool]


class CreatePolicyVersionResponse(TypedDict):
    PolicyVersion: NotRequired[PolicyVersion | None]


class CreateRoleRequest(TypedDict):
    Path: NotRequired[str]
    RoleName: str
    AssumeRolePolicyDocument: str
    Description: NotRequired[str]
    MaxSessionDuration: NotRequired[int]
    PermissionsBoundary: NotRequired[str]
    Tags: NotRequired[list[Tag]]


class CreateRoleResponse(TypedDict):
    Role: Role


class CreateSAMLProviderRequest(TypedDict):
    SAMLMetadataDocument: str
    Name: str
    Tags: NotRequired[list[Tag]]
    AssertionEncryptionMode: NotRequired[assertionEncryptionModeType]
    AddPrivateKey: NotRequired[str]


class CreateSAMLProviderResponse(TypedDict):
    SAMLProviderArn: NotRequired[str | None]
    Tags: NotRequired[list[Tag] | None]


class CreateServiceLinkedRoleRequest(TypedDict):
    AWSServiceName: str
    Description: NotRequired[str]
    CustomSuffix: NotRequired[str]


class CreateServiceLinkedRoleResponse(TypedDict):
    Role: NotRequired[Role | None]


class CreateServiceSpecificCredentialRequest(TypedDict):
    UserName: str
    ServiceName: str
    CredentialAgeDays: NotRequired[int]


class CreateServiceSpecificCredentialResponse(TypedDict):
    ServiceSpecificCredential: NotRequired[ServiceSpecificCredential | None]


class CreateUserRequest(TypedDict):
    Path: NotRequired[str]
    UserName: str
    PermissionsBoundary: NotRequired[str]
    Tags: NotRequired[list[Tag]]


class CreateUserResponse(TypedDict):
    User: NotRequired[User | None]


class CreateVirtualMFADeviceRequest(TypedDict):
    Path: NotRequired[str]
    VirtualMFADeviceName: str
    Tags: NotRequired[list[Tag]]


class CreateVirtualMFADeviceResponse(TypedDict):
    VirtualMFADevice: VirtualMFADevice


class DeactivateMFADeviceRequest(TypedDict):
    UserName: NotRequired[str]
    SerialNumber: str


class DelegationPermission(TypedDict):
    PolicyTemplateArn: NotRequired[str | None]
    Parameters: NotRequired[list[PolicyParameter] | None]


class DelegationRequest(TypedDict):
    DelegationRequestId: NotRequired[str | None]
    OwnerAccountId: NotRequired[str | None]
    Description: NotRequired[str | None]
    RequestMessage: NotRequired[str | None]
    Permissions: NotRequired[DelegationPermission | None]
    PermissionPolicy: NotRequired[str | None]
    RolePermissionRestrictionArns: NotRequired[list[str] | None]
    OwnerId: NotRequired[str | None]
    ApproverId: NotRequired[str | None]
    State: NotRequired[stateType | None]
    ExpirationTime: NotRequired[int | None]
    RequestorId: NotRequired[str | None]
    RequestorName: NotRequired[str | None]
    CreateDate: NotRequired[int | None]
    SessionDuration: NotRequired[int | None]
    RedirectUrl: NotRequired[str | None]
    Notes: NotRequired[str | None]
    RejectionReason: NotRequired[str | None]
    OnlySendByOwner: NotRequired[bool | None]
    UpdatedTime: NotRequired[int | None]


class DeleteAccessKeyRequest(TypedDict):
    UserName: NotRequired[str]
    AccessKeyId: str


class DeleteAccountAliasRequest(TypedDict):
    AccountAlias: str


class DeleteGroupPolicyRequest(TypedDict):
    GroupName: str
    PolicyName: str


class DeleteGroupRequest(TypedDict):
    GroupName: str


class DeleteInstanceProfileRequest(TypedDict):
    InstanceProfileName: str


class DeleteLoginProfileRequest(TypedDict):
    UserName: NotRequired[str]


class DeleteOpenIDConnectProviderRequest(TypedDict):
    OpenIDConnectProviderArn: str


class DeletePolicyRequest(TypedDict):
    PolicyArn: str


class DeletePolicyVersionRequest(TypedDict):
    PolicyArn: str
    VersionId: str


class DeleteRolePermissionsBoundaryRequest(TypedDict):
    RoleName: str


class DeleteRolePolicyRequest(TypedDict):
    RoleName: str
    PolicyName: str


class DeleteRoleRequest(TypedDict):
    RoleName: str


class DeleteSAMLProviderRequest(TypedDict):
    SAMLProviderArn: str


class DeleteSSHPublicKeyRequest(TypedDict):
    UserName: str
    SSHPublicKeyId: str


class DeleteServerCertificateRequest(TypedDict):
    ServerCertificateName: str


class DeleteServiceLinkedRoleRequest(TypedDict):
    RoleName: str


class DeleteServiceLinkedRoleResponse(TypedDict):
    DeletionTaskId: str


class DeleteServiceSpecificCredentialRequest(TypedDict):
    UserName: NotRequired[str]
    ServiceSpecificCredentialId: str


class DeleteSigningCertificateRequest(TypedDict):
    UserName: NotRequired[str]
    CertificateId: str


class DeleteUserPermissionsBoundaryRequest(TypedDict):
    UserName: str


class DeleteUserPolicyRequest(TypedDict):
    UserName: str
    PolicyName: str


class DeleteUserRequest(TypedDict):
    UserName: str


class DeleteVirtualMFADeviceRequest(TypedDict):
    SerialNumber: str


class DeletionTaskFailureReasonType(TypedDict):
    Reason: NotRequired[str | None]
    RoleUsageList: NotRequired[list[RoleUsageType] | None]


class DetachGroupPolicyRequest(TypedDict):
    GroupName: str
    PolicyArn: str


class DetachRolePolicyRequest(TypedDict):
    RoleName: str
    PolicyArn: str


class DetachUserPolicyRequest(TypedDict):
    UserName: str
    PolicyArn: str


class DisableOrganizationsRootCredentialsManagementRequest(TypedDict):
    pass


class DisableOrganizationsRootCredentialsManagementResponse(TypedDict):
    OrganizationId: NotRequired[str | None]
    EnabledFeatures: NotRequired[list[FeatureType] | None]


class DisableOrganizationsRootSessionsRequest(TypedDict):
    pass


class DisableOrganizationsRootSessionsResponse(TypedDict):
    OrganizationId: NotRequired[str | None]
    EnabledFeatures: NotRequired[list[FeatureType] | None]


class EnableMFADeviceRequest(TypedDict):
    UserName: str
    SerialNumber: str
    AuthenticationCode1: str
    AuthenticationCode2: str


class EnableOrganizationsRootCredentialsManagementRequest(TypedDict):
    pass


class EnableOrganizationsRootCredentialsManagementResponse(TypedDict):
    OrganizationId: NotRequired[str | None]
    EnabledFeatures: NotRequired[list[FeatureType] | None]


class EnableOrganizationsRootSessionsRequest(TypedDict):
    pass


class EnableOrganizationsRootSessionsResponse(TypedDict):
    OrganizationId: NotRequired[str | None]
    EnabledFeatures: NotRequired[list[FeatureType] | None]


class EnableOutboundWebIdentityFederationResponse(TypedDict):
    IssuerIdentifier: NotRequired[str | None]


class EntityDetails(TypedDict):
    EntityInfo: EntityInfo
    LastAuthenticated: NotRequired[int | None]


class EntityInfo(TypedDict):
    Arn: str
    Name: str
    Type: policyOwnerEntityType
    Id: str
    Path: NotRequired[str | None]


class ErrorDetails(TypedDict):
    Message: str
    Code: str


class EvaluationResult(TypedDict):
    EvalActionName: str
    EvalResourceName: NotRequired[str | None]
    EvalDecision: PolicyEvaluationDecisionType
    MatchedStatements: NotRequired[list[Statement] | None]
    MissingContextValues: NotRequired[list[str] | None]
    OrganizationsDecisionDetail: NotRequired[OrganizationsDecisionDetail | None]
    PermissionsBoundaryDecisionDetail: NotRequired[PermissionsBoundaryDecisionDetail | None]
    EvalDecisionDetails: NotRequired[dict[str, PolicyEvaluationDecisionType] | None]
    ResourceSpecificResults: NotRequired[list[ResourceSpecificResult] | None]


class GenerateCredentialReportResponse(TypedDict):
    State: NotRequired[ReportStateType | None]
    Description: NotRequired[str | None]


class GenerateOrganizationsAccessReportRequest(TypedDict):
    EntityPath: str
    OrganizationsPolicyId: NotRequired[str]


class GenerateOrganizationsAccessReportResponse(TypedDict):
    JobId: NotRequired[str | None]


class GenerateServiceLastAccessedDetailsRequest(TypedDict):
    Arn: str
    Granularity: NotRequired[AccessAdvisorUsageGranularityType]


class GenerateServiceLastAccessedDetailsResponse(TypedDict):
    JobId: NotRequired[str | None]


class GetAccessKeyLastUsedRequest(TypedDict):
    AccessKeyId: str


class GetAccessKeyLastUsedResponse(TypedDict):
    UserName: NotRequired[str | None]
    AccessKeyLastUsed: NotRequired[AccessKeyLastUsed | None]


class GetAccountAuthorizationDetailsRequest(TypedDict):
    Filter: NotRequired[list[EntityType]]
    MaxItems: NotRequired[int]
    Marker: NotRequired[str]


class GetAccountAuthorizationDetailsResponse(TypedDict):
    UserDetailList: NotRequired[list[UserDetail] | None]
    GroupDetailList: NotRequired[list[GroupDetail] | None]
    RoleDetailList: NotRequired[list[RoleDetail] | None]
    Policies: NotRequired[list[ManagedPolicyDetail] | None]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class GetAccountPasswordPolicyResponse(TypedDict):
    PasswordPolicy: PasswordPolicy


class GetAccountPropertiesRequest(TypedDict):
    pass


class GetAccountPropertiesResponse(TypedDict):
    Properties: NotRequired[dict[str, str] | None]


class GetAccountSummaryResponse(TypedDict):
    SummaryMap: NotRequired[dict[summaryKeyType, int] | None]


class GetContextKeysForCustomPolicyRequest(TypedDict):
    PolicyInputList: list[str]


class GetContextKeysForPolicyResponse(TypedDict):
    ContextKeyNames: NotRequired[list[str] | None]


class GetContextKeysForPrincipalPolicyRequest(TypedDict):
    PolicySourceArn: str
    PolicyInputList: NotRequired[list[str]]


class GetCredentialReportResponse(TypedDict):
    Content: NotRequired[bytes | None]
    ReportFormat: NotRequired[ReportFormatType | None]
    GeneratedTime: NotRequired[int | None]


class GetDelegationRequestRequest(TypedDict):
    DelegationRequestId: str
    DelegationPermissionCheck: NotRequired[bool]


class GetDelegationRequestResponse(TypedDict):
    DelegationRequest: NotRequired[DelegationRequest | None]
    PermissionCheckStatus: NotRequired[permissionCheckStatusType | None]
    PermissionCheckResult: NotRequired[permissionCheckResultType | None]


class GetGroupPolicyRequest(TypedDict):
    GroupName: str
    PolicyName: str


class GetGroupPolicyResponse(TypedDict):
    GroupName: str
    PolicyName: str
    PolicyDocument: str


class GetGroupRequest(TypedDict):
    GroupName: str
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class GetGroupResponse(TypedDict):
    Group: Group
    Users: list[User]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class GetHumanReadableSummaryRequest(TypedDict):
    EntityArn: str
    Locale: NotRequired[str]


class GetHumanReadableSummaryResponse(TypedDict):
    SummaryContent: NotRequired[str | None]
    Locale: NotRequired[str | None]
    SummaryState: NotRequired[summaryStateType | None]


class GetInstanceProfileRequest(TypedDict):
    InstanceProfileName: str


class GetInstanceProfileResponse(TypedDict):
    InstanceProfile: InstanceProfile


class GetLoginProfileRequest(TypedDict):
    UserName: NotRequired[str]


class GetLoginProfileResponse(TypedDict):
    LoginProfile: LoginProfile


class GetMFADeviceRequest(TypedDict):
    SerialNumber: str
    UserName: NotRequired[str]


class GetMFADeviceResponse(TypedDict):
    UserName: NotRequired[str | None]
    SerialNumber: str
    EnableDate: NotRequired[int | None]
    Certifications: NotRequired[dict[str, str] | None]


class GetOpenIDConnectProviderRequest(TypedDict):
    OpenIDConnectProviderArn: str


class GetOpenIDConnectProviderResponse(TypedDict):
    Url: NotRequired[str | None]
    ClientIDList: NotRequired[list[str] | None]
    ThumbprintList: NotRequired[list[str] | None]
    CreateDate: NotRequired[int | None]
    Tags: NotRequired[list[Tag] | None]


class GetOrganizationsAccessReportRequest(TypedDict):
    JobId: str
    MaxItems: NotRequired[int]
    Marker: NotRequired[str]
    SortKey: NotRequired[sortKeyType]


class GetOrganizationsAccessReportResponse(TypedDict):
    JobStatus: jobStatusType
    JobCreationDate: int
    JobCompletionDate: NotRequired[int | None]
    NumberOfServicesAccessible: NotRequired[int | None]
    NumberOfServicesNotAccessed: NotRequired[int | None]
    AccessDetails: NotRequired[list[AccessDetail] | None]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]
    ErrorDetails: NotRequired[ErrorDetails | None]


class GetOutboundWebIdentityFederationInfoResponse(TypedDict):
    IssuerIdentifier: NotRequired[str | None]
    JwtVendingEnabled: NotRequired[bool | None]


class GetPolicyRequest(TypedDict):
    PolicyArn: str


class GetPolicyResponse(TypedDict):
    Policy: NotRequired[Policy | None]


class GetPolicyVersionRequest(TypedDict):
    PolicyArn: str
    VersionId: str


class GetPolicyVersionResponse(TypedDict):
    PolicyVersion: NotRequired[PolicyVersion | None]


class GetRolePolicyRequest(TypedDict):
    RoleName: str
    PolicyName: str


class GetRolePolicyResponse(TypedDict):
    RoleName: str
    PolicyName: str
    PolicyDocument: str


class GetRoleRequest(TypedDict):
    RoleName: str


class GetRoleResponse(TypedDict):
    Role: Role


class GetRoleTemplateVersionRequest(TypedDict):
    TemplateArn: str
    MinorVersion: NotRequired[int]


class GetRoleTemplateVersionResponse(TypedDict):
    RoleTemplateVersion: RoleTemplateVersion


class GetSAMLProviderRequest(TypedDict):
    SAMLProviderArn: str


class GetSAMLProviderResponse(TypedDict):
    SAMLProviderUUID: NotRequired[str | None]
    SAMLMetadataDocument: NotRequired[str | None]
    CreateDate: NotRequired[int | None]
    ValidUntil: NotRequired[int | None]
    Tags: NotRequired[list[Tag] | None]
    AssertionEncryptionMode: NotRequired[assertionEncryptionModeType | None]
    PrivateKeyList: NotRequired[list[SAMLPrivateKey] | None]


class GetSSHPublicKeyRequest(TypedDict):
    UserName: str
    SSHPublicKeyId: str
    Encoding: encodingType


class GetSSHPublicKeyResponse(TypedDict):
    SSHPublicKey: NotRequired[SSHPublicKey | None]


class GetServerCertificateRequest(TypedDict):
    ServerCertificateName: str


class GetServerCertificateResponse(TypedDict):
    ServerCertificate: ServerCertificate


class GetServiceLastAccessedDetailsRequest(TypedDict):
    JobId: str
    MaxItems: NotRequired[int]
    Marker: NotRequired[str]


class GetServiceLastAccessedDetailsResponse(TypedDict):
    JobStatus: jobStatusType
    JobType: NotRequired[AccessAdvisorUsageGranularityType | None]
    JobCreationDate: int
    ServicesLastAccessed: list[ServiceLastAccessed]
    JobCompletionDate: int
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]
    Error: NotRequired[ErrorDetails | None]


class GetServiceLastAccessedDetailsWithEntitiesRequest(TypedDict):
    JobId: str
    ServiceNamespace: str
    MaxItems: NotRequired[int]
    Marker: NotRequired[str]


class GetServiceLastAccessedDetailsWithEntitiesResponse(TypedDict):
    JobStatus: jobStatusType
    JobCreationDate: int
    JobCompletionDate: int
    EntityDetailsList: list[EntityDetails]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]
    Error: NotRequired[ErrorDetails | None]


class GetServiceLinkedRoleDeletionStatusRequest(TypedDict):
    DeletionTaskId: str


class GetServiceLinkedRoleDeletionStatusResponse(TypedDict):
    Status: DeletionTaskStatusType
    Reason: NotRequired[DeletionTaskFailureReasonType | None]


class GetUserPolicyRequest(TypedDict):
    UserName: str
    PolicyName: str


class GetUserPolicyResponse(TypedDict):
    UserName: str
    PolicyName: str
    PolicyDocument: str


class GetUserRequest(TypedDict):
    UserName: NotRequired[str]


class GetUserResponse(TypedDict):
    User: User


class Group(TypedDict):
    Path: str
    GroupName: str
    GroupId: str
    Arn: str
    CreateDate: int


class GroupDetail(TypedDict):
    Path: NotRequired[str | None]
    GroupName: NotRequired[str | None]
    GroupId: NotRequired[str | None]
    Arn: NotRequired[str | None]
    CreateDate: NotRequired[int | None]
    GroupPolicyList: NotRequired[list[PolicyDetail] | None]
    AttachedManagedPolicies: NotRequired[list[AttachedPolicy] | None]


class InlinePolicy(TypedDict):
    PolicyName: str
    PolicyDocument: str


class InlinePolicyIdentifierType(TypedDict):
    PolicyName: str
    AttachmentType: AttachmentType
    AttachmentName: str


class InstanceProfile(TypedDict):
    Path: str
    InstanceProfileName: str
    InstanceProfileId: str
    Arn: str
    CreateDate: int
    Roles: list[Role]
    Tags: NotRequired[list[Tag] | None]


class ListAccessKeysRequest(TypedDict):
    UserName: NotRequired[str]
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListAccessKeysResponse(TypedDict):
    AccessKeyMetadata: list[AccessKeyMetadata]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListAccountAliasesRequest(TypedDict):
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListAccountAliasesResponse(TypedDict):
    AccountAliases: list[str]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListAttachedGroupPoliciesRequest(TypedDict):
    GroupName: str
    PathPrefix: NotRequired[str]
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListAttachedGroupPoliciesResponse(TypedDict):
    AttachedPolicies: NotRequired[list[AttachedPolicy] | None]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListAttachedRolePoliciesRequest(TypedDict):
    RoleName: str
    PathPrefix: NotRequired[str]
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListAttachedRolePoliciesResponse(TypedDict):
    AttachedPolicies: NotRequired[list[AttachedPolicy] | None]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListAttachedUserPoliciesRequest(TypedDict):
    UserName: str
    PathPrefix: NotRequired[str]
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListAttachedUserPoliciesResponse(TypedDict):
    AttachedPolicies: NotRequired[list[AttachedPolicy] | None]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListDelegationRequestsRequest(TypedDict):
    OwnerId: NotRequired[str]
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListDelegationRequestsResponse(TypedDict):
    DelegationRequests: NotRequired[list[DelegationRequest] | None]
    Marker: NotRequired[str | None]
    isTruncated: NotRequired[bool | None]


class ListEntitiesForPolicyRequest(TypedDict):
    PolicyArn: str
    EntityFilter: NotRequired[EntityType]
    PathPrefix: NotRequired[str]
    PolicyUsageFilter: NotRequired[PolicyUsageType]
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListEntitiesForPolicyResponse(TypedDict):
    PolicyGroups: NotRequired[list[PolicyGroup] | None]
    PolicyUsers: NotRequired[list[PolicyUser] | None]
    PolicyRoles: NotRequired[list[PolicyRole] | None]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListGroupPoliciesRequest(TypedDict):
    GroupName: str
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListGroupPoliciesResponse(TypedDict):
    PolicyNames: list[str]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListGroupsForUserRequest(TypedDict):
    UserName: str
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListGroupsForUserResponse(TypedDict):
    Groups: list[Group]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListGroupsRequest(TypedDict):
    PathPrefix: NotRequired[str]
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListGroupsResponse(TypedDict):
    Groups: list[Group]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListInstanceProfileTagsRequest(TypedDict):
    InstanceProfileName: str
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListInstanceProfileTagsResponse(TypedDict):
    Tags: list[Tag]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListInstanceProfilesForRoleRequest(TypedDict):
    RoleName: str
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListInstanceProfilesForRoleResponse(TypedDict):
    InstanceProfiles: list[InstanceProfile]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListInstanceProfilesRequest(TypedDict):
    PathPrefix: NotRequired[str]
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListInstanceProfilesResponse(TypedDict):
    InstanceProfiles: list[InstanceProfile]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListMFADeviceTagsRequest(TypedDict):
    SerialNumber: str
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListMFADeviceTagsResponse(TypedDict):
    Tags: list[Tag]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListMFADevicesRequest(TypedDict):
    UserName: NotRequired[str]
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListMFADevicesResponse(TypedDict):
    MFADevices: list[MFADevice]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListOpenIDConnectProviderTagsRequest(TypedDict):
    OpenIDConnectProviderArn: str
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListOpenIDConnectProviderTagsResponse(TypedDict):
    Tags: list[Tag]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListOpenIDConnectProvidersRequest(TypedDict):
    pass


class ListOpenIDConnectProvidersResponse(TypedDict):
    OpenIDConnectProviderList: NotRequired[list[OpenIDConnectProviderListEntry] | None]


class ListOrganizationsFeaturesRequest(TypedDict):
    pass


class ListOrganizationsFeaturesResponse(TypedDict):
    OrganizationId: NotRequired[str | None]
    EnabledFeatures: NotRequired[list[FeatureType] | None]


class ListPoliciesGrantingServiceAccessEntry(TypedDict):
    ServiceNamespace: NotRequired[str | None]
    Policies: NotRequired[list[PolicyGrantingServiceAccess] | None]


class ListPoliciesGrantingServiceAccessRequest(TypedDict):
    Marker: NotRequired[str]
    Arn: str
    ServiceNamespaces: list[str]


class ListPoliciesGrantingServiceAccessResponse(TypedDict):
    PoliciesGrantingServiceAccess: list[ListPoliciesGrantingServiceAccessEntry]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListPoliciesRequest(TypedDict):
    Scope: NotRequired[policyScopeType]
    OnlyAttached: NotRequired[bool]
    PathPrefix: NotRequired[str]
    PolicyUsageFilter: NotRequired[PolicyUsageType]
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListPoliciesResponse(TypedDict):
    Policies: NotRequired[list[Policy] | None]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListPolicyTagsRequest(TypedDict):
    PolicyArn: str
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListPolicyTagsResponse(TypedDict):
    Tags: list[Tag]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListPolicyVersionsRequest(TypedDict):
    PolicyArn: str
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListPolicyVersionsResponse(TypedDict):
    Versions: NotRequired[list[PolicyVersion] | None]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListRolePoliciesRequest(TypedDict):
    RoleName: str
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListRolePoliciesResponse(TypedDict):
    PolicyNames: list[str]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListRoleTagsRequest(TypedDict):
    RoleName: str
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListRoleTagsResponse(TypedDict):
    Tags: list[Tag]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListRolesRequest(TypedDict):
    PathPrefix: NotRequired[str]
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListRolesResponse(TypedDict):
    Roles: list[Role]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListSAMLProviderTagsRequest(TypedDict):
    SAMLProviderArn: str
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListSAMLProviderTagsResponse(TypedDict):
    Tags: list[Tag]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListSAMLProvidersRequest(TypedDict):
    pass


class ListSAMLProvidersResponse(TypedDict):
    SAMLProviderList: NotRequired[list[SAMLProviderListEntry] | None]


class ListSSHPublicKeysRequest(TypedDict):
    UserName: NotRequired[str]
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListSSHPublicKeysResponse(TypedDict):
    SSHPublicKeys: NotRequired[list[SSHPublicKeyMetadata] | None]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListServerCertificateTagsRequest(TypedDict):
    ServerCertificateName: str
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListServerCertificateTagsResponse(TypedDict):
    Tags: list[Tag]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListServerCertificatesRequest(TypedDict):
    PathPrefix: NotRequired[str]
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListServerCertificatesResponse(TypedDict):
    ServerCertificateMetadataList: list[ServerCertificateMetadata]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListServiceSpecificCredentialsRequest(TypedDict):
    UserName: NotRequired[str]
    ServiceName: NotRequired[str]
    AllUsers: NotRequired[bool]
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListServiceSpecificCredentialsResponse(TypedDict):
    ServiceSpecificCredentials: NotRequired[list[ServiceSpecificCredentialMetadata] | None]
    Marker: NotRequired[str | None]
    IsTruncated: NotRequired[bool | None]


class ListSigningCertificatesRequest(TypedDict):
    UserName: NotRequired[str]
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListSigningCertificatesResponse(TypedDict):
    Certificates: list[SigningCertificate]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListUserPoliciesRequest(TypedDict):
    UserName: str
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListUserPoliciesResponse(TypedDict):
    PolicyNames: list[str]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListUserTagsRequest(TypedDict):
    UserName: str
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListUserTagsResponse(TypedDict):
    Tags: list[Tag]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListUsersRequest(TypedDict):
    PathPrefix: NotRequired[str]
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListUsersResponse(TypedDict):
    Users: list[User]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class ListVirtualMFADevicesRequest(TypedDict):
    AssignmentStatus: NotRequired[assignmentStatusType]
    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class ListVirtualMFADevicesResponse(TypedDict):
    VirtualMFADevices: list[VirtualMFADevice]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class LoginProfile(TypedDict):
    UserName: str
    CreateDate: int
    PasswordResetRequired: NotRequired[bool | None]


class MFADevice(TypedDict):
    UserName: str
    SerialNumber: str
    EnableDate: int


class ManagedPolicyDetail(TypedDict):
    PolicyName: NotRequired[str | None]
    PolicyId: NotRequired[str | None]
    Arn: NotRequired[str | None]
    Path: NotRequired[str | None]
    DefaultVersionId: NotRequired[str | None]
    AttachmentCount: NotRequired[int | None]
    PermissionsBoundaryUsageCount: NotRequired[int | None]
    IsAttachable: NotRequired[bool | None]
    Description: NotRequired[str | None]
    CreateDate: NotRequired[int | None]
    UpdateDate: NotRequired[int | None]
    PolicyVersionList: NotRequired[list[PolicyVersion] | None]


class OpenIDConnectProviderListEntry(TypedDict):
    Arn: NotRequired[str | None]


class OrderedOrganizationPolicyType(TypedDict):
    ServiceControlPolicyInputList: NotRequired[list[str]]


class OrganizationsDecisionDetail(TypedDict):
    AllowedByOrganizations: NotRequired[bool | None]


class ParameterDefinition(TypedDict):
    Name: str
    Type: parameterTypeType
    SubType: NotRequired[str | None]
    Description: NotRequired[str | None]
    IsRequired: NotRequired[bool | None]
    DefaultValue: NotRequired[str | None]
    Immutable: NotRequired[bool | None]


class PasswordPolicy(TypedDict):
    MinimumPasswordLength: NotRequired[int | None]
    RequireSymbols: NotRequired[bool | None]
    RequireNumbers: NotRequired[bool | None]
    RequireUppercaseCharacters: NotRequired[bool | None]
    RequireLowercaseCharacters: NotRequired[bool | None]
    AllowUsersToChangePassword: NotRequired[bool | None]
    ExpirePasswords: NotRequired[bool | None]
    MaxPasswordAge: NotRequired[int | None]
    PasswordReusePrevention: NotRequired[int | None]
    HardExpiry: NotRequired[bool | None]


class PermissionsBoundaryDecisionDetail(TypedDict):
    AllowedByPermissionsBoundary: NotRequired[bool | None]


class Policy(TypedDict):
    PolicyName: NotRequired[str | None]
    PolicyId: NotRequired[str | None]
    Arn: NotRequired[str | None]
    Path: NotRequired[str | None]
    DefaultVersionId: NotRequired[str | None]
    AttachmentCount: NotRequired[int | None]
    PermissionsBoundaryUsageCount: NotRequired[int | None]
    IsAttachable: NotRequired[bool | None]
    Description: NotRequired[str | None]
    CreateDate: NotRequired[int | None]
    UpdateDate: NotRequired[int | None]
    Tags: NotRequired[list[Tag] | None]


class PolicyDetail(TypedDict):
    PolicyName: NotRequired[str | None]
    PolicyDocument: NotRequired[str | None]


class PolicyGrantingServiceAccess(TypedDict):
    PolicyName: str
    PolicyType: policyType
    PolicyArn: NotRequired[str | None]
    EntityType: NotRequired[policyOwnerEntityType | None]
    EntityName: NotRequired[str | None]


class PolicyGroup(TypedDict):
    GroupName: NotRequired[str | None]
    GroupId: NotRequired[str | None]


class PolicyIdentifier(TypedDict):
    PolicyType: NotRequired[PolicyIdentifierPolicyType]
    PolicyArn: NotRequired[str]
    InlinePolicyIdentifier: NotRequired[InlinePolicyIdentifierType]


class PolicyParameter(TypedDict):
    Name: NotRequired[str | None]
    Values: NotRequired[list[str] | None]
    Type: NotRequired[PolicyParameterTypeEnum | None]


class PolicyRole(TypedDict):
    RoleName: NotRequired[str | None]
    RoleId: NotRequired[str | None]


class PolicyUser(TypedDict):
    UserName: NotRequired[str | None]
    UserId: NotRequired[str | None]


class PolicyVersion(TypedDict):
    Document: NotRequired[str | None]
    VersionId: NotRequired[str | None]
    IsDefaultVersion: NotRequired[bool | None]
    CreateDate: NotRequired[int | None]


class Position(TypedDict):
    Line: NotRequired[int | None]
    Column: NotRequired[int | None]


class PutAccountPropertiesRequest(TypedDict):
    Properties: dict[str, str]


class PutAccountPropertiesResponse(TypedDict):
    pass


class PutGroupPolicyRequest(TypedDict):
    GroupName: str
    PolicyName: str
    PolicyDocument: str


class PutRolePermissionsBoundaryRequest(TypedDict):
    RoleName: str
    PermissionsBoundary: str


class PutRolePolicyRequest(TypedDict):
    RoleName: str
    PolicyName: str
    PolicyDocument: str


class PutUserPermissionsBoundaryRequest(TypedDict):
    UserName: str
    PermissionsBoundary: str


class PutUserPolicyRequest(TypedDict):
    UserName: str
    PolicyName: str
    PolicyDocument: str


class RejectDelegationRequestRequest(TypedDict):
    DelegationRequestId: str
    Notes: NotRequired[str]


class RemoveClientIDFromOpenIDConnectProviderRequest(TypedDict):
    OpenIDConnectProviderArn: str
    ClientID: str


class RemoveRoleFromInstanceProfileRequest(TypedDict):
    InstanceProfileName: str
    RoleName: str


class RemoveUserFromGroupRequest(TypedDict):
    GroupName: str
    UserName: str


class ReplacementValueEntry(TypedDict):
    Values: list[str]


class ResetServiceSpecificCredentialRequest(TypedDict):
    UserName: NotRequired[str]
    ServiceSpecificCredentialId: str


class ResetServiceSpecificCredentialResponse(TypedDict):
    ServiceSpecificCredential: NotRequired[ServiceSpecificCredential | None]


class ResourceSpecificResult(TypedDict):
    EvalResourceName: str
    EvalResourceDecision: PolicyEvaluationDecisionType
    MatchedStatements: NotRequired[list[Statement] | None]
    MissingContextValues: NotRequired[list[str] | None]
    EvalDecisionDetails: NotRequired[dict[str, PolicyEvaluationDecisionType] | None]
    PermissionsBoundaryDecisionDetail: NotRequired[PermissionsBoundaryDecisionDetail | None]


class ResyncMFADeviceRequest(TypedDict):
    UserName: str
    SerialNumber: str
    AuthenticationCode1: str
    AuthenticationCode2: str


class Role(TypedDict):
    Path: str
    RoleName: str
    RoleId: str
    Arn: str
    CreateDate: int
    AssumeRolePolicyDocument: NotRequired[str | None]
    Description: NotRequired[str | None]
    MaxSessionDuration: NotRequired[int | None]
    PermissionsBoundary: NotRequired[AttachedPermissionsBoundary | None]
    Tags: NotRequired[list[Tag] | None]
    RoleLastUsed: NotRequired[RoleLastUsed | None]
    SourceRoleTemplate: NotRequired[SourceRoleTemplate | None]


class RoleDetail(TypedDict):
    Path: NotRequired[str | None]
    RoleName: NotRequired[str | None]
    RoleId: NotRequired[str | None]
    Arn: NotRequired[str | None]
    CreateDate: NotRequired[int | None]
    AssumeRolePolicyDocument: NotRequired[str | None]
    InstanceProfileList: NotRequired[list[InstanceProfile] | None]
    RolePolicyList: NotRequired[list[PolicyDetail] | None]
    AttachedManagedPolicies: NotRequired[list[AttachedPolicy] | None]
    PermissionsBoundary: NotRequired[AttachedPermissionsBoundary | None]
    Tags: NotRequired[list[Tag] | None]
    RoleLastUsed: NotRequired[RoleLastUsed | None]


class RoleLastUsed(TypedDict):
    LastUsedDate: NotRequired[int | None]
    Region: NotRequired[str | None]


class RoleTemplateVersion(TypedDict):
    TemplateArn: NotRequired[str | None]
    TemplateName: NotRequired[str | None]
    TemplateVersionId: NotRequired[str | None]
    Description: NotRequired[str | None]
    MajorVersion: NotRequired[int | None]
    DefaultMinorVersion: NotRequired[int | None]
    ManagedByType: NotRequired[managedByTypeType | None]
    ManagedByValue: NotRequired[str | None]
    Enabled: NotRequired[bool | None]
    MinorVersion: NotRequired[int | None]
    RoleNamePattern: NotRequired[str | None]
    RolePathPattern: NotRequired[str | None]
    RoleDescriptionPattern: NotRequired[str | None]
    AssumeRolePolicyDocumentTemplate: NotRequired[str | None]
    InlinePolicyTemplates: NotRequired[list[InlinePolicy] | None]
    ManagedPolicyArns: NotRequired[list[str] | None]
    PermissionBoundaryArn: NotRequired[str | None]
    ParametersDefinition: NotRequired[list[ParameterDefinition] | None]
    RoleTagsTemplate: NotRequired[list[TagTemplate] | None]
    MaxSessionDuration: NotRequired[int | None]
    VersionEnabled: NotRequired[bool | None]
    CreateTimestamp: NotRequired[int | None]
    UpdateTimestamp: NotRequired[int | None]


class RoleUsageType(TypedDict):
    Region: NotRequired[str | None]
    Resources: NotRequired[list[str] | None]


class SAMLPrivateKey(TypedDict):
    KeyId: NotRequired[str | None]
    Timestamp: NotRequired[int | None]


class SAMLProviderListEntry(TypedDict):
    Arn: NotRequired[str | None]
    ValidUntil: NotRequired[int | None]
    CreateDate: NotRequired[int | None]


class SSHPublicKey(TypedDict):
    UserName: str
    SSHPublicKeyId: str
    Fingerprint: str
    SSHPublicKeyBody: str
    Status: statusType
    UploadDate: NotRequired[int | None]


class SSHPublicKeyMetadata(TypedDict):
    UserName: str
    SSHPublicKeyId: str
    Status: statusType
    UploadDate: int


class SendDelegationTokenRequest(TypedDict):
    DelegationRequestId: str


class ServerCertificate(TypedDict):
    ServerCertificateMetadata: ServerCertificateMetadata
    CertificateBody: str
    CertificateChain: NotRequired[str | None]
    Tags: NotRequired[list[Tag] | None]


class ServerCertificateMetadata(TypedDict):
    Path: str
    ServerCertificateName: str
    ServerCertificateId: str
    Arn: str
    UploadDate: NotRequired[int | None]
    Expiration: NotRequired[int | None]


class ServiceLastAccessed(TypedDict):
    ServiceName: str
    LastAuthenticated: NotRequired[int | None]
    ServiceNamespace: str
    LastAuthenticatedEntity: NotRequired[str | None]
    LastAuthenticatedRegion: NotRequired[str | None]
    TotalAuthenticatedEntities: NotRequired[int | None]
    TrackedActionsLastAccessed: NotRequired[list[TrackedActionLastAccessed] | None]


class ServiceSpecificCredential(TypedDict):
    CreateDate: int
    ExpirationDate: NotRequired[int | None]
    ServiceName: str
    ServiceUserName: NotRequired[str | None]
    ServicePassword: NotRequired[str | None]
    ServiceCredentialAlias: NotRequired[str | None]
    ServiceCredentialSecret: NotRequired[str | None]
    ServiceSpecificCredentialId: str
    UserName: str
    Status: statusType


class ServiceSpecificCredentialMetadata(TypedDict):
    UserName: str
    Status: statusType
    ServiceUserName: NotRequired[str | None]
    ServiceCredentialAlias: NotRequired[str | None]
    CreateDate: int
    ExpirationDate: NotRequired[int | None]
    ServiceSpecificCredentialId: str
    ServiceName: str


class SetDefaultPolicyVersionRequest(TypedDict):
    PolicyArn: str
    VersionId: str


class SetSecurityTokenServicePreferencesRequest(TypedDict):
    GlobalEndpointTokenVersion: globalEndpointTokenVersion


class SigningCertificate(TypedDict):
    UserName: str
    CertificateId: str
    CertificateBody: str
    Status: statusType
    UploadDate: NotRequired[int | None]


class SimulateCustomPolicyRequest(TypedDict):
    PolicyInputList: list[str]
    PermissionsBoundaryPolicyInputList: NotRequired[list[str]]
    OrderedOrganizationPolicyInputList: NotRequired[list[OrderedOrganizationPolicyType]]
    ActionNames: list[str]
    ResourceArns: NotRequired[list[str]]
    ResourcePolicy: NotRequired[str]
    ResourceOwner: NotRequired[str]
    CallerArn: NotRequired[str]
    ContextEntries: NotRequired[list[ContextEntry]]
    ResourceHandlingOption: NotRequired[str]
    MaxItems: NotRequired[int]
    Marker: NotRequired[str]


class SimulatePolicyResponse(TypedDict):
    EvaluationResults: NotRequired[list[EvaluationResult] | None]
    IsTruncated: NotRequired[bool | None]
    Marker: NotRequired[str | None]


class SimulatePrincipalPolicyRequest(TypedDict):
    PolicySourceArn: str
    PolicyInputList: NotRequired[list[str]]
    PermissionsBoundaryPolicyInputList: NotRequired[list[str]]
    PolicyExclusionList: NotRequired[list[PolicyIdentifier]]
    ActionNames: list[str]
    ResourceArns: NotRequired[list[str]]
    ResourcePolicy: NotRequired[str]
    ResourceOwner: NotRequired[str]
    CallerArn: NotRequired[str]
    ContextEntries: NotRequired[list[ContextEntry]]
    ResourceHandlingOption: NotRequired[str]
    MaxItems: NotRequired[int]
    Marker: NotRequired[str]


class SourceRoleTemplate(TypedDict):
    TemplateArn: str
    TemplateMinorVersion: int


class Statement(TypedDict):
    SourcePolicyId: NotRequired[str | None]
    SourcePolicyType: NotRequired[PolicySourceType | None]
    StartPosition: NotRequired[Position | None]
    EndPosition: NotRequired[Position | None]


class Tag(TypedDict):
    Key: str
    Value: str


class TagInstanceProfileRequest(TypedDict):
    InstanceProfileName: str
    Tags: list[Tag]


class TagMFADeviceRequest(TypedDict):
    SerialNumber: str
    Tags: list[Tag]


class TagOpenIDConnectProviderRequest(TypedDict):
    OpenIDConnectProviderArn: str
    Tags: list[Tag]


class TagPolicyRequest(TypedDict):
    PolicyArn: str
    Tags: list[Tag]


class TagRoleRequest(TypedDict):
    RoleName: str
    Tags: list[Tag]


class TagSAMLProviderRequest(TypedDict):
    SAMLProviderArn: str
    Tags: list[Tag]


class TagServerCertificateRequest(TypedDict):
    ServerCertificateName: str
    Tags: list[Tag]


class TagTemplate(TypedDict):
    Key: str
    Value: str


class TagUserRequest(TypedDict):
    UserName: str
    Tags: list[Tag]


class TrackedActionLastAccessed(TypedDict):
    ActionName: NotRequired[str | None]
    LastAccessedEntity: NotRequired[str | None]
    LastAccessedTime: NotRequired[int | None]
    LastAccessedRegion: NotRequired[str | None]


class UntagInstanceProfileRequest(TypedDict):
    InstanceProfileName: str
    TagKeys: list[str]


class UntagMFADeviceRequest(TypedDict):
    SerialNumber: str
    TagKeys: list[str]


class UntagOpenIDConnectProviderRequest(TypedDict):
    OpenIDConnectProviderArn: str
    TagKeys: list[str]


class UntagPolicyRequest(TypedDict):
    PolicyArn: str
    TagKeys: list[str]


class UntagRoleRequest(TypedDict):
    RoleName: str
    TagKeys: list[str]


class UntagSAMLProviderRequest(TypedDict):
    SAMLProviderArn: str
    TagKeys: list[str]


class UntagServerCertificateRequest(TypedDict):
    ServerCertificateName: str
    TagKeys: list[str]


class UntagUserRequest(TypedDict):
    UserName: str
    TagKeys: list[str]


class UpdateAccessKeyRequest(TypedDict):
    UserName: NotRequired[str]
    AccessKeyId: str
    Status: statusType


class UpdateAccountPasswordPolicyRequest(TypedDict):
    MinimumPasswordLength: NotRequired[int]
    RequireSymbols: NotRequired[bool]
    RequireNumbers: NotRequired[bool]
    RequireUppercaseCharacters: NotRequired[bool]
    RequireLowercaseCharacters: NotRequired[bool]
    AllowUsersToChangePassword: NotRequired[bool]
    MaxPasswordAge: NotRequired[int]
    PasswordReusePrevention: NotRequired[int]
    HardExpiry: NotRequired[bool]


class UpdateAssumeRolePolicyRequest(TypedDict):
    RoleName: str
    PolicyDocument: str


class UpdateDelegationRequestRequest(TypedDict):
    DelegationRequestId: str
    Notes: NotRequired[str]


class UpdateGroupRequest(TypedDict):
    GroupName: str
    NewPath: NotRequired[str]
    NewGroupName: NotRequired[str]


class UpdateLoginProfileRequest(TypedDict):
    UserName: str
    Password: NotRequired[str]
    PasswordResetRequired: NotRequired[bool]


class UpdateOpenIDConnectProviderThumbprintRequest(TypedDict):
    OpenIDConnectProviderArn: str
    ThumbprintList: list[str]


class UpdateRoleDescriptionRequest(TypedDict):
    RoleName: str
    Description: str


class UpdateRoleDescriptionResponse(TypedDict):
    Role: NotRequired[Role | None]


class UpdateRoleRequest(TypedDict):
    RoleName: str
    Description: NotRequired[str]
    MaxSessionDuration: NotRequired[int]


class UpdateRoleResponse(TypedDict):
    pass


class UpdateSAMLProviderRequest(TypedDict):
    SAMLMetadataDocument: NotRequired[str]
    SAMLProviderArn: str
    AssertionEncryptionMode: NotRequired[assertionEncryptionModeType]
    AddPrivateKey: NotRequired[str]
    RemovePrivateKey: NotRequired[str]


class UpdateSAMLProviderResponse(TypedDict):
    SAMLProviderArn: NotRequired[str | None]


class UpdateSSHPublicKeyRequest(TypedDict):
    UserName: str
    SSHPublicKeyId: str
    Status: statusType


class UpdateServerCertificateRequest(TypedDict):
    ServerCertificateName: str
    NewPath: NotRequired[str]
    NewServerCertificateName: NotRequired[str]


class UpdateServiceSpecificCredentialRequest(TypedDict):
    UserName: NotRequired[str]
    ServiceSpecificCredentialId: str
    Status: statusType


class UpdateSigningCertificateRequest(TypedDict):
    UserName: NotRequired[str]
    CertificateId: str
    Status: statusType


class UpdateUserRequest(TypedDict):
    UserName: str
    NewPath: NotRequired[str]
    NewUserName: NotRequired[str]


class UploadSSHPublicKeyRequest(TypedDict):
    UserName: str
    SSHPublicKeyBody: str


class UploadSSHPublicKeyResponse(TypedDict):
    SSHPublicKey: NotRequired[SSHPublicKey | None]


class UploadServerCertificateRequest(TypedDict):
    Path: NotRequired[str]
    ServerCertificateName: str
    CertificateBody: str
    PrivateKey: str
    CertificateChain: NotRequired[str]
    Tags: NotRequired[list[Tag]]


class UploadServerCertificateResponse(TypedDict):
    ServerCertificateMetadata: NotRequired[ServerCertificateMetadata | None]
    Tags: NotRequired[list[Tag] | None]


class UploadSigningCertificateRequest(TypedDict):
    UserName: NotRequired[str]
    CertificateBody: str


class UploadSigningCertificateResponse(TypedDict):
    Certificate: SigningCertificate


class User(TypedDict):
    Path: str
    UserName: str
    UserId: str
    Arn: str
    CreateDate: int
    PasswordLastUsed: NotRequired[int | None]
    PermissionsBoundary: NotRequired[AttachedPermissionsBoundary | None]
    Tags: NotRequired[list[Tag] | None]


class UserDetail(TypedDict):
    Path: NotRequired[str | None]
    UserName: NotRequired[str | None]
    UserId: NotRequired[str | None]
    Arn: NotRequired[str | None]
    CreateDate: NotRequired[int | None]
    UserPolicyList: NotRequired[list[PolicyDetail] | None]
    GroupList: NotRequired[list[str] | None]
    AttachedManagedPolicies: NotRequired[list[AttachedPolicy] | None]
    PermissionsBoundary: NotRequired[AttachedPermissionsBoundary | None]
    Tags: NotRequired[list[Tag] | None]


class VirtualMFADevice(TypedDict):
    SerialNumber: str
    Base32StringSeed: NotRequired[bytes | None]
    QRCodePNG: NotRequired[bytes | None]
    User: NotRequired[User | None]
    EnableDate: NotRequired[int | None]
    Tags: NotRequired[list[Tag] | None]
