"""Commands that run the service."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import rich_click as click
import uvicorn
from rich.console import Console
from rich.panel import Panel

from pooling import PROJECT_ROOT
from pooling.app import Services, create_app
from pooling.demo.running import check_loopback, check_port_is_free, forget, make_territory, run_until_stopped
from pooling.embedded.engines import Engines, kept_secret, running_engines
from pooling.kernel.bell import Bell
from pooling.kernel.database import Database
from pooling.kernel.migrations import migrate as migrate_database
from pooling.kernel.migrations import newest_revision, present_revision, role_of
from pooling.outbox.transport import KeptInOutbox
from pooling.settings import Settings, load_settings, stop
from pooling.worker import make_worker, run_until_cancelled, work_of


@dataclass(frozen=True)
class Installation:
    """The settings, and where the engines answer."""

    settings: Settings
    engines: Engines

    def database(self) -> Database:
        return Database.connect(self.engines.database_url)


@contextmanager
def installation(*, migrated: bool = True) -> Iterator[Installation]:
    """The engines of the settings, embedded ones started as long as the block lasts. Embedded ones are migrated too:
    nobody else would.
    """
    settings = load_settings()
    with engines_of(settings) as engines:
        found = Installation(settings, engines)
        if migrated and settings.database_url is None:
            migrate_engines(engines)
        elif migrated:
            asyncio.run(_refuse_unmigrated(found))
        yield found


def engines_of(settings: Settings) -> AbstractContextManager[Engines]:
    return running_engines(
        settings.data_dir,
        database_url=settings.database_url,
        owner_database_url=settings.owner_database_url,
        redis_url=settings.redis_url,
    )


def migrate_engines(engines: Engines) -> None:
    try:
        role = role_of(engines.database_url)
    except ValueError as error:
        stop(f"POOLING_DATABASE_URL: {error}.")
    migrate_database(engines.owner_database_url, role)


async def _refuse_unmigrated(found: Installation) -> None:
    database = found.database()
    try:
        present = await present_revision(database)
    except OSError as error:
        stop(f"the database does not answer: {error}.")
    finally:
        await database.dispose()
    if present != newest_revision():
        stop("the database is not at the present schema: run `pooling migrate` first.")


def secret_key(settings: Settings) -> str:
    """The key that signs form tokens. An installation that others reach names its own."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    if not settings.is_loopback:
        stop("POOLING_SECRET_KEY is missing: at least 32 random characters (openssl rand -base64 48).")
    return kept_secret(settings.data_dir)


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Where its data stay between runs.")
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address: nothing else is accepted.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--reset", is_flag=True, help="Start over: forget what was done in earlier runs.")
def demo(data_dir: Path | None, host: str, port: int, reset: bool) -> None:  # noqa: FBT001
    """Start the demonstration territory: database, queue, web and worker in one go.

    Whatever the environment says, it uses embedded engines of its own and sends no mail.
    """
    check_loopback(host)
    check_port_is_free(host, port)
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    settings = load_settings(
        data_dir=data_dir or PROJECT_ROOT / "var" / "demo",
        base_url=address,
        database_url=None,
        owner_database_url=None,
        redis_url=None,
        smtp_url=None,
    )
    if reset:
        forget(settings.data_dir)
    console = Console()
    with console.status("Starting PostgreSQL and Valkey…"), engines_of(settings) as engines:
        found = Installation(settings, engines)
        migrate_engines(engines)
        asyncio.run(_demonstrate(found, host, port, console))


async def _demonstrate(found: Installation, host: str, port: int, console: Console) -> None:
    database, bell = found.database(), Bell(found.engines.redis_url)
    made = await make_territory(database, datetime.now(UTC))
    services = Services(found.settings, database, bell, secret_key(found.settings))
    app = create_app(services, demonstration=True)
    work = work_of(found.settings, database, bell, transport=KeptInOutbox())
    worker = make_worker(work, found.engines.redis_url, handle_signals=False)
    console.print(
        Panel(
            f"[bold]{found.settings.base_url}[/]\n\n"
            "Open this address and choose a role: no password. For the main job, enter one after the other as\n"
            "  1. referent@lugos.example      finish a draft and file it\n"
            "  2. achats@cobas.example        see the needs consolidated, close the collection\n"
            "  3. finances@arcachon.example   download who pays what (XLSX)\n"
            "  4. animation@bassin.example    the committee to come; its reminders are under « Courriels »\n\n"
            f"{'New territory.' if made else 'Your earlier data are kept (--reset starts over).'} Ctrl-C stops it.",
            title="pooling demonstration (declarations, people and prices are fictional)",
            expand=False,
        )
    )
    try:
        await run_until_stopped(app, run_until_cancelled(worker), host=host, port=port)
    finally:
        await bell.close()
        await database.dispose()
    console.print("Stopped. Your data are kept for the next run.")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
def serve(host: str, port: int) -> None:
    """Serve the pages."""
    logging.basicConfig(level=logging.INFO)
    with installation() as found:
        database = found.database()
        app = create_app(
            Services(
                settings=found.settings,
                database=database,
                bell=Bell(found.engines.redis_url),
                secret_key=secret_key(found.settings),
            )
        )
        click.echo(f"pooling answers at {found.settings.base_url}")
        uvicorn.run(app, host=host, port=port, log_level="warning", server_header=False, proxy_headers=True)


@click.command()
def migrate() -> None:
    """Bring the database to the present schema, as its owner, and renew the application's privileges."""
    with installation(migrated=False) as found:
        migrate_engines(found.engines)
    click.echo(f"The database stands at revision {newest_revision()}.")


@click.command()
def worker() -> None:
    """Send what is due and close what is past its date, every minute and whenever the bell rings."""
    logging.basicConfig(level=logging.INFO)
    with installation() as found:
        asyncio.run(_work(found))


async def _work(found: Installation) -> None:
    database, bell = found.database(), Bell(found.engines.redis_url)
    running = make_worker(work_of(found.settings, database, bell), found.engines.redis_url)
    try:
        await run_until_cancelled(running)
    except asyncio.CancelledError:
        logging.getLogger(__name__).info("stopped")
    finally:
        await bell.close()
        await database.dispose()


COMMANDS = [demo, serve, worker, migrate]
