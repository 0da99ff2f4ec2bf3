"""How STS shows a session's credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from cargohold.encryption.tokens import LONGEST
from cargohold.identity.sessions import Issued

if TYPE_CHECKING:
    from cargohold.aws.shapes.sts import Credentials


class Shown(TypedDict):
    """What AssumeRole and GetSessionToken answer alike."""

    Credentials: Credentials
    SessionTokenSize: int
    SessionTokenUtilization: int


def credentials(issued: Issued) -> Shown:
    """The credentials, the token's size in bytes, and what that is of the largest, in percent."""
    size = len(issued.token)
    return {
        "Credentials": {
            "AccessKeyId": issued.session.id,
            "SecretAccessKey": issued.secret_access_key,
            "SessionToken": issued.token,
            "Expiration": issued.session.expires_at,
        },
        "SessionTokenSize": size,
        "SessionTokenUtilization": -(-100 * size // LONGEST),
    }
