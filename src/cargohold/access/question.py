"""What an explanation is asked about: a principal, an action and a resource, as ARNs say them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from cargohold.access.context import Value
from cargohold.access.demand import Demand, Entity
from cargohold.access.denial import Denial
from cargohold.core.arn import PARTITION, IamKind, Registry, parse_iam
from cargohold.core.errors import ValidationError

IAM_REGION: Final = "us-east-1"

_SESSION: Final = re.compile(rf"arn:{PARTITION}:sts::([0-9]{{12}}):assumed-role/([\w+=,.@-]+)/([\w+=,.@-]+)", re.ASCII)
_FEDERATED: Final = re.compile(rf"arn:{PARTITION}:sts::([0-9]{{12}}):federated-user/([\w+=,.@-]+)", re.ASCII)
_ARN: Final = re.compile(r"arn:[^:]+:([^:]+):([^:]*):([^:]*):(.+)", re.DOTALL)
_REPOSITORY: Final = re.compile(rf"arn:{PARTITION}:(ecr|ecr-public):([a-z0-9-]*):([0-9]{{12}}):repository/(.+)")
_ENTITY: Final = re.compile(rf"arn:{PARTITION}:iam::([0-9]{{12}}):(user|group|role|policy)(/(?:[!-~]+/)?)([^/]+)")
_ACTION: Final = re.compile(r"[a-zA-Z0-9-]+:[a-zA-Z0-9]+")
_KINDS: Final[Mapping[str, IamKind]] = {
    "user": "user",
    "group": "group",
    "role": "role",
    "policy": "policy",
}


@dataclass(frozen=True, slots=True)
class Who:
    """A user, a role, a role's session, or the session that a user got for somebody (a federated user)."""

    arn: str
    account: str
    kind: Literal["user", "role"]
    name: str
    """The user's or the role's; empty of a federated user, whose ARN does not tell the user behind it."""
    path: str | None = None
    """None of a session, whose ARN does not tell its role's."""
    session: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    who: Who
    demand: Demand
    """On what; `*` is of the principal's account."""
    context: Mapping[str, Value] = field(default_factory=dict)
    """What is known of the request, by key in lower case."""
    denial: Denial | None = None
    """What was refused, where that is what is asked about."""

    @property
    def owner(self) -> str:
        return self.demand.registry.account


def ask(principal: str, action: str, resource: str, context: Mapping[str, Value]) -> Question:
    """Raises ValidationError where one of them is not what its name says."""
    who = _who(principal)
    if _ACTION.fullmatch(action) is None:
        raise ValidationError(f"{action} is not the name of an action, as ecr:PutImage is")
    return Question(who, _demand(action, resource, who.account), context)


def ask_again(denial: Denial) -> Question:
    """Why it was refused: the same once more. Raises ValidationError for a principal that has no policies."""
    asked = ask(denial.principal_arn, denial.action, denial.resource, denial.conditions)
    return Question(asked.who, asked.demand, asked.context, denial)


def _who(arn: str) -> Who:
    session = _SESSION.fullmatch(arn)
    if session is not None:
        return Who(arn, session[1], "role", session[2], None, session[3])
    federated = _FEDERATED.fullmatch(arn)
    if federated is not None:
        return Who(arn, federated[1], "user", "", None, federated[2])
    found = parse_iam(arn)
    if found is None or found.kind == "group" or found.kind == "policy":
        raise ValidationError(f"{arn} is not the ARN of a user, a role or a session")
    return Who(arn, found.account, found.kind, found.name, found.path)


def _demand(action: str, resource: str, account: str) -> Demand:
    if resource == "*":
        return Demand(action, Registry(account, ""))
    if "*" in resource or "?" in resource:
        raise ValidationError(f"{resource} is a pattern: name one resource, or * for an action that has none")
    repository = _REPOSITORY.fullmatch(resource)
    if repository is not None:
        kind = "private" if repository[1] == "ecr" else "public"
        return Demand(action, Registry(repository[3], repository[2] or IAM_REGION, kind), repository[4])
    entity = _ENTITY.fullmatch(resource)
    if entity is not None:
        named = Entity(_KINDS[entity[2]], entity[4], entity[3], exact=True)
        return Demand(action, Registry(entity[1], IAM_REGION), entity=named)
    parts = _ARN.fullmatch(resource)
    if parts is None:
        raise ValidationError(f"{resource} is not an ARN")
    return Demand(action, Registry(parts[3] or account, parts[2]), arn=resource)
