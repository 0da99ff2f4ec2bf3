"""Sessions of STS: temporary access keys, each a row, with a session token that says which row and until when.

The token is authenticated text of ours, in one fixed form: nothing in it chooses how it is verified, and nothing in it
is secret. What the session may do stands in its row, so it ends at once with the row, its principal or its key.
"""

import secrets
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection

from cargohold.core.clock import SECOND, Clock
from cargohold.core.errors import UnknownCredential, ValidationError
from cargohold.database import Database
from cargohold.encryption.root import Root
from cargohold.encryption.tokens import LONGEST, Tokens
from cargohold.identity import policy_names, session_request
from cargohold.identity.policy import Validator, parse
from cargohold.identity.principals import Session
from cargohold.identity.session_request import Wanted
from cargohold.identity.store import keys, oidc
from cargohold.identity.store import sessions as store
from cargohold.identity.unique_id import new_id
from cargohold.identity.web_identities import WebIdentity

PREFIX: Final = "ASIA"
"""Begins the id of a session's access key, which comes with a session token."""

_PURPOSE = "session"


@dataclass(frozen=True, slots=True)
class Issued:
    """A session's credentials when it is made: the only time that its secret can be read."""

    session: Session
    secret_access_key: str = field(repr=False)
    token: str = field(repr=False)
    role_name: str = ""
    packed_size: int | None = None
    """Percent of the room for policies and tags; None where it has neither."""


class Sessions:
    """Made once per process. `check_policy` refuses a malformed session policy."""

    def __init__(self, database: Database, root: Root, tokens: Tokens, clock: Clock, check_policy: Validator) -> None:
        self._database = database
        self._root = root
        self._tokens = tokens
        self._clock = clock
        self._check_policy = check_policy

    async def assume(
        self, role_id: str, wanted: Wanted, caller: Session | None, web: WebIdentity | None = None
    ) -> Issued | None:
        """A session of a role for somebody who may have one; None when there is no such role, or no provider any more.

        `caller` is the session that asks, where one does: its transitive tags and source identity go on. `web` is on
        whose word the session rests: it ends with that provider. Raises
        ValidationError, InvalidParameterValue, MalformedPolicyDocument and PackedPolicyTooLarge.
        """
        tags = session_request.tags(wanted, caller)
        if wanted.policy is not None:
            self._check_policy(wanted.policy, "session")
        packed_size = session_request.packed_size(wanted, tags.all)
        secret = new_secret()

        def work(connection: Connection) -> Issued | None:
            found = store.find_role(connection, role_id)
            if found is None or (web is not None and not oidc.hold_provider(connection, web.provider.id)):
                return None
            now = self._clock()
            session = Session(
                id=new_id(PREFIX),
                kind="assumed-role",
                account=found.account,
                principal_id=found.id,
                name=wanted.name,
                tags=tags.all,
                transitive_tags=tags.transitive,
                source_identity=wanted.source_identity or (caller.source_identity if caller else None),
                issued_at=now,
                expires_at=now + SECOND * session_request.seconds(wanted, caller, found.longest_session),
            )
            ids = [_policy_id(connection, arn, found.account) for arn in wanted.policy_arns]
            limits = store.Limits(wanted.policy, ids)
            store.add_session(connection, session, self._sealed(session, secret), limits=limits)
            if web is not None:
                oidc.add_web_session(connection, session.id, web.provider.id, web.claims.subject, web.claims.audience)
            token = issue(self._tokens, session, wanted.token_size)
            return Issued(session, secret, token, found.name, packed_size)

        return await self._database.write(work)

    async def of_user(self, access_key_id: str, seconds: int | None, token_size: int = 0) -> Issued:
        """A session of the user whose access key asks; it ends with that key. Raises UnknownCredential."""
        secret = new_secret()

        def work(connection: Connection) -> Issued:
            found = store.find_user_of_key(connection, access_key_id)
            if found is None:
                raise UnknownCredential
            now = self._clock()
            session = Session(
                id=new_id(PREFIX),
                kind="session",
                account=found.account,
                principal_id=found.id,
                name=found.name,
                tags={},
                transitive_tags=(),
                source_identity=None,
                issued_at=now,
                expires_at=now + SECOND * (session_request.USER_SECONDS if seconds is None else seconds),
            )
            sealed = self._sealed(session, secret)
            store.add_session(connection, session, sealed, access_key_id=access_key_id, limits=store.Limits())
            return Issued(session, secret, issue(self._tokens, session, token_size))

        return await self._database.write(work)

    async def federate(self, access_key_id: str, wanted: Wanted) -> Issued:
        """A session of somebody for whom the user vouches whose access key asks; it ends with that key.

        It may do what both the user and `wanted` allow. Raises UnknownCredential, ValidationError,
        InvalidParameterValue, MalformedPolicyDocument and PackedPolicyTooLarge.
        """
        tags = session_request.tags(wanted, None)
        if wanted.policy is not None:
            self._check_policy(wanted.policy, "session")
        packed_size = session_request.packed_size(wanted, tags.all)
        secret = new_secret()

        def work(connection: Connection) -> Issued:
            found = store.find_user_of_key(connection, access_key_id)
            if found is None:
                raise UnknownCredential
            now = self._clock()
            session = Session(
                id=new_id(PREFIX),
                kind="federated-user",
                account=found.account,
                principal_id=found.id,
                name=wanted.name,
                tags=tags.all,
                transitive_tags=(),
                source_identity=None,
                issued_at=now,
                expires_at=now + SECOND * (session_request.USER_SECONDS if wanted.seconds is None else wanted.seconds),
            )
            limits = store.Limits(
                wanted.policy, [_policy_id(connection, arn, found.account) for arn in wanted.policy_arns]
            )
            sealed = self._sealed(session, secret)
            store.add_session(connection, session, sealed, access_key_id=access_key_id, limits=limits)
            token = issue(self._tokens, session, wanted.token_size)
            return Issued(session, secret, token, packed_size=packed_size)

        return await self._database.write(work)

    async def account_of(self, access_key_id: str) -> str | None:
        """The account that an access key is of, a user's or a session's, whatever its state; None: there is none."""

        def work(connection: Connection) -> str | None:
            if access_key_id.startswith(PREFIX):
                return store.find_account(connection, access_key_id)
            key = keys.find_key(connection, access_key_id)
            return None if key is None else key.account

        return await self._database.read(work)

    def _sealed(self, session: Session, secret: str) -> bytes:
        return self._root.seal(secret.encode(), session.id)


