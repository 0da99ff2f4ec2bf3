"""Alembic's entry. Run by database.migrate, which begins and ends the transaction of the connection."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], render_as_batch=True)
context.run_migrations()
