"""Tables of keeping: deletions that may be undone, blobs on their way between stores, damage, and verification.

`image.deleted_at` and `repository.deleted_at` hide what is deleted; the rows here say by whom, and which tags it had.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table

from cargohold.database.schema import metadata
from cargohold.database.schema.types import Id, Text

image_deletion = Table(
    "image_deletion",
    metadata,
    Column("image_id", Id, ForeignKey("image.id"), primary_key=True),
    Column("deleted_by", Text, nullable=False),  # an ARN, or the rule of a lifecycle policy
    Column("tags", Text, nullable=False),  # JSON list: the tags that went with it
    Column("expires_at", BigInteger, nullable=False),  # from then on it cannot be undone
    Index(None, "expires_at"),
)

# What collection has given back, in one row.
collection_total = Table(
    "collection_total",
    metadata,
    Column("id", Id, primary_key=True),
    Column("blobs", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("failures", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
)

# A blob that changes its store: the bytes under the new key are named here before they exist.
blob_move = Table(
    "blob_move",
    metadata,
    Column("blob_id", Id, ForeignKey("blob.id"), primary_key=True),
    Column("tier", Text, nullable=False),  # where it goes: standard | archive
    Column("generation", Text, nullable=False),  # its key there
    Column("run_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Index(None, "run_at"),
)

blob_damage = Table(
    "blob_damage",
    metadata,
    Column("blob_id", Id, ForeignKey("blob.id"), primary_key=True),
    Column("generation", Text, nullable=False),  # the key whose bytes are wrong
    Column("reason", Text, nullable=False),
    Column("found_at", BigInteger, nullable=False),
)

verification = Table(
    "verification",
    metadata,
    Column("id", Id, primary_key=True),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("bytes_per_second", BigInteger, nullable=False),
    Column("total_blobs", BigInteger, nullable=False),
    Column("total_bytes", BigInteger, nullable=False),
    Column("end_blob_id", BigInteger, nullable=False),  # what came later is not looked at
    Column("last_blob_id", BigInteger, nullable=False),  # from where it goes on
    Column("blobs", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("damaged", BigInteger, nullable=False),
    Column("repaired", BigInteger, nullable=False),
    Column("claimed_until", BigInteger, nullable=False),  # a worker does it; 0 when none does
)
