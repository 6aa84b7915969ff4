"""Commands that run the service: each ends on Ctrl-C or a polite kill, stops what it started, and exits with 0.

A web process loads neither the worker nor what draws frames in a terminal.
"""

import asyncio
import socket
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import rich_click as click

from pooling.app import create_app
from pooling.cli.installation import Installation, installation, secret_key
from pooling.cli.loading import for_good
from pooling.cli.version import installed_version
from pooling.demo.place import check_port_is_free, finish
from pooling.demo.preparing import wait_for_territory
from pooling.demo.running import make_territory, run_until_stopped
from pooling.kernel.bell import Bell
from pooling.kernel.database import WEB
from pooling.kernel.logs import begin_logs
from pooling.kernel.service_manager import inherited_sockets, tell_manager
from pooling.outbox.transport import KeptInOutbox
from pooling.settings import Settings, load_settings, stop_process
from pooling.web.metrics import Metrics
from pooling.web.services import Services
from pooling.web.telemetry import Telemetry
from pooling.web.watching import Watcher, telling

if TYPE_CHECKING:
    from rich.console import Console
    from rich.panel import Panel

PORT = click.IntRange(1, 65535)
_FIRST = 0.5
"""Seconds in which whoever waits for a page is answered, before the worker loads what it works with."""


async def demonstrate(
    found: Installation,
    host: str,
    port: int,
    console: "Console",
    migrating: "subprocess.Popen[bytes]",
    *,
    empty: bool,
    big: bool,
) -> None:
    """Its first page answers before there is a table, its territory is made meanwhile, and whoever enters waits for it.
    `empty`: no earlier run left one. `big`: with ten years of it.
    """
    from pooling.worker import run, work_of  # noqa: PLC0415 - see the module's head

    database, bell = found.database(), Bell(found.engines.redis_url)
    services = Services(found.settings, database, bell, secret_key(found.settings))
    with for_good():  # two megabytes more, and a tenth of a second less
        app = create_app(services, demonstration=True)
    stands = wait_for_territory(app, first_page=empty)

    async def ten_years() -> None:
        from pooling.demo.big import enlarge  # noqa: PLC0415 - few ask for it

        owner = found.engines.owner_database_url
        assert owner is not None, "the embedded engine has one"
        await enlarge(owner)

    async def announced() -> None:
        await _ended_well(migrating)
        made = await make_territory(database, datetime.now(UTC), meanwhile=ten_years if big else None)
        finish(found.settings.data_dir)
        stands.set()
        work = work_of(found.settings, database, bell, transport=KeptInOutbox())
        with suppress(OSError):  # nobody reads what is said
            console.print(_welcome(found.settings.base_url, made=made))  # once Ctrl-C is listened to
        await asyncio.sleep(_FIRST)
        await run(work)

    try:
        await run_until_stopped(app, announced(), host=host, port=port)
    finally:
        migrating.terminate()  # unless it ended: who waits for it goes on
        await bell.close()
        await database.dispose()


async def _ended_well(process: "subprocess.Popen[bytes]") -> None:
    """Raises:
    RuntimeError: it did not; it has said why.
    """
    if await asyncio.to_thread(process.wait):
        raise RuntimeError("the tables could not be made")


def _welcome(address: str, *, made: bool) -> "Panel":
    from rich.panel import Panel  # noqa: PLC0415 - see the module's head

    return Panel(
        f"[bold]{address}[/]\n\n"
        "Open this address and choose a role: no password. For the main job, enter one after the other as\n"
        "  1. referent@lugos.example      finish a draft and file it\n"
        "  2. achats@cobas.example        see the needs consolidated, close the collection\n"
        "  3. finances@arcachon.example   download who pays what (XLSX)\n"
        "  4. animation@bassin.example    the committee to come; its reminders are under « Courriels »\n\n"
        f"{'New territory.' if made else 'Your earlier data are kept (--reset starts over).'} Ctrl-C stops it.",
        title="pooling demonstration (declarations, people and prices are fictional)",
        expand=False,
    )


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; 0.0.0.0 for all.")
@click.option("--port", type=PORT, default=8000, show_default=True, help="The port to listen on.")
def serve(host: str, port: int) -> None:
    """Serve the pages until Ctrl-C; a worker runs beside it.

    A socket that a service manager hands over is listened at in place of host and port.
    """
    settings = load_settings()
    watchers = [telling(begin_logs(settings.log_format, settings.log_level))]
    sockets = inherited_sockets()
    if sockets is None:
        check_port_is_free(host, port)
    with installation(settings) as found:
        asyncio.run(_serve(found, host, port, watchers, sockets))


async def _serve(
    found: Installation, host: str, port: int, watchers: Sequence[Watcher], sockets: list[socket.socket] | None
) -> None:
    telemetry = _telemetry(found.settings)
    database, bell = found.database(WEB), Bell(found.engines.redis_url)
    metrics = Metrics(database) if found.settings.metrics_token else None
    services = Services(
        found.settings,
        database,
        bell,
        secret_key(found.settings),
        watchers=[*watchers, *([metrics.count] if metrics else [])],
        metrics=metrics,
        telemetry=telemetry,
    )
    app = create_app(services)

    async def announced() -> None:
        with suppress(OSError):  # nobody reads what is said
            click.echo(f"pooling answers at {found.settings.base_url}")
        await tell_manager()

    proxies = found.settings.proxies
    try:
        await run_until_stopped(app, announced(), host=host, port=port, proxies=proxies, sockets=sockets)
    finally:
        if metrics is not None:
            metrics.end()
        if telemetry is not None:
            await asyncio.to_thread(telemetry.end)
        await bell.close()
        await database.dispose()


def _telemetry(settings: Settings) -> Telemetry | None:
    if settings.otlp_endpoint is None:
        return None
    try:
        return Telemetry(settings.otlp_endpoint, installed_version())
    except ImportError:
        stop_process("POOLING_OTLP_ENDPOINT needs what pip install 'pooling[telemetry]' brings.")


@click.command()
def worker() -> None:
    """Send what is due and close what is past its date, every minute and whenever the bell rings, until Ctrl-C."""
    settings = load_settings()
    begin_logs(settings.log_format, settings.log_level)
    with installation(settings) as found:
        asyncio.run(_work(found))


async def _work(found: Installation) -> None:
    from pooling.worker import run_until_stopped, work_of  # noqa: PLC0415 - see the module's head

    database, replica, bell = found.database(), found.replica(), Bell(found.engines.redis_url)
    key = secret_key(found.settings)
    try:
        await run_until_stopped(work_of(found.settings, database, bell, secret_key=key, replica=replica))
    finally:
        await bell.close()
        await database.dispose()
        if replica is not None:
            await replica.dispose()


COMMANDS = {"serve": serve, "worker": worker}
