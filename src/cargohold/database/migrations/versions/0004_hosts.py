"""Instance profiles, the hosts that have one, and invitations to become one.

Frozen: a migration says what the schema was on its day, so it declares its own tables and imports none of the house's.
"""

import sqlalchemy
from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table

revision = "0004"
down_revision = "0003"
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
    Table("principal", metadata, Column("id", Text, primary_key=True)),
]

instance_profile = Table(
    "instance_profile",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("account.id"), nullable=False),
    Column("path", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("folded_name", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "account_id", "folded_name", unique=True),
)

instance_profile_role = Table(
    "instance_profile_role",
    metadata,
    Column("instance_profile_id", Text, ForeignKey("instance_profile.id"), primary_key=True),
    Column("principal_id", Text, ForeignKey("principal.id"), nullable=False),
    Index(None, "principal_id"),
)

host = Table(
    "host",
    metadata,
    Column("principal_id", Text, ForeignKey("principal.id"), primary_key=True),
    Column("instance_profile_id", Text, nullable=False),
    Column("region", Text, nullable=False),
    Index(None, "instance_profile_id"),
)

host_invitation = Table(
    "host_invitation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("instance_profile_id", Text, ForeignKey("instance_profile.id"), nullable=False),
    Column("token_hash", LargeBinary, nullable=False),
    Column("host_name", Text),
    Column("region", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index(None, "instance_profile_id"),
    Index(None, "expires_at"),
)


def upgrade() -> None:
    new = [table for table in metadata.sorted_tables if table not in old]
    metadata.create_all(op.get_bind(), tables=new, checkfirst=False)
