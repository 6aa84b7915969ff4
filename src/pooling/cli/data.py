"""Commands that bring data in and out."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.allocation.configuration import read_finance
from pooling.allocation.current import read_current
from pooling.allocation.filing import books_now
from pooling.allocation.records.provenance import of_estimate
from pooling.allocation.records.workbook_file import allocation_book
from pooling.cli.failures import REFUSED
from pooling.cli.groups import in_group
from pooling.cli.installation import typed_address
from pooling.committees.notices.changes import context_of_group
from pooling.kernel.clock import SystemClock
from pooling.kernel.errors import NotFound
from pooling.kernel.list_reading import BadLine, Line, UnreadableListError
from pooling.members.importing import Inviting, import_members, read_members
from pooling.members.mails import Sender
from pooling.members.models import Group, Membership, Role
from pooling.needs.details import filed_details
from pooling.needs.importing import import_needs, read_needs
from pooling.purchases.finding import find_purchase
from pooling.settings import load_settings, stop_process

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object: what was written, each bad line.")


@click.group("import")
def import_() -> None:
    """Bring lists in, from CSV or spreadsheet files."""


@import_.command("members")
@click.argument("group")
@click.argument("file", type=FILE)
@click.option("--skip-bad", is_flag=True, help="Import the good lines even if others are refused.")
@click.option("--invite-as", metavar="EMAIL", help="The facilitator in whose name its people are invited.")
@AS_JSON
def import_members_command(
    group: str,
    file: Path,
    skip_bad: bool,  # noqa: FBT001
    invite_as: str | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Add the members listed in FILE, and invite its people, each by mail.

    Columns: siren, nom, type, insee, population, agents, rattachement, budget; courriel, personne, fonction, rôle.
    """
    lines = _read(read_members, file)
    address = typed_address(invite_as) if invite_as else None
    base_url = load_settings().base_url

    async def run(session: AsyncSession) -> tuple[int, int, list[BadLine]]:
        now = datetime.now(UTC)
        inviting = await _inviting_as(session, address, base_url, now) if address else None
        return await import_members(session, lines, now, skip_bad=skip_bad, inviting=inviting)

    written, invited, bad = in_group(group, run)
    _report(written, bad, "member", skip_bad=skip_bad, invited=invited, as_json=as_json)


@import_.command("needs")
@click.argument("group")
@click.argument("purchase")
@click.argument("file", type=FILE)
@click.option("--skip-bad", is_flag=True, help="Import the good lines even if others are refused.")
@AS_JSON
def import_needs_command(group: str, purchase: str, file: Path, skip_bad: bool, as_json: bool) -> None:  # noqa: FBT001
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

        with _known(purchase):
            found = in_group(group, run)
    _report(*found, "line", skip_bad=skip_bad, as_json=as_json)


@contextmanager
def _known(purchase: str) -> Iterator[None]:
    try:
        yield
    except NotFound:
        stop_process(f"the group has no purchase “{purchase}”.")


def _progress() -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=Console(stderr=True))


def _read(read: Callable[[Path, Callable[[str], None]], list[Line]], file: Path) -> list[Line]:
    notices: list[str] = []
    with Console(stderr=True).status(f"Reading {file.name}…"):
        try:
            lines = read(file, notices.append)
        except UnreadableListError as error:
            stop_process(f"{file.name} : {error}")
    for notice in notices:
        click.echo(notice, err=True)
    if not lines:
        stop_process(f"{file.name} : le fichier ne contient aucune ligne après la première.")
    return lines


async def _inviting_as(session: AsyncSession, address: str, base_url: str, now: datetime) -> Inviting:
    """Whoever facilitates the group under this address; nobody else ends the command."""
    rows = await session.execute(
        select(col(Person.id), col(Person.name))
        .join(Membership, col(Membership.person_id) == col(Person.id))
        .where(
            col(Person.email) == address,
            col(Membership.role) == Role.FACILITATOR,
            col(Membership.ended_at).is_(None),
        )
    )
    found = rows.first()
    if found is None:
        stop_process(f"{address} does not facilitate the group.")
    context = await context_of_group(session, base_url, now)
    return Inviting(found.id, Sender(found.name or address, address), context)


def _report(
    written: int, bad: Sequence[BadLine], noun: str, *, skip_bad: bool, invited: int = 0, as_json: bool
) -> None:
    if as_json:
        told = {"written": written, "invited": invited, "bad": [asdict(line) for line in bad]}
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        _say(written, bad, noun, skip_bad=skip_bad, invited=invited)
    if not written and not invited:
        raise SystemExit(REFUSED)


def _say(written: int, bad: Sequence[BadLine], noun: str, *, skip_bad: bool, invited: int) -> None:
    if invited:
        click.echo(f"{invited} person(s) invited.")
    for line in bad:
        click.echo(str(line), err=True)
    if bad and not skip_bad:
        click.echo(f"Nothing was written: {len(bad)} line(s) to mend (or use --skip-bad).", err=True)
    else:
        click.echo(f"{written} {noun}(s) imported" + (f", {len(bad)} line(s) left out." if bad else "."))


@click.group()
def export() -> None:
    """Write files for finance."""


@export.command("allocation")
@click.argument("group")
@click.argument("purchase")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.xlsx",
    help="Where to write it.",
)
def export_allocation(group: str, purchase: str, out: Path) -> None:
    """Write the cost allocation of PURCHASE as an XLSX workbook."""

    async def run(session: AsyncSession) -> None:
        found = await find_purchase(session, purchase)
        row = await session.get_one(Group, found.group_id)
        finance = read_finance(load_settings().config_dir)
        said = await filed_details(session, found.id)
        allocation, books = await books_now(
            session, found.id, await read_current(session, found.id, finance), finance, said
        )
        with out.open("wb") as target:
            provenance = of_estimate(allocation, row.name, row.zone, SystemClock().now())
            allocation_book(target, allocation, provenance, fictional=row.fictional, said=said, books=books)

    with _known(purchase):
        in_group(group, run)
    click.echo(f"Written: {out}")


COMMANDS = {"import": import_, "export": export}
