"""Uploads: begun, grown by either door, and completed into blobs. An upload is seen only in its own repository."""

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID, uuid4

from sqlalchemy import Connection

from cargohold.blobstore.stores import Stores
from cargohold.core import digest as digests
from cargohold.core.arn import Target
from cargohold.core.clock import Clock
from cargohold.core.digest import Digest
from cargohold.core.errors import (
    EmptyUpload,
    InvalidLayer,
    InvalidLayerPart,
    InvalidRange,
    LayerAlreadyExists,
    LayerPartTooSmall,
    LimitExceeded,
)
from cargohold.database import Database
from cargohold.registry import upload_commit
from cargohold.registry.blob import Blob
from cargohold.registry.limits import Limits
from cargohold.registry.store import repositories, uploads
from cargohold.registry.upload import Upload
from cargohold.registry.upload_claim import Check, Claim, Claims, upload_not_found
from cargohold.registry.upload_commit import Committed, Moment
from cargohold.registry.upload_intake import Intake

__all__ = ["Completed", "Upload", "Uploads"]


@dataclass(frozen=True, slots=True)
class Completed:
    """A blob that the repository can read now; `existed`: it could before."""

    blob: Blob
    existed: bool


class _NotHeld(Exception):
    """These bytes have to be written to the store."""


