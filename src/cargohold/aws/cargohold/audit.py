"""SearchAudit: what was done and refused, as far as the account that asks may know."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from cargohold.access.demand import Demand
from cargohold.aws.cargohold.demands import EVERY, on_accounts, on_own_audit
from cargohold.aws.operation import Call, Scope, operation
from cargohold.core.errors import InvalidToken
from cargohold.encryption.tokens import Claims
from cargohold.telemetry.audit.files import Place
from cargohold.telemetry.audit.search import Mark, Position, Query

if TYPE_CHECKING:
    from cargohold.aws.shapes.cargohold import AuditEvent, SearchAuditRequest, SearchAuditResponse

DEFAULT_PAGE: Final = 50
"""Events on a page where `maxResults` is not given; its range, 1 to 1000, stands in the API's model."""

_FILTERS: Final = ("accountId", "principal", "repository", "action", "startTime", "endTime", "errorsOnly")


def _demands(scope: Scope, request: SearchAuditRequest) -> Sequence[Demand]:
    account = request.get("accountId", scope.account)
    if account == scope.account:
        return (on_own_audit("cargohold:SearchAudit", scope),)
    return (on_accounts("cargohold:SearchAudit", scope, account),)


@operation("SearchAudit", _demands)
async def search_audit(call: Call, request: SearchAuditRequest) -> SearchAuditResponse:
    """One page of events of an account, or of all; raises InvalidToken and AuditTrailNotKept."""
    account = request.get("accountId", call.scope.account)
    purpose = "\0".join(("SearchAudit", account, *(str(request.get(name, "")) for name in _FILTERS)))
    query = Query(
        account=None if account == EVERY else account,
        principal=request.get("principal"),
        repository=request.get("repository"),
        action=request.get("action"),
        since=request.get("startTime"),
        until=request.get("endTime"),
        errors_only=request.get("errorsOnly", False),
    )
    position = _position(call, purpose, request.get("nextToken"))
    found = await call.services.audit.search(query, position, request.get("maxResults", DEFAULT_PAGE))
    token = None if found.position is None else call.services.tokens.issue(purpose, _claims(found.position))
    return {"events": [_event(each) for each in found.events], "nextToken": token}


def _event(event: dict[str, Any]) -> AuditEvent:
    service = event["eventSource"].partition(".")[0]
    return {
        "eventId": event["eventID"],
        "eventTime": int(datetime.fromisoformat(event["eventTime"]).timestamp()) * 1000,
        "action": f"{service}:{event['eventName']}",
        "principal": event["userIdentity"].get("arn"),
        "accountId": event["recipientAccountId"] or None,
        "sourceIpAddress": event["sourceIPAddress"],
        "errorCode": event.get("errorCode"),
        "errorMessage": event.get("errorMessage"),
        "readOnly": event["readOnly"],
        "resources": [resource["ARN"] for resource in event["resources"]],
        "event": json.dumps(event, separators=(",", ":")),
    }


def _claims(position: Position) -> Claims:
    return {series: _written(mark) for series, mark in position.items()}


def _written(mark: Mark) -> str:
    if mark.file is None:
        return ""
    return f"{mark.file.day}/{mark.file.number}/{'' if mark.offset is None else mark.offset}"


def _position(call: Call, purpose: str, token: str | None) -> Position:
    if token is None:
        return {}
    claims = call.services.tokens.read(purpose, token)
    if claims is None:
        raise InvalidToken
    return {series: _read(str(written)) for series, written in claims.items()}


def _read(written: str) -> Mark:
    if not written:
        return Mark(None)
    day, number, offset = written.split("/")
    return Mark(Place(day, int(number)), int(offset) if offset else None)
