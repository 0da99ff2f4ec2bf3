"""Signature Version 4, as a server reads it: what a request claims, whether the claim may be made, whether it is true.

Pure: the clock's reading, the secret and the body are arguments.
Sources: IAM user guide, "AWS Signature Version 4 for API requests"; AWS's signing test suite; sentences as AWS sends
them ("Troubleshoot Signature Version 4 signing").
"""

import hashlib
import hmac
import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

from cargohold.core.clock import MINUTE, SECOND
from cargohold.core.errors import CredentialsRequired, IncompleteSignature, InvalidSignature
from cargohold.exchange import Request

ALGORITHM: Final = "AWS4-HMAC-SHA256"
TERMINATOR: Final = "aws4_request"
SKEW: Final = 15 * MINUTE
LONGEST_LIFETIME: Final = 604_800
"""Seconds that a presigned request may live."""

_TIMESTAMP = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_LIFETIME = re.compile(r"[0-9]{1,6}")
_ACCESS_KEY_ID = re.compile(r"[A-Za-z0-9_]{1,128}")
_SPACES = re.compile(r"  +")
_SIGNATURE_PARAMETER = frozenset({"X-Amz-Signature"})
_PRESIGNING_PARAMETERS = frozenset({"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"})
# Every other x-amz- header must be signed. These change nothing here: an SDK's name, and what CloudFront adds.
# Content-Type need not be signed: the SDK for PHP and curl do not, and the protocol does not hang on it.
_MAY_BE_UNSIGNED = frozenset({"x-amz-user-agent", "x-amz-cf-id"})


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says of its own signature; nothing of it is proven yet."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    timestamp: str
    session_token: str | None
    lifetime: int | None = None
    """Seconds, for a presigned request."""

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/{TERMINATOR}"


@dataclass(frozen=True, slots=True)
class Expected:
    """What a claim must name: our service, a region of ours, a time near ours (epoch milliseconds)."""

    service: str
    regions: Collection[str]
    now: int


def parse(request: Request) -> Claim:
    """The request's claim; raises CredentialsRequired where there is none, IncompleteSignature where it is garbled."""
    header = request.headers.get("authorization")
    presigned = _presigned_parameters(request.query)
    if header is None and presigned is None:
        raise CredentialsRequired
    if header is not None and presigned is not None:
        raise IncompleteSignature("A request is signed by its Authorization header or by its query, not by both.")
    if "authorization" in request.repeated:
        raise IncompleteSignature("A request may have only one Authorization header.")
    return _parse_query(presigned) if presigned is not None else _parse_header(header or "", request)


def is_signed(request: Request) -> bool:
    """Whether the request claims to be signed, rightly or not."""
    return "authorization" in request.headers or _presigned_parameters(request.query) is not None


def check(claim: Claim, request: Request, expected: Expected) -> None:
    """Whether the claim may be made here and now; raises InvalidSignature with AWS's reason, IncompleteSignature."""
    _check_time(claim, expected.now)
    _check_signed_headers(claim, request.headers)
    _check_scope(claim, expected)


def matches(claim: Claim, request: Request, body: bytes, secret: str) -> bool:
    """Whether the signature is the secret's, of exactly this request. Takes the same time for any wrong signature."""
    payload_hash = hashlib.sha256(body).hexdigest()
    if request.headers.get("x-amz-content-sha256", payload_hash) != payload_hash:
        return False
    text = string_to_sign(claim, canonical_request(claim, request, payload_hash))
    key = signing_key(secret, claim.date, claim.region, claim.service)
    expected = hmac.digest(key, text.encode(), "sha256").hex()
    return hmac.compare_digest(expected.encode(), claim.signature.encode("latin-1"))


@lru_cache(maxsize=1024)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The key that a secret signs with on one day, for one region and service."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def string_to_sign(claim: Claim, canonical: bytes) -> str:
    return f"{ALGORITHM}\n{claim.timestamp}\n{claim.scope}\n{hashlib.sha256(canonical).hexdigest()}"


