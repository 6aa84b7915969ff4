"""Whether a backup is any good: its parts are what the manifest says, it restores, and what was restored is whole."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
from pydantic import ValidationError

from pooling.backups.looking import faults_in_records, faults_in_walls
from pooling.backups.programs import ProgramFailed, run_program
from pooling.backups.seals import frozen_records, journals
from pooling.backups.sessions import session_of
from pooling.backups.taking import DUMP, MANIFEST, Manifest, parts_of, rows_of_tables
from pooling.embedded.postgres import APPLICATION, PostgresAddresses
from pooling.kernel.migrations import privileges


class NoBackup(Exception):
    """The folder holds none that can be read."""


def manifest_of(folder: Path) -> Manifest:
    """What the backup says of itself.

    Raises:
        NoBackup: nothing that can be read.
    """
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise NoBackup(f"{folder} is no backup: its {MANIFEST} is missing or not readable") from error


async def faults_of_backup(folder: Path, scratch: PostgresAddresses, earlier: Path | None) -> AsyncIterator[str]:
    """Restores it into this empty database. Where an earlier backup is named, what was frozen then must be the same.

    Raises:
        NoBackup: one of them is none.
    """
    manifest = manifest_of(folder)
    before = manifest_of(earlier) if earlier is not None else None
    parts = parts_of(folder)
    wrong = sorted(name for name in parts.keys() | manifest.parts.keys() if parts.get(name) != manifest.parts.get(name))
    for name in wrong:
        yield f"{name} is not what was backed up" if name in parts else f"{name} is missing"
    if DUMP in wrong:
        return
    try:
        restore = ["pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", str(folder / DUMP)]
        await asyncio.to_thread(run_program, restore, scratch.owner)
    except ProgramFailed as error:
        yield str(error)
        return
    async for fault in _faults_of_restored(scratch, manifest, before):
        yield fault


async def _faults_of_restored(
    scratch: PostgresAddresses, manifest: Manifest, before: Manifest | None
) -> AsyncIterator[str]:
    async with session_of(scratch.owner) as owner:
        rows = await rows_of_tables(owner)
        for table in sorted({name for name, _ in rows.items() ^ manifest.rows.items()}):
            yield f"{table} has {rows.get(table)} rows, {manifest.rows.get(table)} were backed up"
        for fault in await _faults_since(owner, manifest):
            yield fault
        if before is not None and before.revision == manifest.revision:  # another schema writes rows otherwise
            for fault in await _faults_since(owner, before):
                yield fault
        async for fault in faults_in_records(owner):
            yield fault
        for statement in privileges(APPLICATION):
            await owner.execute(statement)
    async with session_of(scratch.application) as application:
        async for fault in faults_in_walls(application):
            yield fault


async def _faults_since(owner: asyncpg.Connection, then: Manifest) -> list[str]:
    """Of what had to stay as it was."""
    frozen, written = await frozen_records(owner), await journals(owner, dict(then.journals))
    changed = [
        seal.named for key, seal in then.frozen.items() if key not in frozen or frozen[key].sha256 != seal.sha256
    ]
    changed += [
        f"the journal of {journal.named}"
        for group, journal in then.journals.items()
        if group not in written or written[group].content != journal.content
    ]
    return [f"{named} is not what it was on {then.taken_at:%Y-%m-%d %H:%M} UTC" for named in changed]
