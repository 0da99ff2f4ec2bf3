"""Tables of events (what happened) and jobs (work to be done because of it)."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table

from cargohold.database.schema import metadata
from cargohold.database.schema.types import Id, Text

event = Table(
    "event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("registry_id", Id, ForeignKey("registry.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),  # JSON: names and digests
    Column("created_at", BigInteger, nullable=False),
    Index(None, "created_at"),
)

job = Table(
    "job",
    metadata,
    Column("id", Id, primary_key=True),
    Column("event_id", Id, ForeignKey("event.id")),
    Column("task", Text, nullable=False),
    Column("payload", Text, nullable=False),  # JSON: names and digests
    Column("state", Text, nullable=False),  # waiting | running | failed
    Column("run_at", BigInteger, nullable=False),
    Column("claimed_until", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "state", "run_at"),
    Index(None, "event_id"),  # for who forgets events
)
