"""IAM's paging: `Marker` and `MaxItems` of a request, `IsTruncated` and `Marker` of its answer.

A Marker is opaque and authenticated. It says only after which key the next page begins; its purpose names the list
that it belongs to, so that a Marker of another operation, account or filter is refused as a changed one is. `MaxItems`
may differ from page to page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypedDict

from cargohold.aws.operation import Call
from cargohold.core.errors import ValidationError
from cargohold.encryption.tokens import Tokens

DEFAULT_PAGE: Final = 100
"""Items on a page where `MaxItems` is not given; its range, 1 to 1000, stands in the API's model."""


class End(TypedDict):
    """What every listing's answer ends with; None is left out."""

    IsTruncated: bool
    Marker: str | None


@dataclass(frozen=True, slots=True)
class Listing:
    """One list that is read page by page, with the page that a request asks for."""

    tokens: Tokens
    purpose: str
    after: str | None
    """The key of the last item that the client has; None on the first page."""
    limit: int

    def end(self, after: str | None) -> End:
        """How the page ends whose last key is `after`; None when it is the last page."""
        return {
            "IsTruncated": after is not None,
            "Marker": None if after is None else self.tokens.issue(self.purpose, {"after": after}),
        }


WHOLE: Final[End] = {"IsTruncated": False, "Marker": None}
"""The end of a list that is never longer than a page."""


def listing(call: Call, operation: str, request: Mapping[str, object], *bound: str) -> Listing:
    """The page that a request asks for; `bound` is what else (a user, a path) makes it this list and no other.

    Raises ValidationError when the Marker was not issued for this very list.
    """
    purpose = "\0".join(("Marker", operation, call.scope.account, *bound))
    limit = request.get("MaxItems", DEFAULT_PAGE)
    return Listing(
        tokens=call.services.tokens,
        purpose=purpose,
        after=_after(call.services.tokens, purpose, request.get("Marker")),
        limit=limit if isinstance(limit, int) else DEFAULT_PAGE,
    )


def _after(tokens: Tokens, purpose: str, marker: object) -> str | None:
    if marker is None:
        return None
    claims = tokens.read(purpose, str(marker))
    after = claims.get("after") if claims else None
    if not isinstance(after, str):
        raise ValidationError("Invalid Marker.")
    return after
