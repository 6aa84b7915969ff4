"""`pooling doctor`: says in plain words what works and what does not."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import urlsplit

import rich_click as click
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.configuration import read_finance
from pooling.cli.failures import REFUSED, failure_told, without_password
from pooling.cli.installation import (
    NO_ANSWER,
    SECONDS_TO_ANSWER,
    Installation,
    first_line,
    migrate_engines,
    with_database,
)
from pooling.cli.starting import engines_of
from pooling.embedded.engines import left_behind
from pooling.features import FEATURES
from pooling.kernel.bell import Bell
from pooling.kernel.configuration import ConfigurationError
from pooling.kernel.database import Database
from pooling.kernel.migrations import newest_revision, present_revision
from pooling.kernel.replica import knows
from pooling.kernel.scanner import Scanner
from pooling.members.features import gather_features
from pooling.outbox.mailbox import FAULTS, Mailbox
from pooling.outbox.smtp import smtp_transport
from pooling.outbox.transport import NotSent
from pooling.reminders.configuration import read_reminders
from pooling.settings import Settings, load_settings, unknown_settings
from pooling.web.branding import read_territory

LARGEST_DRIFT = 5.0
"""Seconds by which this machine's clock and the database's may differ."""


OPEN_LARGE_OBJECTS = "open to the application, outside every wall: run the end of deploy/roles.sql as superuser"


class Verdict(StrEnum):
    WORKS = "works"
    TO_KNOW = "to know"
    TO_MEND = "to mend"


COLOURS = {Verdict.WORKS: "green", Verdict.TO_KNOW: "yellow", Verdict.TO_MEND: "red"}


@dataclass(frozen=True)
class Finding:
    what: str
    verdict: Verdict
    said: str


def judged(what: str, works: bool, said: str) -> Finding:  # noqa: FBT001
    return Finding(what, Verdict.WORKS if works else Verdict.TO_MEND, said)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON array of what was found.")
def doctor(as_json: bool) -> None:  # noqa: FBT001
    """Say in plain words what works: settings, database, roles, migrations, queue, mail, configuration, clock.

    Exit status 1 when something is to mend. What is merely good to know (mails wait because no mail server is named, a
    server left behind by a killed process) changes nothing.
    """
    settings = load_settings()
    findings = [*_settings(), *_left_behind(settings)]
    try:
        with engines_of(settings) as engines:
            found = Installation(settings, engines)
            if found.embedded:
                migrate_engines(engines)
            findings += with_database(found, lambda database: _examine(found, database))
    except Exception as error:
        known = failure_told(error)
        if known is None:
            raise
        findings.append(judged("engines", works=False, said=known[0]))
    findings += [
        _mail(settings),
        _mailbox(settings.imap_url),
        asyncio.run(_scanner(settings.clamd)),
        _configuration(settings),
    ]
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=1))
    else:
        _show(findings)
    raise SystemExit(REFUSED if any(finding.verdict is Verdict.TO_MEND for finding in findings) else 0)


def _show(findings: list[Finding]) -> None:
    table = Table("What", "", "Finding", title="pooling doctor")
    for finding in findings:
        verdict = Text(str(finding.verdict), style=COLOURS[finding.verdict])
        table.add_row(finding.what, verdict, Text(finding.said))
    Console().print(table)


def _settings() -> Iterator[Finding]:
    for name in unknown_settings():
        yield judged("settings", works=False, said=f"there is no setting {name}: a misspelt name changes nothing")


def _left_behind(settings: Settings) -> Iterator[Finding]:
    for server in left_behind(settings.data_dir):
        said = f"{server} was left running by a killed process: used now, and stopped with its last user"
        yield Finding("left behind", Verdict.TO_KNOW, said)


async def _examine(found: Installation, database: Database) -> list[Finding]:
    findings: list[Finding] = []
    try:
        async with asyncio.timeout(SECONDS_TO_ANSWER), database.transaction() as session:
            findings += await _database(found, session)
        findings.append(await _migrations(database))
    except NO_ANSWER as error:
        url = without_password(found.engines.database_url)
        findings.append(judged("database", works=False, said=f"{url} does not answer: {first_line(error)}"))
    findings += [await _owner(found), *await _replica(found), await _queue(found)]
    return findings


async def _database(found: Installation, session: AsyncSession) -> list[Finding]:
    version, now, superuser, bypass, owns, large_objects, verbosity = (
        await session.execute(
            text(
                "SELECT current_setting('server_version'), clock_timestamp(), rolsuper, rolbypassrls, "
                "EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user), "
                "has_function_privilege('lo_create(oid)', 'EXECUTE'), current_setting('log_error_verbosity') "
                "FROM pg_roles WHERE rolname = current_user"
            )
        )
    ).one()
    kind = "embedded" if found.embedded else "yours"
    bound = not (superuser or bypass or owns)
    said = "the application's role owns nothing and is bound by row-level security"
    drift = abs((datetime.now(UTC) - now).total_seconds())
    return [
        judged("database", works=True, said=f"PostgreSQL {version} ({kind}) answers"),
        judged("roles", bound, said if bound else "the application's role escapes row-level security: use another one"),
        judged(
            "large objects", not large_objects, OPEN_LARGE_OBJECTS if large_objects else "closed to the application"
        ),
        _log(verbosity),
        judged("clock", drift < LARGEST_DRIFT, f"{drift:.1f} s between this machine and the database"),
    ]


def _log(verbosity: str) -> Finding:
    if verbosity == "terse":
        return judged("database log", works=True, said="names no row")
    said = "errors are logged with the row they are about: set log_error_verbosity = terse"
    return Finding("database log", Verdict.TO_KNOW, said)


async def _migrations(database: Database) -> Finding:
    present, newest = await present_revision(database), newest_revision()
    said = f"at revision {present}" if present == newest else f"at {present}, {newest} expected: run pooling migrate"
    return judged("migrations", present == newest, said)


async def _owner(found: Installation) -> Finding:
    """Whether migrations could run: the owner's role is not used in between."""
    owner_url = found.engines.owner_database_url
    if owner_url is None:
        return Finding("owner", Verdict.TO_KNOW, "POOLING_OWNER_DATABASE_URL is not set: migrate from elsewhere")
    database = Database.connect(owner_url, pool_size=1)
    try:
        async with asyncio.timeout(SECONDS_TO_ANSWER), database.transaction() as session:
            role, may = (
                await session.execute(
                    text("SELECT current_user, has_schema_privilege(current_user, 'public', 'CREATE')")
                )
            ).one()
    except NO_ANSWER as error:
        return judged("owner", works=False, said=f"{without_password(owner_url)} does not answer: {first_line(error)}")
    finally:
        await database.dispose()
    return judged("owner", may, f"{role} may migrate" if may else f"{role} may not create tables: it cannot migrate")


