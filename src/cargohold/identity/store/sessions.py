"""Statements on sessions, and on the roles and users that they are of.

A role's session names the role, a user's the user; whoever deletes a principal or a key deletes its sessions first.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, Integer, bindparam, delete, or_, select, update

from cargohold.database.locking import for_share, insert
from cargohold.database.prepared import Prepared
from cargohold.database.schema.identity import access_key, principal, role, session
from cargohold.identity.access_key import ACTIVE
from cargohold.identity.principals import Session


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session with what only those need who prove it."""

    session: Session
    sealed_secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a session may do at most, beside its principal's own policies; None and empty: no such limit."""

    policy: str | None = None
    policy_ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """A role as AssumeRole sees it; `longest_session` is in seconds."""

    id: str
    account: str
    name: str
    longest_session: int


@dataclass(frozen=True, slots=True)
class User:
    """A user as GetSessionToken sees it."""

    id: str
    account: str
    name: str


_COLUMNS: Final = (
    session.c.id,
    session.c.kind,
    principal.c.account_id,
    session.c.principal_id,
    session.c.name,
    session.c.tags,
    session.c.transitive_tags,
    session.c.source_identity,
    session.c.issued_at,
    session.c.expires_at,
    session.c.sealed_secret,
)
_FIND: Final = Prepared(
    select(*_COLUMNS)
    .join(principal, principal.c.id == session.c.principal_id)
    .outerjoin(access_key, access_key.c.id == session.c.access_key_id)
    .where(session.c.id == bindparam("id"), or_(session.c.access_key_id.is_(None), access_key.c.status == ACTIVE))
)
_FIND_ACCOUNT: Final = (
    select(principal.c.account_id)
    .join(session, session.c.principal_id == principal.c.id)
    .where(session.c.id == bindparam("id"))
)
_FIND_ROLE: Final = for_share(
    select(principal.c.id, principal.c.account_id, principal.c.name, role.c.longest_session)
    .join(role, role.c.principal_id == principal.c.id)
    .where(principal.c.id == bindparam("id"))
)
_FIND_USER_OF_KEY: Final = for_share(
    select(principal.c.id, principal.c.account_id, principal.c.name)
    .join(access_key, access_key.c.principal_id == principal.c.id)
    .where(access_key.c.id == bindparam("key"), principal.c.kind == "user")
)
_ADD: Final = insert(session)
_USE_ROLE: Final = (
    update(role)
    .where(role.c.principal_id == bindparam("of"), or_(role.c.used_at.is_(None), role.c.used_at < bindparam("at")))
    .values(used_at=bindparam("at"), used_in_region=bindparam("region"))
)
_OVER: Final = (
    select(session.c.id)
    .where(session.c.expires_at <= bindparam("before"))
    .order_by(session.c.expires_at)
    .limit(bindparam("limit", type_=Integer))
)
_DELETE_OVER: Final = delete(session).where(session.c.id.in_(_OVER)).returning(session.c.id)
_DELETE_OF_PRINCIPAL: Final = delete(session).where(session.c.principal_id == bindparam("of"))


def find_session(connection: Connection, session_id: str) -> StoredSession | None:
    """The session, also when its time is over; None where there is none, or its own access key is inactive."""
    row = _FIND.first(connection, {"id": session_id})
    if row is None:
        return None
    id_, kind, account, principal_id, name, tags, transitive, source_identity, issued_at, expires_at = row[:10]
    found = Session(
        id=id_,
        kind=kind,
        account=account,
        principal_id=principal_id,
        name=name,
        tags=json.loads(tags),
        transitive_tags=tuple(json.loads(transitive)),
        source_identity=source_identity,
        issued_at=issued_at,
        expires_at=expires_at,
    )
    return StoredSession(found, bytes(row[10]))


def find_account(connection: Connection, session_id: str) -> str | None:
    """The account whose session it is."""
    return connection.execute(_FIND_ACCOUNT, {"id": session_id}).scalar_one_or_none()


def add_session(
    connection: Connection, new: Session, sealed_secret: bytes, *, access_key_id: str | None = None, limits: Limits
) -> None:
    """Adds a session; `access_key_id` is the key that it ends with."""
    values = {
        "id": new.id,
        "kind": new.kind,
        "principal_id": new.principal_id,
        "access_key_id": access_key_id,
        "name": new.name,
        "sealed_secret": sealed_secret,
        "policy": limits.policy,
        "policy_ids": json.dumps(list(limits.policy_ids)),
        "tags": json.dumps(dict(new.tags)),
        "transitive_tags": json.dumps(list(new.transitive_tags)),
        "source_identity": new.source_identity,
        "issued_at": new.issued_at,
        "expires_at": new.expires_at,
    }
    connection.execute(_ADD, values)


def find_role(connection: Connection, role_id: str) -> Role | None:
    """The role, held against deletion until the transaction ends."""
    row = connection.execute(_FIND_ROLE, {"id": role_id}).one_or_none()
    return None if row is None else Role(*row)


def find_user_of_key(connection: Connection, access_key_id: str) -> User | None:
    """The user whose key it is, held against deletion until the transaction ends."""
    row = connection.execute(_FIND_USER_OF_KEY, {"key": access_key_id}).one_or_none()
    return None if row is None else User(*row)


def save_role_use(connection: Connection, role_id: str, region: str, now: int) -> None:
    """Writes down that the role was used, unless somebody wrote a later time."""
    connection.execute(_USE_ROLE, {"of": role_id, "at": now, "region": region})


def delete_over(connection: Connection, before: int, limit: int) -> int:
    """Deletes up to `limit` sessions that expired at `before` or earlier, the oldest first; returns how many."""
    return len(connection.execute(_DELETE_OVER, {"before": before, "limit": limit}).all())


def delete_of_principal(connection: Connection, principal_id: str) -> None:
    """Ends every session of a user or role."""
    connection.execute(_DELETE_OF_PRINCIPAL, {"of": principal_id})
