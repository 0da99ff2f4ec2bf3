"""A request's claim on an upload: one request at a time writes to it, and one that died does not block it for long.

A claim lasts 30 s and is lengthened every 10 s while data comes. Whoever finds that his claim is gone (he stood still
for longer, or the upload was cancelled) stops before he writes another byte.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Final

from sqlalchemy import Connection

from cargohold.core.arn import Target
from cargohold.core.clock import SECOND, Clock
from cargohold.core.errors import CargoholdError, Corrupt, UploadBusy, UploadNotFound
from cargohold.database import Database
from cargohold.registry.limits import Limits
from cargohold.registry.store import uploads
from cargohold.registry.upload import Upload

LEASE: Final = 30 * SECOND
RENEWAL: Final = 10 * SECOND

Check = Callable[[Upload], None]
"""Raises when the upload is not as the request needs it; nothing is claimed then."""


class Claims:
    """Takes claims; shared by all requests of a process."""

    def __init__(self, database: Database, clock: Clock, limits: Limits) -> None:
        self.database = database
        self.clock = clock
        self.limits = limits

    @asynccontextmanager
    async def take(self, target: Target, upload_id: str, check: Check) -> AsyncIterator["Claim"]:
        """A claim, which the block saves or ends; a refusal inside the block gives it back.

        A block that is cancelled leaves it to run out: what its threads still write is not known.
        Raises RepositoryNotFound, UploadNotFound, UploadBusy and what `check` raises.
        """
        taking = partial(self.get_claimed, target=target, upload_id=upload_id, check=check)
        claim = Claim(self, target, await self.database.write(taking))
        try:
            yield claim
        except Corrupt as error:  # a power cut took bytes that were not durable yet: there is nothing to go on from
            await claim.end()
            raise upload_not_found(target, upload_id) from error
        except CargoholdError:
            await claim.release()
            raise

    def get_claimed(self, connection: Connection, target: Target, upload_id: str, check: Check) -> Upload:
        """The upload, claimed from now on. Raises as `take`."""
        now = self.clock()
        times = (now, now + LEASE, now + self.limits.upload_lifetime)
        upload = uploads.find_claimed(connection, target.existing, upload_id, times)
        if upload is None:
            if uploads.find_upload(connection, target.existing, upload_id, now) is None:
                raise upload_not_found(target, upload_id)
            raise UploadBusy(upload_id)
        check(upload)
        return upload


class Claim:
    """The right to write to `upload`, which is as the row has it."""

    def __init__(self, claims: Claims, target: Target, upload: Upload) -> None:
        self.upload = upload
        self.target = target
        self._claims = claims

    async def keep(self) -> None:
        """Lengthens the claim when that is due. Raises UploadNotFound when it is lost."""
        now = self._claims.clock()
        if self.upload.claimed_until - now > LEASE - RENEWAL:
            return
        until, expires = now + LEASE, now + self._claims.limits.upload_lifetime
        renew = partial(uploads.save_claim, held=self.upload, until=until, expires=expires)
        if not await self._claims.database.write(renew):
            raise self._lost()
        self.upload = replace(self.upload, claimed_until=until, expires_at=expires)

    async def save(self, grown: Upload) -> Upload:
        """Keeps the upload's progress and gives the claim back. Raises UploadNotFound when it is lost."""
        return await self._claims.database.write(partial(self.save_now, grown=grown))

    def save_now(self, connection: Connection, grown: Upload) -> Upload:
        """As `save`, within a work."""
        kept = replace(grown, claimed_until=0, expires_at=self._claims.clock() + self._claims.limits.upload_lifetime)
        if not uploads.save_progress(connection, self.upload.claimed_until, kept):
            raise self._lost()
        return kept

    async def release(self) -> None:
        """Gives the claim back and leaves the upload as it was."""
        await self._claims.database.write(partial(uploads.save_released, held=self.upload))

    async def end(self) -> None:
        """Ends the upload; the reaper drops its bytes."""
        await self._claims.database.write(partial(uploads.save_ended, held=self.upload, now=self._claims.clock()))

    def _lost(self) -> UploadNotFound:
        return upload_not_found(self.target, self.upload.id)


def upload_not_found(target: Target, upload_id: str) -> UploadNotFound:
    return UploadNotFound(upload_id, target.name, target.registry.account)
