"""Statements on hosts, and on the invitations that make them."""

from typing import Any, Final

from sqlalchemy import Connection, Integer, Select, bindparam, delete, func, select, update

from cargohold.core.arn import iam_arn
from cargohold.database.locking import for_share, insert
from cargohold.database.schema.identity import (
    access_key,
    access_key_use,
    host,
    host_invitation,
    instance_profile,
    instance_profile_role,
    principal,
    session,
)
from cargohold.identity.host import Held, Host, Invitation

KIND: Final = "host"
"""Of a principal."""

_HOSTS: Final = (
    select(
        principal.c.id,
        principal.c.account_id,
        principal.c.name,
        principal.c.created_at,
        host.c.region,
        host.c.instance_profile_id,
        instance_profile.c.path,
        instance_profile.c.name,
        access_key.c.id,
        access_key_use.c.used_at,
    )
    .join(host, host.c.principal_id == principal.c.id)
    .join(access_key, access_key.c.principal_id == principal.c.id)
    .outerjoin(access_key_use, access_key_use.c.access_key_id == access_key.c.id)
    .outerjoin(instance_profile, instance_profile.c.id == host.c.instance_profile_id)
)
_OF_ACCOUNT: Final = _HOSTS.where(principal.c.account_id == bindparam("of"))
_FIND: Final = _OF_ACCOUNT.where(principal.c.id == bindparam("host"))
_FIND_NAMED: Final = _OF_ACCOUNT.where(principal.c.folded_name == bindparam("folded"))
_PAGE: Final = (
    _OF_ACCOUNT.where(principal.c.folded_name > bindparam("after"))
    .order_by(principal.c.folded_name)
    .limit(bindparam("limit", type_=Integer))
)
_COUNT: Final = select(func.count()).where(principal.c.account_id == bindparam("of"), principal.c.kind == KIND)
_ROLE: Final = principal.alias("role_of_host")
_HELD: Final[Select[Any]] = (
    select(_ROLE.c.id, _ROLE.c.account_id, _ROLE.c.path, _ROLE.c.name)
    .join(instance_profile_role, instance_profile_role.c.principal_id == _ROLE.c.id)
    .join(host, host.c.instance_profile_id == instance_profile_role.c.instance_profile_id)
    .join(access_key, access_key.c.principal_id == host.c.principal_id)
    .where(host.c.principal_id == bindparam("host"))
)
_HOLD: Final = for_share(_HELD)
_LOCK: Final = select(host.c.principal_id).where(host.c.principal_id == bindparam("host")).with_for_update()
_ADD_PRINCIPAL: Final = insert(principal).on_conflict_do_nothing().returning(principal.c.id)
_ADD: Final = insert(host)
_DELETE: Final = (
    delete(host).where(host.c.principal_id == bindparam("host")),
    delete(principal).where(principal.c.id == bindparam("host")),
)
_KEYS: Final = (
    select(access_key.c.id)
    .join(host, host.c.principal_id == access_key.c.principal_id)
    .where(host.c.instance_profile_id == bindparam("profile"))
)
_DELETE_SESSIONS: Final = delete(session).where(
    session.c.principal_id == bindparam("role"), session.c.access_key_id.in_(_KEYS)
)
_INVITATIONS: Final = select(
    host_invitation.c.id,
    host_invitation.c.instance_profile_id,
    host_invitation.c.token_hash,
    host_invitation.c.host_name,
    host_invitation.c.region,
    host_invitation.c.tries,
    host_invitation.c.expires_at,
)
_FIND_INVITATION: Final = _INVITATIONS.where(host_invitation.c.id == bindparam("invitation")).with_for_update()
_ACCOUNT_OF: Final = (
    select(instance_profile.c.account_id)
    .join(host_invitation, host_invitation.c.instance_profile_id == instance_profile.c.id)
    .where(host_invitation.c.id == bindparam("invitation"))
)
_COUNT_INVITATIONS: Final = (
    select(func.count())
    .select_from(host_invitation)
    .join(instance_profile, instance_profile.c.id == host_invitation.c.instance_profile_id)
    .where(instance_profile.c.account_id == bindparam("of"))
)
_ADD_INVITATION: Final = insert(host_invitation)
_TRY: Final = (
    update(host_invitation)
    .where(host_invitation.c.id == bindparam("invitation"))
    .values(tries=host_invitation.c.tries + 1)
)
_DELETE_INVITATION: Final = delete(host_invitation).where(host_invitation.c.id == bindparam("invitation"))
_DELETE_INVITATIONS: Final = delete(host_invitation).where(
    host_invitation.c.instance_profile_id == bindparam("profile")
)
_DELETE_OVER: Final = delete(host_invitation).where(host_invitation.c.expires_at <= bindparam("before"))


