"""The whole registry: settings, creation templates, public registries, lifecycle, and what keeps and undoes.

Frozen: a migration says what the schema was on its day, so it declares its own tables and imports none of the house's.
"""

import sqlalchemy
from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table

revision = "0005"
down_revision = "0004"
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

Text = sqlalchemy.Text().with_variant(sqlalchemy.Text(collation="C"), "postgresql")

# SQLite numbers rows itself only where the key is INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")

# What is there already, as far as the new tables refer to it.
old = [
    Table(name, metadata, Column("id", Id, primary_key=True)) for name in ("registry", "repository", "image", "blob")
]

registry_setting = Table(
    "registry_setting",
    metadata,
    Column("registry_id", Id, ForeignKey("registry.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

pull_time_exclusion = Table(
    "pull_time_exclusion",
    metadata,
    Column("registry_id", Id, ForeignKey("registry.id"), primary_key=True),
    Column("entity_id", Text, primary_key=True),
    Column("arn", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

creation_template = Table(
    "creation_template",
    metadata,
    Column("registry_id", Id, ForeignKey("registry.id"), primary_key=True),
    Column("prefix", Text, primary_key=True),
    Column("description", Text),
    Column("encryption_type", Text, nullable=False),
    Column("kms_key", Text),
    Column("tag_mutability", Text, nullable=False),
    Column("tag_mutability_filters", Text, nullable=False),
    Column("resource_tags", Text, nullable=False),
    Column("repository_policy", Text),
    Column("lifecycle_policy", Text),
    Column("applied_for", Text, nullable=False),
    Column("custom_role_arn", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

registry_alias = Table(
    "registry_alias",
    metadata,
    Column("name", Text, primary_key=True),
    Column("registry_id", Id, ForeignKey("registry.id"), nullable=False),
    Column("is_primary", Boolean, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "registry_id"),
)

registry_catalog = Table(
    "registry_catalog",
    metadata,
    Column("registry_id", Id, ForeignKey("registry.id"), primary_key=True),
    Column("display_name", Text, nullable=False),
)

repository_catalog = Table(
    "repository_catalog",
    metadata,
    Column("repository_id", Id, ForeignKey("repository.id"), primary_key=True),
    Column("description", Text),
    Column("about", Text),
    Column("usage", Text),
    Column("architectures", Text, nullable=False),
    Column("operating_systems", Text, nullable=False),
    Column("logo", LargeBinary),
)

lifecycle_policy = Table(
    "lifecycle_policy",
    metadata,
    Column("repository_id", Id, ForeignKey("repository.id"), primary_key=True),
    Column("policy", Text, nullable=False),
    Column("evaluated_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("claimed_until", BigInteger, nullable=False),
    Column("planned", Integer, nullable=False),
    Column("expired", Integer, nullable=False),
    Column("transitioned", Integer, nullable=False),
    Column("failure", Text),
    Index(None, "due_at"),
)

lifecycle_preview = Table(
    "lifecycle_preview",
    metadata,
    Column("repository_id", Id, ForeignKey("repository.id"), primary_key=True),
    Column("policy", Text, nullable=False),
    Column("status", Text, nullable=False),
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
    Column("tags", Text, nullable=False),
    Column("pushed_at", BigInteger, nullable=False),
    Column("storage_class", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("rule_priority", Integer, nullable=False),
    Index(None, "repository_id", "digest"),
)

image_deletion = Table(
    "image_deletion",
    metadata,
    Column("image_id", Id, ForeignKey("image.id"), primary_key=True),
    Column("deleted_by", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index(None, "expires_at"),
)

collection_total = Table(
    "collection_total",
    metadata,
    Column("id", Id, primary_key=True),
    Column("blobs", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("failures", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
)

blob_move = Table(
    "blob_move",
    metadata,
    Column("blob_id", Id, ForeignKey("blob.id"), primary_key=True),
    Column("tier", Text, nullable=False),
    Column("generation", Text, nullable=False),
    Column("run_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Index(None, "run_at"),
)

blob_damage = Table(
    "blob_damage",
    metadata,
    Column("blob_id", Id, ForeignKey("blob.id"), primary_key=True),
    Column("generation", Text, nullable=False),
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
    Column("end_blob_id", BigInteger, nullable=False),
    Column("last_blob_id", BigInteger, nullable=False),
    Column("blobs", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("damaged", BigInteger, nullable=False),
    Column("repaired", BigInteger, nullable=False),
    Column("claimed_until", BigInteger, nullable=False),
)

untagged_image = Table(
    "untagged_image",
    metadata,
    Column("image_id", Id, ForeignKey("image.id", ondelete="CASCADE"), primary_key=True),
    Column("repository_id", Id, nullable=False),
    Column("digest", Text, nullable=False),
    Index(None, "repository_id", "digest"),
)


def upgrade() -> None:
    new = [table for table in metadata.sorted_tables if table not in old]
    metadata.create_all(op.get_bind(), tables=new, checkfirst=False)
    inactive = sqlalchemy.text("status <> 'ACTIVE'")
    op.create_index("ix_job_event_id", "job", ["event_id"])
    op.create_index("ix_image_inactive", "image", ["id"], sqlite_where=inactive, postgresql_where=inactive)
    live = sqlalchemy.text("deleted_at IS NULL")
    op.create_index(
        "ix_image_live_status",
        "image",
        ["repository_id", "status", "digest"],
        sqlite_where=live,
        postgresql_where=live,
    )
    gone = sqlalchemy.text("deleted_at IS NOT NULL")
    deleted = {
        "ix_image_deleted": ("image", ["repository_id", "id"]),
        "ix_repository_deleted": ("repository", ["deleted_at"]),
    }
    for name, (table, columns) in deleted.items():
        op.create_index(name, table, columns, sqlite_where=gone, postgresql_where=gone)
    op.execute(
        "INSERT INTO image_deletion (image_id, deleted_by, tags, expires_at) "
        "SELECT id, '', '[]', deleted_at + 86400000 FROM image WHERE deleted_at IS NOT NULL"
    )
    op.execute(
        "INSERT INTO untagged_image (image_id, repository_id, digest) SELECT id, repository_id, digest FROM image "
        "WHERE deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM tag WHERE tag.image_id = image.id)"
    )
