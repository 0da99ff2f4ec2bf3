"""The room's work behind the doors."""

from functools import partial
from typing import Final

import structlog

from cargohold.blobstore.stores import Stores
from cargohold.core.clock import MINUTE, Clock
from cargohold.core.errors import Unavailable
from cargohold.database import Database
from cargohold.registry import upload_commit
from cargohold.registry.store import uploads

LEASE: Final = 10 * MINUTE
"""How long one reaper has for its batch before another may take it; also when a failure is tried again."""

_log = structlog.get_logger(__name__)


async def reap_uploads(database: Database, stores: Stores, clock: Clock, limit: int = 100) -> int:
    """Drops up to `limit` uploads that expired, were cancelled or came second, with their bytes; returns how many.

    Several workers may do it at once, and one that dies in the middle leaves what another can finish. An upload that
    a request writes to is left alone, however old it is. What the store cannot drop now is tried again later.
    """
    now = clock()
    taken = await database.write(partial(uploads.list_reapable, limit=limit, now=now, until=now + LEASE))
    reaped = 0
    for upload in taken:
        try:
            await upload_commit.drop(database, stores, upload)
        except Unavailable as error:
            _log.warning("upload not reaped", upload=upload.id, generation=upload.generation, reason=str(error))
        else:
            reaped += 1
    return reaped
