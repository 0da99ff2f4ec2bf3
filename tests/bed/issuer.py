"""An OpenID Connect issuer of the tests' own: its keys, its tokens, and tokens that nobody should take for its own."""

import base64
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

GITHUB = "https://token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
REPOSITORY = "repo:octo/hold:ref:refs/heads/main"


@cache
def private_key(name: str) -> Any:
    """A key that is made once: RSA of 2048 bits, but for those that are named by another kind."""
    if name.startswith("weak"):
        return rsa.generate_private_key(65537, 1024)  # noqa: S505 - it must be refused
    if name.startswith("ed"):
        return ed25519.Ed25519PrivateKey.generate()
    if name.startswith("p"):
        return ec.generate_private_key({"p256": ec.SECP256R1, "p384": ec.SECP384R1, "p521": ec.SECP521R1}[name[:4]]())
    return rsa.generate_private_key(65537, 2048)


def public_jwk(name: str, **members: Any) -> dict[str, Any]:
    public = private_key(name).public_key()
    kind = {rsa.RSAPublicKey: RSAAlgorithm, ed25519.Ed25519PublicKey: OKPAlgorithm}
    algorithm = next((each for of, each in kind.items() if isinstance(public, of)), ECAlgorithm)
    written: dict[str, Any] = algorithm.to_jwk(public, as_dict=True)
    return {"use": "sig", **written, "kid": name, **members}


def key_set(*names: str) -> bytes:
    return json.dumps({"keys": [public_jwk(name) for name in names]}).encode()


def claims(now: int, **changed: Any) -> dict[str, Any]:
    """As GitHub Actions has them; a claim that is None is left out. `now` is in epoch milliseconds."""
    seconds = now // 1000
    whole = {
        "iss": GITHUB,
        "aud": AUDIENCE,
        "sub": REPOSITORY,
        "repository": "octo/hold",
        "repository_id": "74",
        "ref": "refs/heads/main",
        "runner_environment": "github-hosted",
        "iat": seconds,
        "nbf": seconds,
        "exp": seconds + 300,
        **changed,
    }
    return {name: value for name, value in whole.items() if value is not None}


def signed(payload: Mapping[str, Any], key: str = "rsa", algorithm: str = "RS256", **headers: Any) -> str:
    """A token that the key signs; `kid` is the key's name where no other is given."""
    return jwt.encode(dict(payload), private_key(key), algorithm=algorithm, headers={"kid": key, **headers})


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def by_hand(header: Mapping[str, Any] | bytes, payload: Mapping[str, Any] | bytes, signature: bytes) -> str:
    """A token whose parts are whatever they are."""
    parts = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in (header, payload)]
    return ".".join(encoded(part) for part in (*parts, signature))


def public_pem(key: str) -> bytes:
    pem: bytes = private_key(key).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem
