"""Proves who asks: the AWS door's signatures, and the OCI door's registry tokens and presigned downloads."""

import secrets
from base64 import b64decode
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from cargohold.core.arn import Registry
from cargohold.core.clock import Clock
from cargohold.core.errors import InvalidRegistryToken, InvalidSignature, UnknownCredential
from cargohold.database import Database
from cargohold.encryption.root import Root
from cargohold.encryption.tokens import Tokens
from cargohold.exchange import Request
from cargohold.identity import registry_token, sigv4
from cargohold.identity.principals import ANONYMOUS, Credential
from cargohold.identity.store import keys
from cargohold.identity.store.keys import Key

_NOBODY = "nobody"
_GLOBAL_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Signed:
    """A request whose signature is right: whose key, of which account, for which region."""

    credential: Credential
    account: str
    region: str


class Authenticator:
    """Made once per process. `regions` are those that this deployment serves."""

    def __init__(self, database: Database, root: Root, tokens: Tokens, clock: Clock, regions: Collection[str]) -> None:
        self._database = database
        self._root = root
        self._tokens = tokens
        self._clock = clock
        self._regions = frozenset(regions)
        self._served = {"sts": self._regions | {_GLOBAL_REGION}, "iam": frozenset({_GLOBAL_REGION})}
        # What an unknown key is verified with, so that it costs what a known key costs.
        self._nobody = root.seal(secrets.token_hex(20).encode(), _NOBODY)

    async def signed(self, request: Request, body: bytes, service: str) -> Signed:
        """Verifies a signed or presigned request to `service` ("ecr", "sts", "iam"); the whole body takes part.

        Raises CredentialsRequired, IncompleteSignature, InvalidSignature and UnknownCredential.
        """
        claim = sigv4.parse(request)
        regions = self._served.get(service, self._regions)
        sigv4.check(claim, request, sigv4.Expected(service, regions, self._clock()))
        key = await self._database.read(partial(keys.find_key, key_id=claim.access_key_id))
        genuine = sigv4.matches(claim, request, body, self._secret(key))
        if key is None or not key.active or claim.session_token is not None:
            raise UnknownCredential
        if not genuine:
            raise InvalidSignature
        return Signed(Credential(key.id), key.account, claim.region)

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

    def _secret(self, key: Key | None) -> str:
        sealed, context = (self._nobody, _NOBODY) if key is None else (key.sealed_secret, key.id)
        return self._root.open(sealed, context).decode()


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
