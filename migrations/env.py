"""Alembic's way in. `pooling migrate` hands over an open connection of the owner's role."""

import importlib
from pathlib import Path

from alembic import context

import pooling
from pooling.kernel import events
from pooling.kernel.tables import metadata

for models in sorted(Path(pooling.__file__).parent.glob("*/models.py")):
    importlib.import_module(f"pooling.{models.parent.name}.models")
assert events.Event.__tablename__ in metadata.tables

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
