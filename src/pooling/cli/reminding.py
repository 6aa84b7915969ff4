"""`pooling remind`: what the worker does every minute, once and by hand; or what it would do."""

from pathlib import Path

import rich_click as click
from sqlalchemy import text

from pooling.cli.demonstration import demonstration_settings
from pooling.cli.failures import REFUSED
from pooling.cli.installation import Installation, installation, with_database
from pooling.kernel.bell import Bell
from pooling.kernel.clock import SystemClock
from pooling.kernel.database import Database
from pooling.outbox.transport import KeptInOutbox
from pooling.reminders.console import Reminded, clock_at, report_lines
from pooling.reminders.console import remind as remind_once
from pooling.settings import load_settings, stop_process
from pooling.worker import work_of

_SITE = "http://127.0.0.1:8000"


@click.command()
@click.option(
    "--at", metavar="ISO", help="As if it were then, for example 2027-03-23T08:00. Needs one of the next two."
)
@click.option("--dry-run", is_flag=True, help="Keep and send nothing: say what would be sent.")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="The data folder of a demonstration, in place of the installation of the settings. Its mails stay in it.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def remind(at: str | None, dry_run: bool, data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Send what is due now: one sweep of all groups and one delivery of their mails, in this process.

    Exit status 1 when a mail server gave trouble or a reminder could not be written; nothing is lost, the next sweep
    tries again.
    """
    settings = load_settings() if data_dir is None else demonstration_settings(data_dir, _SITE)
    with installation(settings) as found:
        done = with_database(found, lambda database: _remind(found, database, at, dry_run=dry_run, demo=bool(data_dir)))
    for line in report_lines(done, as_json=as_json):
        click.echo(line)
    if done.swept.unwritten or done.swept.unswept or done.delivered.server_trouble:
        raise SystemExit(REFUSED)


async def _remind(found: Installation, database: Database, at: str | None, *, dry_run: bool, demo: bool) -> Reminded:
    if demo and not await _is_demonstration(database):
        stop_process(f"{found.settings.data_dir} holds no demonstration: `pooling demo --data-dir` makes one.")
    clock = clock_at(at, SystemClock(), found.settings.zone, allowed=dry_run or demo)
    bell = Bell(found.engines.redis_url)
    work = work_of(found.settings, database, bell, transport=KeptInOutbox() if demo else None)
    return await remind_once(
        work.database, work.kinds, work.transport, clock, base_url=work.base_url, chores=work.chores, dry_run=dry_run
    )


async def _is_demonstration(database: Database) -> bool:
    """Whether all that it holds is fictional: there, time may be played with."""
    async with database.transaction() as session:
        fictional = (await session.execute(text("SELECT fictional FROM all_groups()"))).scalars().all()
    return bool(fictional) and all(fictional)


COMMANDS = {"remind": remind}
