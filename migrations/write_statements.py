"""Writes what each migration asks of PostgreSQL, a file each, by running them on a database of its own: `python
migrations/write_statements.py FOLDER` (`make squawk`). Some read rows first, so that asking for their SQL alone says too little.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import create_async_engine

from pooling.embedded.postgres import EmbeddedPostgres
from pooling.kernel.database import driver_url
from pooling.kernel.migrations import configuration


def write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        server = EmbeddedPostgres(Path(data))
        for revision, statements in asyncio.run(_asked(server.prepare().owner)).items():
            (folder / f"{revision}.sql").write_text(";\n".join(statements) + ";\n", encoding="utf-8")
        server.stop()


async def _asked(owner_url: str) -> dict[str, list[str]]:
    engine = create_async_engine(driver_url(owner_url))
    async with engine.begin() as connection:
        found = await connection.run_sync(_run)
    await engine.dispose()
    return found


def _run(connection: Connection) -> dict[str, list[str]]:
    asked: list[str] = []
    event.listen(connection, "before_cursor_execute", lambda *given: asked.append(given[2]))
    found = {}
    settings = configuration()
    settings.attributes["connection"] = connection
    for script in reversed(list(ScriptDirectory.from_config(settings).walk_revisions())):
        asked.clear()
        command.upgrade(settings, script.revision)
        found[script.revision] = [one for one in asked if one.lstrip().upper().startswith(("ALTER", "CREATE", "DROP"))]
    assert MigrationContext.configure(connection).get_current_revision() == script.revision
    return found


if __name__ == "__main__":
    write(Path(sys.argv[1]))
