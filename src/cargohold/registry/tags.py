"""Tags as a list; how they are put on images and taken away stands with the images."""

from functools import partial

from cargohold.core.arn import Target
from cargohold.core.paging import Page
from cargohold.database import Database
from cargohold.registry.store import tags


class Tags:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, target: Target, after: str | None, limit: int) -> Page[str]:
        """Up to `limit` tags in lexical order, behind the tag `after`. Raises RepositoryNotFound."""
        wanted = partial(tags.list_page, repository_id=target.existing, after=after or "", limit=limit + 1)
        found = await self._database.read(wanted)
        items = tuple(found[:limit])
        return Page(items, items[-1] if items and len(found) > limit else None)