def canonical_request(
    claim: Claim, request: Request, payload_hash: str, omitted: Collection[str] = _SIGNATURE_PARAMETER
) -> bytes:
    """The bytes whose hash is signed; `omitted` are query parameters that are not part of them."""
    path = canonical_path(request.path)
    query = canonical_query(request.query, omitted)
    headers = "".join(f"{name}:{_header_value(request.headers.get(name, ''))}\n" for name in claim.signed_headers)
    names = ";".join(claim.signed_headers)
    return f"{request.method}\n{path}\n{query}\n{headers}\n{names}\n{payload_hash}".encode("latin-1")


def canonical_path(path: str) -> str:
    """The path as sent, without dot segments and empty segments, encoded once more."""
    if path == "/":
        return path
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    ending = "/" if kept and path.endswith(("/", "/.", "/..")) else ""
    return quote_from_bytes(f"/{'/'.join(kept)}{ending}".encode("latin-1"), safe="/-_.~")


def canonical_query(query: str, omitted: Collection[str] = ()) -> str:
    """The parameters, each encoded in the one way, sorted by their encoded form."""
    if not query:
        return ""
    pairs = (_pair(part) for part in query.split("&") if part)
    encoded = sorted((_encode(name), _encode(value)) for name, value in pairs if _text(name) not in omitted)
    return "&".join(f"{name}={value}" for name, value in encoded)


def _pair(part: str) -> tuple[bytes, bytes]:
    name, _, value = part.partition("=")
    return unquote_to_bytes(name.encode("latin-1")), unquote_to_bytes(value.encode("latin-1"))


def _encode(value: bytes) -> str:
    return quote_from_bytes(value, safe="-_.~")


def _text(value: bytes) -> str:
    return value.decode("latin-1")


def _header_value(value: str) -> str:
    return _SPACES.sub(" ", value.strip(" \t"))


def _presigned_parameters(query: str) -> dict[str, str] | None:
    """The query's X-Amz-* parameters when it is signed by them; raises IncompleteSignature when one is repeated."""
    if "X-Amz-" not in query:
        return None
    found: dict[str, str] = {}
    for name, value in map(_pair, query.split("&")):
        key = _text(name)
        if key.startswith("X-Amz-"):
            if key in found:
                raise IncompleteSignature(f"The query parameter '{key[:64]}' may be given only once.")
            found[key] = _text(value)
    return None if _PRESIGNING_PARAMETERS.isdisjoint(found) else found


def _parse_header(header: str, request: Request) -> Claim:
    algorithm, _, fields = header.partition(" ")
    if algorithm != ALGORITHM:
        raise IncompleteSignature(f"Unsupported AWS 'algorithm' (only {ALGORITHM} for now).")
    given: dict[str, str] = {}
    for field in fields.split(","):
        name, _, value = field.strip().partition("=")
        if name in given:
            raise IncompleteSignature("A parameter of the Authorization header may be given only once.")
        given[name] = value
    timestamp = request.headers.get("x-amz-date") or request.headers.get("date")
    missing = [
        f"Authorization header requires '{name}' parameter."
        for name in ("Credential", "Signature", "SignedHeaders")
        if not given.get(name)
    ]
    if not timestamp:
        missing.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if missing or not timestamp:
        raise IncompleteSignature(" ".join(missing))
    token = request.headers.get("x-amz-security-token")
    return _claim(given["Credential"], given["SignedHeaders"], given["Signature"], timestamp, token=token)


