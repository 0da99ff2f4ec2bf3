"""ECR's paging: `nextToken` and `maxResults` of a request, and what may not stand beside them.

A nextToken of another operation, registry, repository or filter is refused as a changed one is, and so is one that is
older than a day. `maxResults` may differ from page to page, as on ECR.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cargohold.aws.operation import Call
from cargohold.core.arn import Registry
from cargohold.core.errors import InvalidParameter
from cargohold.encryption import page_tokens
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
    now: int

    def next_token(self, after: str | None) -> str | None:
        """The token for the page behind this one; None when this one is the last."""
        return None if after is None else page_tokens.issue(self.tokens, self.purpose, after, self.now)


def listing(
    call: Call, operation: str, request: Mapping[str, object], registry: Registry, *bound: str, page: int = DEFAULT_PAGE
) -> Listing:
    """The page that a request asks for; `bound` is what else (repository, filter) makes it this list and no other.

    `page` is how many items it has where `maxResults` is not given. Raises InvalidToken when the nextToken was not
    issued for this very list within a day.
    """
    tokens, now = call.services.tokens, call.services.clock()
    purpose = "\0".join(("nextToken", operation, registry.kind, registry.account, registry.region, *bound))
    limit, token = request.get("maxResults", page), request.get("nextToken")
    return Listing(
        tokens=tokens,
        purpose=purpose,
        after=None if token is None else page_tokens.read(tokens, purpose, str(token), now),
        limit=limit if isinstance(limit, int) else page,
        now=now,
    )


def exclude(request: Mapping[str, object], named: str, what: str, *excluded: str) -> None:
    """Raises InvalidParameter when one of the members is given although `named` already says which items are wanted."""
    for member in excluded:
        if member in request:
            raise InvalidParameter(member, f"This option cannot be used when you specify {what} with {named}")
