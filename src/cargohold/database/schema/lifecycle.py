"""Tables of lifecycle: a repository's policy, when it is next evaluated, and its preview with what that would do."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table

from cargohold.database.schema import metadata
from cargohold.database.schema.types import Id, Text

lifecycle_policy = Table(
    "lifecycle_policy",
    metadata,
    Column("repository_id", Id, ForeignKey("repository.id"), primary_key=True),
    Column("policy", Text, nullable=False),
    Column("evaluated_at", BigInteger, nullable=False),  # 0 before the first evaluation
    Column("due_at", BigInteger, nullable=False),
    Column("claimed_until", BigInteger, nullable=False),  # a worker evaluates it; 0 when none does
    Column("planned", Integer, nullable=False),  # by the latest evaluation, like the next three
    Column("expired", Integer, nullable=False),
    Column("transitioned", Integer, nullable=False),
    Column("failure", Text),  # why it did not come to its end
    Index(None, "due_at"),
)

lifecycle_preview = Table(
    "lifecycle_preview",
    metadata,
    Column("repository_id", Id, ForeignKey("repository.id"), primary_key=True),
    Column("policy", Text, nullable=False),
    Column("status", Text, nullable=False),  # IN_PROGRESS | COMPLETE | FAILED; past expires_at EXPIRED
    Column("expiring", Integer, nullable=False),
    Column("transitioning", Integer, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index(None, "expires_at"),
)

lifecycle_preview_result = Table(
    "lifecycle_preview_result",
    metadata,
    Column("repository_id", Id, ForeignKey("lifecycle_preview.repository_id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("tags", Text, nullable=False),  # JSON list
    Column("pushed_at", BigInteger, nullable=False),
    Column("storage_class", Text, nullable=False),  # of the image: STANDARD | ARCHIVE
    Column("action", Text, nullable=False),  # EXPIRE | TRANSITION
    Column("rule_priority", Integer, nullable=False),
    Index(None, "repository_id", "digest"),
)
