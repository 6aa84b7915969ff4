"""The command's table of contents."""

import rich_click as click

from pooling.cli import data, doctor, running
from pooling.kernel.configuration import ConfigurationError
from pooling.kernel.errors import DomainError
from pooling.settings import stop

click.rich_click.COMMAND_GROUPS = {
    "pooling": [
        {"name": "Running", "commands": ["demo", "serve", "worker", "migrate", "remind", "doctor"]},
        {"name": "Data", "commands": ["group", "import", "export"]},
    ]
}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pooling")
def pooling() -> None:
    """Pooled purchasing between public authorities: from declared needs to who pays what, to the cent.

    Settings are read from POOLING_… environment variables; without a database or Redis address, real ones start in the
    data folder.
    """


for command in (*running.COMMANDS, *data.COMMANDS, *doctor.COMMANDS):
    pooling.add_command(command)


def main() -> None:
    """Runs a command. What a person can mend is told in one sentence, without a traceback."""
    try:
        pooling()
    except DomainError as error:
        stop(error.message)
    except ConfigurationError as error:
        stop(str(error))
