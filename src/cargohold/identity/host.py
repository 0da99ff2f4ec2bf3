"""What a host is, and how one comes to be: plain values.

A host is a machine that has an instance profile, as an EC2 instance has. It is known by an access key of its own, which
opens nothing but the credentials of its role.
"""

from dataclasses import dataclass, field

from cargohold.core.arn import PARTITION


def host_arn(account: str, host_id: str) -> str:
    """The ARN that policies and the audit trail know a host by."""
    return f"arn:{PARTITION}:cargohold::{account}:host/{host_id}"


@dataclass(frozen=True, slots=True)
class Host:
    """A machine that joined; times are epoch milliseconds."""

    id: str
    """i-…, and 17 hexadecimal digits."""
    account: str
    name: str
    joined_at: int
    region: str
    profile_id: str
    profile_arn: str | None = None
    """None when the instance profile was deleted."""
    access_key_id: str = ""
    used_at: int | None = None
    """When it last asked for credentials, within a quarter of an hour."""

    @property
    def arn(self) -> str:
        return host_arn(self.account, self.id)


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a join token stands for. Only the hash of the token's second half is kept."""

    id: str
    profile_id: str
    token_hash: bytes = field(repr=False)
    host_name: str | None
    region: str
    tries: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation when it is made: the only time that its token can be read."""

    token: str = field(repr=False)
    profile_arn: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Joined:
    """A host when it joins: the only time that its secret can be read."""

    host: Host
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Held:
    """The role that a host has by its instance profile."""

    host: Host
    role_id: str
    role_name: str
    role_arn: str
