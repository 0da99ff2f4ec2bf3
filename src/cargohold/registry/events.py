"""What happened in a registry, kept for those who want to hear of it: rows of the table `event`.

`kind` is EventBridge's detail type ("ECR Image Action", …), `payload` its detail; the envelope is made by whoever
delivers it. Source: Amazon ECR user guide, "Events and EventBridge".
"""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from cargohold.core.clock import DAY, Clock
from cargohold.database import Database
from cargohold.registry.store import events

KEEP: Final = 7 * DAY
"""How long an event is kept."""
MOST: Final = 100_000
"""How many are kept, the newest."""

IMAGE_ACTION: Final = "ECR Image Action"
REFERRER_ACTION: Final = "ECR Referrer Action"


def publish(connection: Connection, registry_id: int, kind: str, payload: Mapping[str, Any], now: int) -> None:
    """Keeps an event, in the transaction that made it true. `registry_id` is the registry's row."""
    events.add_event(connection, registry_id, kind, json.dumps(payload), now)


async def prune(database: Database, clock: Clock, limit: int = 200) -> int:
    """Forgets up to `limit` events that are too old or too many; returns how many."""
    return await database.write(partial(events.delete_old, before=clock() - KEEP, most=MOST, limit=limit))