async def _queue(found: Installation) -> Finding:
    bell = Bell(found.engines.redis_url)
    answers = await bell.answers()
    await bell.close()
    url = without_password(found.engines.redis_url)
    return judged("queue", answers, "Valkey/Redis answers" if answers else f"{url} does not answer")


async def _replica(found: Installation) -> list[Finding]:
    """Nothing to say where there is none."""
    replica = found.replica()
    if replica is None:
        return []
    try:
        async with asyncio.timeout(SECONDS_TO_ANSWER):
            follows = await knows(replica)
    except NO_ANSWER as error:
        return [judged("replica", works=False, said=f"it does not answer: {first_line(error)}")]
    finally:
        await replica.dispose()
    return [judged("replica", follows, "it follows the database" if follows else "it follows no other server")]


async def _scanner(address: str | None) -> Finding:
    if address is None:
        return Finding("malware scanner", Verdict.TO_KNOW, "POOLING_CLAMD is not set: files are not scanned")
    answers = await Scanner(address).answers()
    return judged("malware scanner", answers, "clamd answers" if answers else f"{address} does not answer")


def _configuration(settings: Settings) -> Finding:
    try:
        territory = read_territory(settings.config_dir)
        gather_features(FEATURES, settings.config_dir, read_reminders(settings.config_dir))
        read_finance(settings.config_dir)
    except ConfigurationError as error:
        return judged("configuration", works=False, said=str(error))
    return judged("configuration", works=True, said=f"{settings.config_dir} is readable ({territory.name})")


def _mail(settings: Settings) -> Finding:
    url = settings.smtp_url
    if url is None:
        return Finding(
            "mail", Verdict.TO_KNOW, "POOLING_SMTP_URL is not set: mails wait in the outbox, and nobody can sign in"
        )
    return asyncio.run(_mail_server(url, settings))


def _mailbox(url: str | None) -> Finding:
    if url is None:
        said = "POOLING_IMAP_URL is not set: mails that come back and answers of calendars are for people to read"
        return Finding("mailbox", Verdict.TO_KNOW, said)
    host = urlsplit(url).hostname
    try:
        Mailbox.at(url, seconds=SECONDS_TO_ANSWER).greet()
    except FAULTS as fault:
        return judged("mailbox", works=False, said=f"{host} shows us no mailbox: {str(fault) or type(fault).__name__}")
    return judged("mailbox", works=True, said=f"{host} shows us the mailbox")


async def _mail_server(url: str, settings: Settings) -> Finding:
    """As a delivery begins: greeting, EHLO, TLS and signing in; nothing is sent."""
    host = urlsplit(url).hostname
    try:
        async with (
            asyncio.timeout(SECONDS_TO_ANSWER),
            smtp_transport(url, sender=settings.mail_from, base_url=settings.base_url).connection(),
        ):
            pass
    except NotSent as refused:
        return judged("mail", works=False, said=f"{host} takes no mail of ours: {refused.reason}")
    except TimeoutError:
        return judged("mail", works=False, said=f"{host} does not answer in {SECONDS_TO_ANSWER:g} s")
    return judged("mail", works=True, said=f"{host} answers and takes our mails")


COMMANDS = {"doctor": doctor}
