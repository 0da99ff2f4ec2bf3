"""Web identity tokens: JWTs that an OpenID Connect issuer signed with one of its published keys. Pure.

A token says by whose key it is proven (`kid`), never how: which algorithms a key takes is said by its type, and nothing
in the token's header (`jku`, `x5u`, `x5c`, `jwk`) brings a key along.
Sources: RFC 7517, RFC 7518, RFC 8725; OpenID Connect Core 1.0, §3.1.3.7; sentences of AWS as users report them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from cargohold.core.clock import SECOND
from cargohold.core.errors import ExpiredIdentityToken, InvalidIdentityToken
from cargohold.identity.oidc_provider import Provider

LEEWAY: Final = 60
"""Seconds that the issuer's clock may differ from ours."""
MOST_KEYS: Final = 100
"""Of one issuer; what stands behind them is not read."""
SMALLEST_RSA: Final = 2048
LONGEST_SUBJECT: Final = 255

PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey

_OF_RSA: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_OF_CURVE: Final = {"secp256r1": ("ES256",), "secp384r1": ("ES384",), "secp521r1": ("ES512",)}
_READERS: Final[Mapping[str, Callable[[Any], object]]] = {
    "RSA": RSAAlgorithm.from_jwk,
    "EC": ECAlgorithm.from_jwk,
    "OKP": OKPAlgorithm.from_jwk,
}
_SIGNATURE_ONLY: Final[Any] = {
    "verify_signature": True,
    **{f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")},
}
_OWN_KEYS: Final = frozenset({"iss", "exp", "iat", "nbf", "aud", "azp", "oaud", "sub"})
"""Claims that are no condition keys, or are made into one by a rule of their own."""
_NOT_A_TOKEN: Final = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Key:
    """A key that an issuer publishes, and the algorithms that it may be used with."""

    algorithms: Sequence[str]
    public: PublicKey


Keys = Mapping[str, Sequence[Key]]
"""By `kid`."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a token says before it is proven."""

    issuer: str
    kid: str
    algorithm: str


@dataclass(frozen=True, slots=True)
class Claims:
    """What a proven token says. `values` are its condition keys without the provider's name before them."""

    subject: str
    audience: str
    values: Mapping[str, str | tuple[str, ...]]


def read_keys(document: bytes) -> Keys:
    """A JSON Web Key Set; a key that is none to verify with is left out. Raises ValueError for what is no key set."""
    try:
        entries = json.loads(document)["keys"]
    except (TypeError, KeyError, RecursionError):
        raise ValueError("no JSON Web Key Set") from None
    if not isinstance(entries, list):
        raise ValueError("no JSON Web Key Set")  # noqa: TRY004
    found: dict[str, list[Key]] = {}
    for entry in entries[:MOST_KEYS]:
        key = _key(entry) if isinstance(entry, dict) and isinstance(entry.get("kid"), str) else None
        if key is not None:
            found.setdefault(entry["kid"], []).append(key)
    return found


def read_head(token: str) -> Head:
    """The part of a token that says which key may prove it; raises InvalidIdentityToken."""
    try:
        parsed = jwt.get_unverified_header(token)
        payload = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise InvalidIdentityToken(_NOT_A_TOKEN) from None
    issuer, kid, algorithm = payload.get("iss"), parsed.get("kid"), parsed.get("alg")
    if not isinstance(issuer, str):
        raise InvalidIdentityToken("Missing a required claim: iss")
    if not isinstance(kid, str) or not isinstance(algorithm, str) or "crit" in parsed:
        raise InvalidIdentityToken(_NOT_A_TOKEN)
    return Head(issuer, kid, algorithm)


def verify(token: str, head: Head, keys: Sequence[Key], provider: Provider, now: int) -> Claims:
    """What the token says, when one of these keys of the provider proves it; `now` is in epoch milliseconds.

    Raises InvalidIdentityToken and ExpiredIdentityToken.
    """
    payload = _proven(token, head, keys)
    if payload.get("iss") != provider.issuer:
        raise InvalidIdentityToken(f"No OpenIDConnect provider found in your account for {provider.issuer}")
    for name in ("exp", "iat", "sub", "aud"):
        if name not in payload:
            raise InvalidIdentityToken(f"Missing a required claim: {name}")
    _check_times(payload, now // SECOND)
    subject = payload["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise InvalidIdentityToken("The claim sub is not a text of at most 255 printable characters")
    audience, audiences = _audience(payload, provider)
    values = {**_values(payload), "sub": subject, "aud": audience}
    return Claims(subject, audience, values if "azp" not in payload else {**values, "oaud": audiences})


def _key(entry: Mapping[str, Any]) -> Key | None:
    reader = _READERS.get(str(entry.get("kty")))
    operations = entry.get("key_ops", ["verify"])
    if reader is None or entry.get("use", "sig") != "sig" or "verify" not in operations:
        return None
    try:
        public: object = reader(dict(entry))
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    if not isinstance(public, RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey):
        return None
    named = entry.get("alg")
    chosen = tuple(each for each in _algorithms(public) if named is None or each == named)
    return Key(chosen, public) if chosen else None


def _algorithms(public: PublicKey) -> Sequence[str]:
    """What a key's type takes; nothing for a weak one, or one of another curve."""
    if isinstance(public, RSAPublicKey):
        return _OF_RSA if public.key_size >= SMALLEST_RSA else ()
    if isinstance(public, EllipticCurvePublicKey):
        return _OF_CURVE.get(public.curve.name, ())
    return ("EdDSA",)


def _proven(token: str, head: Head, keys: Sequence[Key]) -> Mapping[str, Any]:
    fitting = [key for key in keys if head.algorithm in key.algorithms]
    if not fitting:
        raise InvalidIdentityToken(
            "Couldn't retrieve verification key from your identity provider,  please reference "
            "AssumeRoleWithWebIdentity documentation for requirements"
        )
    for key in fitting:
        try:
            return jwt.decode(token, key.public, algorithms=[head.algorithm], options=_SIGNATURE_ONLY)
        except (jwt.PyJWTError, ValueError):
            continue
    raise InvalidIdentityToken("Token signature invalid")


def _check_times(payload: Mapping[str, Any], now: int) -> None:
    times = {name: payload[name] for name in ("exp", "iat", "nbf") if name in payload}
    for name, time in times.items():
        if isinstance(time, bool) or not isinstance(time, int | float) or not 0 <= time < 1 << 40:
            raise InvalidIdentityToken(f"The claim {name} is not a time")
    if times["exp"] + LEEWAY <= now:
        raise ExpiredIdentityToken(now, int(times["exp"]))
    for name in ("iat", "nbf"):
        if times.get(name, 0) - LEEWAY > now:
            raise InvalidIdentityToken(f"The token is not valid yet: its {name} is in the future")


def _audience(payload: Mapping[str, Any], provider: Provider) -> tuple[str, tuple[str, ...]]:
    """The client that the token is for, and all audiences: one of several is known by `azp` only."""
    aud = payload["aud"]
    audiences = tuple(aud) if isinstance(aud, list) else (aud,)
    party = payload.get("azp")
    if party is None and len(audiences) == 1:
        party = audiences[0]
    if not isinstance(party, str) or not all(isinstance(each, str) for each in audiences):
        raise InvalidIdentityToken("Incorrect token audience")
    if party not in provider.client_ids or not set(audiences) & set(provider.client_ids):
        raise InvalidIdentityToken("Incorrect token audience")
    return party, audiences


def _values(payload: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    """Claims of plain values, by their names in lower case; of two that differ in case only the lower one counts."""
    found: dict[str, str | tuple[str, ...]] = {}
    for name in sorted(payload, key=lambda each: each != each.lower()):
        value = _value(payload[name])
        if value is not None and name.lower() not in _OWN_KEYS:
            found.setdefault(name.lower(), value)
    return found


def _value(claim: object) -> str | tuple[str, ...] | None:
    if isinstance(claim, bool):
        return "true" if claim else "false"
    if isinstance(claim, int):
        return str(claim)
    if isinstance(claim, list) and all(isinstance(each, str) for each in claim):
        return tuple(claim)
    return claim if isinstance(claim, str) else None
