"""`pooling doctor`: says in plain words what works and what does not."""

import asyncio
import smtplib
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import rich_click as click
from rich.console import Console
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from pooling.cli.running import Installation, installation
from pooling.embedded.postgres import left_behind
from pooling.kernel.bell import Bell
from pooling.kernel.configuration import ConfigurationError
from pooling.kernel.migrations import newest_revision, present_revision
from pooling.web.branding import read_territory

LARGEST_DRIFT = 5.0
"""Seconds by which this machine's clock and the database's may differ."""


@dataclass(frozen=True)
class Finding:
    what: str
    works: bool
    said: str


@click.command()
def doctor() -> None:
    """Say in plain words what works: database, roles, migrations, queue, SMTP, configuration, clock."""
    console = Console()
    table = Table("What", "", "Finding", title="pooling doctor")
    with installation(migrated=False) as found:
        findings = [*asyncio.run(_examine(found)), *_around(found)]
    for finding in findings:
        table.add_row(finding.what, "[green]works[/]" if finding.works else "[red]to mend[/]", finding.said)
    console.print(table)
    raise SystemExit(0 if all(finding.works for finding in findings) else 1)


async def _examine(found: Installation) -> list[Finding]:
    database, bell = found.database(), Bell(found.engines.redis_url)
    findings: list[Finding] = []
    try:
        async with database.transaction() as session:
            version, now, superuser, bypass, owns = (
                await session.execute(
                    text(
                        "SELECT current_setting('server_version'), clock_timestamp(), rolsuper, rolbypassrls, "
                        "EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user) "
                        "FROM pg_roles WHERE rolname = current_user"
                    )
                )
            ).one()
        kind = "embedded" if found.settings.database_url is None else "yours"
        findings.append(Finding("database", True, f"PostgreSQL {version} ({kind}) answers"))
        bound = not (superuser or bypass or owns)
        said = "the application's role owns nothing and is bound by row-level security"
        findings.append(Finding("roles", bound, said if bound else "the application's role escapes row-level security"))
        drift = abs((datetime.now(UTC) - now).total_seconds())
        findings.append(Finding("clock", drift < LARGEST_DRIFT, f"{drift:.1f} s between this machine and the database"))
        present, newest = await present_revision(database), newest_revision()
        said = f"at revision {present}" if present == newest else f"at {present}, {newest} expected: pooling migrate"
        findings.append(Finding("migrations", present == newest, said))
    except (SQLAlchemyError, OSError) as error:
        findings.append(Finding("database", False, f"does not answer: {str(error).splitlines()[0]}"))
    answers = await bell.answers()
    findings.append(Finding("queue", answers, "Valkey/Redis answers" if answers else "Valkey/Redis does not answer"))
    await bell.close()
    await database.dispose()
    return findings


def _around(found: Installation) -> Iterator[Finding]:
    """What lies around the database: mail, configuration, a server that a killed process left running."""
    yield _mail(found.settings.smtp_url)
    try:
        territory = read_territory(found.settings.config_dir)
        yield Finding("configuration", True, f"{found.settings.config_dir} is readable ({territory.name})")
    except ConfigurationError as error:
        yield Finding("configuration", False, str(error))
    stale = left_behind(found.settings.data_dir) if found.settings.database_url is None else None
    if stale:
        yield Finding("left behind", True, f"PostgreSQL (process {stale}) was left running by a killed process; joined")


def _mail(url: str | None) -> Finding:
    if url is None:
        return Finding("mail", False, "POOLING_SMTP_URL is not set: mails wait in the outbox")
    parts = urlsplit(url)
    try:
        kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
        with closing(kind(parts.hostname or "", parts.port or 0, timeout=5)) as server:
            server.noop()
    except (OSError, smtplib.SMTPException, socket.gaierror) as error:
        return Finding("mail", False, f"{parts.hostname} does not answer: {error}")
    return Finding("mail", True, f"{parts.hostname} answers")


COMMANDS = [doctor]