def _parse_query(given: dict[str, str]) -> Claim:
    required = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date")
    missing = [f"AWS query-string parameters must include '{name}'." for name in required if not given.get(name)]
    if missing:
        raise IncompleteSignature(" ".join([*missing, "Re-examine the query-string parameters."]))
    if given["X-Amz-Algorithm"] != ALGORITHM:
        raise IncompleteSignature(f"Unsupported AWS 'algorithm' (only {ALGORITHM} for now).")
    lifetime = given.get("X-Amz-Expires", str(SKEW // SECOND))
    if not _LIFETIME.fullmatch(lifetime) or not 1 <= int(lifetime) <= LONGEST_LIFETIME:
        raise IncompleteSignature(f"X-Amz-Expires must be a number of seconds between 1 and {LONGEST_LIFETIME}.")
    return _claim(
        given["X-Amz-Credential"],
        given["X-Amz-SignedHeaders"],
        given["X-Amz-Signature"],
        given["X-Amz-Date"],
        token=given.get("X-Amz-Security-Token"),
        lifetime=int(lifetime),
    )


def _claim(
    credential: str,
    signed_headers: str,
    signature: str,
    timestamp: str,
    *,
    token: str | None,
    lifetime: int | None = None,
) -> Claim:
    parts = credential.split("/")
    if len(parts) != 5 or _ACCESS_KEY_ID.fullmatch(parts[0]) is None:
        raise IncompleteSignature(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term."
        )
    key_id, date, region, service, terminator = parts
    if terminator != TERMINATOR:
        raise IncompleteSignature(f"Credential should be scoped with a valid terminator: '{TERMINATOR}'.")
    names = tuple(signed_headers.split(";"))
    if list(names) != sorted(set(names)) or signed_headers != signed_headers.lower():
        raise IncompleteSignature("'SignedHeaders' must be lower-case names, sorted, each of them once.")
    return Claim(key_id, date, region, service, names, signature, timestamp, token or None, lifetime)


def _check_scope(claim: Claim, expected: Expected) -> None:
    if claim.region not in expected.regions:
        raise InvalidSignature(f"Credential should be scoped to a valid region, not '{claim.region[:64]}'.")
    if claim.service != expected.service:
        raise InvalidSignature(f"Credential should be scoped to correct service: '{expected.service}'. ")
    if claim.date != claim.timestamp[:8]:
        raise InvalidSignature(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{claim.date[:64]}' != '{claim.timestamp[:8]}', from '{claim.timestamp[:64]}'."
        )


def _check_time(claim: Claim, now: int) -> None:
    signed_at = time_of(claim)
    lifetime = SKEW if claim.lifetime is None else claim.lifetime * SECOND
    if signed_at < now - lifetime:
        earliest, present = _format_time(now - lifetime), _format_time(now)
        raise InvalidSignature(
            f"Signature expired: {claim.timestamp} is now earlier than {earliest} ({present} - {_length(lifetime)}.)"
        )
    if signed_at > now + SKEW:
        latest, present = _format_time(now + SKEW), _format_time(now)
        raise InvalidSignature(
            f"Signature not yet current: {claim.timestamp} is still later than {latest} ({present} + {_length(SKEW)}.)"
        )


def _check_signed_headers(claim: Claim, headers: dict[str, str]) -> None:
    if "host" not in claim.signed_headers:
        raise InvalidSignature("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    for name in headers:
        if name.startswith("x-amz-") and name not in claim.signed_headers and name not in _MAY_BE_UNSIGNED:
            raise InvalidSignature(f"'{name.title()}' must be a 'SignedHeader' in the AWS Authorization.")
    for name in claim.signed_headers:
        if name not in headers:
            raise InvalidSignature(f"The signed header '{name[:64]}' is not part of the request.")


def time_of(claim: Claim) -> int:
    """When the claim says that it was signed, in epoch milliseconds; raises IncompleteSignature."""
    text = claim.timestamp
    if _TIMESTAMP.fullmatch(text) is not None:
        with suppress(ValueError):  # the thirteenth month
            return int(datetime.fromisoformat(text).timestamp()) * SECOND
    raise IncompleteSignature("Date must be in ISO-8601 'basic format'. See http://en.wikipedia.org/wiki/ISO_8601")


def _format_time(time: int) -> str:
    return datetime.fromtimestamp(time // SECOND, UTC).strftime("%Y%m%dT%H%M%SZ")


def _length(milliseconds: int) -> str:
    minutes, rest = divmod(milliseconds, MINUTE)
    return f"{milliseconds // SECOND} sec" if rest else f"{minutes} min"
