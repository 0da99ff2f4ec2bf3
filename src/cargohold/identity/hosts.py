"""Hosts: machines that joined with a token, each with a key of its own that opens its role's credentials, nothing else.

A join token is good for one host and ten minutes, and only the hash of its secret half is kept. A host's sessions end
with its key, with its role, and when the role leaves its instance profile.
Source: IAM user guide, "IAM roles for Amazon EC2": sessions of six hours, named by the instance's id.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Connection

from cargohold.core.clock import HOUR, MINUTE, Clock
from cargohold.core.errors import (
    EntityAlreadyExists,
    InvalidJoinToken,
    LimitExceeded,
    NoInstanceRole,
    NoSuchEntity,
    ValidationError,
)
from cargohold.core.paging import Page, cut
from cargohold.database import Database
from cargohold.encryption.root import Root
from cargohold.encryption.tokens import Tokens
from cargohold.identity import keys, sessions, store
from cargohold.identity.access_key import NewKey
from cargohold.identity.host import Held, Host, Invitation, Invited, Joined
from cargohold.identity.instance_profiles import get_profile
from cargohold.identity.principals import Session
from cargohold.identity.quotas import Quotas
from cargohold.identity.sessions import Issued
from cargohold.identity.store import hosts
from cargohold.identity.store import keys as key_store
from cargohold.identity.store import sessions as session_store
from cargohold.identity.unique_id import new_id

INVITATION_LIFE: Final = 10 * MINUTE
SESSION_LIFE: Final = 6 * HOUR
"""Whatever the role's own longest session is, as on EC2."""

MOST_TRIES: Final = 5
"""Wrong second halves of a token after which it is void."""

MOST_INVITATIONS: Final = 100
"""Of one account, at once."""

_TOKEN_HALF: Final = 16
"""Bytes of each half: the first finds the invitation, the second proves it."""

_NO_HASH: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class Invite:
    """What a host is invited to: an instance profile by name, in a region, with a name of its own where one is said."""

    profile: str
    region: str
    host_name: str | None = None


