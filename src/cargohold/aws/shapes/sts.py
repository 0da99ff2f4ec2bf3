"""AWS Security Token Service, API version 2011-06-15: requests and answers as they are once decoded.

Written by tools/generate_shapes.py from botocore 1.44.5; do not edit. Timestamps are epoch milliseconds, blobs
are bytes. Where a member of an answer may be None, None leaves it out.
"""

from __future__ import annotations

from typing import NotRequired, TypeAlias, TypedDict


class AssumeRoleRequest(TypedDict):
    RoleArn: str
    RoleSessionName: str
    PolicyArns: NotRequired[list[PolicyDescriptorType]]
    Policy: NotRequired[str]
    DurationSeconds: NotRequired[int]
    Tags: NotRequired[list[Tag]]
    TransitiveTagKeys: NotRequired[list[str]]
    ExternalId: NotRequired[str]
    SerialNumber: NotRequired[str]
    TokenCode: NotRequired[str]
    SourceIdentity: NotRequired[str]
    ProvidedContexts: NotRequired[list[ProvidedContext]]
    MinimumSessionTokenSize: NotRequired[int]


class AssumeRoleResponse(TypedDict):
    Credentials: NotRequired[Credentials | None]
    AssumedRoleUser: NotRequired[AssumedRoleUser | None]
    PackedPolicySize: NotRequired[int | None]
    SourceIdentity: NotRequired[str | None]
    SessionTokenUtilization: NotRequired[int | None]
    SessionTokenSize: NotRequired[int | None]


class AssumeRoleWithSAMLRequest(TypedDict):
    RoleArn: str
    PrincipalArn: str
    SAMLAssertion: str
    PolicyArns: NotRequired[list[PolicyDescriptorType]]
    Policy: NotRequired[str]
    DurationSeconds: NotRequired[int]
    MinimumSessionTokenSize: NotRequired[int]


class AssumeRoleWithSAMLResponse(TypedDict):
    Credentials: NotRequired[Credentials | None]
    AssumedRoleUser: NotRequired[AssumedRoleUser | None]
    PackedPolicySize: NotRequired[int | None]
    Subject: NotRequired[str | None]
    SubjectType: NotRequired[str | None]
    Issuer: NotRequired[str | None]
    Audience: NotRequired[str | None]
    NameQualifier: NotRequired[str | None]
    SourceIdentity: NotRequired[str | None]
    SessionTokenUtilization: NotRequired[int | None]
    SessionTokenSize: NotRequired[int | None]


class AssumeRoleWithWebIdentityRequest(TypedDict):
    RoleArn: str
    RoleSessionName: str
    WebIdentityToken: str
    ProviderId: NotRequired[str]
    PolicyArns: NotRequired[list[PolicyDescriptorType]]
    Policy: NotRequired[str]
    DurationSeconds: NotRequired[int]
    MinimumSessionTokenSize: NotRequired[int]


class AssumeRoleWithWebIdentityResponse(TypedDict):
    Credentials: NotRequired[Credentials | None]
    SubjectFromWebIdentityToken: NotRequired[str | None]
    AssumedRoleUser: NotRequired[AssumedRoleUser | None]
    PackedPolicySize: NotRequired[int | None]
    Provider: NotRequired[str | None]
    Audience: NotRequired[str | None]
    SourceIdentity: NotRequired[str | None]
    SessionTokenUtilization: NotRequired[int | None]
    SessionTokenSize: NotRequired[int | None]


class AssumeRootRequest(TypedDict):
    TargetPrincipal: str
    TaskPolicyArn: PolicyDescriptorType
    DurationSeconds: NotRequired[int]
    MinimumSessionTokenSize: NotRequired[int]


class AssumeRootResponse(TypedDict):
    Credentials: NotRequired[Credentials | None]
    SourceIdentity: NotRequired[str | None]
    SessionTokenUtilization: NotRequired[int | None]
    SessionTokenSize: NotRequired[int | None]


class AssumedRoleUser(TypedDict):
    AssumedRoleId: str
    Arn: str


class Credentials(TypedDict):
    AccessKeyId: str
    SecretAccessKey: str
    SessionToken: str
    Expiration: int


class DecodeAuthorizationMessageRequest(TypedDict):
    EncodedMessage: str


class DecodeAuthorizationMessageResponse(TypedDict):
    DecodedMessage: NotRequired[str | None]


class FederatedUser(TypedDict):
    FederatedUserId: str
    Arn: str


class GetAccessKeyInfoRequest(TypedDict):
    AccessKeyId: str


class GetAccessKeyInfoResponse(TypedDict):
    Account: NotRequired[str | None]


class GetCallerIdentityRequest(TypedDict):
    pass


class GetCallerIdentityResponse(TypedDict):
    UserId: NotRequired[str | None]
    Account: NotRequired[str | None]
    Arn: NotRequired[str | None]


class GetDelegatedAccessTokenRequest(TypedDict):
    TradeInToken: str


class GetDelegatedAccessTokenResponse(TypedDict):
    Credentials: NotRequired[Credentials | None]
    PackedPolicySize: NotRequired[int | None]
    AssumedPrincipal: NotRequired[str | None]


class GetFederationTokenRequest(TypedDict):
    Name: str
    Policy: NotRequired[str]
    PolicyArns: NotRequired[list[PolicyDescriptorType]]
    DurationSeconds: NotRequired[int]
    Tags: NotRequired[list[Tag]]
    MinimumSessionTokenSize: NotRequired[int]


class GetFederationTokenResponse(TypedDict):
    Credentials: NotRequired[Credentials | None]
    FederatedUser: NotRequired[FederatedUser | None]
    PackedPolicySize: NotRequired[int | None]
    SessionTokenUtilization: NotRequired[int | None]
    SessionTokenSize: NotRequired[int | None]


class GetSessionTokenRequest(TypedDict):
    DurationSeconds: NotRequired[int]
    SerialNumber: NotRequired[str]
    TokenCode: NotRequired[str]
    MinimumSessionTokenSize: NotRequired[int]


class GetSessionTokenResponse(TypedDict):
    Credentials: NotRequired[Credentials | None]
    SessionTokenUtilization: NotRequired[int | None]
    SessionTokenSize: NotRequired[int | None]


class GetWebIdentityTokenRequest(TypedDict):
    Audience: list[str]
    DurationSeconds: NotRequired[int]
    SigningAlgorithm: str
    Tags: NotRequired[list[Tag]]


class GetWebIdentityTokenResponse(TypedDict):
    WebIdentityToken: NotRequired[str | None]
    Expiration: NotRequired[int | None]


class PolicyDescriptorType(TypedDict):
    arn: NotRequired[str]


class ProvidedContext(TypedDict):
    ProviderArn: NotRequired[str]
    ContextAssertion: NotRequired[str]


class Tag(TypedDict):
    Key: str
    Value: str