class Uploads:
    def __init__(
        self,
        database: Database,
        stores: Stores,
        clock: Clock,
        limits: Limits,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._stores = stores
        self._blobstore = stores.standard
        self._clock = clock
        self._limits = limits
        self._new_id = new_id
        self._claims = Claims(database, clock, limits)

    async def begin(self, target: Target) -> Upload:
        """A new, empty upload; its id cannot be guessed. Raises RepositoryNotFound."""
        now = self._clock()
        new = Upload(
            id=str(self._new_id()),
            repository_id=target.existing,
            generation=self._new_id().hex,
            offset=0,
            claimed_until=0,
            stored="",
            digest=digests.of(b""),
            hash_state=None,
            parts=0,
            last_part_size=0,
            undersized=False,
            expires_at=now + self._limits.upload_lifetime,
        )
        await self._database.write(partial(_add, target=target, new=new, now=now))
        begun = await self._blobstore.begin(new.generation)
        if begun.detail:
            new = replace(new, stored=begun.detail)
            await self._database.write(partial(uploads.save_notes, begun=new))
        return new

    async def status(self, target: Target, upload_id: str) -> Upload:
        """Raises RepositoryNotFound and UploadNotFound."""
        wanted = partial(uploads.find_upload, repository_id=target.existing, upload_id=upload_id, now=self._clock())
        found = await self._database.read(wanted)
        if found is None:
            raise upload_not_found(target, upload_id)
        return found

    async def append(
        self, target: Target, upload_id: str, chunks: AsyncIterable[bytes], start: int | None = None
    ) -> Upload:
        """Takes the bytes from `start`, which is the offset or None, until the client ends or breaks off.

        Raises RepositoryNotFound, UploadNotFound, UploadBusy, InvalidRange (`size` is the offset) and, after what
        arrived is kept, BodyInterrupted and LimitExceeded.
        """
        return await self._append(target, upload_id, chunks, partial(_check_start, start))

    async def append_bytes(self, target: Target, upload_id: str, data: bytes, start: int | None = None) -> Upload:
        """As `append`, of bytes that are there already: one transaction where the store need not write so few."""
        work = partial(self._hold, target=target, upload_id=upload_id, data=data, start=start)
        try:
            return await self._database.write(work)
        except _NotHeld:
            return await self._append(target, upload_id, _one(data), partial(_check_start, start))

    async def append_part(self, target: Target, upload_id: str, first: int, last: int, data: bytes) -> Upload:
        """Takes the bytes `first` to `last`, both included, as UploadLayerPart sends them.

        Raises RepositoryNotFound, UploadNotFound, UploadBusy, InvalidLayerPart and LimitExceeded.
        """

        def check(upload: Upload) -> None:
            _check_part(upload, target, (first, last), len(data))
            _check_part_limits(upload, len(data), self._limits)

        return await self._append(target, upload_id, _one(data), check)

    async def complete(
        self, target: Target, upload_id: str, candidates: Sequence[Digest], *, api: bool = False
    ) -> Completed:
        """Makes the bytes a blob under the candidate that they have; durable when it returns.

        A wrong digest (InvalidLayer) leaves the upload as it is; only where the stored bytes had to be read for it
        (sha512), it ends. Raises also RepositoryNotFound, UploadNotFound and UploadBusy; where `api` is set, as for
        CompleteLayerUpload, EmptyUpload, LayerPartTooSmall and LayerAlreadyExists.
        """

        def check(upload: Upload) -> None:
            if api and upload.offset == 0:
                raise EmptyUpload(upload_id, target.name, target.registry.account)
            if not upload_commit.known_match(upload, candidates) and not upload_commit.worth_reading(
                upload, candidates
            ):
                raise InvalidLayer
            if api and upload.undersized:
                raise LayerPartTooSmall

        async with self._claims.take(target, upload_id, check) as claim:
            committed = await self._commit(claim, candidates)
            upload = claim.upload
        if not committed.won:
            unneeded = await upload_commit.spare(self._database, self._stores, upload, committed.blob)
            await upload_commit.drop(self._database, self._stores, unneeded)
        if api and committed.existed:
            raise LayerAlreadyExists(committed.blob.digest, target.name, target.registry.account)
        return Completed(committed.blob, committed.existed)

    async def cancel(self, target: Target, upload_id: str) -> None:
        """Ends an upload and drops its bytes; a request that writes to it is stopped, and the reaper drops them then.

        Raises RepositoryNotFound and UploadNotFound.
        """
        now = self._clock()
        end = partial(uploads.find_ended, repository_id=target.existing, upload_id=upload_id, now=now)
        ended = await self._database.write(end)
        if ended is None:
            raise upload_not_found(target, upload_id)
        if ended.claimed_until <= now:
            await upload_commit.drop(self._database, self._stores, ended)

    async def count_open(self) -> int:
        """Uploads of all repositories that could still be written to."""
        return await self._database.read(partial(uploads.count_open, now=self._clock()))

    async def _append(self, target: Target, upload_id: str, chunks: AsyncIterable[bytes], check: Check) -> Upload:
        async with self._claims.take(target, upload_id, check) as claim:
            intake = Intake(claim, self._limits)
            async with aclosing(intake.chunks(chunks)) as counted:
                kept = await self._blobstore.append(claim.upload.unfinished, counted)
            grown = await claim.save(intake.grown(kept))
        if intake.stopped is not None:
            raise intake.stopped
        return grown

    def _hold(self, connection: Connection, target: Target, upload_id: str, data: bytes, start: int | None) -> Upload:
        """Claims, grows and frees the upload. Raises as Uploads.append, and _NotHeld, which leaves it as it was."""
        upload = self._claims.get_claimed(connection, target, upload_id, partial(_check_start, start))
        claim = Claim(self._claims, target, upload)
        kept = self._blobstore.hold(upload.unfinished, data)
        intake = Intake(claim, self._limits)
        if kept is None or not intake.take(data):
            raise _NotHeld
        return claim.save_now(connection, intake.grown(kept))

    async def _commit(self, claim: Claim, candidates: Sequence[Digest]) -> Committed:
        digest = upload_commit.known_match(claim.upload, candidates)
        await self._blobstore.finish(claim.upload.unfinished)
        if digest is None:
            digest = await upload_commit.read_match(claim, self._blobstore, candidates)
        if digest is None:
            await claim.end()
            await upload_commit.drop(self._database, self._stores, claim.upload)
            raise InvalidLayer
        now = self._clock()
        moment = Moment(now, now + self._limits.collection_lease)
        return await self._database.write(partial(upload_commit.commit, claim=claim, digest=digest, moment=moment))


def _add(connection: Connection, target: Target, new: Upload, now: int) -> None:
    repositories.get_shared(connection, target)
    uploads.add_upload(connection, new, now)


async def _one(data: bytes) -> AsyncGenerator[bytes, None]:
    yield data


def _check_start(start: int | None, upload: Upload) -> None:
    if start is not None and start != upload.offset:
        reason = f"First byte of the layer part {start} is not consecutive with the last byte received: expected "
        raise InvalidRange(f"{reason}{upload.offset}", upload.offset)


def _check_part(upload: Upload, target: Target, span: tuple[int, int], length: int) -> None:
    """`span` holds the numbers of the part's first and last byte."""
    first, last = span
    reason = None
    if last - first + 1 != length:
        reason = f"The layer part has {length} bytes, but its first and last byte are given as {first} and {last}"
    if reason is not None or first != upload.offset:
        raise InvalidLayerPart(target.name, target.registry.account, upload.id, upload.offset, first, reason=reason)


def _check_part_limits(upload: Upload, length: int, limits: Limits) -> None:
    if length > limits.part_bytes:
        raise LimitExceeded(
            f"The layer part is larger than the maximum allowed size which is '{limits.part_bytes}' bytes"
        )
    if upload.parts >= limits.parts:
        raise LimitExceeded(f"The upload already has the maximum allowed number of parts which is '{limits.parts}'")
