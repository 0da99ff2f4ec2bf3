"""Every table, so that Alembic sees them all. Times are epoch milliseconds; a digest carries its algorithm.

registry ─< repository ─< image ─< tag                 domain ─< blob
                 │           ├──< image_blob >───────────────────┤
                 │           └──< image_reference (parent, child)│
                 ├──< repository_blob (the right to read) >──────┤
                 ├──< resource_tag                               └── collection_queue
                 └──< upload
account ─< principal ─< access_key, session                     event ─< job
"""

from sqlalchemy import MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

from cargohold.database.schema import identity, jobs, registry  # noqa: E402

__all__ = ["identity", "jobs", "metadata", "registry"]
