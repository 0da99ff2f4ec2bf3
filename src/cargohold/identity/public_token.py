"""What opens the public registries: a principal's password, and the token of whoever is nobody.

A password is made as a private registry's is, for another purpose, so that neither opens the other's door. It is a
Bearer token too, alone or as the API gives it (base64 of `AWS:<password>`). An anonymous token proves nothing but that
it was fetched here, as clients do before they pull.
Source: responses of public.ecr.aws; Amazon ECR Public API reference, GetAuthorizationToken.
"""

from base64 import b64decode
from typing import Final

from cargohold.core.arn import PUBLIC_REGION
from cargohold.core.errors import ExpiredRegistryToken, InvalidRegistryToken
from cargohold.encryption.tokens import Tokens
from cargohold.identity.principals import Credential
from cargohold.identity.registry_token import LIFETIME, USER, RegistryToken

_PURPOSE: Final = "public registry"
_ANONYMOUS: Final = "public registry, anonymous"


def issue(tokens: Tokens, credential: Credential, now: int) -> RegistryToken:
    """A principal's password for all public registries: under 1 KiB, without a colon."""
    expires_at = now + LIFETIME
    claims = {"key": credential.access_key_id, "issued": now, "expires": expires_at}
    return RegistryToken(tokens.issue(_PURPOSE, claims), expires_at)


def issue_anonymous(tokens: Tokens, now: int) -> RegistryToken:
    """A token for whoever asks."""
    expires_at = now + LIFETIME
    return RegistryToken(tokens.issue(_ANONYMOUS, {"issued": now, "expires": expires_at}), expires_at)


def read(tokens: Tokens, password: str, now: int) -> Credential:
    """The credential of a password; raises InvalidRegistryToken and ExpiredRegistryToken."""
    claims = tokens.read(_PURPOSE, password)
    if claims is None:
        raise InvalidRegistryToken
    return Credential(str(claims["key"]), PUBLIC_REGION, _checked(claims["issued"], claims["expires"], now))


def read_bearer(tokens: Tokens, token: str, now: int) -> Credential:
    """The credential of a Bearer token, without an access key where it is anonymous; raises as `read` does."""
    claims = tokens.read(_ANONYMOUS, token)
    if claims is not None:
        return Credential(None, PUBLIC_REGION, _checked(claims["issued"], claims["expires"], now))
    return read(tokens, _password(token), now)


def expiry(tokens: Tokens, password: str) -> int:
    """When a password that was read is over, in epoch milliseconds."""
    claims = tokens.read(_PURPOSE, password)
    return 0 if claims is None else int(claims["expires"] or 0)


def _password(token: str) -> str:
    """Of what GetAuthorizationToken answers; any other text as it is."""
    try:
        user, colon, password = b64decode(token, validate=True).decode().partition(":")
    except ValueError:  # neither base64 nor UTF-8
        return token
    return password if colon and user == USER else token


def _checked(issued: str | int | None, expires: str | int | None, now: int) -> int:
    if now >= int(expires or 0):
        raise ExpiredRegistryToken
    return int(issued or 0)
