"""Working groups: making one, and the way into one for the other commands."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar
from zoneinfo import available_timezones

import rich_click as click
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.people import ensure_people
from pooling.cli.installation import installation, with_database
from pooling.kernel.database import Database
from pooling.members.models import Group, Role
from pooling.members.service import create_group, grant, group_id_by_slug
from pooling.settings import stop
from pooling.web.forms import is_email

Result = TypeVar("Result")


def in_group(address: str, use_case: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
    """One transaction in the group of this address; an unknown one stops the command."""

    async def run(database: Database) -> Result:
        async with database.transaction() as session:
            group_id = await group_id_by_slug(session, address)
        if group_id is None:
            stop(f"there is no group “{address}”; `pooling group create` makes one.")
        async with database.transaction(group_id) as session:
            return await use_case(session)

    with installation() as found:
        return with_database(found, run)


@click.group()
def group() -> None:
    """Working groups."""


@group.command("create")
@click.argument("name")
@click.option("--facilitator", required=True, metavar="EMAIL", help="Who will run the group.")
@click.option("--timezone", metavar="ZONE", help="By default POOLING_TIMEZONE, or else Europe/Paris.")
def group_create(name: str, facilitator: str, timezone: str | None) -> None:
    """Create a working group called NAME and name its facilitator."""
    email = facilitator.strip().lower()
    if not is_email(email):
        stop(f"“{facilitator}” is not an e-mail address.")
    if timezone is not None and timezone not in available_timezones():
        stop(f"“{timezone}” is not a time zone, for example Europe/Paris.")

    async def run(database: Database) -> str:
        now = datetime.now(UTC)
        async with database.transaction() as session:
            zone = timezone or found.settings.timezone
            group_id = await create_group(session, name=name, now=now, timezone=zone)
            people = await ensure_people(session, [(email, email.split("@")[0], "")], now)
            await grant(session, people[email], Role.FACILITATOR, now)
            created = await session.get(Group, group_id)
            assert created is not None
            return created.slug

    with installation() as found:
        click.echo(f"Group created: {found.settings.base_url}/g/{with_database(found, run)}")


COMMANDS = {"group": group}
