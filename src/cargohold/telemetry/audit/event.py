"""What a line of the audit trail says: CloudTrail's event, made of plain values that a door chose.

A line is at most LONGEST bytes, so that it goes out in one piece even through a pipe. No token, secret, document or
query string is ever handed in.
Source: CloudTrail user guide, "CloudTrail record contents" and "CloudTrail userIdentity element".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

VERSION: Final = "1.11"
LONGEST: Final = 4096
"""Bytes of a line with its line break: what Linux writes to a pipe without mixing it with others (PIPE_BUF)."""

LONGEST_TEXT: Final = 256
"""Characters of any text but an error's sentence and an ARN."""
LONGEST_ARN: Final = 512
LONGEST_MESSAGE: Final = 1600
"""Characters of an error's sentence, which may hold an encoded message."""
MOST_ITEMS: Final = 10
"""Items of any list."""

_TYPES: Final = {
    "ecr": "AWS::ECR::Repository",
    "ecr-public": "AWS::ECR::PublicRepository",
    "user": "AWS::IAM::User",
    "group": "AWS::IAM::Group",
    "role": "AWS::IAM::Role",
    "policy": "AWS::IAM::Policy",
    "instance-profile": "AWS::IAM::InstanceProfile",
}
_ENCODE: Final = json.JSONEncoder(separators=(",", ":")).encode
_SHRINKS: Final = ("responseElements", "requestParameters", "userAgent")
"""What a line that is too long does without, in this order."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """The role of a session, as `sessionIssuer` names it."""

    id: str
    arn: str
    account: str
    name: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asked. `kind` is CloudTrail's: IAMUser, AssumedRole, FederatedUser, or Unknown where nobody was proven."""

    kind: str = "Unknown"
    id: str = ""
    arn: str = ""
    account: str = ""
    name: str = ""
    access_key_id: str = ""
    issuer: Issuer | None = None
    session_began: int | None = None
    """Epoch milliseconds; None where it is no session."""
    invoked_by: str = ""
    """The service that did it by itself, where nobody asked: `ecr.amazonaws.com`."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One request that a door has ended, or one thing that a service did by itself."""

    request_id: str
    action: str
    """`ecr:PutImage`."""
    identity: Identity
    client: str
    """The address that it came from."""
    user_agent: str = ""
    region: str = ""
    recipient: str = ""
    """The account whose trail it belongs to; empty where nobody knows."""
    code: str = ""
    """The error's as the client read it; empty for success."""
    message: str = ""
    only_reads: bool = False
    resources: tuple[str, ...] = ()
    """ARNs; `*` is left out."""
    parameters: Mapping[str, object] = field(default_factory=dict)
    elements: Mapping[str, object] = field(default_factory=dict)

    @property
    def proven(self) -> bool:
        return bool(self.identity.arn or self.identity.invoked_by)


def moment(milliseconds: int) -> str:
    """A time as events have it: `2026-11-28T02:15:45Z`."""
    return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def render(happened: Happened, event_id: str, now: int) -> bytes:
    """The event as one line of JSON; `now` is in epoch milliseconds."""
    event = _event(happened, event_id, now)
    line = _ENCODE(event)
    for member in _SHRINKS:
        if len(line) < LONGEST:
            break
        event[member] = None
        line = _ENCODE(event)
    if len(line) >= LONGEST:
        event |= {"resources": event["resources"][:1], "errorMessage": _cut(happened.message, LONGEST_TEXT)}
        line = _ENCODE(event)
    return line.encode() + b"\n"


def _event(happened: Happened, event_id: str, now: int) -> dict[str, Any]:
    service, _, name = happened.action.partition(":")
    event: dict[str, Any] = {
        "eventVersion": VERSION,
        "eventTime": moment(now),
        "userIdentity": _user_identity(happened.identity),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": happened.region,
        "sourceIPAddress": _cut(happened.client, LONGEST_TEXT),
        "userAgent": _cut(happened.user_agent, LONGEST_TEXT),
    }
    if happened.code:
        event |= {"errorCode": happened.code, "errorMessage": _cut(happened.message, LONGEST_MESSAGE)}
    return event | {
        "requestParameters": happened.parameters or None,
        "responseElements": happened.elements or None,
        "requestID": happened.request_id,
        "eventID": event_id,
        "readOnly": happened.only_reads,
        "resources": _resources(happened.resources),
        "eventType": "AwsServiceEvent" if happened.identity.invoked_by else "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": happened.recipient,
        "eventCategory": "Management",
    }


def _user_identity(identity: Identity) -> dict[str, Any]:
    given = {
        "type": identity.kind,
        "principalId": identity.id,
        "arn": identity.arn,
        "accountId": identity.account,
        "accessKeyId": identity.access_key_id,
        "userName": identity.name if identity.kind == "IAMUser" else "",
        "invokedBy": identity.invoked_by,
    }
    described: dict[str, Any] = {member: value for member, value in given.items() if value}
    if identity.issuer is not None or identity.session_began is not None:
        described["sessionContext"] = _session(identity)
    return described


def _session(identity: Identity) -> dict[str, Any]:
    context: dict[str, Any] = {}
    if (issuer := identity.issuer) is not None:
        context["sessionIssuer"] = {
            "type": "Role",
            "principalId": issuer.id,
            "arn": issuer.arn,
            "accountId": issuer.account,
            "userName": issuer.name,
        }
    attributes = {"mfaAuthenticated": "false"}
    if identity.session_began is not None:
        attributes = {"creationDate": moment(identity.session_began), **attributes}
    return context | {"attributes": attributes}


def _cut(text: str, limit: int) -> str:
    """The beginning of a text, of about `limit` bytes as JSON: quotes and backslashes count once."""
    if text.isascii() and text.isprintable():
        return text[:limit]
    cut = text[:limit]
    while len(_ENCODE(cut)) > limit + 2:
        cut = cut[: len(cut) // 2]
    return cut


def _resources(arns: Iterable[str]) -> list[dict[str, str]]:
    named = [_cut(arn, LONGEST_ARN) for arn in dict.fromkeys(arns) if arn.startswith("arn:")]
    return [_resource(arn) for arn in named[:MOST_ITEMS]]


def _resource(arn: str) -> dict[str, str]:
    _, _, service, _, account, rest = (*arn.split(":", 5), "", "", "", "")[:6]
    kind = _TYPES.get(rest.partition("/")[0] if service == "iam" else service)
    described = {"ARN": arn, "accountId": account}
    return described if kind is None else {**described, "type": kind}
