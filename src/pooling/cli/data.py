"""Commands that bring data in and out."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.people import ensure_people
from pooling.allocation.export import allocation_xlsx
from pooling.allocation.service import allocate_purchase
from pooling.cli.running import installation
from pooling.kernel.clock import SystemClock
from pooling.kernel.errors import NotFound
from pooling.kernel.lists import BadLine, Line, UnreadableListError
from pooling.members.importing import import_members, read_members
from pooling.members.models import Group, Role
from pooling.members.service import create_group, grant, group_id_by_slug
from pooling.needs.importing import import_needs, read_needs
from pooling.purchases.service import find_purchase
from pooling.settings import stop
from pooling.web.forms import is_email

Result = TypeVar("Result")
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


def _in_group(address: str, use_case: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
    """One transaction in the group of this address."""

    async def run() -> Result:
        database = found.database()
        try:
            async with database.transaction() as session:
                group_id = await group_id_by_slug(session, address)
            if group_id is None:
                stop(f"there is no group “{address}”; `pooling group create` makes one.")
            async with database.transaction(group_id) as session:
                return await use_case(session)
        finally:
            await database.dispose()

    with installation() as found:
        return asyncio.run(run())


@click.group()
def group() -> None:
    """Working groups."""


@group.command("create")
@click.argument("name")
@click.option("--facilitator", required=True, metavar="EMAIL", help="Who will run the group.")
@click.option("--timezone", default="Europe/Paris", show_default=True)
def group_create(name: str, facilitator: str, timezone: str) -> None:
    """Create a working group and name its facilitator."""
    email = facilitator.strip().lower()
    if not is_email(email):
        stop(f"“{facilitator}” is not an e-mail address.")

    async def run() -> str:
        now = datetime.now(UTC)
        database = found.database()
        try:
            async with database.transaction() as session:
                group_id = await create_group(session, name=name, now=now, timezone=timezone)
                people = await ensure_people(session, [(email, email.split("@")[0], "")], now)
                await grant(session, people[email], Role.FACILITATOR, now)
                created = await session.get(Group, group_id)
                assert created is not None
                return created.slug
        finally:
            await database.dispose()

    with installation() as found:
        click.echo(f"Group created: {found.settings.base_url}/g/{asyncio.run(run())}")


@click.group("import")
def import_() -> None:
    """Lists from CSV or spreadsheet files."""


@import_.command("members")
@click.argument("group")
@click.argument("file", type=FILE)
@click.option("--skip-bad", is_flag=True, help="Import the good lines even if others are refused.")
def import_members_command(group: str, file: Path, skip_bad: bool) -> None:  # noqa: FBT001
    """Add the members listed in FILE (columns: siren, nom, type, insee, population, agents, rattachement, budget)."""
    lines = _read(read_members, file)

    async def run(session: AsyncSession) -> tuple[int, list[BadLine]]:
        return await import_members(session, lines, datetime.now(UTC), skip_bad=skip_bad)

    _report(*_in_group(group, run), "member")


@import_.command("needs")
@click.argument("group")
@click.argument("purchase")
@click.argument("file", type=FILE)
@click.option("--skip-bad", is_flag=True, help="Import the good lines even if others are refused.")
def import_needs_command(group: str, purchase: str, file: Path, skip_bad: bool) -> None:  # noqa: FBT001
    """File the needs listed in FILE (columns: membre, article, quantité, maximum) for PURCHASE, such as AG-2026-003."""
    lines = _read(read_needs, file)
    with _progress() as progress:
        task = progress.add_task("Writing", total=len(lines))

        async def run(session: AsyncSession) -> tuple[int, list[BadLine]]:
            return await import_needs(
                session,
                purchase,
                lines,
                SystemClock(),
                skip_bad=skip_bad,
                progress=lambda written: progress.update(task, completed=written),
            )

        found = _in_group(group, run)
    _report(*found, "line")


def _progress() -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=Console(stderr=True))


def _read(read: Callable[[Path], list[Line]], file: Path) -> list[Line]:
    try:
        lines = read(file)
    except UnreadableListError as error:
        stop(f"{file.name} : {error}")
    if not lines:
        stop(f"{file.name} : le fichier ne contient aucune ligne.")
    return lines


def _report(written: int, bad: Sequence[BadLine], noun: str) -> None:
    for line in bad:
        click.echo(str(line), err=True)
    if bad and not written:
        click.echo(f"Nothing was written: {len(bad)} line(s) to mend (or use --skip-bad).", err=True)
        raise SystemExit(1)
    click.echo(f"{written} {noun}(s) imported" + (f", {len(bad)} line(s) left out." if bad else "."))


@click.group()
def export() -> None:
    """Files for finance."""


@export.command("allocation")
@click.argument("group")
@click.argument("purchase")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.xlsx")
def export_allocation(group: str, purchase: str, out: Path) -> None:
    """Write the cost allocation of PURCHASE as an XLSX workbook."""

    async def run(session: AsyncSession) -> None:
        found = await find_purchase(session, purchase)
        row = await session.get(Group, found.group_id)
        allocation = await allocate_purchase(session, found.id, f"{found.reference} {found.title}")
        with out.open("wb") as target:
            allocation_xlsx(target, allocation, fictional=row is not None and row.fictional)

    try:
        _in_group(group, run)
    except NotFound:
        stop(f"the group has no purchase “{purchase}”.")
    except OSError as error:
        stop(f"{out} cannot be written: {error.strerror}.")
    click.echo(f"Written: {out}")


COMMANDS = [group, import_, export]
