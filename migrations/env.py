"""Alembic's way in. `pooling migrate` hands over an open connection of the owner's role."""

from alembic import context

from pooling.kernel.migrations import every_table

context.configure(connection=context.config.attributes["connection"], target_metadata=every_table(), compare_type=True)
with context.begin_transaction():
    context.run_migrations()
