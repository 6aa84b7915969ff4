"""The national directory: renewing it from a later list."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import rich_click as click
from rich.console import Console

from pooling.cli.installation import NO_ANSWER, engines_of, first_line, migrate_engines
from pooling.directory.reading import read_authorities, year_of
from pooling.directory.updating import renew_directory
from pooling.kernel.list_reading import UnreadableListError
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


COMMANDS = {"directory": directory}
