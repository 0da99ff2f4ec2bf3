"""The registry token (the password of `docker login`) and the presigned download: what this deployment issues.

Both are authenticated text that names the access key, so both end at once with their key or principal. The registry
token opens every registry of its region for twelve hours, with what its principal may do at that moment; a download
opens one blob of one repository to GET and HEAD for an hour.
Sources: ECR API reference (GetAuthorizationToken, GetDownloadUrlForLayer); ECR user guide, "Private registry
authentication".
"""

from typing import Final, NamedTuple

from cargohold.core.arn import Registry, Target
from cargohold.core.clock import HOUR
from cargohold.core.digest import Digest
from cargohold.core.errors import ExpiredRegistryToken, InvalidRegistryToken
from cargohold.encryption.tokens import Claims, Tokens
from cargohold.exchange import Request
from cargohold.identity.principals import Credential, DownloadLimit

USER: Final = "AWS"
LIFETIME: Final = 12 * HOUR
DOWNLOAD_LIFETIME: Final = HOUR
DOWNLOAD_PARAMETER: Final = "X-Cargohold-Token="

_PURPOSE = "registry"
_DOWNLOAD_PURPOSE = "download"


class RegistryToken(NamedTuple):
    """`AWS:<password>` in base64 is ECR's authorizationToken; `expires_at` is in epoch milliseconds."""

    password: str
    expires_at: int


def issue(tokens: Tokens, credential: Credential, region: str, now: int) -> RegistryToken:
    """A password for the registries of a region: under 1 KiB, without a colon."""
    expires_at = now + LIFETIME
    claims = {"key": credential.access_key_id, "region": region, "issued": now, "expires": expires_at}
    return RegistryToken(tokens.issue(_PURPOSE, claims), expires_at)


def read(tokens: Tokens, password: str, registry: Registry, now: int) -> Credential:
    """The credential of a password; raises InvalidRegistryToken and ExpiredRegistryToken."""
    claims = tokens.read(_PURPOSE, password)
    if claims is None:
        raise InvalidRegistryToken
    region = claims["region"]
    if region != registry.region:
        raise InvalidRegistryToken(
            f"Your Authorization Token is invalid. It was issued for the region {region}, not for {registry.region}."
        )
    return _credential(claims, now, None)


def download_query(tokens: Tokens, credential: Credential, target: Target, digest: Digest, now: int) -> str:
    """The query that lets its bearer GET one blob of a repository for an hour."""
    claims = {
        "key": credential.access_key_id,
        "account": target.registry.account,
        "region": target.registry.region,
        "kind": target.registry.kind,
        "repository": target.name,
        "digest": digest,
        "issued": now,
        "expires": now + DOWNLOAD_LIFETIME,
    }
    return DOWNLOAD_PARAMETER + tokens.issue(_DOWNLOAD_PURPOSE, claims)


def read_download(tokens: Tokens, request: Request, registry: Registry, now: int) -> Credential:
    """The credential of a presigned download, on exactly the blob it was issued for.

    Raises InvalidRegistryToken for any other registry, path or method, and ExpiredRegistryToken.
    """
    claims = tokens.read(_DOWNLOAD_PURPOSE, request.query.removeprefix(DOWNLOAD_PARAMETER))
    if claims is None or request.method not in ("GET", "HEAD"):
        raise InvalidRegistryToken
    repository = str(claims["repository"])
    issued_for = (claims["account"], claims["region"], claims["kind"])
    if issued_for != (registry.account, registry.region, registry.kind):
        raise InvalidRegistryToken
    if request.path != f"/v2/{repository}/blobs/{claims['digest']}":
        raise InvalidRegistryToken
    return _credential(claims, now, DownloadLimit(registry, repository))


def _credential(claims: Claims, now: int, limit: DownloadLimit | None) -> Credential:
    if now >= int(claims["expires"] or 0):
        raise ExpiredRegistryToken
    return Credential(
        access_key_id=str(claims["key"]),
        region=str(claims["region"]),
        issued_at=int(claims["issued"] or 0),
        limit=limit,
    )
