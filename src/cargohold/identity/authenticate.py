"""Proves who asks: the AWS door's signatures, and the OCI door's registry tokens and presigned downloads."""

import secrets
from base64 import b64decode
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from sqlalchemy import Connection

from cargohold.core.arn import Registry
from cargohold.core.clock import Clock
from cargohold.core.errors import (
    ExpiredCredential,
    InvalidRegistryToken,
    InvalidSignature,
    Unauthorized,
    UnknownCredential,
)
from cargohold.database import Database
from cargohold.encryption.root import Root
from cargohold.encryption.tokens import Tokens
from cargohold.exchange import Request
from cargohold.identity import public_token, registry_token, sessions, sigv4
from cargohold.identity.key_uses import KeyUses
from cargohold.identity.principals import ANONYMOUS, Credential, Session
from cargohold.identity.sigv4 import Claim
from cargohold.identity.store import keys
from cargohold.identity.store import sessions as session_store

_NOBODY: Final = "nobody"
_GLOBAL_REGION: Final = "us-east-1"
_CLOSED_TO_USERS_SESSIONS: Final = "iam"
"""IAM knows no session of a user's that was begun without MFA, and there is none with."""


class _Everywhere(frozenset[str]):
    """Holds the name of every region."""

    def __contains__(self, _: object) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Signed:
    """A request whose signature is right: whose key, of which account, for which region."""

    credential: Credential
    account: str
    region: str
    session: Session | None = None
    """Where the key is a session's."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose an access key is, with what its requests are signed with."""

    account: str
    sealed_secret: bytes = field(repr=False)
    active: bool = True
    session: Session | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """A request whose claim may be made. Whether it is true depends on the body, and until then nothing is told."""

    request: Request
    claim: Claim
    holder: Holder | None
    secret: str = field(repr=False)
    refusal: type[Unauthorized] | None
    """What is wrong with the key or the session token, to be told once the body was looked at."""

    @property
    def known(self) -> bool:
        """Whether there is such a key: no other's signature can be right, whatever the body."""
        return self.holder is not None


