"""registry.events: what happened is kept for a while, and not for ever."""

import asyncio
import json
from functools import partial
from typing import Any
from unittest.mock import patch

from cargohold.registry import events

from .bed import HOME, Room

DAY = 24 * 60 * 60 * 1000


async def publish(room: Room, **payload: Any) -> None:
    ((registry_id,),) = await room.rows("SELECT id FROM registry WHERE account = :account", account=HOME.account)
    await room.database.write(
        partial(events.publish, registry_id=registry_id, kind=events.IMAGE_ACTION, payload=payload, now=room.now)
    )


async def kept(room: Room) -> list[Any]:
    return [json.loads(row[0]) for row in await room.rows("SELECT payload FROM event ORDER BY id")]


def test_old_events_go(room: Room) -> None:
    """An event is kept for a week."""

    async def story() -> None:
        await room.repository()
        await publish(room, result="SUCCESS")
        room.now += 7 * DAY
        await publish(room, result="LATER")
        assert await events.prune(room.database, room.clock) == 0
        room.now += 1
        assert await events.prune(room.database, room.clock) == 1
        assert await kept(room) == [{"result": "LATER"}]

    asyncio.run(story())


def test_too_many_events_go(room: Room) -> None:
    """Of more events than are kept, the oldest go, some at a time."""

    async def story() -> None:
        await room.repository()
        for number in range(5):
            await publish(room, number=number)
        with patch.object(events, "MOST", 2):
            assert await events.prune(room.database, room.clock, limit=2) == 2
            assert await events.prune(room.database, room.clock, limit=2) == 1
            assert await events.prune(room.database, room.clock, limit=2) == 0
        assert await kept(room) == [{"number": 3}, {"number": 4}]

    asyncio.run(story())
