"""Tables of scanning: what layers hold, what was found in images, and what a registry wants scanned or left out.

They go with the blob, image or registry that they are about.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table

from cargohold.database.schema import metadata
from cargohold.database.schema.types import Id, Text

scanning_configuration = Table(
    "scanning_configuration",
    metadata,
    Column("registry_id", Id, ForeignKey("registry.id"), primary_key=True),
    Column("scan_type", Text, nullable=False),  # BASIC | ENHANCED
    Column("rules", Text, nullable=False),  # JSON list of {frequency, filters}
)

advisory_update = Table(
    "advisory_update",
    metadata,
    Column("id", Id, primary_key=True),  # one row
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
    Column("scan_type", Text, nullable=False),  # BASIC | ENHANCED
    Column("state", Text, nullable=False),  # PENDING | COMPLETE | FAILED | UNSUPPORTED | TOO_LARGE
    Column("description", Text, nullable=False),
    Column("continuous", Boolean, nullable=False),  # matched again whenever advisories change
    Column("requested_at", BigInteger, nullable=False),
    Column("completed_at", BigInteger),
    Column("inventory", LargeBinary),  # of the whole image
    Column("advisories", Text, nullable=False),  # the version it was matched against, empty for none
    Column("source_updated_at", BigInteger, nullable=False),
    Column("counts", Text, nullable=False),  # JSON object: findings by severity
    Index(None, "continuous", "advisories"),
)

scan_finding = Table(
    "scan_finding",
    metadata,
    Column("image_id", Id, ForeignKey("image_scan.image_id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),  # the worst first
    Column("key", Text, nullable=False),  # the same finding in another scan has the same
    Column("payload", Text, nullable=False),  # JSON
    Column("ignored_by", Text),  # the rule that hides it, where one does
    Column("first_observed_at", BigInteger, nullable=False),
    Column("last_observed_at", BigInteger, nullable=False),
)

ignore_rule = Table(
    "ignore_rule",
    metadata,
    Column("id", Text, primary_key=True),
    Column("registry_id", Id, ForeignKey("registry.id"), nullable=False),
    Column("vulnerability", Text, nullable=False),  # this and the next three are wildcards
    Column("package", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("repository", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Index(None, "registry_id"),
)
