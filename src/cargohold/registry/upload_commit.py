"""How an upload's bytes become a blob: durable in the store first, visible by one transaction after that.

Of several uploads of the same bytes one makes the blob, the others find it made and drop their own. The blob's row
belongs to the domain, the right to read it to each repository.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from sqlalchemy import Connection

from cargohold.blobstore import BlobStore
from cargohold.blobstore.stores import Stores
from cargohold.core import digest as digests
from cargohold.core.digest import Digest
from cargohold.database import Database
from cargohold.registry.blob import Blob
from cargohold.registry.store import blobs, repositories, uploads, verifications
from cargohold.registry.upload import Upload
from cargohold.registry.upload_claim import Claim, upload_not_found

_HASHED: Final = "sha256"
"""The algorithm of the digest that an upload's row keeps."""


@dataclass(frozen=True, slots=True)
class Committed:
    """`won`: these bytes are the blob's now; `existed`: the repository could read the blob before."""

    blob: Blob
    won: bool
    existed: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """When a blob is made, and when the collector may first look at it; epoch milliseconds."""

    now: int
    review_after: int


def known_match(upload: Upload, candidates: Sequence[Digest]) -> Digest | None:
    """The candidate that the upload's row proves."""
    if upload.digest is None:
        return None
    return next((each for each in candidates if digests.same(each, upload.digest)), None)


def worth_reading(upload: Upload, candidates: Sequence[Digest]) -> bool:
    """Whether the stored bytes could match a candidate that the row cannot prove."""
    if upload.digest is None:
        return len(candidates) > 0
    return any(digests.algorithm(each) != _HASHED for each in candidates)


async def read_match(claim: Claim, blobstore: BlobStore, candidates: Sequence[Digest]) -> Digest | None:
    """The candidate that the stored bytes have, read from a finished blob."""
    hashers = {name: hashlib.new(name) for name in {digests.algorithm(each) for each in candidates}}
    chunks = await blobstore.open(claim.upload.generation)
    try:
        async for chunk in chunks:
            await claim.keep()
            for hasher in hashers.values():
                await asyncio.to_thread(hasher.update, chunk)
    finally:
        await chunks.aclose()
    calculated = {f"{name}:{hasher.hexdigest()}" for name, hasher in hashers.items()}
    return next((each for each in candidates if each in calculated), None)


def commit(connection: Connection, claim: Claim, digest: Digest, moment: Moment) -> Committed:
    """Makes the finished bytes a blob of the repository, and ends the upload.

    Raises RepositoryNotFound, and UploadNotFound when the claim was lost meanwhile.
    """
    upload, target = claim.upload, claim.target
    repository = repositories.get_shared(connection, target)
    made, left = _make_live(connection, Blob(0, digest, upload.offset, upload.generation), moment)
    blob = made or blobs.get_blob(connection, digest)
    blobs.add_to_queue(connection, blob.id, moment.review_after, "uploaded")  # nothing uses it yet
    added = blobs.add_right(connection, repository.id, blob.id, moment.now)
    forget = made is not None and left is None
    end = uploads.delete_claimed if forget else partial(uploads.save_ended, now=moment.now)
    if not end(connection, upload):
        raise upload_not_found(target, upload.id)
    if left is not None:
        uploads.save_generation(connection, upload, left)  # the reaper drops them
    return Committed(blob, won=made is not None, existed=made is None and not added)


async def spare(database: Database, stores: Stores, upload: Upload, blob: Blob) -> Upload:
    """The ended upload with the bytes that the blob does not need: its own, or the blob's where those are damaged.

    Damaged is what is missing or has another length; a blob is repaired by pushing it again.
    """
    if await stores.of(blob.tier).stat(blob.generation) == blob.size:
        return upload
    swapped = await database.write(partial(_swap, upload=upload, damaged=blob))
    return replace(upload, generation=blob.generation, stored="") if swapped else upload


def _swap(connection: Connection, upload: Upload, damaged: Blob) -> bool:
    """Both change hands or neither: whichever bytes nobody needs are the ended upload's, and are dropped with it."""
    if not blobs.save_generation(connection, damaged, upload.generation, "standard"):
        return False
    if not uploads.save_generation(connection, upload, damaged.generation):
        mended = replace(damaged, generation=upload.generation)
        blobs.save_generation(connection, mended, damaged.generation, damaged.tier)
        return False
    return True


async def drop(database: Database, stores: Stores, upload: Upload) -> None:
    """Drops the bytes and the row of an upload that has ended; may be done again after it was broken off.

    They lie in the archive where they were an archived blob's, until these repaired it.
    """
    await stores.standard.abort(upload.unfinished)
    await stores.standard.delete(upload.generation)
    await stores.archive.delete(upload.generation)
    await database.write(partial(uploads.delete_ended, upload_id=upload.id))


def _make_live(connection: Connection, new: Blob, moment: Moment) -> tuple[Blob | None, str | None]:
    """The blob, made of these bytes; None when it is live with others, and stays so until the transaction ends.

    Where it was in quarantine these bytes repair it, and where it was being collected they bring it back; the
    generation of the bytes that it had is told then, for nobody else knows of them any more. A row that is
    there, or has just come, is locked only after its place in the queue.
    """
    if blobs.find_blob(connection, new.digest) is None:
        made = blobs.add_new_blob(connection, new, moment.now)
        if made is not None:
            return made, None
    there, left = blobs.find_blob(connection, new.digest), None
    if there is not None:
        blobs.lock_in_queue(connection, there.id)
        left = blobs.find_doomed(connection, there.id)
    made = blobs.add_blob(connection, new, moment.now)
    if made is None:
        return None, None
    return made, verifications.find_repaired(connection, made.id) or left
