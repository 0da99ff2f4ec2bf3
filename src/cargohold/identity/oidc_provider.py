"""An OpenID Connect provider: an issuer of tokens that an account trusts to say who asks. Pure.

Sources: IAM API reference, "CreateOpenIDConnectProvider"; IAM user guide, "Create an OpenID Connect (OIDC) identity
provider in IAM".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cargohold.core.arn import iam_arn
from cargohold.core.errors import InvalidInput

SCHEME: Final = "https://"
MOST_THUMBPRINTS: Final = 5

_KIND: Final = "oidc-provider"
# A host of one word would put its claims among the condition keys of a service (`sts:…`, `aws:…`).
_URL: Final = re.compile(
    r"https://((?:localhost|(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)"
    r"(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~!$&'()+,;=@%/-]*)?)"
)
_ARN: Final = re.compile(r"arn:aws:iam::([0-9]{12}):oidc-provider/(.+)", re.DOTALL)
_THUMBPRINT: Final = re.compile(r"[0-9A-Fa-f]{40}")


@dataclass(frozen=True, slots=True)
class Provider:
    """`url` is the issuer without `https://`, as IAM shows it."""

    id: str
    account: str
    url: str
    client_ids: Sequence[str]
    """The audiences that its tokens may be for."""
    thumbprints: Sequence[str]
    created_at: int
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return arn_of(self.account, self.url)

    @property
    def issuer(self) -> str:
        """What `iss` is in its tokens, to the letter."""
        return SCHEME + self.url


def arn_of(account: str, url: str) -> str:
    """The ARN of a provider; `url` is the issuer without `https://`."""
    return iam_arn(account, _KIND, "/", url)


def read_url(text: str) -> str:
    """The part of an issuer's URL behind `https://`; raises InvalidInput for what no issuer's URL may be."""
    found = _URL.fullmatch(text)
    if found is None:
        raise InvalidInput(
            "Invalid Open ID Connect Provider URL: it begins with https:// and a host name in lower case, and has no "
            "user, query or fragment."
        )
    return found[1]


def read_arn(text: str) -> tuple[str, str]:
    """Account and URL of a provider's ARN; raises InvalidInput."""
    found = _ARN.fullmatch(text)
    if found is None:
        raise InvalidInput(f"Invalid ARN: {text[:200]}")
    return found[1], found[2]


def check_thumbprints(thumbprints: Sequence[str]) -> None:
    """Raises InvalidInput for more than five, and for one that is no SHA-1 in hexadecimal."""
    if len(thumbprints) > MOST_THUMBPRINTS:
        raise InvalidInput(f"Thumbprint list must contain fewer than {MOST_THUMBPRINTS} entries.")
    if any(_THUMBPRINT.fullmatch(each) is None for each in thumbprints):
        raise InvalidInput("Thumbprint must be 40 characters of hexadecimal.")
