"""The command that hands out the configuration, to be edited: who has the wheel alone does not see its files."""

import shutil
from pathlib import Path

import rich_click as click

from pooling import BESIDE
from pooling.settings import stop_process

PACKAGED = BESIDE / "config"


@click.group()
def config() -> None:
    """Write the territory's configuration to be edited: name and colours, finance, reminders, procurement."""


@config.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path) -> None:
    """Write the configuration's files into a folder, to be edited; POOLING_CONFIG_DIR then names it.

    What is there already stays as it is.
    """
    written = []
    try:
        for source in sorted(path for path in PACKAGED.rglob("*") if path.is_file()):
            name = source.relative_to(PACKAGED)
            target = folder / name
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
                written.append(str(name))
    except OSError as error:
        stop_process(f"{folder} cannot be written: {error.strerror}.")
    click.echo(f"Written into {folder}: {', '.join(written)}." if written else f"{folder} has all of them already.")
    click.echo(f"Edit them, then set POOLING_CONFIG_DIR={folder.absolute()}.")


COMMANDS = {"config": config}
