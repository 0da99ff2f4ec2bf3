"""Alembic's entry. Run by database.migrate with a connection whose transaction is begun and ended there."""

from alembic import context

from cargohold.database.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