def issue(tokens: Tokens, session: Session, size: int = 0) -> str:
    """The session's token: under 1 KiB, or of `size` characters and at most two more where that is longer."""
    claims: dict[str, str | int | None] = {"key": session.id, "expires": session.expires_at}
    token = tokens.issue(_PURPOSE, claims)
    if len(token) < size:
        # Three bytes of claims are four characters of a token.
        frame = len(tokens.issue(_PURPOSE, {**claims, "size": ""}))
        claims["size"] = "." * max(0, -(-(min(size, LONGEST) - frame) * 3 // 4))
        token = tokens.issue(_PURPOSE, claims)
    return token


def read(tokens: Tokens, token: str, access_key_id: str) -> int | None:
    """When the token expires, in epoch milliseconds; None when it is not ours or not that key's. Constant time."""
    claims = tokens.read(_PURPOSE, token)
    if claims is None or claims["key"] != access_key_id:
        return None
    return int(claims["expires"] or 0)


def _policy_id(connection: Connection, arn: str, account: str) -> str:
    """The id of a managed policy that may limit a session of the account: one of its own, or of AWS's."""
    found = policy_names.find_id(connection, account, parse(arn))
    if found is None:
        raise ValidationError(f"Policy {arn} does not exist or is not attachable.")
    return found


def new_secret() -> str:
    """A secret access key of 40 characters, 240 random bits."""
    return b64encode(secrets.token_bytes(30)).decode()
