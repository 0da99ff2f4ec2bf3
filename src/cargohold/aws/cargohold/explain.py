"""ExplainAccess: why somebody may or may not do something, for who may know it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cargohold.access.context import Value
from cargohold.access.demand import Demand
from cargohold.access.question import Question, ask, ask_again
from cargohold.aws.cargohold.demands import on_own_access
from cargohold.aws.operation import Call, Scope, operation
from cargohold.core.errors import InvalidAuthorizationMessage, ValidationError

if TYPE_CHECKING:
    from cargohold.access.explain import Told
    from cargohold.access.suggest import Suggestion
    from cargohold.aws.shapes import cargohold as shapes
    from cargohold.aws.shapes.cargohold import ExplainAccessRequest, ExplainAccessResponse

_ASKED = ("principalArn", "action", "resourceArn", "context")


def _demands(scope: Scope, _: ExplainAccessRequest) -> Sequence[Demand]:
    return (on_own_access("cargohold:ExplainAccess", scope),)


@operation("ExplainAccess", _demands)
async def explain_access(call: Call, request: ExplainAccessRequest) -> ExplainAccessResponse:
    """Of a refusal, or of what is asked: as far as a principal or a resource of the caller's account is in it."""
    question = _question(call, request)
    answer = await call.services.explanations.explain(call.scope.account, question)
    found = answer.explanation
    return {
        "allowed": found.allowed,
        "explicitDeny": found.explicit_deny,
        "principal": question.who.arn,
        "action": question.demand.action,
        "resource": found.ask.resource,
        "reason": found.reason or None,
        "missing": found.missing,
        "matchedStatements": [_statement(each) for each in found.statements],
        "suggestions": [_suggestion(each) for each in found.suggestions],
        "elsewhere": answer.elsewhere,
        "notes": list(answer.notes),
    }


def _question(call: Call, request: ExplainAccessRequest) -> Question:
    encoded = request.get("encodedMessage")
    if encoded is not None:
        return _of_message(call, encoded, request)
    if "principalArn" not in request or "action" not in request:
        raise ValidationError("Give an encodedMessage, or a principalArn and an action")
    asked = ask(
        request["principalArn"],
        request["action"],
        request.get("resourceArn", "*"),
        {entry["key"].lower(): _value(entry) for entry in request.get("context", ())},
    )
    if call.scope.account not in (asked.who.account, asked.owner):
        raise ValidationError(f"Neither the principal nor the resource is of account {call.scope.account}")
    return asked


def _of_message(call: Call, encoded: str, request: ExplainAccessRequest) -> Question:
    if any(name in request for name in _ASKED):
        raise ValidationError("An encodedMessage says all that is asked: leave the other members out")
    denial = call.services.guard.opened(encoded)
    if denial is None:
        raise InvalidAuthorizationMessage
    asked = ask_again(denial)
    if call.scope.account not in (asked.who.account, asked.owner):
        raise InvalidAuthorizationMessage
    return asked


def _value(entry: shapes.ContextEntry) -> Value:
    """One value is that of a single-valued key."""
    values = entry["values"]
    return values[0] if len(values) == 1 else tuple(values)


def _statement(told: Told) -> shapes.MatchedStatement:
    source, statement = told.written.source, told.written.statement
    return {
        "part": told.part,
        "kind": source.kind,
        "policy": source.name or None,
        "description": source.label,
        "sid": statement.sid,
        "index": statement.index,
        "effect": statement.effect,
        "statement": told.written.text,
        "firstLine": told.first_line,
        "lastLine": told.last_line,
        "conditionKeys": list(told.written.keys),
    }


def _suggestion(of: Suggestion) -> shapes.Suggestion:
    return {"kind": of.kind, "place": of.place, "statement": of.text}
