# ruff: noqa: INP001 - a script beside the texts that it serves
"""Writes a manual page for each command, from what `--help` says: `python docs/man_pages.py FOLDER` (`make man`)."""

import sys
from pathlib import Path

import click
from click_man.core import write_man_pages

from pooling.cli.main import pooling
from pooling.cli.version import installed_version


def whole() -> click.Group:
    """With every command, which the program itself finds only as it is called."""
    context = click.Context(pooling)
    commands = {
        name: command for name in pooling.list_commands(context) if (command := pooling.get_command(context, name))
    }
    return click.Group(pooling.name, commands=commands, help=pooling.help, params=pooling.params)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    write_man_pages("pooling", whole(), version=installed_version(), target_dir=str(folder))
