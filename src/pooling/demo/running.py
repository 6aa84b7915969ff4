"""What `pooling demo` needs beyond `serve` and `worker`: the territory, and both in one process until Ctrl-C."""

import asyncio
import ipaddress
import logging
import shutil
import signal
import socket
from collections.abc import Awaitable, Sequence
from datetime import datetime
from pathlib import Path

from litestar import Litestar
from sqlalchemy import text

from pooling.demo.actions import make_actions
from pooling.demo.committees import make_committees
from pooling.demo.purchases import make_purchases
from pooling.demo.quotes import make_quotes
from pooling.demo.resources import make_resources
from pooling.demo.sites import make_sites
from pooling.demo.suppliers import make_suppliers
from pooling.demo.territory import make_group
from pooling.features import FEATURES
from pooling.kernel.database import Database
from pooling.members.features import Features
from pooling.settings import stop_process
from pooling.web.server import server_of

log = logging.getLogger(__name__)

SECONDS_TO_FINISH = 5
ENGINE_FOLDERS = ("postgres", "valkey")


def check_loopback(host: str) -> None:
    """The demonstration lets anybody in as anybody: it answers this machine alone, whatever is asked."""
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        stop_process(f"the demonstration has no password: it only listens on this machine (127.0.0.1), not on {host}.")


def check_port_is_free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
        except OSError:
            stop_process(f"port {port} is taken: choose another with --port.")


def forget(data_dir: Path) -> None:
    """Starts over: removes what earlier runs left in the data folder, and nothing else that may lie there."""
    for name in ENGINE_FOLDERS:
        shutil.rmtree(data_dir / name, ignore_errors=True)


async def make_territory(database: Database, now: datetime) -> bool:
    """Fills an empty installation; False when the territory is there already."""
    async with database.transaction() as session:
        if (await session.execute(text("SELECT 1 FROM all_groups() LIMIT 1"))).first():
            return False
    database = database.handing(Features(FEATURES))
    territory = await make_group(database, now)
    await make_sites(database, territory, now)
    await make_suppliers(database, territory, now)
    await make_resources(database, territory, now)
    await make_actions(database, territory, now)
    await make_purchases(database, territory, now)
    await make_quotes(database, territory, now)
    await make_committees(database, territory, now)
    return True


class EndedByItself(Exception):
    """A service ended though nobody had asked it to; its cause says why."""


async def run_until_stopped(
    app: Litestar,
    work: Awaitable[None],
    *,
    host: str,
    port: int,
    proxies: Sequence[str] = (),
    sockets: list[socket.socket] | None = None,
) -> None:
    """Web and worker side by side, until Ctrl-C or a polite kill. `sockets` are listened at already.

    Raises:
        EndedByItself: one of them ended before; the log says which, and why.
    """
    server = server_of(app, proxies=proxies, host=host, port=port)
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, _stop, stopping, number)
    web = asyncio.create_task(server.serve(sockets=sockets))
    background = asyncio.ensure_future(work)
    asked = asyncio.create_task(stopping.wait())
    await asyncio.wait({web, background, asked}, return_when=asyncio.FIRST_COMPLETED)
    ended = [
        (name, task) for name, task in (("the pages", web), ("the jobs beside the pages", background)) if task.done()
    ]
    server.should_exit = True
    await asyncio.wait({web}, timeout=SECONDS_TO_FINISH)
    for task in (web, background, asked):
        task.cancel()
    await asyncio.gather(web, background, asked, return_exceptions=True)
    if not stopping.is_set():
        name, task = ended[0]
        cause = None if task.cancelled() else task.exception()
        log.critical("%s ended by themselves: %r", name, cause or "no error was told", exc_info=cause)
        raise EndedByItself(f"{name} ended by themselves") from cause


def _stop(stopping: asyncio.Event, number: signal.Signals) -> None:
    log.info("told to stop by %s", number.name)
    stopping.set()
