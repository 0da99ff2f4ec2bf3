"""The first schema: registries, repositories, images, blobs, uploads, principals, events and jobs.

Frozen: a migration says what the schema was on its day, so it declares its own tables and imports none of the house's.
"""

import sqlalchemy
from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer(), "sqlite")
Text = sqlalchemy.Text().with_variant(sqlalchemy.Text(collation="C"), "postgresql")

registry = Table(
    "registry",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("kind", Text, nullable=False),
    UniqueConstraint("account", "region", "kind"),
)

repository = Table(
    "repository",
    metadata,
    Column("id", Id, primary_key=True),
    Column("registry_id", Id, ForeignKey("registry.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("deleted_at", BigInteger),
    Column("tag_mutability", Text, nullable=False),
    Column("tag_mutability_filters", Text, nullable=False),
    Column("scan_on_push", Boolean, nullable=False),
    Column("encryption_type", Text, nullable=False),
    Column("kms_key", Text),
    Column("policy", Text),
)
Index(
    "uq_repository_live_name",
    repository.c.registry_id,
    repository.c.name,
    unique=True,
    sqlite_where=text("deleted_at IS NULL"),
    postgresql_where=text("deleted_at IS NULL"),
)

resource_tag = Table(
    "resource_tag",
    metadata,
    Column("repository_id", Id, ForeignKey("repository.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

domain = Table(
    "domain",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

blob = Table(
    "blob",
    metadata,
    Column("id", Id, primary_key=True),
    Column("domain_id", Id, ForeignKey("domain.id"), nullable=False),
    Column("digest", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("stored_size", BigInteger, nullable=False),
    Column("generation", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("wrapped_key", LargeBinary),
    Column("tier", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("domain_id", "digest"),
)

repository_blob = Table(
    "repository_blob",
    metadata,
    Column("repository_id", Id, ForeignKey("repository.id"), primary_key=True),
    Column("blob_id", Id, ForeignKey("blob.id"), primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "blob_id"),
)

image = Table(
    "image",
    metadata,
    Column("id", Id, primary_key=True),
    Column("repository_id", Id, ForeignKey("repository.id"), nullable=False),
    Column("digest", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("artifact_type", Text),
    Column("subject_digest", Text),
    Column("payload", LargeBinary, nullable=False),
    Column("payload_format", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("pushed_at", BigInteger, nullable=False),
    Column("pushed_by", Text, nullable=False),
    Column("last_pull_at", BigInteger),
    Column("archived_at", BigInteger),
    Column("activated_at", BigInteger),
    Column("deleted_at", BigInteger),
    Index(None, "repository_id", "subject_digest"),
)
Index(
    "uq_image_live_digest",
    image.c.repository_id,
    image.c.digest,
    unique=True,
    sqlite_where=text("deleted_at IS NULL"),
    postgresql_where=text("deleted_at IS NULL"),
)

image_blob = Table(
    "image_blob",
    metadata,
    Column("image_id", Id, ForeignKey("image.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("blob_id", Id, ForeignKey("blob.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Index(None, "blob_id"),
)

image_reference = Table(
    "image_reference",
    metadata,
    Column("parent_id", Id, ForeignKey("image.id"), primary_key=True),
    Column("child_id", Id, ForeignKey("image.id"), primary_key=True),
    Index(None, "child_id"),
)

tag = Table(
    "tag",
    metadata,
    Column("repository_id", Id, ForeignKey("repository.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("image_id", Id, ForeignKey("image.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index(None, "image_id"),
)

upload = Table(
    "upload",
    metadata,
    Column("id", Text, primary_key=True),
    Column("repository_id", Id, ForeignKey("repository.id"), nullable=False),
    Column("generation", Text, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("claimed_until", BigInteger, nullable=False),
    Column("stored", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("hash_state", LargeBinary),
    Column("parts", Integer, nullable=False),
    Column("last_part_size", BigInteger, nullable=False),
    Column("undersized", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index(None, "expires_at"),
)

collection_queue = Table(
    "collection_queue",
    metadata,
    Column("blob_id", Id, ForeignKey("blob.id"), primary_key=True),
    Column("review_after", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Index(None, "review_after"),
)

account = Table(
    "account",
    metadata,
    Column("id", Text, primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Column("access_version", BigInteger, nullable=False),
)

principal = Table(
    "principal",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("account.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("folded_name", Text, nullable=False),
    Column("administrator", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "account_id", "kind", "folded_name", unique=True),
)

access_key = Table(
    "access_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("principal_id", Text, ForeignKey("principal.id"), nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("status", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "principal_id"),
)

session = Table(
    "session",
    metadata,
    Column("id", Text, primary_key=True),
    Column("principal_id", Text, ForeignKey("principal.id"), nullable=False),
    Column("access_key_id", Text, ForeignKey("access_key.id")),
    Column("name", Text, nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("policy", Text),
    Column("tags", Text, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index(None, "principal_id"),
    Index(None, "expires_at"),
)

event = Table(
    "event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("registry_id", Id, ForeignKey("registry.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "created_at"),
)

job = Table(
    "job",
    metadata,
    Column("id", Id, primary_key=True),
    Column("event_id", Id, ForeignKey("event.id")),
    Column("task", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("run_at", BigInteger, nullable=False),
    Column("claimed_until", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "state", "run_at"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)
    op.bulk_insert(domain, [{"kind": "default", "created_at": 0}])  # the first of its table, so its id is 1
