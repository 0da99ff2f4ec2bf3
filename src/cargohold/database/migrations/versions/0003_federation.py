"""OpenID Connect providers, and the sessions that rest on one.

Frozen: a migration says what the schema was on its day, so it declares its own tables and imports none of the house's.
"""

import sqlalchemy
from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Index, MetaData, Table

revision = "0003"
down_revision = "0002"
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

# What is there already, as far as the new tables refer to it.
old = [
    Table("account", metadata, Column("id", Text, primary_key=True)),
    Table("session", metadata, Column("id", Text, primary_key=True)),
]

oidc_provider = Table(
    "oidc_provider",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("account.id"), nullable=False),
    Column("url", Text, nullable=False),
    Column("client_ids", Text, nullable=False),
    Column("thumbprints", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "account_id", "url", unique=True),
)

web_session = Table(
    "web_session",
    metadata,
    Column("session_id", Text, ForeignKey("session.id", ondelete="CASCADE"), primary_key=True),
    Column("provider_id", Text, ForeignKey("oidc_provider.id"), nullable=False),
    Column("subject", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Index(None, "provider_id"),
)


def upgrade() -> None:
    new = [table for table in metadata.sorted_tables if table not in old]
    metadata.create_all(op.get_bind(), tables=new, checkfirst=False)
