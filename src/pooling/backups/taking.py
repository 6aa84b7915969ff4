"""Taking a backup, as the owner of the tables: a dump and all that the manifest says of it are of one moment."""

import asyncio
import hashlib
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import asyncpg
from pydantic import BaseModel, ConfigDict

from pooling.backups.programs import run_program, version_of
from pooling.backups.seals import Journal, Seal, frozen_records, journals
from pooling.backups.sessions import session_of

DUMP = "database.dump"
MANIFEST = "manifest.json"
CONFIGURATION = "config"


class Part(BaseModel):
    """A file of the backup."""

    model_config = ConfigDict(frozen=True)

    bytes: int
    sha256: str


class Manifest(BaseModel):
    """What a backup holds, and what made it."""

    model_config = ConfigDict(frozen=True)

    taken_at: datetime
    pooling: str
    revision: str
    postgresql: str
    pg_dump: str
    parts: Mapping[str, Part]
    rows: Mapping[str, int]
    """Of each table."""
    frozen: Mapping[str, Seal]
    journals: Mapping[str, Journal]


async def take_backup(owner_url: str, into: Path, config_dir: Path, version: str, now: datetime) -> Path:
    """A new folder in this one, which has its name once it is whole.

    Raises:
        ProgramFailed: pg_dump is missing, too old, or refuses.
        OSError, asyncpg.PostgresError: no room, no database.
    """
    folder = into / f"pooling-{now:%Y%m%dT%H%M%SZ}"
    partial = folder.with_suffix(".partial")
    partial.mkdir(parents=True, mode=0o700)
    try:
        async with (
            session_of(owner_url) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            await asyncio.to_thread(
                run_program,
                ["pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={partial / DUMP}"],
                owner_url,
            )
            shutil.copytree(config_dir, partial / CONFIGURATION)
            manifest = Manifest(
                taken_at=now,
                pooling=version,
                revision=await connection.fetchval("SELECT version_num FROM alembic_version"),
                postgresql=await connection.fetchval("SELECT current_setting('server_version')"),
                pg_dump=version_of("pg_dump"),
                parts=parts_of(partial),
                rows=await rows_of_tables(connection),
                frozen=await frozen_records(connection),
                journals=await journals(connection),
            )
        (partial / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n", "utf-8")
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return folder


def parts_of(folder: Path) -> dict[str, Part]:
    """Every file but the manifest, by its name in the folder."""
    return {
        str(path.relative_to(folder)): _part(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / MANIFEST
    }


def _part(path: Path) -> Part:
    with path.open("rb") as content:
        return Part(bytes=path.stat().st_size, sha256=hashlib.file_digest(content, "sha256").hexdigest())


async def rows_of_tables(connection: asyncpg.Connection) -> dict[str, int]:
    """How many rows each table has."""
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    counts = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM \"{name}\"" for (name,) in tables)  # noqa: S608 - the catalogue's
    return {name: count for name, count in await connection.fetch(counts)}
