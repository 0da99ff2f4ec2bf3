"""A row of the table: what a page of AWS's documentation says of one request, and who asks in it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cargohold.access.evaluate import Ask, Decision, Held, decide
from cargohold.access.policy import Kind, Policy, check, compile_policy
from cargohold.identity.principals import Principal

HOME = "111122223333"
ABROAD = "444455556666"
Block = Mapping[str, Any]
Context = Mapping[str, str | tuple[str, ...]]


def user(name: str, account: str = HOME) -> Principal:
    arn = f"arn:aws:iam::{account}:user/{name}"
    id_ = f"AIDA{name.upper():0<17}"
    return Principal(id_, arn, account, "user", name, entity_id=id_, entity_arn=arn)


def session(role: str, name: str, account: str = HOME) -> Principal:
    arn = f"arn:aws:sts::{account}:assumed-role/{role}/{name}"
    of = f"AROA{role.upper():0<17}"
    return Principal(
        f"{of}:{name}",
        arn,
        account,
        "assumed-role",
        name,
        entity_id=of,
        entity_arn=f"arn:aws:iam::{account}:role/{role}",
    )


def federated(name: str, by: Principal) -> Principal:
    arn = f"arn:aws:sts::{by.account}:federated-user/{name}"
    return Principal(
        f"{by.account}:{name}", arn, by.account, "federated-user", name, entity_id=by.entity_id, entity_arn=arn
    )


def root(account: str = HOME) -> Principal:
    arn = f"arn:aws:iam::{account}:root"
    return Principal(account, arn, account, "user", account, entity_id=account, entity_arn=arn)


ANYBODY = Principal("", "", "", "anonymous", "")
BOB = user("Bob")


def statement(effect: str, action: Any, resource: Any = "*", /, **elements: Any) -> Block:
    """`on=…` and `but=…` take the place of Resource and Action: they are their negations."""
    block = {"Effect": effect, "Action": action, "Resource": resource}
    if "but" in elements:
        block["NotAction"] = elements.pop("but")
        del block["Action"]
    if "without" in elements:
        block["NotResource"] = elements.pop("without")
    if resource is None or "NotResource" in block:
        del block["Resource"]
    return block | {name[0].upper() + name[1:]: value for name, value in elements.items()}


def allow(action: Any, resource: Any = "*", /, **elements: Any) -> Block:
    return statement("Allow", action, resource, **elements)


def deny(action: Any, resource: Any = "*", /, **elements: Any) -> Block:
    return statement("Deny", action, resource, **elements)


def to(*names: str) -> Block:
    """A Principal element of users, roles, sessions and accounts."""
    return {"AWS": list(names)}


def document(*blocks: Block, version: str | None = "2012-10-17") -> str:
    return json.dumps(({} if version is None else {"Version": version}) | {"Statement": list(blocks)})


def compiled(kind: Kind, *blocks: Block, version: str | None = "2012-10-17", name: str = "") -> Policy:
    """A policy that passes the check of its kind."""
    text = document(*blocks, version=version)
    check(text, kind)
    return compile_policy(text, kind, name)


@dataclass(frozen=True)
class Row:
    page: str
    """The page's title in AWS's documentation."""
    says: str
    allowed: bool
    action: str
    on: str = "*"
    who: Principal = BOB
    owner: str = HOME
    """The account that the resource is of."""
    identity: Sequence[Block] = ()
    boundary: Sequence[Block] | None = None
    session: Sequence[Block] | None = None
    resource: Sequence[Block] | None = None
    trust: Sequence[Block] | None = None
    context: Context = field(default_factory=dict)
    version: str | None = "2012-10-17"

    def decide(self) -> Decision:
        held = Held(
            identity=(self._policy("identity", self.identity),) if self.identity else (),
            boundary=None if self.boundary is None else self._policy("boundary", self.boundary),
            session=() if self.session is None else (self._policy("session", self.session),),
        )
        given: tuple[tuple[Kind, Sequence[Block] | None], ...] = (("resource", self.resource), ("trust", self.trust))
        policies = [self._policy(kind, blocks) for kind, blocks in given if blocks is not None]
        context = {key.lower(): value for key, value in self.context.items()}
        return decide(Ask(self.who, self.action, self.on, self.owner, context), held, policies)

    def _policy(self, kind: Kind, blocks: Sequence[Block]) -> Policy:
        return compiled(kind, *blocks, version=self.version)
