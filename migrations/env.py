"""Alembic's way in. `pooling migrate` hands over an open connection of the owner's role. Of the tables it needs to know
how constraints are named, and no model.
"""

from alembic import context

from pooling.kernel.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
