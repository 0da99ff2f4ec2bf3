"""Tables of the identity room: accounts, principals and what proves who asks."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, LargeBinary, Table

from cargohold.database.schema import metadata
from cargohold.database.schema.types import Text

account = Table(
    "account",
    metadata,
    Column("id", Text, primary_key=True),  # 12 digits
    Column("created_at", BigInteger, nullable=False),
    # Raised in the transaction that changes what may be done, so every process drops what it compiled.
    Column("access_version", BigInteger, nullable=False),
)

principal = Table(
    "principal",
    metadata,
    Column("id", Text, primary_key=True),  # AWS's unique id: AIDA…
    Column("account_id", Text, ForeignKey("account.id"), nullable=False),
    Column("kind", Text, nullable=False),  # user
    Column("path", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("folded_name", Text, nullable=False),  # lower case: names are unique regardless of case
    Column("administrator", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "account_id", "kind", "folded_name", unique=True),
)

access_key = Table(
    "access_key",
    metadata,
    Column("id", Text, primary_key=True),  # AKIA…
    Column("principal_id", Text, ForeignKey("principal.id"), nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("status", Text, nullable=False),  # Active | Inactive
    Column("created_at", BigInteger, nullable=False),
    Index(None, "principal_id"),
)

session = Table(
    "session",
    metadata,
    Column("id", Text, primary_key=True),  # ASIA…
    Column("principal_id", Text, ForeignKey("principal.id"), nullable=False),
    Column("access_key_id", Text, ForeignKey("access_key.id")),  # the key that asked for it, where one did
    Column("name", Text, nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("policy", Text),
    Column("tags", Text, nullable=False),  # JSON object
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index(None, "principal_id"),
    Index(None, "expires_at"),
)
