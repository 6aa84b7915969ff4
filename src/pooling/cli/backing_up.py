"""Backups: taking one, and finding out whether it is any good before it is needed."""

import asyncio
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from pooling.backups.checking import NoBackup, faults_of_backup
from pooling.backups.programs import ProgramFailed
from pooling.backups.taking import take_backup
from pooling.cli.failures import REFUSED
from pooling.cli.starting import engines_of
from pooling.cli.version import installed_version
from pooling.settings import load_settings, stop_process

if TYPE_CHECKING:
    from pooling.embedded.postgres import PostgresAddresses

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.argument("folder", type=FOLDER)
def backup(folder: Path) -> None:
    """Back everything up into a new folder in FOLDER: a dump, the configuration, a manifest with hashes and versions.

    Needs POOLING_OWNER_DATABASE_URL. POOLING_SECRET_KEY is not in it: keep it apart.
    """
    settings = load_settings()
    with engines_of(settings) as engines:
        owner_url = engines.owner_database_url
        if owner_url is None:
            stop_process(
                "the setting POOLING_OWNER_DATABASE_URL is missing: a backup is taken as the owner of the tables."
            )
        taking = take_backup(owner_url, folder, settings.config_dir, installed_version(), datetime.now(UTC))
        try:
            made = asyncio.run(taking)
        except ProgramFailed as error:
            stop_process(f"{error}.")
    click.echo(made)


@click.command("restore-check")
@click.argument("folder", type=FOLDER)
@click.option("--earlier", type=FOLDER, help="An earlier backup: what was frozen then must be the same.")
def restore_check(folder: Path, earlier: Path | None) -> None:
    """Restore the backup in FOLDER into a PostgreSQL of its own, and look whether everything in it is whole.

    Its parts are what they were, every frozen record ties and gives its result again, the journal has no gap, every
    wall between groups stands. Nothing else is touched. Exit status 1 when something is not so, with where.
    """
    from pooling.embedded.postgres import EmbeddedPostgres  # noqa: PLC0415 - an extra

    scratch = Path(tempfile.mkdtemp(prefix="pooling-"))
    try:
        server = EmbeddedPostgres(scratch)
        try:
            whole = asyncio.run(_tell_faults(folder, server.prepare(), earlier))
        finally:
            server.stop()
    except NoBackup as error:
        stop_process(f"{error}.")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if not whole:
        raise SystemExit(REFUSED)
    click.echo(f"{folder} restores, and everything in it is whole.")


async def _tell_faults(folder: Path, scratch: "PostgresAddresses", earlier: Path | None) -> bool:
    whole = True
    async for fault in faults_of_backup(folder, scratch, earlier):
        whole = False
        click.echo(f"{fault}.")
    return whole


COMMANDS = {"backup": backup, "restore-check": restore_check}