def find_host(connection: Connection, account: str, named: str) -> Host | None:
    """The account's host of that id or, regardless of case, name."""
    row = connection.execute(_FIND, {"of": account, "host": named}).one_or_none()
    if row is None:
        row = connection.execute(_FIND_NAMED, {"of": account, "folded": named.lower()}).one_or_none()
    return None if row is None else _host(row)


def list_page(connection: Connection, account: str, after: str, limit: int) -> list[Host]:
    """Up to `limit` hosts by name, regardless of case, behind the folded name `after`."""
    return [_host(row) for row in connection.execute(_PAGE, {"of": account, "after": after, "limit": limit})]


def count_hosts(connection: Connection, account: str) -> int:
    return int(connection.execute(_COUNT, {"of": account}).scalar_one())


def add_host(connection: Connection, new: Host) -> bool:
    """Adds a host without its key; False when another one of the account has its name, in whichever case."""
    values = {
        "id": new.id,
        "account_id": new.account,
        "kind": KIND,
        "path": "/",
        "name": new.name,
        "folded_name": new.name.lower(),
        "created_at": new.joined_at,
    }
    if connection.execute(_ADD_PRINCIPAL, values).first() is None:
        return False
    connection.execute(_ADD, {"principal_id": new.id, "instance_profile_id": new.profile_id, "region": new.region})
    return True


def lock_host(connection: Connection, host_id: str) -> None:
    """Holds a host that is to end: it begins no session before the transaction ends."""
    connection.execute(_LOCK, {"host": host_id}).all()


def delete_host(connection: Connection, host_id: str) -> None:
    """The host; its key is gone, and so are the sessions that it began."""
    for statement in _DELETE:
        connection.execute(statement, {"host": host_id})


def find_role(connection: Connection, host: Host, *, hold: bool = False) -> Held | None:
    """The role that the host has; with `hold` it stays the host's, and the host's key stays, until the end."""
    row = connection.execute(_HOLD if hold else _HELD, {"host": host.id}).one_or_none()
    return None if row is None else Held(host, row[0], row[3], iam_arn(row[1], "role", row[2], row[3]))


def delete_sessions(connection: Connection, profile_id: str, role_id: str) -> None:
    """Ends what the hosts of an instance profile hold of a role."""
    connection.execute(_DELETE_SESSIONS, {"profile": profile_id, "role": role_id})


def find_invitation(connection: Connection, invitation_id: str) -> Invitation | None:
    """Held: of two that use it at once, the second finds what the first left."""
    row = connection.execute(_FIND_INVITATION, {"invitation": invitation_id}).one_or_none()
    return None if row is None else Invitation(row[0], row[1], bytes(row[2]), *row[3:])


def find_account(connection: Connection, invitation_id: str) -> str | None:
    """The account whose instance profile an invitation is to."""
    return connection.execute(_ACCOUNT_OF, {"invitation": invitation_id}).scalar_one_or_none()


def count_invitations(connection: Connection, account: str) -> int:
    return int(connection.execute(_COUNT_INVITATIONS, {"of": account}).scalar_one())


def add_invitation(connection: Connection, new: Invitation) -> None:
    values = {
        "id": new.id,
        "instance_profile_id": new.profile_id,
        "token_hash": new.token_hash,
        "host_name": new.host_name,
        "region": new.region,
        "tries": new.tries,
        "expires_at": new.expires_at,
    }
    connection.execute(_ADD_INVITATION, values)


def save_try(connection: Connection, invitation_id: str) -> None:
    """Counts a wrong token."""
    connection.execute(_TRY, {"invitation": invitation_id})


def delete_invitation(connection: Connection, invitation_id: str) -> None:
    connection.execute(_DELETE_INVITATION, {"invitation": invitation_id})


def delete_invitations(connection: Connection, profile_id: str) -> None:
    """All invitations to an instance profile."""
    connection.execute(_DELETE_INVITATIONS, {"profile": profile_id})


def delete_over(connection: Connection, before: int) -> None:
    """Drops the invitations that expired at `before` or earlier."""
    connection.execute(_DELETE_OVER, {"before": before})


def _host(row: Any) -> Host:
    id_, account, name, joined_at, region, profile_id, path, profile, key_id, used_at = row
    arn = None if profile is None else iam_arn(account, "instance-profile", path, profile)
    return Host(id_, account, name, joined_at, region, profile_id, arn, key_id, used_at)
