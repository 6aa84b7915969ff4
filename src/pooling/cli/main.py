"""The command's contents. A command's module is imported when it is called: `pooling allocate` loads no web, and
`pooling --help` reads the commands' sentences from their modules' text.
"""

import ast
import faulthandler
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import rich_click as click

from pooling.cli.loading import loaded
from pooling.cli.version import installed_version

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "pooling.cli.demonstration": ("demo",),
    "pooling.cli.running": ("serve", "worker"),
    "pooling.cli.migrating": ("migrate",),
    "pooling.cli.configuring": ("config",),
    "pooling.cli.backing_up": ("backup", "restore-check"),
    "pooling.cli.reminding": ("remind",),
    "pooling.cli.doctor": ("doctor",),
    "pooling.cli.showing": ("settings",),
    "pooling.cli.groups": ("group",),
    "pooling.cli.administrators": ("administrator", "purge"),
    "pooling.cli.tokens": ("token",),
    "pooling.cli.data": ("import", "export"),
    "pooling.cli.directory": ("directory", "member"),
    "pooling.cli.cases": ("allocate", "consolidate"),
    "pooling.cli.invoices": ("invoice",),
}
click.rich_click.COMMAND_GROUPS = {
    "pooling": [
        {
            "name": "Running",
            "commands": [
                "demo",
                "serve",
                "worker",
                "migrate",
                "config",
                "remind",
                "purge",
                "doctor",
                "settings",
                "backup",
                "restore-check",
            ],
        },
        {"name": "Data", "commands": ["group", "administrator", "token", "import", "export", "directory", "member"]},
        {"name": "The rules alone (no database)", "commands": ["allocate", "consolidate", "invoice"]},
    ]
}


class Commands(click.RichGroup):
    """Finds a command's module, and tells what a person can mend in one sentence, without a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return [name for names in COMMANDS.values() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        for module, names in COMMANDS.items():
            if cmd_name in names:
                found: click.Command = loaded(module).COMMANDS[cmd_name]
                return found
        return None

    def get_help(self, ctx: click.Context) -> str:
        """Lists the commands by their sentences alone."""
        listed = click.RichGroup(
            name=self.name, params=self.params, help=self.help, context_settings=self.context_settings
        )
        for module, names in COMMANDS.items():
            sentences = _sentences(module)
            for name in names:
                listed.add_command(click.RichCommand(name=name, help=sentences[name]))
        return listed.get_help(click.RichContext(listed, info_name=ctx.info_name, **self.context_settings))

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interrupted:
            click.echo("pooling: interrupted.", err=True)
            sys.exit(getattr(interrupted, "status", 130))
        except Exception as error:
            from pooling.cli.failures import failure_told  # noqa: PLC0415 - only now: a fast command must stay fast

            found = failure_told(error)
            if found is None:
                raise
            click.echo(f"pooling: {found[0]}", err=True)
            sys.exit(found[1])


def _sentences(module: str) -> dict[str, str]:
    """What each of a module's commands says of itself, by the command's name; nothing of it runs."""
    place = find_spec(module)
    assert place is not None, "it is one of ours"
    content = ast.parse(Path(str(place.origin)).read_text("utf-8"))
    functions = [node for node in content.body if isinstance(node, ast.FunctionDef)]
    return {node.name.strip("_").replace("_", "-"): ast.get_docstring(node) or "" for node in functions}


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(installed_version(), prog_name="pooling")
def pooling() -> None:
    """Pooled purchasing between public authorities: from declared needs to who pays what, to the cent.

    Settings are read from POOLING_… environment variables; without a database or Redis address, real ones start in the
    data folder.

    Exit status: 0 done; 1 refused as things stand (bad lines, a closed collection); 2 a setting, an argument or a
    file is wrong, or what is needed does not answer.
    """


def main() -> None:
    """Runs a command."""
    faulthandler.enable()  # a process that the system ends for a fault of a library says where it was
    pooling()
