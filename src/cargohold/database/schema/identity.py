"""Tables of the identity room: accounts, principals, what proves who asks, and the policies that say what they may.

An `entity` is whoever a policy can be attached to, a user, a role or a group, and for tags a policy too: its AWS unique
id says which. A `policy_id` is a customer-managed policy's, whose row is here, or an AWS-managed one's, which has none.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table

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
    Column("id", Text, primary_key=True),  # AWS's unique id: AIDA… or AROA…; i-… of a host
    Column("account_id", Text, ForeignKey("account.id"), nullable=False),
    Column("kind", Text, nullable=False),  # user | role | host
    Column("path", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("folded_name", Text, nullable=False),  # lower case: names are unique regardless of case
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
    Column("id", Text, primary_key=True),  # ASIA…
    Column("kind", Text, nullable=False),  # assumed-role | session | federated-user
    Column("principal_id", Text, ForeignKey("principal.id"), nullable=False),  # the role, or the user who asked
    Column("access_key_id", Text, ForeignKey("access_key.id")),  # the key that it ends with, where there is one
    Column("name", Text, nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("policy", Text),  # the session policy, a document
    Column("policy_ids", Text, nullable=False),  # JSON list: managed policies that limit it as well
    Column("tags", Text, nullable=False),  # JSON object
    Column("transitive_tags", Text, nullable=False),  # JSON list of keys
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
    Column("longest_session", Integer, nullable=False),  # seconds
    Column("used_at", BigInteger),
    Column("used_in_region", Text),
)

user_group = Table(
    "user_group",
    metadata,
    Column("id", Text, primary_key=True),  # AGPA…
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
    Column("id", Text, primary_key=True),  # ANPA…
    Column("account_id", Text, ForeignKey("account.id"), nullable=False),
    Column("path", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("folded_name", Text, nullable=False),
    Column("description", Text),
    Column("default_version", Integer, nullable=False),
    Column("latest_version", Integer, nullable=False),  # numbers are never given twice
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
    Column("folded_key", Text, primary_key=True),  # lower case: keys are the same regardless of case
    Column("key", Text, nullable=False),
    Column("value", Text, nullable=False),
)

instance_profile = Table(
    "instance_profile",
    metadata,
    Column("id", Text, primary_key=True),  # AIPA…
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
    Column("instance_profile_id", Text, ForeignKey("instance_profile.id"), primary_key=True),  # one role at the most
    Column("principal_id", Text, ForeignKey("principal.id"), nullable=False),
    Index(None, "principal_id"),
)

host = Table(
    "host",
    metadata,
    Column("principal_id", Text, ForeignKey("principal.id"), primary_key=True),  # i-…, a principal of kind host
    Column("instance_profile_id", Text, nullable=False),  # stays when the profile is gone: another one is not its
    Column("region", Text, nullable=False),
    Index(None, "instance_profile_id"),
)

host_invitation = Table(
    "host_invitation",
    metadata,
    Column("id", Text, primary_key=True),  # the first half of the join token
    Column("instance_profile_id", Text, ForeignKey("instance_profile.id"), nullable=False),
    Column("token_hash", LargeBinary, nullable=False),  # SHA-256 of the other half, 128 random bits
    Column("host_name", Text),
    Column("region", Text, nullable=False),
    Column("tries", Integer, nullable=False),  # with a wrong second half
    Column("expires_at", BigInteger, nullable=False),
    Index(None, "instance_profile_id"),
    Index(None, "expires_at"),
)
