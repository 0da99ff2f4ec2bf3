"""From a repository's rows to decisions: what evaluations and previews have in common."""

import asyncio
from functools import partial

from cargohold.database import Database
from cargohold.lifecycle.policy import parse
from cargohold.lifecycle.select import Decision, select
from cargohold.lifecycle.store import images


async def decide(database: Database, repository_id: int, text: str, now: int) -> list[Decision]:
    """What a policy does to the images that the repository has at this moment, the oldest first.

    They are read beside the database's other work; 100,000 of them take about 100 MiB. Raises InvalidParameter for a
    text that is no policy.
    """
    policy = parse(text)
    found = [image async for image in database.scan(partial(images.iterate, repository_id=repository_id))]
    return await asyncio.to_thread(select, found, policy, now)