class Hosts:
    """Made once per process."""

    def __init__(self, database: Database, root: Root, tokens: Tokens, clock: Clock, quotas: Quotas) -> None:
        self._database = database
        self._root = root
        self._tokens = tokens
        self._clock = clock
        self._quotas = quotas

    async def invite(self, account: str, wanted: Invite) -> Invited:
        """A token to join with. Raises NoSuchEntity, EntityAlreadyExists (a host has the name) and LimitExceeded."""
        id_, secret, now = secrets.token_hex(_TOKEN_HALF), secrets.token_hex(_TOKEN_HALF), self._clock()

        def work(connection: Connection) -> str:
            store.hold(connection, account)
            profile = get_profile(connection, account, wanted.profile)
            if wanted.host_name is not None and hosts.find_host(connection, account, wanted.host_name) is not None:
                raise _taken(wanted.host_name)
            hosts.delete_over(connection, now)
            if hosts.count_invitations(connection, account) >= MOST_INVITATIONS:
                raise LimitExceeded.quota("HostInvitationsPerAccount", MOST_INVITATIONS)
            expires_at = now + INVITATION_LIFE
            made = Invitation(id_, profile.id, _hash(secret), wanted.host_name, wanted.region, 0, expires_at)
            hosts.add_invitation(connection, made)
            return profile.arn

        arn = await self._database.write(work)
        return Invited(f"{id_}.{secret}", arn, now + INVITATION_LIFE)

    async def join(self, token: str, host_name: str | None) -> Joined:
        """A host of whoever invited it, by the name of the invitation or, where that has none, by the one given.

        Raises InvalidJoinToken for a token that is not ours, used, too old or guessed at, EntityAlreadyExists,
        ValidationError (there is no name) and LimitExceeded; after these three the token is still good.
        """
        id_, _, secret = token.partition(".")
        if await self._database.read(partial(hosts.find_account, invitation_id=id_)) is None:
            # Whoever guesses does not even keep those waiting who write.
            raise InvalidJoinToken
        host_id, key, now = f"i-{secrets.token_hex(9)[:17]}", keys.new_key(), self._clock()

        def work(connection: Connection) -> Host | None:
            account = hosts.find_account(connection, id_)
            if account is not None:
                store.hold(connection, account)
            invitation = hosts.find_invitation(connection, id_)
            genuine = hmac.compare_digest(_NO_HASH if invitation is None else invitation.token_hash, _hash(secret))
            if account is None or invitation is None or invitation.tries >= MOST_TRIES or now >= invitation.expires_at:
                return None
            if not genuine:
                hosts.save_try(connection, id_)
                return None
            name = invitation.host_name or host_name
            if not name:
                raise ValidationError("The invitation names no host: a host name is needed to join with it.")
            made = Host(host_id, account, name, now, invitation.region, invitation.profile_id)
            return self._add(connection, made, key, id_)

        joined = await self._database.write(work)
        if joined is None:
            raise InvalidJoinToken
        return Joined(joined, key.secret_access_key)

    async def page(self, account: str, after: str | None, limit: int) -> Page[Host]:
        """Up to `limit` hosts by name, behind the folded name `after`."""
        listed = partial(hosts.list_page, account=account, after=after or "", limit=limit + 1)
        return cut(await self._database.read(listed), limit, lambda each: each.name.lower())

    async def revoke(self, account: str, named: str) -> Host:
        """Ends a host, by id or name, its key and all its sessions, on the next request. Raises NoSuchEntity."""

        def work(connection: Connection) -> Host:
            store.bump(connection, account)
            found = _get(connection, account, named)
            hosts.lock_host(connection, found.id)
            key_store.delete_key(connection, found.access_key_id)
            hosts.delete_host(connection, found.id)
            return found

        return await self._database.write(work)

    async def held(self, account: str, host_id: str) -> Held:
        """The role that a host has just now; raises NoSuchEntity and NoInstanceRole."""

        def work(connection: Connection) -> Held:
            found = _get(connection, account, host_id)
            held = hosts.find_role(connection, found)
            if held is None:
                raise NoInstanceRole(found.profile_arn)
            return held

        return await self._database.read(work)

    async def begin_session(self, held: Held) -> Issued:
        """Credentials of the host's role; raises NoInstanceRole where it is not the host's role any more."""
        secret = sessions.new_secret()

        def work(connection: Connection) -> Issued:
            still = hosts.find_role(connection, held.host, hold=True)
            if still is None or still.role_id != held.role_id:
                raise NoInstanceRole(held.host.profile_arn)
            now = self._clock()
            session = Session(
                id=new_id(sessions.PREFIX),
                kind="assumed-role",
                account=held.host.account,
                principal_id=held.role_id,
                name=held.host.id,
                tags={},
                transitive_tags=(),
                source_identity=None,
                issued_at=now,
                expires_at=now + SESSION_LIFE,
            )
            sealed, key_id = self._root.seal(secret.encode(), session.id), held.host.access_key_id
            limits = session_store.Limits()
            session_store.add_session(connection, session, sealed, access_key_id=key_id, limits=limits)
            return Issued(session, secret, sessions.issue(self._tokens, session), still.role_name)

        return await self._database.write(work)

    def _add(self, connection: Connection, made: Host, key: NewKey, invitation_id: str) -> Host:
        if hosts.count_hosts(connection, made.account) >= self._quotas.hosts:
            raise LimitExceeded.quota("HostsPerAccount", self._quotas.hosts)
        if not hosts.add_host(connection, made):
            raise _taken(made.name)
        keys.save(connection, self._root, key, made.id, made.joined_at)
        hosts.delete_invitation(connection, invitation_id)
        return _get(connection, made.account, made.id)


def _get(connection: Connection, account: str, named: str) -> Host:
    found = hosts.find_host(connection, account, named)
    if found is None:
        raise NoSuchEntity(f"The host {named} cannot be found.")
    return found


def _taken(name: str) -> EntityAlreadyExists:
    return EntityAlreadyExists(f"A host with the name {name} exists already: revoke it, or give this one another name.")


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
