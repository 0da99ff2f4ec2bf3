"""Cargohold, API version 2026-11-01: requests and answers as they are once decoded.

Written by tools/generate_shapes.py from our own model; do not edit. Timestamps are epoch milliseconds, blobs
are bytes. Where a member of an answer may be None, None leaves it out.
"""

from __future__ import annotations

from typing import NotRequired, TypeAlias, TypedDict


class AccessKey(TypedDict):
    userName: str
    accessKeyId: str
    secretAccessKey: str


class Account(TypedDict):
    accountId: str
    alias: NotRequired[str | None]
    arn: NotRequired[str | None]
    createdAt: int


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


class ContextEntry(TypedDict):
    key: str
    values: list[str]


class CreateAccountRequest(TypedDict):
    alias: NotRequired[str]
    accountId: NotRequired[str]


class CreateAccountResponse(TypedDict):
    account: Account
    accessKey: AccessKey


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
    suggestion: NotRequired[str | None]


class ListAccountsRequest(TypedDict):
    nextToken: NotRequired[str]
    maxResults: NotRequired[int]


class ListAccountsResponse(TypedDict):
    accounts: list[Account]
    nextToken: NotRequired[str | None]


class MatchedStatement(TypedDict):
    policy: NotRequired[str | None]
    kind: str
    sid: NotRequired[str | None]
    index: NotRequired[int | None]
    effect: str
    statement: NotRequired[str | None]


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
