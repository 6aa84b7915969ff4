"""The national directory: renewing it from a later list."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import rich_click as click
from pydantic import ValidationError
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.cli.groups import in_group
from pooling.cli.installation import NO_ANSWER, first_line, migrate_engines
from pooling.cli.starting import engines_of
from pooling.directory.joining import Joined, join_all
from pooling.directory.merging import merge_named
from pooling.directory.queries import communes_among
from pooling.directory.reading import read_authorities, year_of
from pooling.directory.renewing import Difference, differences, renew
from pooling.directory.updating import renew_directory
from pooling.features import FEATURES
from pooling.kernel.errors import NotFound
from pooling.kernel.list_reading import UnreadableListError
from pooling.kernel.text import clean
from pooling.members.changing import MemberFacts, correct, facts_of, member_by_code
from pooling.members.features import Features
from pooling.members.groups import group_zone
from pooling.members.locking import lock_group
from pooling.members.merging import merge, plan_merge
from pooling.members.retiring import RetirementIn, retire, take_back
from pooling.settings import load_settings, stop_process

EARLIEST = 2016
"""Before that the bodies were others."""


@click.group()
def directory() -> None:
    """Renew the national directory of communes and intercommunal bodies, and make members of it."""


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
        f"{len(joined.added)} member(s) added"
        + (f", {len(joined.present)} already there" if joined.present else "")
        + (f", {len(joined.left)} that left" if joined.left else "")
        + "."
    )


@directory.command("renew")
@click.argument("group")
@click.argument("sirens", nargs=-1, metavar="[SIREN…]")
@click.option("--dry-run", is_flag=True, help="Name those that differ, and change nothing.")
def renew_group(group: str, sirens: tuple[str, ...], dry_run: bool) -> None:  # noqa: FBT001
    """Give members of GROUP (all, or these) the population and INSEE code that the directory has."""
    chosen = sirens or None

    async def run(session: AsyncSession) -> tuple[list[Difference], int]:
        found = await differences(session, sirens=chosen)
        return found, 0 if dry_run else await renew(session, chosen, datetime.now(UTC), by=None)

    found, renewed = in_group(group, run)
    for one in found:
        click.echo(f"{one.siren}  {one.name}  {'?' if one.population is None else one.population} -> {one.listed}")
    click.echo(f"{len(found)} member(s) differ." if dry_run else f"{renewed} member(s) renewed.")


@click.group()
def member() -> None:
    """Correct, retire and unite members of a group."""


@member.command("correct")
@click.argument("group")
@click.argument("code")
@click.option("--name", help="As pages and mails say it.")
@click.option("--category", help="In the words of the group, such as commune or université.")
@click.option("--insee", help="Of a commune: 33009 or 2A004.")
@click.option("--population", type=click.IntRange(0), help="Inhabitants.")
@click.option("--agents", type=click.IntRange(0), help="People that it employs.")
def correct_member(group: str, code: str, **given: Any) -> None:  # noqa: ANN401 - the options above
    """Correct what is known of the member CODE (its SIREN or code) of GROUP; what is not named stays."""

    async def run(session: AsyncSession) -> str:
        found = await member_by_code(session, code)
        known = {name: value for name, value in facts_of(found).items() if name in MemberFacts.model_fields}
        try:
            facts = MemberFacts.model_validate(
                known | {name: value for name, value in given.items() if value is not None}
            )
        except ValidationError as invalid:
            wrong = sorted({str(error["loc"][0]) for error in invalid.errors()})
            stop_process(f"{', '.join(wrong)}: not a value that a member may have.")
        return (await correct(session, code, facts, datetime.now(UTC), by=None)).name

    click.echo(f"Corrected: {_known(group, code, run)}")


@member.command("retire")
@click.argument("group")
@click.argument("code")
@click.option("--reason", required=True, help="Why; the journal keeps it.")
@click.option(
    "--on", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="Since which day; by default today."
)
def retire_member(group: str, code: str, reason: str, on: datetime | None) -> None:
    """Have the member CODE (its SIREN or code) leave GROUP; what keeps it is named, and nothing is done then."""

    async def run(session: AsyncSession) -> str:
        now = datetime.now(UTC)
        today = now.astimezone(await group_zone(session)).date()
        command = RetirementIn(on.date() if on else today, clean(reason))
        return (await retire(session, code, command, now, today, by=None)).name

    click.echo(f"Retired: {_known(group, code, run)}")


@member.command("return")
@click.argument("group")
@click.argument("code")
@click.option("--reason", default="", help="Why; the journal keeps it.")
def take_member_back(group: str, code: str, reason: str) -> None:
    """Take the member CODE that left GROUP back into it; its people are invited again in the pages."""

    async def run(session: AsyncSession) -> str:
        return (await take_back(session, code, datetime.now(UTC), by=None, reason=clean(reason))).name

    click.echo(f"Of the group again: {_known(group, code, run)}")


@member.command("merge")
@click.argument("group")
@click.argument("codes", nargs=-1, required=True, metavar="CODE…")
@click.option("--into", required=True, metavar="CODE", help="A member, or what is to be added.")
@click.option("--name", default="", help="Of what is neither a member nor in the directory.")
@click.option("--listed", is_flag=True, help="Its population is the directory's; by default theirs are added up.")
@click.option("--reason", required=True, help="Why; the journal keeps it.")
@click.option(
    "--on", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="Since which day; by default today."
)
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
def merge_members(
    group: str,
    codes: tuple[str, ...],
    into: str,
    name: str,
    listed: bool,  # noqa: FBT001
    reason: str,
    on: datetime | None,
    dry_run: bool,  # noqa: FBT001
) -> None:
    """Make the members CODE… of GROUP one, for ever: a commune nouvelle, components that unite."""

    async def run(session: AsyncSession) -> str:
        now = datetime.now(UTC)
        today = now.astimezone(await group_zone(session)).date()
        day = on.date() if on else today
        command = await merge_named(session, list(codes), into, name.strip(), day, clean(reason), listed=listed)
        if not dry_run:
            return f"Merged into: {(await merge(session, command, now, today, by=None)).name}"
        plan = await plan_merge(session, command, today)
        told = [f"{', '.join(one.name for one in plan.members)} -> {plan.name}"]
        told += [f"- {sentence}" for sentence in (*(tie.said for tie in plan.ties), *plan.doubts)]
        return "\n".join(told)

    click.echo(_known(group, codes[0], run))


def _known(group: str, code: str, run: Callable[[AsyncSession], Awaitable[str]]) -> str:
    try:
        return in_group(group, run, handing=Features(FEATURES))
    except NotFound:
        stop_process(f"the group has no member “{code}”.")


COMMANDS = {"directory": directory, "member": member}
