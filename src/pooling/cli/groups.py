"""Working groups: making, naming and archiving them, and the way into one for the other commands."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar
from zoneinfo import available_timezones

import rich_click as click
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.people import ensure_people
from pooling.cli.installation import installation, typed_address, with_database
from pooling.kernel.database import Database
from pooling.kernel.errors import NotFound
from pooling.members.granting import grant_role
from pooling.members.groups import (
    GroupLine,
    archive_group,
    create_group,
    group_id_by_slug,
    groups_with_sizes,
    rename_group,
    reopen_group,
)
from pooling.members.models import Group, Role
from pooling.settings import stop_process

Result = TypeVar("Result")


def in_group(
    address: str, use_case: Callable[[AsyncSession], Awaitable[Result]], *, handing: object | None = None
) -> Result:
    """One transaction in the group of this address; an unknown one stops the command. `handing` is what the use case
    asks the database for.
    """

    async def run(database: Database) -> Result:
        async with database.transaction() as session:
            group_id = await group_id_by_slug(session, address)
        if group_id is None:
            stop_process(f"there is no group “{address}”; `pooling group create` makes one.")
        if handing is not None:
            database = database.handing(handing)
        async with database.transaction(group_id) as session:
            return await use_case(session)

    with installation() as found:
        return with_database(found, run)


@click.group()
def group() -> None:
    """Create, list, rename and archive working groups."""


@group.command("create")
@click.argument("name")
@click.option("--facilitator", required=True, metavar="EMAIL", help="Who will run the group.")
@click.option("--timezone", metavar="ZONE", help="By default POOLING_TIMEZONE, or else Europe/Paris.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def group_create(name: str, facilitator: str, timezone: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Create a working group called NAME and name its facilitator."""
    email = typed_address(facilitator)
    if timezone is not None and timezone not in available_timezones():
        stop_process(f"“{timezone}” is not a time zone, for example Europe/Paris.")

    async def run(database: Database) -> str:
        now = datetime.now(UTC)
        async with database.transaction() as session:
            zone = timezone or found.settings.timezone
            group_id = await create_group(session, name=name, now=now, timezone=zone)
            people = await ensure_people(session, [(email, email.split("@")[0], "")], now)
            await grant_role(session, people[email], Role.FACILITATOR, now)
            created = await session.get(Group, group_id)
            assert created is not None
            return created.slug

    with installation() as found:
        slug = with_database(found, run)
        url = f"{found.settings.base_url}/g/{slug}"
    click.echo(json.dumps({"group": slug, "url": url}) if as_json else f"Group created: {url}")


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def group_list(as_json: bool) -> None:  # noqa: FBT001
    """Name every group, with how many members and people it has."""

    async def run(database: Database) -> list[GroupLine]:
        async with database.transaction() as session:
            return await groups_with_sizes(session)

    with installation() as found:
        lines = with_database(found, run)
    if as_json:
        click.echo(json.dumps([_as_json(line) for line in lines], ensure_ascii=False, indent=1))
    else:
        for line in lines:
            state = "archived" if line.archived_at else f"{line.members} members, {line.people} people"
            click.echo(f"{line.slug}  {line.name}  ({state})")


def _as_json(line: GroupLine) -> dict[str, object]:
    return {
        "group": line.slug,
        "name": line.name,
        "members": line.members,
        "people": line.people,
        "archived_at": line.archived_at and line.archived_at.isoformat(),
    }


@group.command("rename")
@click.argument("group")
@click.argument("name")
def group_rename(group: str, name: str) -> None:
    """Call GROUP (its address) NAME from now on; the address stays."""
    _change(group, lambda session, now: rename_group(session, group, name.strip(), None, now))
    click.echo(f"{group} is called {name.strip()}.")


@group.command("archive")
@click.argument("group")
@click.option("--reopen", is_flag=True, help="Take it out of the archives instead.")
def group_archive(group: str, reopen: bool) -> None:  # noqa: FBT001
    """Archive GROUP (its address): nobody enters it, no mail leaves it, nothing is deleted."""
    use_case = reopen_group if reopen else archive_group
    _change(group, lambda session, now: use_case(session, group, None, now))
    click.echo(f"{group} is {'open again' if reopen else 'archived'}.")


def _change(address: str, use_case: Callable[[AsyncSession, datetime], Awaitable[None]]) -> None:
    async def run(database: Database) -> None:
        async with database.transaction() as session:
            await use_case(session, datetime.now(UTC))

    try:
        with installation() as found:
            with_database(found, run)
    except NotFound:
        stop_process(f"there is no group “{address}”; `pooling group list` names them.")


COMMANDS = {"group": group}
