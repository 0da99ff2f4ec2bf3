"""Who asks, with all that this one holds, compiled: made once for a credential's row, whose access version it has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cargohold.access.evaluate import Held
from cargohold.access.policy import Kind, Policy, compile_policy
from cargohold.access.store import Documents, Managed, Who
from cargohold.core.arn import iam_arn, session_arn
from cargohold.identity import aws_managed
from cargohold.identity.host import host_arn
from cargohold.identity.principals import Federation, Principal, Session

compiled: Final = lru_cache(1024)(compile_policy)
"""Policies by their text: many callers hold the same one, and a resource's is asked at each request."""


@dataclass(frozen=True, slots=True)
class Caller:
    principal: Principal
    held: Held
    session: Session | None


def make(who: Who, documents: Documents) -> Caller:
    """What the rows say. A boundary or a session's policy that is gone allows nothing; one that grants is not there."""
    session = _session(who, documents.federation)
    own = [compiled(document, "identity", name) for name, document in documents.inline]
    attached = [policy for each in documents.attached if (policy := _managed(each, "identity")) is not None]
    boundary = documents.boundary
    return Caller(
        principal=_principal(who, documents.tags if session is None else merged(documents.tags, session.tags)),
        held=Held(
            identity=(*own, *attached),
            boundary=None if boundary is None else _managed(boundary, "boundary") or _nothing("boundary"),
            session=_session_policies(who, documents),
        ),
        session=session,
    )


def _session_policies(who: Who, documents: Documents) -> tuple[Policy, ...]:
    """Empty where the session has no policy of its own; a federated user's that has none may do nothing by itself."""
    inline = () if who.session_policy is None else (compiled(who.session_policy, "session", ""),)
    managed = (_managed(each, "session") or _nothing("session") for each in documents.session)
    policies = (*inline, *managed)
    return policies or ((_nothing("session"),) if who.session_kind == "federated-user" else ())


def _managed(named: Managed, kind: Kind) -> Policy | None:
    """A managed policy, of an account or AWS's own; None when it is gone."""
    if named.account is not None and named.document is not None:
        return compiled(named.document, kind, iam_arn(named.account, "policy", named.path, named.name))
    of_aws = aws_managed.find(named.id)
    return None if of_aws is None else compiled(of_aws.document, kind, of_aws.arn)


def _nothing(kind: Kind) -> Policy:
    return Policy(name="", kind=kind, statements=())


def _principal(who: Who, tags: Mapping[str, str]) -> Principal:
    if who.kind == "host":
        arn = host_arn(who.account, who.entity_id)
        return Principal(who.entity_id, arn, who.account, "host", who.name, who.entity_id, arn)
    arn = iam_arn(who.account, who.kind, who.path, who.name)
    if who.session_kind == "assumed-role":
        session = f"{who.name}/{who.session_name}"
        own = session_arn(who.account, "assumed-role", session)
        id_ = f"{who.entity_id}:{who.session_name}"
        return Principal(id_, own, who.account, "assumed-role", who.session_name, who.entity_id, arn, tags)
    if who.session_kind == "federated-user":
        own = session_arn(who.account, "federated-user", who.session_name)
        id_ = f"{who.account}:{who.session_name}"
        return Principal(id_, own, who.account, "federated-user", who.session_name, who.entity_id, own, tags)
    return Principal(who.entity_id, arn, who.account, "user", who.name, who.entity_id, arn, tags)


def _session(who: Who, federation: Federation | None) -> Session | None:
    if who.session_id is None or who.session_kind is None:
        return None
    return Session(
        id=who.session_id,
        kind=who.session_kind,
        account=who.account,
        principal_id=who.entity_id,
        name=who.session_name,
        issued_at=who.issued_at,
        expires_at=who.expires_at,
        tags=json.loads(who.session_tags),
        transitive_tags=tuple(json.loads(who.transitive_tags)),
        source_identity=who.source_identity,
        federation=federation,
    )


def merged(of_entity: Mapping[str, str], of_session: Mapping[str, str]) -> Mapping[str, str]:
    """A session's tag takes the place of the entity's whose key is the same regardless of case."""
    replaced = {key.lower() for key in of_session}
    return {key: value for key, value in of_entity.items() if key.lower() not in replaced} | dict(of_session)
