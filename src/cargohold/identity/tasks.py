"""The room's work behind the doors."""

from functools import partial

from cargohold.core.clock import Clock
from cargohold.database import Database
from cargohold.identity.registry_token import LIFETIME
from cargohold.identity.store import sessions


async def reap_sessions(database: Database, clock: Clock, limit: int = 1000) -> int:
    """Drops up to `limit` sessions that nothing can name any more; returns how many.

    A registry token may be fetched at a session's last moment, lives for twelve hours, and may do what its session may:
    so long its row is kept.
    """
    return await database.write(partial(sessions.delete_over, before=clock() - LIFETIME, limit=limit))
