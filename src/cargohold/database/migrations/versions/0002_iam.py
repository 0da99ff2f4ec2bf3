"""IAM: roles, groups, policies, tags and sessions with their limits; registry policies.

Frozen: a migration says what the schema was on its day, so it declares its own tables and imports none of the house's.
Sessions are made anew: nothing before this revision could issue one. Until it, a column said who may do everything;
from it on that is said by a policy, AWS's own AdministratorAccess, which those who were administrators get.
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
    literal,
    select,
)

revision = "0002"
down_revision = "0001"
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

ADMINISTRATOR_ACCESS = "ANPAIWMBCKSKIEE64ZLYK"
"""AWS's id of arn:aws:iam::aws:policy/AdministratorAccess."""

# What is there already, as far as the new tables refer to it.
principal = Table(
    "principal",
    metadata,
    Column("id", Text, primary_key=True),
    Column("administrator", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)
old = [
    Table("account", metadata, Column("id", Text, primary_key=True)),
    principal,
    Table("access_key", metadata, Column("id", Text, primary_key=True)),
    Table("registry", metadata, Column("id", Id, primary_key=True)),
]

access_key_use = Table(
    "access_key_use",
    metadata,
    Column("access_key_id", Text, ForeignKey("access_key.id"), primary_key=True),
    Column("used_at", BigInteger, nullable=False),
    Column("region", Text, nullable=False),
    Column("service", Text, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("principal_id", Text, ForeignKey("principal.id"), nullable=False),
    Column("access_key_id", Text, ForeignKey("access_key.id")),
    Column("name", Text, nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("policy", Text),
    Column("policy_ids", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("transitive_tags", Text, nullable=False),
    Column("source_identity", Text),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index(None, "principal_id"),
    Index(None, "access_key_id"),
    Index(None, "expires_at"),
)

account_alias = Table(
    "account_alias",
    metadata,
    Column("account_id", Text, ForeignKey("account.id"), primary_key=True),
    Column("alias", Text, nullable=False),
    Index(None, "alias", unique=True),
)

role = Table(
    "role",
    metadata,
    Column("principal_id", Text, ForeignKey("principal.id"), primary_key=True),
    Column("trust_policy", Text, nullable=False),
    Column("description", Text),
    Column("longest_session", Integer, nullable=False),
    Column("used_at", BigInteger),
    Column("used_in_region", Text),
)

user_group = Table(
    "user_group",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("account.id"), nullable=False),
    Column("path", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("folded_name", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "account_id", "folded_name", unique=True),
)

group_member = Table(
    "group_member",
    metadata,
    Column("group_id", Text, ForeignKey("user_group.id"), primary_key=True),
    Column("principal_id", Text, ForeignKey("principal.id"), primary_key=True),
    Index(None, "principal_id"),
)

managed_policy = Table(
    "managed_policy",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("account.id"), nullable=False),
    Column("path", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("folded_name", Text, nullable=False),
    Column("description", Text),
    Column("default_version", Integer, nullable=False),
    Column("latest_version", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index(None, "account_id", "folded_name", unique=True),
)

policy_version = Table(
    "policy_version",
    metadata,
    Column("policy_id", Text, ForeignKey("managed_policy.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("document", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

policy_attachment = Table(
    "policy_attachment",
    metadata,
    Column("entity_id", Text, primary_key=True),
    Column("policy_id", Text, primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "policy_id"),
)

permissions_boundary = Table(
    "permissions_boundary",
    metadata,
    Column("principal_id", Text, ForeignKey("principal.id"), primary_key=True),
    Column("policy_id", Text, nullable=False),
    Index(None, "policy_id"),
)

inline_policy = Table(
    "inline_policy",
    metadata,
    Column("entity_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("document", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

identity_tag = Table(
    "identity_tag",
    metadata,
    Column("entity_id", Text, primary_key=True),
    Column("folded_key", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("value", Text, nullable=False),
)

registry_policy = Table(
    "registry_policy",
    metadata,
    Column("registry_id", Id, ForeignKey("registry.id"), primary_key=True),
    Column("policy", Text, nullable=False),
)


def upgrade() -> None:
    op.drop_table("session")
    new = [table for table in metadata.sorted_tables if table not in old]
    metadata.create_all(op.get_bind(), tables=new, checkfirst=False)
    administrators = select(principal.c.id, literal(ADMINISTRATOR_ACCESS), principal.c.created_at)
    attached = policy_attachment.insert().from_select(
        ["entity_id", "policy_id", "created_at"], administrators.where(principal.c.administrator)
    )
    op.execute(attached)
    op.drop_column("principal", "administrator")
