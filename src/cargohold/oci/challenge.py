"""The version check that clients begin with, and ECR's answer to whoever is not proven.

ECR's private registries know Basic alone: only public ones have a token endpoint. Without credentials every path under
/v2/ of a private one gives 401, the text `Not Authorized` and a challenge whose realm is the registry's own URL, never
a Host from a client.
Sources: responses of <account>.dkr.ecr.<region>.amazonaws.com; distribution-spec 1.1, "Determining Support".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cargohold.exchange import Reply

if TYPE_CHECKING:
    from cargohold.oci.call import Call

API_VERSION: Final = ("Docker-Distribution-Api-Version", "registry/2.0")
"""Goes out with every reply: old clients tell a registry by it."""

NOT_AUTHORIZED: Final = b"Not Authorized\n"


def challenge(url: str) -> tuple[str, str]:
    """The header of a 401 from the registry at `url`."""
    return ("Www-Authenticate", f'Basic realm="{url}/",service="ecr.amazonaws.com"')


def bearer_challenge(url: str) -> tuple[str, str]:
    """The header of a 401 from the public registries at `url`: where a token is to be had, for everybody."""
    return ("Www-Authenticate", f'Bearer realm="{url}/token/",service="{url.partition("://")[2]}",scope="aws"')


async def check_version(call: Call) -> Reply:
    """GET /v2/: there is a registry here, and the caller is proven."""
    return Reply(200, [API_VERSION])
