"""ECR's paging: `nextToken` and `maxResults` of a request, and what may not stand beside them.

A nextToken is opaque and authenticated. It says only after which key the next page begins; its purpose names the list
that it belongs to, so that a token of another operation, registry, repository or filter is refused as a changed one is.
`maxResults` may differ from page to page, as on ECR.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cargohold.aws.operation import Call
from cargohold.core.arn import Registry
from cargohold.core.errors import InvalidParameter, InvalidToken
from cargohold.encryption.tokens import Tokens

DEFAULT_PAGE: Final = 100
"""Items on a page where `maxResults` is not given; its range, 1 to 1000, stands in the API's model."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One list that is read page by page, with the page that a request asks for."""

    tokens: Tokens
    purpose: str
    after: str | None
    """The key of the last item that the client has; None on the first page."""
    limit: int

    def next_token(self, after: str | None) -> str | None:
        """The token for the page behind this one; None when this one is the last."""
        return None if after is None else self.tokens.issue(self.purpose, {"after": after})


def listing(call: Call, operation: str, request: Mapping[str, object], registry: Registry, *bound: str) -> Listing:
    """The page that a request asks for; `bound` is what else (repository, filter) makes it this list and no other.

    Raises InvalidToken when the nextToken was not issued for this very list.
    """
    purpose = ":".join(("nextToken", operation, registry.kind, registry.account, registry.region, *bound))
    limit = request.get("maxResults", DEFAULT_PAGE)
    return Listing(
        tokens=call.services.tokens,
        purpose=purpose,
        after=_after(call.services.tokens, purpose, request.get("nextToken")),
        limit=limit if isinstance(limit, int) else DEFAULT_PAGE,
    )


def exclude(request: Mapping[str, object], named: str, what: str, *excluded: str) -> None:
    """Raises InvalidParameter when one of the members is given although `named` already says which items are wanted."""
    for member in excluded:
        if member in request:
            raise InvalidParameter(member, f"This option cannot be used when you specify {what} with {named}")


def _after(tokens: Tokens, purpose: str, token: object) -> str | None:
    if token is None:
        return None
    claims = tokens.read(purpose, str(token))
    after = claims.get("after") if claims else None
    if not isinstance(after, str):
        raise InvalidToken
    return after
