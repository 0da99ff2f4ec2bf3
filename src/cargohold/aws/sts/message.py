"""DecodeAuthorizationMessage: why a request was denied, for who may know it.

Source: AWS STS API reference, DecodeAuthorizationMessage: the members of the decoded JSON. Where AWS repeats a
statement that matched, Cargohold names it and its policy; `missing` is the kind of policy that would have had to allow.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cargohold.access.demand import Demand
from cargohold.aws.operation import Call, Scope, operation
from cargohold.core.arn import Registry
from cargohold.core.errors import InvalidAuthorizationMessage

if TYPE_CHECKING:
    from cargohold.access.denial import Denial
    from cargohold.access.policy import Match
    from cargohold.aws.shapes.sts import DecodeAuthorizationMessageRequest, DecodeAuthorizationMessageResponse


def _demands(scope: Scope, _: DecodeAuthorizationMessageRequest) -> Sequence[Demand]:
    return (Demand("sts:DecodeAuthorizationMessage", Registry(scope.account, scope.region)),)


@operation("DecodeAuthorizationMessage", _demands)
async def decode_authorization_message(
    call: Call, request: DecodeAuthorizationMessageRequest
) -> DecodeAuthorizationMessageResponse:
    """The message of a refusal in the caller's account: of one of its principals, or to something that it owns."""
    denial = call.services.guard.opened(request["EncodedMessage"])
    if denial is None or call.scope.account not in (denial.account, _owner(denial.resource)):
        raise InvalidAuthorizationMessage
    return {"DecodedMessage": json.dumps(_shown(denial), separators=(",", ":"), ensure_ascii=False)}


def _owner(resource: str) -> str:
    """The account in an ARN; empty for `*`."""
    return "".join(resource.split(":")[4:5])


def _shown(denial: Denial) -> dict[str, Any]:
    conditions = [
        {"key": key, "values": _items([{"value": each} for each in ((value,) if isinstance(value, str) else value)])}
        for key, value in denial.conditions.items()
    ]
    return {
        "allowed": False,
        "explicitDeny": denial.explicit_deny,
        "matchedStatements": _items([_statement(each) for each in denial.matched]),
        "failures": _items([]),
        "missing": denial.missing,
        "context": {
            "principal": {"id": denial.principal_id, "arn": denial.principal_arn},
            "action": denial.action,
            "resource": denial.resource,
            "conditions": _items(conditions),
        },
    }


def _statement(matched: Match) -> dict[str, Any]:
    return {
        "statementId": matched.sid or "",
        "effect": matched.effect.upper(),
        "policy": matched.policy,
        "policyType": matched.kind,
        "index": matched.index,
    }


def _items(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"items": items}
