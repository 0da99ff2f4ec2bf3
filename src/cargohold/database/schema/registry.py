"""Tables of the registry room: repositories, images, tags, blobs and uploads."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
    text,
)

from cargohold.database.schema import metadata
from cargohold.database.schema.types import Id, Text

registry = Table(
    "registry",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("kind", Text, nullable=False),  # private | public
    UniqueConstraint("account", "region", "kind"),
)

registry_policy = Table(
    "registry_policy",
    metadata,
    Column("registry_id", Id, ForeignKey("registry.id"), primary_key=True),
    Column("policy", Text, nullable=False),
)

repository = Table(
    "repository",
    metadata,
    Column("id", Id, primary_key=True),
    Column("registry_id", Id, ForeignKey("registry.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False),  # active | deleted | deleting (its rows are going, for good)
    Column("created_at", BigInteger, nullable=False),
    Column("deleted_at", BigInteger),
    Column("tag_mutability", Text, nullable=False),
    Column("tag_mutability_filters", Text, nullable=False),  # JSON list of wildcards
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

registry_setting = Table(
    "registry_setting",
    metadata,
    Column("registry_id", Id, ForeignKey("registry.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

# An IAM user or role whose pulls are not recorded, by its unique id, so that a recreated one does not inherit it.
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
    Column("prefix", Text, primary_key=True),  # ROOT matches what no other prefix does
    Column("description", Text),
    Column("encryption_type", Text, nullable=False),
    Column("kms_key", Text),
    Column("tag_mutability", Text, nullable=False),
    Column("tag_mutability_filters", Text, nullable=False),  # JSON list of wildcards
    Column("resource_tags", Text, nullable=False),  # JSON object
    Column("repository_policy", Text),
    Column("lifecycle_policy", Text),
    Column("applied_for", Text, nullable=False),  # JSON list
    Column("custom_role_arn", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
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
    Column("kind", Text, nullable=False),  # default; one per KMS key later
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
    Column("generation", Text, nullable=False),  # the blob store's key
    Column("format", Text, nullable=False),  # plain; sealed later
    Column("wrapped_key", LargeBinary),
    Column("tier", Text, nullable=False),  # standard | archive
    Column("state", Text, nullable=False),  # live | deleting
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
    Column("payload_format", Text, nullable=False),  # plain; sealed later
    Column("size", BigInteger, nullable=False),
    Column("status", Text, nullable=False),  # ACTIVE | ARCHIVED | ACTIVATING
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
# A page of the images of one status reads no others, and no manifest on its way.
Index(
    "ix_image_live_status",
    image.c.repository_id,
    image.c.status,
    image.c.digest,
    sqlite_where=text("deleted_at IS NULL"),
    postgresql_where=text("deleted_at IS NULL"),
)

# The live images that no tag names, so that a page of them reads no others. Written by what puts tags and takes them.
untagged_image = Table(
    "untagged_image",
    metadata,
    Column("image_id", Id, ForeignKey("image.id", ondelete="CASCADE"), primary_key=True),
    Column("repository_id", Id, nullable=False),
    Column("digest", Text, nullable=False),
    Index(None, "repository_id", "digest"),
)

# What is deleted is found without reading what is not: by who would have it back, and by who purges it.
Index(
    "ix_image_deleted",
    image.c.repository_id,
    image.c.id,
    sqlite_where=text("deleted_at IS NOT NULL"),
    postgresql_where=text("deleted_at IS NOT NULL"),
)
Index(
    "ix_repository_deleted",
    repository.c.deleted_at,
    sqlite_where=text("deleted_at IS NOT NULL"),
    postgresql_where=text("deleted_at IS NOT NULL"),
)

# The archive's images are found without reading those that are not in it.
Index(
    "ix_image_inactive",
    image.c.id,
    sqlite_where=text("status <> 'ACTIVE'"),
    postgresql_where=text("status <> 'ACTIVE'"),
)

image_blob = Table(
    "image_blob",
    metadata,
    Column("image_id", Id, ForeignKey("image.id"), primary_key=True),
    Column("position", Integer, primary_key=True),  # 0 is the config, layers follow
    Column("blob_id", Id, ForeignKey("blob.id"), nullable=False),
    Column("kind", Text, nullable=False),  # config | layer
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
    Column("id", Text, primary_key=True),  # a UUID
    Column("repository_id", Id, ForeignKey("repository.id"), nullable=False),
    Column("generation", Text, nullable=False),  # the blob store's key, written here before the bytes exist
    Column("offset", BigInteger, nullable=False),
    Column("state", Text, nullable=False),  # open | ended (its bytes wait for the reaper)
    Column("claimed_until", BigInteger, nullable=False),  # a request that writes holds it; 0 when free
    Column("stored", Text, nullable=False),  # the blob store's own state
    Column("digest", Text, nullable=False),  # sha256 of the bytes up to offset
    Column("hash_state", LargeBinary),  # from which hashing goes on, where the machine can export it
    Column("parts", Integer, nullable=False),
    Column("last_part_size", BigInteger, nullable=False),
    Column("undersized", Boolean, nullable=False),  # a part that was not the last was under 5 MiB
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
