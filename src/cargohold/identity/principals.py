"""Who asks (a principal) and what proves it (a credential). Plain values, without a rule of their own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """AKIA…, or ASIA… of a session; None: nobody was named."""
    region: str | None = None
    """The one region that a registry token or a download opens; None: any."""
    issued_at: int | None = None
    """When the registry token or download was issued, in epoch milliseconds; None for a signed request."""
    limit: DownloadLimit | None = None


ANONYMOUS: Final = Credential(access_key_id=None)

SessionKind = Literal["assumed-role", "session", "federated-user"]
"""What STS issues: a session of a role, of a user (GetSessionToken), of somebody a user vouches for."""


@dataclass(frozen=True, slots=True)
class Federation:
    """On whose word a role's session rests that was given for a web identity token."""

    provider_arn: str
    issuer: str
    """Without `https://`, as condition keys begin."""
    subject: str
    audience: str


@dataclass(frozen=True, slots=True)
class Session:
    """A session as it was issued; what limits it besides (its policies) only the guard reads."""

    id: str
    """ASIA…: its access key's id."""
    kind: SessionKind
    account: str
    """Its principal's."""
    principal_id: str
    """AROA… of its role, or AIDA… of the user who asked for it."""
    name: str
    tags: Mapping[str, str]
    transitive_tags: tuple[str, ...]
    """Keys of those tags that the sessions have too which this one asks for."""
    source_identity: str | None
    issued_at: int
    expires_at: int
    federation: Federation | None = None
    """Only the guard reads it."""

    @property
    def inherited(self) -> Mapping[str, str]:
        """The tags that a session has which this one asks for."""
        return {key: self.tags[key] for key in self.transitive_tags}


@dataclass(frozen=True, slots=True)
class Principal:
    """An identity of an account, as the guard found it: a user, a session of a role or of a user, a host; or a service,
    or somebody for whom a provider vouches, who has no more than a token yet.

    A session has the ARN and the id of its own; whose policies count is its entity, the role or the user.
    """

    id: str
    """AIDA… of a user; `AROA…:session-name` of a role's session; `account:name` of a federated user's."""
    arn: str
    account: str
    kind: Literal["user", "assumed-role", "federated-user", "host", "service", "web-identity", "anonymous"]
    name: str
    """The user's, or the session's."""
    entity_id: str = ""
    """AIDA… or AROA…: whom policies are attached to."""
    entity_arn: str = ""
    """The user's or the role's: `aws:PrincipalArn`."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Of the user, or of the role with those of its session."""
