"""A PostgreSQL of its own for one benchmark: our tables as the migrations leave them, and nothing in them."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from measuring import Row
from pooling.embedded.postgres import APPLICATION, EmbeddedPostgres, PostgresAddresses
from pooling.kernel.migrations import every_table, migrate


def on_a_server(rows: Callable[[PostgresAddresses, Path], Awaitable[list[Row]]]) -> list[Row]:
    """What is measured there; the folder and the server are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="pooling-") as folder:
        server = EmbeddedPostgres(Path(folder))
        try:
            addresses = server.prepare()
            migrate(addresses.owner, APPLICATION)
            every_table()  # one may refer to another of a feature that a benchmark does not load

            async def measured() -> list[Row]:
                return await rows(addresses, Path(folder))

            return asyncio.run(measured())
        finally:
            server.stop()
