"""Alembic's way in. `pooling migrate` hands over an open connection of the owner's role."""

import importlib
import importlib.util
import pkgutil

from alembic import context

import pooling
from pooling.kernel.tables import metadata

for package in pkgutil.iter_modules(pooling.__path__, "pooling."):
    if package.ispkg and importlib.util.find_spec(f"{package.name}.models"):
        importlib.import_module(f"{package.name}.models")
importlib.import_module("pooling.kernel.events")

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, compare_type=True
)
with context.begin_transaction():
    context.run_migrations()
