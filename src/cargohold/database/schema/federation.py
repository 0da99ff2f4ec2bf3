"""Tables of identities that others vouch for: OpenID Connect providers, and the sessions that rest on one."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table

from cargohold.database.schema import metadata
from cargohold.database.schema.types import Text

oidc_provider = Table(
    "oidc_provider",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("account.id"), nullable=False),
    Column("url", Text, nullable=False),  # the issuer without https://, as its ARN ends
    Column("client_ids", Text, nullable=False),  # JSON list: audiences
    Column("thumbprints", Text, nullable=False),  # JSON list
    Column("created_at", BigInteger, nullable=False),
    Index(None, "account_id", "url", unique=True),
)

# A role's session that was given for a provider's token: it goes with its row in `session`.
web_session = Table(
    "web_session",
    metadata,
    Column("session_id", Text, ForeignKey("session.id", ondelete="CASCADE"), primary_key=True),
    Column("provider_id", Text, ForeignKey("oidc_provider.id"), nullable=False),
    Column("subject", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Index(None, "provider_id"),
)
