"""The command that makes or renews the schema. It loads the tables alone: a deployment waits for nothing else."""

import rich_click as click

from pooling.cli.installation import migrate_engines
from pooling.cli.starting import engines_of
from pooling.kernel.migrations import newest_revision
from pooling.settings import load_settings


@click.command()
def migrate() -> None:
    """Bring the database to the present schema, as its owner, and renew the application's privileges."""
    with engines_of(load_settings()) as engines:
        migrate_engines(engines)
    click.echo(f"The database stands at revision {newest_revision()}.")


COMMANDS = {"migrate": migrate}
