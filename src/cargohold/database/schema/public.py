"""Tables of public registries alone: the aliases that address them, and what the gallery says of their repositories."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, LargeBinary, Table

from cargohold.database.schema import metadata
from cargohold.database.schema.types import Id, Text

registry_alias = Table(
    "registry_alias",
    metadata,
    Column("name", Text, primary_key=True),
    Column("registry_id", Id, ForeignKey("registry.id"), nullable=False),
    Column("is_primary", Boolean, nullable=False),
    Column("is_default", Boolean, nullable=False),  # the random one, made with the first repository
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
    Column("architectures", Text, nullable=False),  # JSON list
    Column("operating_systems", Text, nullable=False),  # JSON list
    Column("logo", LargeBinary),
)
