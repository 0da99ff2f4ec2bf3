"""Who asks (a principal) and what proves it (a credential). Plain values, without a rule of their own."""

from dataclasses import dataclass
from typing import Final, Literal

from cargohold.core.arn import Registry


@dataclass(frozen=True, slots=True)
class DownloadLimit:
    """All that a presigned download opens: the blobs of one repository. The authenticator holds it to one digest."""

    registry: Registry
    repository: str


@dataclass(frozen=True, slots=True)
class Credential:
    """What a request proved. Whether its key and principal still live is read by the guard, at each request."""

    access_key_id: str | None
    """AKIA…; None: nobody was named."""
    region: str | None = None
    """The one region that a registry token or a download opens; None: any."""
    issued_at: int | None = None
    """When the registry token or download was issued, in epoch milliseconds; None for a signed request."""
    limit: DownloadLimit | None = None


ANONYMOUS: Final = Credential(access_key_id=None)


@dataclass(frozen=True, slots=True)
class Principal:
    """An identity of an account, as the guard found it."""

    id: str
    """AWS's unique id: AIDA…"""
    arn: str
    account: str
    kind: Literal["user", "anonymous"]
    name: str
    administrator: bool
