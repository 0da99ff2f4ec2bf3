"""GET /v2/_catalog: the names of the registry's repositories, and of no other registry's.

Source: Docker Registry HTTP API V2, "Listing Repositories" (the OCI specification reserves the path).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargohold.exchange import Reply
from cargohold.oci import tags

if TYPE_CHECKING:
    from cargohold.oci.call import Call


async def list_repositories(call: Call) -> Reply:
    """Names in lexical order."""
    limit, last = tags.page_size(call.asked.parameters), tags.last(call.asked.parameters)
    if limit == 0:
        return tags.listing("/v2/_catalog", {"repositories": []}, limit, None)
    page = await call.services.repositories.page(call.asked.registry, last, limit)
    names = [repository.name for repository in page.items]
    return tags.listing("/v2/_catalog", {"repositories": names}, limit, page.after)