class Authenticator:
    """Made once per process. `regions` are those that this deployment serves; `uses` writes down what was used."""

    def __init__(
        self,
        database: Database,
        root: Root,
        tokens: Tokens,
        clock: Clock,
        regions: Collection[str],
        *,
        uses: KeyUses | None = None,
    ) -> None:
        self._database = database
        self._root = root
        self._tokens = tokens
        self._clock = clock
        self._uses = uses
        self._regions = frozenset(regions)
        self._served: dict[str, Collection[str]] = {
            "sts": self._regions | {_GLOBAL_REGION},
            "iam": frozenset({_GLOBAL_REGION}),
            # It lives in one region, and says so itself where it is looked for in another.
            "ecr-public": _Everywhere(),
        }
        # What an unknown key is verified with, so that it costs what a known key costs.
        self._nobody = root.seal(secrets.token_hex(20).encode(), _NOBODY)

    async def signed(self, request: Request, body: bytes, service: str) -> Signed:
        """Verifies a signed or presigned request to `service` ("ecr", "sts", "iam"); the whole body takes part.

        Raises CredentialsRequired, IncompleteSignature, InvalidSignature, UnknownCredential and ExpiredCredential.
        """
        return self.prove(await self.head(request, service), body)

    async def head(self, request: Request, service: str) -> Head:
        """The first half of `signed`, before a body is read: raises what no body could mend and no key is part of."""
        claim = sigv4.parse(request)
        now = self._clock()
        sigv4.check(claim, request, sigv4.Expected(service, self._served.get(service, self._regions), now))
        holder = await self._database.read(partial(_find_holder, key_id=claim.access_key_id))
        refusal = self._refusal(claim, holder, service, now)
        return Head(request, claim, holder, self._secret(claim, holder), refusal)

    def prove(self, head: Head, body: bytes) -> Signed:
        """The second half: raises InvalidSignature, UnknownCredential and ExpiredCredential."""
        claim, holder = head.claim, head.holder
        genuine = sigv4.matches(claim, head.request, body, head.secret)
        if holder is None or head.refusal is UnknownCredential:
            raise head.refusal or UnknownCredential
        if not genuine:
            raise InvalidSignature
        if head.refusal is not None:
            raise head.refusal
        self._record(claim, holder)
        return Signed(Credential(claim.access_key_id), holder.account, claim.region, holder.session)

    def registry(self, request: Request, registry: Registry) -> Credential:
        """Who asks at the OCI door of a registry, without a look at the database.

        ANONYMOUS where nobody is named in a way that the registry knows: the door challenges. Raises
        InvalidRegistryToken and ExpiredRegistryToken.
        """
        if request.query.startswith(registry_token.DOWNLOAD_PARAMETER):
            return registry_token.read_download(self._tokens, request, registry, self._clock())
        password = _basic_password(request.headers.get("authorization", ""))
        if password is None:
            return ANONYMOUS
        return registry_token.read(self._tokens, password, registry, self._clock())

    def public(self, request: Request) -> Credential | None:
        """Who asks at the public registries' door, without a look at the database.

        None where nobody is named; without an access key where it is with an anonymous token. Raises
        InvalidRegistryToken and ExpiredRegistryToken.
        """
        header = request.headers.get("authorization", "")
        scheme, _, token = header.partition(" ")
        if scheme.lower() == "bearer":
            return public_token.read_bearer(self._tokens, token.strip(), self._clock())
        password = _basic_password(header)
        return None if password is None else public_token.read(self._tokens, password, self._clock())

    def _record(self, claim: Claim, holder: Holder) -> None:
        """Of a session its role is used; of a user's none of its keys is, as on AWS."""
        if self._uses is None:
            return
        if holder.session is None:
            self._uses.record(claim.access_key_id, claim.service, claim.region)
        elif holder.session.kind == "assumed-role":
            self._uses.record_role(holder.session.principal_id, claim.region)

    def _refusal(self, claim: Claim, holder: Holder | None, service: str, now: int) -> type[Unauthorized] | None:
        """A session's key comes with its own token, and no other key with one.

        A token of ours that is over says so itself, so that is told also when its session is long forgotten.
        """
        if not claim.access_key_id.startswith(sessions.PREFIX):
            known = claim.session_token is None and holder is not None and holder.active
            return None if known else UnknownCredential
        expires_at = sessions.read(self._tokens, claim.session_token or "", claim.access_key_id)
        if expires_at is not None and now >= expires_at:
            return ExpiredCredential
        known = expires_at is not None and holder is not None
        return None if known and not _is_closed(service, holder) else UnknownCredential

    def _secret(self, claim: Claim, holder: Holder | None) -> str:
        sealed, context = (self._nobody, _NOBODY) if holder is None else (holder.sealed_secret, claim.access_key_id)
        return self._root.open(sealed, context).decode()


def _find_holder(connection: Connection, key_id: str) -> Holder | None:
    """Whose key it is, also when it is inactive or over."""
    if key_id.startswith(sessions.PREFIX):
        found = session_store.find_session(connection, key_id)
        return None if found is None else Holder(found.session.account, found.sealed_secret, session=found.session)
    key = keys.find_key(connection, key_id)
    return None if key is None else Holder(key.account, key.sealed_secret, key.active)


def _is_closed(service: str, holder: Holder | None) -> bool:
    """Whether the service does not know this kind of session."""
    session = None if holder is None else holder.session
    return service == _CLOSED_TO_USERS_SESSIONS and session is not None and session.kind != "assumed-role"


def _basic_password(header: str) -> str | None:
    """The password that is sent for the user AWS; None where the header is none of ours to read."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:  # neither base64 nor UTF-8
        return None
    if not colon:
        return None
    if user != registry_token.USER:
        raise InvalidRegistryToken
    return password
