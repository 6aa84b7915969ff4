"""The national directory: renewing it from a later list."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import rich_click as click
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.cli.groups import in_group
from pooling.cli.installation import NO_ANSWER, engines_of, first_line, migrate_engines
from pooling.directory.joining import Joined, join_all
from pooling.directory.queries import communes_among
from pooling.directory.reading import read_authorities, year_of
from pooling.directory.updating import renew_directory
from pooling.kernel.list_reading import UnreadableListError
from pooling.members.locking import lock_group
from pooling.settings import load_settings, stop_process

EARLIEST = 2016
"""Before that the bodies were others."""


@click.group()
def directory() -> None:
    """The national directory of communes and intercommunal bodies."""


@directory.command("update")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--year", type=click.IntRange(EARLIEST, 2100), help="Of its populations; by default the one in its name.")
def update(file: Path, year: int | None) -> None:
    """Renew the directory from FILE (CSV or CSV.gz), as the owner of the database; say what was added, changed, gone.

    A file that is wrong, incomplete or older changes nothing; one that is meant to be older is named with its --year.
    """
    edition = year or year_of(file)
    if edition is None:
        stop_process(f"{file.name} : le nom du fichier ne dit pas son année ; indiquez-la avec --year.")
    with Console(stderr=True).status(f"Reading {file.name}…"):
        try:
            rows = read_authorities(file)
        except UnreadableListError as error:
            stop_process(f"{file.name} : {error}")
    with engines_of(load_settings()) as engines:
        migrate_engines(engines)
        assert engines.owner_database_url is not None, "migrating asked for it"
        try:
            done = asyncio.run(
                renew_directory(engines.owner_database_url, rows, edition, datetime.now(UTC), back=year is not None)
            )
        except NO_ANSWER as error:
            stop_process(f"the directory cannot be renewed: {first_line(error)}")
    click.echo(f"Directory {done.year}: {done.added} added, {done.changed} changed, {done.gone} gone.")


@directory.command("add")
@click.argument("group")
@click.argument("sirens", nargs=-1, required=True, metavar="SIREN…")
@click.option("--communes", is_flag=True, help="Also all communes of the bodies among them.")
def add(group: str, sirens: tuple[str, ...], communes: bool) -> None:  # noqa: FBT001
    """Add authorities of the directory to GROUP (its address), with name, INSEE code and population."""

    async def run(session: AsyncSession) -> Joined:
        await lock_group(session)
        chosen = [*sirens, *(await communes_among(session, sirens) if communes else ())]
        return await join_all(session, chosen, datetime.now(UTC), by=None)

    joined = in_group(group, run)
    click.echo(
        f"{len(joined.added)} member(s) added" + (f", {len(joined.present)} already there." if joined.present else ".")
    )


COMMANDS = {"directory": directory}
