"""Where the next page of a list begins, as a text that a client hands back: opaque, authenticated, good for a day.

A token's purpose names the list that it belongs to (operation, account, region, repository, filter), so that the token
of another list is refused as a changed one is.
"""

from typing import Final

from cargohold.core.clock import DAY
from cargohold.core.errors import InvalidToken
from cargohold.encryption.tokens import Tokens

LIFETIME: Final = DAY
"""Milliseconds. Each page has a token of its own, so a list may take longer than this to read."""


def issue(tokens: Tokens, purpose: str, after: str, now: int) -> str:
    """The token of the page behind the key `after`; `now` in epoch milliseconds."""
    return tokens.issue(purpose, {"after": after, "issued": now})


def read(tokens: Tokens, purpose: str, token: str, now: int) -> str:
    """The key behind which the page begins. Raises InvalidToken for all but what `issue` gave in the last day."""
    claims = tokens.read(purpose, token)
    if claims is None:
        raise InvalidToken
    after, issued = claims.get("after"), claims.get("issued")
    if not isinstance(after, str) or not isinstance(issued, int) or now - issued > LIFETIME:
        raise InvalidToken
    return after
