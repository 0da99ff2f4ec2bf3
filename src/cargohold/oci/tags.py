"""GET /v2/<name>/tags/list, and the paging by `n` and `last` that both lists of this door share.

Source: distribution-spec 1.1, "Listing Tags". `n` is an upper bound; ECR's own bounds are its default and its maximum.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from cargohold.core.errors import InvalidParameter
from cargohold.core.paging import Page
from cargohold.exchange import Reply
from cargohold.oci.challenge import API_VERSION

if TYPE_CHECKING:
    from cargohold.oci.call import Call

DEFAULT_PAGE: Final = 100
MAXIMUM_PAGE: Final = 1000

_LONGEST_NAME = 300


async def list_tags(call: Call) -> Reply:
    """Tags in lexical order; images without a tag never appear. Raises RepositoryNotFound."""
    target, limit, after = call.target, page_size(call.asked.parameters), last(call.asked.parameters)
    page: Page[str] = Page(())
    if target.existing and limit:
        page = await call.services.tags.page(target, after, limit)
    body = {"name": call.asked.name, "tags": page.items}
    return listing(f"/v2/{call.asked.name}/tags/list", body, limit, page.after)


def page_size(parameters: Mapping[str, str]) -> int:
    """How many names `n` asks for, at most MAXIMUM_PAGE; raises InvalidParameter when it is not a number."""
    text = parameters.get("n")
    if text is None:
        return DEFAULT_PAGE
    if not (text.isascii() and text.isdigit()):
        raise InvalidParameter("n", "must be a number that is not negative")
    return min(int(text), MAXIMUM_PAGE) if len(text) <= 9 else MAXIMUM_PAGE


def last(parameters: Mapping[str, str]) -> str | None:
    """The name behind which the page begins; raises InvalidParameter for what can be no name."""
    text = parameters.get("last") or None
    if text is not None and (len(text) > _LONGEST_NAME or not text.isascii() or not text.isprintable()):
        raise InvalidParameter("last", "must be a name from the list")
    return text


def listing(path: str, body: Mapping[str, object], limit: int, after: str | None) -> Reply:
    """A page as JSON, with the relative Link to the next one where there is more."""
    headers = [API_VERSION, ("Content-Type", "application/json")]
    if after is not None:
        headers.append(("Link", f'<{path}?{urlencode({"n": limit, "last": after})}>; rel="next"'))
    return Reply(200, headers, json.dumps(body).encode())
