"""API tokens, for programs that run beside the service."""

from datetime import UTC, datetime, time

import rich_click as click
from sqlalchemy import select
from sqlmodel import col

from pooling.accounts.models import Person, TokenScope
from pooling.accounts.tokens import TokenShown, make_token, revoke_token, tokens_listed
from pooling.cli.installation import installation, with_database
from pooling.kernel.database import Database
from pooling.kernel.errors import NotFound
from pooling.kernel.text import clean
from pooling.mail_addresses import kept_address
from pooling.members.groups import group_id_by_slug
from pooling.settings import stop_process


@click.group()
def token() -> None:
    """Make, list and revoke API tokens: a program acts as a person in one group."""


@token.command("create")
@click.option("--email", required=True, help="The person it acts as: never more than that person's own roles.")
@click.option("--group", required=True, metavar="GROUP", help="The group's address, as in /g/GROUP.")
@click.option(
    "--scope",
    required=True,
    type=click.Choice([str(scope) for scope in TokenScope]),
    help="Whether it may change something.",
)
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Its last day. By default none.")
@click.option("--name", default="Ligne de commande", show_default=True, help="What will use it.")
def create(email: str, group: str, scope: str, expires: datetime | None, name: str) -> None:
    """Make a token and print it: it is never shown again."""

    async def run(database: Database) -> str:
        async with database.transaction() as session:
            group_id = await group_id_by_slug(session, group)
            if group_id is None:
                stop_process(f"there is no group “{group}”.")
            found = await session.execute(select(col(Person.id)).where(col(Person.email) == kept_address(clean(email))))
            person_id = found.scalar_one_or_none()
            if person_id is None:
                stop_process(f"nobody is known as “{email}”.")
            end = expires and datetime.combine(expires.date(), time(23, 59, 59), tzinfo=installed.settings.zone)
            try:
                made = await make_token(
                    session,
                    person_id,
                    group_id,
                    name=name,
                    scope=TokenScope(scope),
                    expires_at=end,
                    now=datetime.now(UTC),
                )
            except NotFound:
                stop_process(f"“{email}” holds no role in the group “{group}”, or the group is archived.")
            return made.token

    with installation() as installed:
        click.echo(with_database(installed, run))


@token.command("list")
@click.option("--group", metavar="GROUP", help="Only those of this group.")
def list_(group: str | None) -> None:
    """List tokens, the newest first, a line each: number, first characters, scope, state, last day, last use, person,
    group, name.
    """

    async def run(database: Database) -> list[TokenShown]:
        async with database.transaction() as session:
            group_id = None if group is None else await group_id_by_slug(session, group)
            if group is not None and group_id is None:
                stop_process(f"there is no group “{group}”.")
            return await tokens_listed(session, group_id=group_id)

    with installation() as installed:
        for line in with_database(installed, run):
            click.echo("\t".join(_cells(line, datetime.now(UTC))))


def _cells(line: TokenShown, now: datetime) -> list[str]:
    state = "live" if line.is_live(now) else ("revoked" if line.revoked_at else "expired")
    days = [moment.strftime("%Y-%m-%d") if moment else "never" for moment in (line.expires_at, line.last_used_at)]
    place = line.group_slug or "(archived)"
    return [str(line.id), f"{line.prefix}…", line.scope, state, *days, line.email, place, line.name]


@token.command("revoke")
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
def revoke(number: int) -> None:
    """End the token of this NUMBER (see `pooling token list`) at once."""

    async def run(database: Database) -> None:
        async with database.transaction() as session:
            try:
                await revoke_token(session, number, datetime.now(UTC))
            except NotFound:
                stop_process(f"there is no token number {number}.")

    with installation() as installed:
        with_database(installed, run)
    click.echo(f"Token {number} is revoked.")


COMMANDS = {"token": token}
