"""Who administers the installation, and forgetting those who left."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import rich_click as click
from sqlalchemy import select, update
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.accounts.people import ensure_people
from pooling.accounts.second_factor import forget_factor
from pooling.accounts.sessions import end_sessions_of
from pooling.cli.installation import installation, typed_address, with_database
from pooling.features import FORGETS
from pooling.home.purging import purge as purge_people
from pooling.kernel.database import Database
from pooling.kernel.text import one_line
from pooling.members.granting import renew_sessions
from pooling.settings import stop_process


@click.group()
def administrator() -> None:
    """Name administrators: they create, rename and archive groups in the pages, and see nothing inside them."""


@administrator.command("add")
@click.argument("email")
@click.option("--name", default="", help="How pages and mails call this person, if it is not known yet.")
def administrator_add(email: str, name: str) -> None:
    """Make the person of this address an administrator."""
    address = typed_address(email)

    async def run(database: Database) -> None:
        async with database.transaction() as session:
            people = await ensure_people(
                session, [(address, one_line(name) or address.split("@")[0], "")], datetime.now(UTC)
            )
            await session.execute(update(Person).where(col(Person.email) == address).values(administrator=True))
            await renew_sessions(session, list(people.values()))

    with installation() as found:
        with_database(found, run)
        click.echo(f"{address} administers the installation: {found.settings.base_url}/administration/groupes")


@administrator.command("remove")
@click.argument("email")
def administrator_remove(email: str) -> None:
    """Take the administration away from this person; its roles in groups stay."""
    address = typed_address(email)

    async def run(database: Database) -> None:
        async with database.transaction() as session:
            removed = await session.execute(
                update(Person)
                .where(col(Person.email) == address, col(Person.administrator))
                .values(administrator=False)
                .returning(col(Person.id))
            )
            person_id = removed.scalar_one_or_none()
            if person_id is None:
                stop_process(f"“{address}” is no administrator; `pooling administrator list` names them.")
            await renew_sessions(session, [person_id])

    with installation() as found:
        with_database(found, run)
    click.echo(f"{address} administers the installation no more.")


@administrator.command("forget-second-factor")
@click.argument("email")
def administrator_forget(email: str) -> None:
    """Take the second factor away from this administrator, whose telephone and recovery codes are lost.

    Make sure by another way who is asking. At the next visit to the administration's pages another one is set up.
    """
    address = typed_address(email)

    async def run(database: Database) -> None:
        async with database.transaction() as session:
            row = await session.execute(
                select(col(Person.id)).where(col(Person.email) == address, col(Person.administrator))
            )
            person_id = row.scalar_one_or_none()
            if person_id is None:
                stop_process(f"“{address}” is no administrator; `pooling administrator list` names them.")
            await forget_factor(session, person_id)
            await end_sessions_of(session, person_id)

    with installation() as found:
        with_database(found, run)
    click.echo(f"{address} has no second factor any more, and is signed out everywhere.")


@administrator.command("list")
def administrator_list() -> None:
    """Name the administrators."""

    async def run(database: Database) -> Sequence[tuple[str, str]]:
        async with database.transaction() as session:
            rows = await session.execute(
                select(col(Person.email), col(Person.name)).where(col(Person.administrator)).order_by(col(Person.email))
            )
            return [(email, name) for email, name in rows]

    with installation() as found:
        people = with_database(found, run)
    for email, name in people:
        click.echo(f"{email}  {name}")
    if not people:
        click.echo("No administrator yet: `pooling administrator add EMAIL` makes one.")


@click.command()
def purge() -> None:
    """Blank the people who left every group longer ago than POOLING_PURGE_AFTER_DAYS; the audit trail stays.

    The worker does this every day.
    """
    with installation() as found:
        after = timedelta(days=found.settings.purge_after_days)
        blanked = with_database(found, lambda database: purge_people(database, FORGETS, datetime.now(UTC), after))
    click.echo(f"{blanked} person(s) blanked.")


COMMANDS = {"administrator": administrator, "purge": purge}
