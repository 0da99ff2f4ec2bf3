"""Scanning: inventories, scans with their findings, what a registry wants scanned, and what it leaves out.

Frozen: a migration says what the schema was on its day, so it declares its own tables and imports none of the house's.
"""

import sqlalchemy
from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table

revision = "0006"
down_revision = "0005"
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
old = [Table(name, metadata, Column("id", Id, primary_key=True)) for name in ("registry", "image", "blob")]

scanning_configuration = Table(
    "scanning_configuration",
    metadata,
    Column("registry_id", Id, ForeignKey("registry.id"), primary_key=True),
    Column("scan_type", Text, nullable=False),
    Column("rules", Text, nullable=False),
)

advisory_update = Table(
    "advisory_update",
    metadata,
    Column("id", Id, primary_key=True),
    Column("requested_at", BigInteger, nullable=False),
)

layer_inventory = Table(
    "layer_inventory",
    metadata,
    Column("blob_id", Id, ForeignKey("blob.id", ondelete="CASCADE"), primary_key=True),
    Column("format", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)

image_scan = Table(
    "image_scan",
    metadata,
    Column("image_id", Id, ForeignKey("image.id", ondelete="CASCADE"), primary_key=True),
    Column("scan_type", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("continuous", Boolean, nullable=False),
    Column("requested_at", BigInteger, nullable=False),
    Column("completed_at", BigInteger),
    Column("inventory", LargeBinary),
    Column("advisories", Text, nullable=False),
    Column("source_updated_at", BigInteger, nullable=False),
    Column("counts", Text, nullable=False),
    Index(None, "continuous", "advisories"),
)

scan_finding = Table(
    "scan_finding",
    metadata,
    Column("image_id", Id, ForeignKey("image_scan.image_id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("key", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("ignored_by", Text),
    Column("first_observed_at", BigInteger, nullable=False),
    Column("last_observed_at", BigInteger, nullable=False),
)

ignore_rule = Table(
    "ignore_rule",
    metadata,
    Column("id", Text, primary_key=True),
    Column("registry_id", Id, ForeignKey("registry.id"), nullable=False),
    Column("vulnerability", Text, nullable=False),
    Column("package", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("repository", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Index(None, "registry_id"),
)


def upgrade() -> None:
    new = [table for table in metadata.sorted_tables if table not in old]
    metadata.create_all(op.get_bind(), tables=new, checkfirst=False)
